// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// Where the runner of a test suite says which test it begins: `test NAME`, one datagram each, and
/// `end` when it is through. Who has bound its own socket gets `ok` when that has been taken in.
///
/// A unix socket, and for languages that have no datagrams there one of UDP on the loopback.
package final class TestMailbox {
  /// What a runner has said.
  package struct Letter: Sendable {
    package enum Word: Hashable, Sendable {
      case test(String)
      case end
      /// What is neither.
      case unknown
    }

    package var word: Word
    /// When it was sent, or at the latest.
    package var at: BootInstant
    /// Whether its sender can be answered, and so waits. Over UDP everybody can.
    package var isAnswerable: Bool { !address.isEmpty }
    fileprivate var address: [UInt8]
    fileprivate var socket: Int32
  }

  /// Where the unix socket is.
  package let path: String
  /// `127.0.0.1:40123`; nil where there is no loopback.
  package private(set) var loopback: String?
  /// To wait at.
  package var descriptors: [Int32] { [unix] + (loopback == nil ? [] : [udp]) }

  private let folder: String
  private let unix: Int32
  private var udp: Int32 = -1

  private static let longest = 4096

  /// Makes it, in a new folder that only this user can enter.
  ///
  /// - Throws: ``SystemCallError``.
  package init() throws(SystemCallError) {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    // A path that is longer than the kernel takes is of no use.
    let parent = base.hasPrefix("/") && base.utf8.count < 64 ? base : "/tmp"
    var template = Array("\(parent)/closewatch-run-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw SystemCallError("mkdtemp", on: parent, errno: errno)
    }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    path = folder + "/tests"
    do throws(SystemCallError) {
      unix = try Self.bind(path)
    } catch {
      rmdir(folder)
      throw error
    }
    openLoopback()
  }

  deinit {
    close(unix)
    if udp >= 0 { close(udp) }
    unlink(path)
    rmdir(folder)
  }

  private static let kind =
    Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)

  private static func bind(_ path: String) throws(SystemCallError) -> Int32 {
    let fd = try systemCall("socket", on: path) { socket(AF_UNIX, kind, 0) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    do throws(SystemCallError) {
      _ = try systemCall("bind", on: path) {
        withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
      }
    } catch {
      close(fd)
      throw error
    }
    _ = closewatch_date_datagrams(fd)
    return fd
  }

  private func openLoopback() {
    let fd = socket(AF_INET, Self.kind, 0)
    guard fd >= 0 else { return }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(fd, $0, size) == 0 && getsockname(fd, $0, &size) == 0
      }
    }
    guard isBound else {
      close(fd)
      return
    }
    _ = closewatch_date_datagrams(fd)
    udp = fd
    loopback = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
  }

  /// The next letter; nil when there is none.
  package func next() -> Letter? {
    for socket in descriptors {
      if let letter = receive(socket) { return letter }
    }
    return nil
  }

  private func receive(_ socket: Int32) -> Letter? {
    var bytes = [UInt8](repeating: 0, count: Self.longest)
    var address = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
    // A sender that has gone is told of here once, in the place of a datagram.
    for _ in 0..<64 {
      var size = UInt32(address.count)
      var ago: Int64 = -1
      let got = closewatch_receive_datagram(
        socket, &bytes, UInt(bytes.count), &address, &size, &ago)
      guard got >= 0 else {
        if errno == ECONNREFUSED { continue }
        return nil
      }
      let now = Clock.boot
      // Of one without a name the kernel gives the family, or nothing.
      let sender = size > 2 ? Array(address.prefix(Int(size))) : []
      return Letter(
        word: Self.word(bytes[..<got]),
        at: ago < 0 ? now : BootInstant(nanoseconds: now.nanoseconds - ago),
        address: sender, socket: socket)
    }
    return nil
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> Letter.Word {
    let text = String(decoding: bytes, as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).first ?? ""
    if line == "end" { return .end }
    guard line.hasPrefix("test ") else { return .unknown }
    let name = line.dropFirst(5)
    return name.contains { !$0.isWhitespace } ? .test(String(name)) : .unknown
  }

  /// Tells who has sent it that it has been taken in. One that does not wait is no failure.
  package func answer(_ letter: Letter) {
    guard letter.isAnswerable else { return }
    let words = Array("ok\n".utf8)
    _ = letter.address.withUnsafeBytes { address in
      sendto(
        letter.socket, words, words.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
        address.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(address.count))
    }
  }
}
