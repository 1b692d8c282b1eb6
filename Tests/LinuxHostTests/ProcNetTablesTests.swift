// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Testing

/// A directory that looks like a `/proc/PID/net`, removed when it goes out of scope.
private final class FakeNet {
  let directory: String

  init(_ files: [String: String]) throws {
    var template = Array("/tmp/closewatch-net-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw SystemCallError("mkdtemp", on: "/tmp", errno: errno)
    }
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    for (name, text) in files {
      guard let file = fopen("\(directory)/\(name)", "we") else {
        throw SystemCallError("open", on: name, errno: errno)
      }
      fputs(text, file)
      fclose(file)
    }
  }

  deinit {
    for name in ["tcp", "tcp6"] { unlink("\(directory)/\(name)") }
    rmdir(directory)
  }
}

@Suite struct ProcNetTablesTests {
  private static let header = "  sl  local_address rem_address   st tx_queue rx_queue\n"

  private static func line(_ inode: Int, state: String = "01") -> String {
    let port = String(0x1_0000 + inode, radix: 16, uppercase: true).dropFirst()
    return "   0: 0100007F:\(port) 0100007F:9C40 \(state) 00000000:00000000 00:00000000 00000000"
      + "  1000        0 \(inode) 1 0000000000000000 20 0 0 10 -1\n"
  }

  private static func read(
    _ files: [String: String], bounds: SockDiagDump.Bounds = SockDiagDump.Bounds()
  ) throws -> (rows: [SocketRow], gaps: [Gap]) {
    let net = try FakeNet(files)
    var rows: [SocketRow] = []
    let gaps = try ProcNetTables(directory: net.directory, bounds: bounds).read(
      namespace: NetnsID(rawValue: 3), states: .all, into: &rows)
    return (rows, gaps)
  }

  @Test func `a table of many buffers is read whole, and a row that came twice is there once`()
    throws
  {
    let lines = (1...4999).map { Self.line($0) }.joined()
    let twice = (4001...4999).map { Self.line($0, state: "08") }.joined()
    #expect(lines.utf8.count > 5 * 65536)
    let (rows, gaps) = try Self.read(["tcp": Self.header + lines + twice, "tcp6": Self.header])
    #expect(rows.map(\.inode) == (1...4999).map(UInt64.init))
    #expect(rows.filter { $0.state == .closeWait }.count == 999)
    #expect(gaps.isEmpty)
  }

  @Test func `a host without IPv6 has no tcp6 and that is no gap`() throws {
    let (rows, gaps) = try Self.read(["tcp": Self.header + Self.line(7)])
    #expect(rows.map(\.inode) == [7])
    #expect(gaps.isEmpty)
  }

  @Test func `a process that has no tcp at all is an error`() throws {
    let net = try FakeNet([:])
    var rows: [SocketRow] = []
    #expect(throws: SystemCallError("open", on: "\(net.directory)/tcp", errno: ENOENT)) {
      _ = try ProcNetTables(directory: net.directory).read(
        namespace: NetnsID(rawValue: 3), states: .all, into: &rows)
    }
  }

  @Test func `lines that cannot be read are counted and the others are there`() throws {
    let bad = Self.line(5).split(separator: " 01 ").joined(separator: " zz ")
    let (rows, gaps) = try Self.read([
      "tcp": Self.header + bad + Self.line(7) + bad + Self.line(11) + "   9: 0100"
    ])
    #expect(rows.map(\.inode) == [7, 11])
    #expect(
      gaps == [
        Gap(.rowUndecodable, count: 3, detail: "/proc/net/tcp: st is not readable: 'zz'")
      ])
  }

  @Test func `a line without end is refused and not collected`() throws {
    let (rows, gaps) = try Self.read([
      "tcp": Self.header + String(repeating: "0", count: 200_000)
    ])
    #expect(rows.isEmpty)
    #expect(gaps.map(\.kind) == [.fileUnreadable])
  }

  @Test func `of more rows than the bound the rest is counted, and a gap says so`() throws {
    var bounds = SockDiagDump.Bounds()
    bounds.rows = 100
    let lines = (1...4999).map { Self.line($0) }.joined()
    let (rows, gaps) = try Self.read(["tcp": Self.header + lines], bounds: bounds)
    #expect(rows.count == 100)
    #expect(gaps.map(\.kind) == [.boundReached])
    #expect(gaps.first?.count == 4899)
  }
}
