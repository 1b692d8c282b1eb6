// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// Writes a triage in the format that was asked for: in the command, and in the daemon.
package enum TriageWriter {
  package static func bytes(
    of report: TriageReport, _ format: TriageFormat, style: TextStyle
  ) -> [UInt8] {
    switch format {
    case .json: TriageJSON(report).bytes()
    case .markdown: Array(TriageMarkdown(report).markdown().utf8)
    case .text: Array(TriageText(report, style: style).text().utf8)
    }
  }
}
