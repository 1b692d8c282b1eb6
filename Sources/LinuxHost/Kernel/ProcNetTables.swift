// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Reads the TCP files of one `/proc/PID/net`: the namespace of that process, whichever process it
/// is, and without any capability.
package struct ProcNetTables {
  /// For example `/proc/812/net`.
  package let directory: String
  package let bounds: SockDiagDump.Bounds

  package init(directory: String, bounds: SockDiagDump.Bounds = SockDiagDump.Bounds()) {
    self.directory = directory
    self.bounds = bounds
  }

  /// As ``read(namespace:states:into:within:)``, of one namespace alone.
  package func read(
    namespace: NetnsID, states: StateSet, into rows: inout [SocketRow]
  ) throws(SystemCallError) -> [Gap] {
    var budget = RowBudget(most: bounds.rows)
    budget.begin(rows)
    let gaps = try read(namespace: namespace, states: states, into: &rows, within: &budget)
    budget.finish(&rows)
    return gaps + (budget.gap.map { [$0] } ?? [])
  }

  /// Appends the sockets of `tcp` and `tcp6` to `rows`; rows that the files show twice are kept
  /// once.
  ///
  /// - Parameter budget: Makes room among the rows.
  /// - Returns: What was not seen.
  /// - Throws: ``SystemCallError`` when `tcp` cannot be read. A host without IPv6 has no `tcp6`.
  package func read(
    namespace: NetnsID, states: StateSet, into rows: inout [SocketRow],
    within budget: inout RowBudget
  ) throws(SystemCallError) -> [Gap] {
    let deadline = Clock.monotonicSeconds + bounds.seconds
    var gaps: [Gap] = []
    for family in [AddressFamily.ipv4, .ipv6] {
      var table = ProcNetTCP(family: family, namespace: namespace, states: states)
      do throws(SystemCallError) {
        let file = directory + (family == .ipv4 ? "/tcp" : "/tcp6")
        if let gap = try read(file, with: &table, deadline: deadline, into: &rows, &budget) {
          gaps.append(gap)
        }
      } catch {
        guard family == .ipv6, error.errno == ENOENT else { throw error }
      }
      if let error = table.firstError {
        gaps.append(Gap(.rowUndecodable, count: table.undecodable, detail: "\(error)"))
      }
    }
    _ = UniqueRows.compact(&rows, from: budget.start)
    return gaps
  }

  private func read(
    _ file: String, with table: inout ProcNetTCP, deadline: Double, into rows: inout [SocketRow],
    _ budget: inout RowBudget
  ) throws(SystemCallError) -> Gap? {
    let fd = try systemCall("open", on: file) { open(file, O_RDONLY | O_CLOEXEC) }
    defer { close(fd) }
    var buffer = [UInt8](repeating: 0, count: 65536)
    var filled = 0
    while true {
      let got = try systemCall("read", on: file) {
        buffer.withUnsafeMutableBytes { bytes in
          Glibc.read(fd, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
        }
      }
      if got == 0 { break }
      filled += got
      let used: Int
      do throws(DecodeError) {
        used = try table.read(buffer.span.extracting(first: filled), into: &rows)
      } catch {
        return Gap(.fileUnreadable, detail: "\(error)")
      }
      if used == 0, filled == buffer.count {
        return Gap(.fileUnreadable, detail: "\(file): a line of more than \(filled) bytes")
      }
      buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress, used > 0 else { return }
        memmove(base, base + used, filled - used)
      }
      filled -= used
      budget.makeRoom(in: &rows)
      if Clock.monotonicSeconds > deadline {
        return Gap(.boundReached, detail: "\(file) was broken off at \(rows.count) rows")
      }
    }
    table.finish(buffer.span.extracting(first: filled))
    return nil
  }
}
