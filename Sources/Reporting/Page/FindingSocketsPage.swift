// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// The sockets of one finding as a page, with addresses and descriptors: only for who has shown a
/// password.
package struct FindingSocketsPage {
  /// A person reads no more, and a browser needs no more than 300 kB for them.
  package static let most = 1000
  package static let path = "/sockets"
  private static let field = "finding="

  private let sockets: FindingSockets

  package init(_ sockets: FindingSockets) { self.sockets = sockets }

  /// Relative: a proxy may serve the page below a path of its own.
  static func address(of finding: Finding) -> String {
    "." + path + "?" + field + FindingCard.id(of: finding)
  }

  /// Which of the findings a request is for.
  package static func finding(_ query: some StringProtocol, among findings: [Finding]) -> Finding? {
    guard let id = query.split(separator: "&").first(where: { $0.hasPrefix(field) }) else {
      return nil
    }
    return findings.first { FindingCard.id(of: $0) == id.dropFirst(field.count) }
  }

  package func bytes() -> [UInt8] {
    let finding = sockets.finding
    let words = FindingWords(nil, style: TextStyle(unicode: true))
    let title = "\(PublicOwner.name(finding.owner)): \(words.what(finding))"
    var page = HTMLWriter()
    page.raw("<!DOCTYPE html>\n")
    page.element("html", HTMLAttribute("lang", "en")) { page in
      page.element("head") { page in
        let mood = StatusVerdict.Mood(rawValue: finding.severity.name) ?? .notice
        StatusPage.writeHead(title: title, mood: mood, to: &page)
      }
      page.element("body") { page in
        page.element("main") { page in
          page.element("h1", text: title)
          page.element("p", .class("quiet"), text: finding.rule.rawValue)
          HTMLTable("Sockets of the finding", columns: columns).write(sockets.sockets, to: &page)
          if sockets.others > 0 {
            page.element(
              "p", text: "And \(Quantity.count(sockets.others)) more that are not listed here.")
          }
          page.element("p") { page in
            page.inline("a", .href("./"), text: "All findings")
          }
        }
      }
    }
    return page.bytes
  }

  private var columns: [Column<ExampleSocket>] {
    let names = Dictionary(
      sockets.finding.culprits.map {
        ($0.process.id, ProcessWords.name($0.process, unicode: true))
      },
      uniquingKeysWith: { first, _ in first })
    return [
      Column("Local") { $0.row.local.description },
      Column("Peer") { $0.row.remote.description },
      Column("State") { $0.row.state.name },
      Column("Age") { $0.age.bound == .unknown ? "" : Quantity.age($0.age) },
      Column("Recv-Q") { Quantity.count(Int($0.row.receiveQueue)) },
      Column("Send-Q") { Quantity.count(Int($0.row.sendQueue)) },
      Column("Process") { socket in
        guard let holder = socket.holder else { return "none" }
        return names[holder.process] ?? "pid \(holder.process.pid)"
      },
      Column("Descriptor") { $0.holder.map { String($0.fd) } ?? "" },
    ]
  }
}
