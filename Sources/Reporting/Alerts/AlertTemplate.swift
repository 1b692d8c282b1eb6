// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Parts of annotations: Go templates that Prometheus fills in when an alert fires.
enum AlertTemplate {
  /// The host, as the target's address has it.
  static let host = "{{ $labels.instance | stripPort }}"

  /// Text for people as a template that comes out as this very text.
  static func literal(_ text: String) -> String {
    var out = ""
    var rest = text[...]
    while let range = rest.firstRange(of: "{{") {
      out += rest[..<range.lowerBound] + #"{{ "{{" }}"#
      rest = rest[range.upperBound...]
    }
    return out + rest
  }

  /// Chooses by the label `cause`. Causes with the same text share it; without a choice there is
  /// none. The lines of the choice leave none behind: a dash takes the white space beside it.
  ///
  /// - Parameter other: For a cause that these rules do not know: of a newer daemon.
  static func byCause(_ rule: RuleID, other: String, _ text: (Cause) -> String) -> String {
    let causes = rule.guide.causes
    var groups: [(text: String, causes: [Cause])] = []
    for cause in causes {
      let own = text(cause)
      if let index = groups.firstIndex(where: { $0.text == own }) {
        groups[index].causes.append(cause)
      } else {
        groups.append((own, [cause]))
      }
    }
    if groups.count == 1 { return groups[0].text }
    var out = ""
    for (index, group) in groups.enumerated() {
      let names = group.causes.map { "\"\($0.rawValue)\"" }.joined(separator: " ")
      out += "{{\(index == 0 ? " if" : "- else if") eq $labels.cause \(names) -}}\n\(group.text)\n"
    }
    return out + "{{- else -}}\n\(other)\n{{- end }}"
  }

  /// A span of time as people say it: `5d 10h`, not `5d 10h 0m 0s`.
  static let duration = #"humanizeDuration | reReplaceAll "( 0[hms])+$" """#

  /// A query of seconds, in whole hours from a day on, in whole minutes from ten minutes on.
  static func rounded(_ query: String) -> String {
    "(round(\(query), 3600) >= 86400) or (round(\(query), 60) >= 600) or round(\(query), 10)"
  }

  /// What a query of one number about this finding gives, between two words; nothing when it gives
  /// nothing. `%q` quotes a label for the query, whatever a program calls itself.
  ///
  /// - Parameters:
  ///   - query: `@` stands for the selector of the finding.
  ///   - number: A pipeline that takes the value: `printf "%.0f"`.
  static func figure(
    _ before: String, _ query: String, _ number: String, _ after: String
  ) -> String {
    let selector = "{job=%[1]q,instance=%[2]q,finding=%[3]q}"
    let text = query.split(separator: "@", omittingEmptySubsequences: false)
      .joined(separator: selector)
    return """

      {{- with printf "\(text)" $labels.job $labels.instance $labels.finding | query -}}
      \(before){{ . | first | value | \(number) }}\(after)
      {{- end }}
      """
  }

  /// Whom a finding is about: of a container the pod, else its name, else what the labels say.
  ///
  /// - Parameter other: For an owner that nobody has a name of.
  static func owner(_ other: String) -> String {
    let selector = """
      {__name__=~\\"closewatch_owner_info|\(PodRecords.named)\\",job=%q,instance=%q,\
      owner_kind=%q,owner_name=%q,container_name!=\\"\\"}
      """
    return """
      {{ with printf "\(selector)" $labels.job $labels.instance $labels.owner_kind \
      $labels.owner_name | query -}}
      {{ with first . }}{{ if .Labels.pod_name -}}
      pod {{ .Labels.pod_name }}/{{ .Labels.pod_namespace }} \
      (container {{ .Labels.container_name }})
      {{- else -}}
      container {{ .Labels.container_name }}
      {{- end }}{{ end }}
      {{- else -}}
      \(other)
      {{- end }}
      """
  }

  /// Words of a guide as a sentence of their own.
  static func sentence(_ words: String) -> String {
    words.prefix(1).uppercased() + words.dropFirst() + "."
  }
}
