// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Something that `explain` has a page about.
package enum ExplainTopic: Hashable, Sendable {
  /// The list of everything.
  case overview
  case rule(RuleID)
  /// One cause of a rule, with its own steps.
  case cause(RuleID, Cause)
  case state(TCPState)
  case sysctl(SysctlGuide.Setting)
  /// A message, a column, an option, a question.
  case page(TopicPage)
  /// Lines of another tool.
  case pasted(PastedText)

  /// Finds what `word` means, in any of the spellings that people type: `CLOSE_WAIT`,
  /// `close-wait`, `TCP_CLOSE_WAIT`, `tcp_fin_timeout`, `net.ipv4.tcp_fin_timeout`,
  /// `/proc/sys/net/ipv4/tcp_fin_timeout`, a rule, a cause, an error message. nil when it means
  /// nothing.
  package static func find(_ word: String) -> ExplainTopic? {
    let key = key(word)
    if let rule = RuleID(rawValue: key) { return .rule(rule) }
    if let state = state(key) { return .state(state) }
    // `tcp-max-tw-buckets` is a setting and a cause, whose rule has no other.
    if let setting = sysctl(key) { return .sysctl(setting) }
    if let cause = Cause(rawValue: key),
      let rule = RuleID.allCases.first(where: { $0.guide.causes.contains(cause) })
    {
      return .cause(rule, cause)
    }
    if let page = TopicPage.named(key) { return .page(page) }
    return RuleID.allCases.first { $0.guide.otherNames.contains(key) }.map(ExplainTopic.rule)
  }

  /// Finds what a text is about that a person has pasted: a word, lines of ss, netstat or lsof, a
  /// table of states, a message somewhere in a line of a log. nil when nothing in it is known.
  package static func find(in text: PastedText, of words: String) -> ExplainTopic? {
    if words.utf8.count <= longestName, let topic = find(words) { return topic }
    guard text.isEmpty else { return .pasted(text) }
    let beginning = String(decoding: words.utf8.prefix(mostSearched), as: UTF8.self)
    return TopicPage.mentioned(in: key(beginning)).map(ExplainTopic.page)
  }

  /// Every word that has a page, as it is best typed.
  package static var words: [String] {
    RuleID.allCases.map(\.rawValue) + TCPState.shown.map(\.name)
      + SysctlGuide.settings.map { shortName($0) } + TopicPage.all.map(\.id)
      + Cause.allCases.map(\.rawValue).filter { sysctl($0) == nil }
  }

  /// `tcp_fin_timeout` of `net.ipv4.tcp_fin_timeout`.
  package static func shortName(_ setting: SysctlGuide.Setting) -> String {
    setting.name.split(separator: ".").last.map(String.init) ?? setting.name
  }

  /// What is longer is the name of nothing.
  private static let longestName = 128
  /// So many bytes of a log are searched for a message.
  private static let mostSearched = 65536

  /// Every spelling that is known, to guess what was meant.
  package static var spellings: [String] {
    words + TopicPage.all.flatMap(\.otherNames) + RuleID.allCases.flatMap { $0.guide.otherNames }
  }

  /// In lower case, with `-` for blanks and underscores.
  static func key(_ word: String) -> String {
    var key = word.lowercased()
    let prefix = "/proc/sys/"
    if key.hasPrefix(prefix) { key = String(key.dropFirst(prefix.count)) }
    return String(key.map { $0 == "_" || $0 == " " ? "-" : $0 == "/" ? "." : $0 })
  }

  private static let otherNames: [String: TCPState] = [
    "closed": .close, "syn-received": .synRecv, "syn-rcvd": .synRecv, "new-syn-recv": .synRecv,
    "listening": .listen, "unconn": .close, "timewait": .timeWait,
    // What lsof says of a dead one.
    "can't-identify-protocol": .close,
  ]

  /// - Parameter key: What ``key(_:)`` makes of a word.
  static func state(_ key: String) -> TCPState? {
    let key = key.hasPrefix("tcp-") ? String(key.dropFirst(4)) : key
    if let other = otherNames[key] { return other }
    guard let state = TCPState(named: key), TCPState.shown.contains(state) else { return nil }
    return state
  }

  private static func sysctl(_ key: String) -> SysctlGuide.Setting? {
    SysctlGuide.settings.first { setting in
      let name = Self.key(setting.name)
      let short = Self.key(shortName(setting))
      return key == name || key == short
        || key == short.dropFirst("tcp-".count)
          && short.hasPrefix("tcp-")
    }
  }
}

/// The value of a setting on one machine.
package enum SysctlValue: Hashable, Sendable {
  case value(String)
  /// Why it could not be read, in words.
  case unreadable(String)
}
