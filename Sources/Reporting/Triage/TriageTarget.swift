// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a triage is narrowed to: one process, one port, or what goes by a name.
package enum TriageTarget: Hashable, Sendable, CustomStringConvertible {
  case pid(Int32)
  /// A unit, a program, a container or a pod: see `ProcessRecord.isMeant(by:)`.
  case name(String)
  /// Local or remote.
  case port(UInt16)

  /// As it is typed: `4711`, `web.service`, `:8080`.
  package var description: String {
    switch self {
    case .pid(let pid): String(pid)
    case .name(let name): UntrustedText.printable(name, unicode: false)
    case .port(let port): ":\(port)"
    }
  }

  /// Whether a finding is about it.
  package func admits(_ finding: Finding) -> Bool {
    switch self {
    case .pid(let pid):
      finding.culprits.contains { $0.process.id.pid == pid }
    case .name(let name):
      finding.culprits.contains { $0.process.isMeant(by: name) } || finding.owner.isMeant(by: name)
    case .port(let port):
      finding.localPort == port || finding.remotePort == port
        || finding.examples.contains { Self.has(port, $0.row) }
    }
  }

  /// What a survey of a census is narrowed to: its own sockets and dead descriptors, and those that
  /// wait for a listener of it.
  func scope(in census: Census) -> HostSurvey.Scope {
    switch self {
    case .port(let port):
      { local, remote, _ in local == port || remote == port }
    case .pid(let pid):
      { _, _, holding in holding.contains { census.processes[$0]?.id.pid == pid } }
    case .name(let name):
      { _, _, holding in
        holding.contains { census.processes[$0]?.isMeant(by: name) ?? false }
      }
    }
  }

  /// Whether a look shows anything of it: a socket, a descriptor on a dead one, or a process.
  package func isSeen(in sample: Sample, _ report: HolderReport) -> Bool {
    switch self {
    case .pid(let pid): report.processes.contains { $0.id.pid == pid }
    case .name(let name): report.processes.contains { $0.isMeant(by: name) }
    case .port(let port): sample.sockets.contains { Self.has(port, $0) }
    }
  }

  /// The processes that a look shows of it, by their numbers.
  package func processes(in sample: Sample, _ report: HolderReport) -> [ProcessRecord] {
    let found =
      switch self {
      case .pid(let pid): report.processes.filter { $0.id.pid == pid }
      case .name(let name): report.processes.filter { $0.isMeant(by: name) }
      case .port(let port): Self.holders(of: port, in: sample, report)
      }
    return found.sorted { $0.id.pid < $1.id.pid }
  }

  private static func holders(
    of port: UInt16, in sample: Sample, _ report: HolderReport
  ) -> [ProcessRecord] {
    let inodes = Set(sample.sockets.lazy.filter { has(port, $0) && $0.inode != 0 }.map(\.inode))
    let pids = Set(report.holders.lazy.filter { inodes.contains($0.inode) }.map(\.process.pid))
    return report.processes.filter { pids.contains($0.id.pid) }
  }

  /// Why there is nothing to judge, when ``isSeen(in:_:)`` is false.
  ///
  /// - Parameters:
  ///   - gaps: What the look could not see: it may be just that.
  ///   - isRoot: Whether it is no advice to run as root.
  package func absence(_ gaps: [Gap], isRoot: Bool) -> String {
    let unread = GapWords.unread(gaps)
    let why = unread.map { ": " + GapWords.cannotLook(at: $0, isRoot: isRoot) } ?? ""
    func does(_ verb: String, _ known: String) -> String { unread == nil ? verb : known }
    switch self {
    case .pid(let pid):
      return "no process \(pid) \(does("holds", "is known to hold")) a TCP socket here" + why
    case .name:
      return "no unit, program, container or pod that is called '\(self)' "
        + "\(does("has", "is known to have")) a TCP socket here" + why
    case .port(let port): return "no TCP socket here has the local or remote port \(port)"
    }
  }

  private static func has(_ port: UInt16, _ row: SocketRow) -> Bool {
    row.localPort == port || row.remotePort == port
  }
}
