// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One TCP connection to a web server on loopback, with full control over every byte.
package final class WebClient {
  /// A whole answer.
  package struct Answer {
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let fd: Int32
  private var buffer: [UInt8] = []
  package private(set) var isClosedByPeer = false

  package init(port: UInt16) throws {
    guard let connected = Self.connect(to: port) else {
      throw ChildProgram.Failure("connect to \(port): errno \(errno)")
    }
    fd = connected
  }

  /// A socket that is connected to a port of loopback; nil and errno when nobody accepts there.
  package static func connect(to port: UInt16) -> Int32? {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if code == 0 { return fd }
    let reason = errno
    close(fd)
    errno = reason
    return nil
  }

  deinit { close(fd) }

  package func send(_ text: String) { send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = Glibc.send(fd, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Sends as much as the kernel takes at once.
  package func sendWithoutWaiting(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    return Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
  }

  /// Makes close() send a reset: what a scraper that is killed does.
  package func abortOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Reads until the peer closes.
  ///
  /// - Returns: The seconds it took; nil when it did not within `seconds`.
  package func secondsUntilClosed(within seconds: Double = 45) -> Double? {
    let began = RunningDaemon.monotonicSeconds
    while RunningDaemon.monotonicSeconds - began < seconds {
      if isClosedByPeer { return RunningDaemon.monotonicSeconds - began }
      receive(within: seconds)
    }
    return nil
  }

  /// What has come and was not read as an answer.
  package var rest: [UInt8] { buffer }

  /// Reads one answer.
  ///
  /// - Returns: nil when the connection ends, or nothing comes, before it is complete.
  package func answer(within seconds: Double = 20, isHead: Bool = false) -> Answer? {
    let limit = RunningDaemon.monotonicSeconds + seconds
    while true {
      if let answer = parse(isHead: isHead) { return answer }
      guard !isClosedByPeer, RunningDaemon.monotonicSeconds < limit else { return nil }
      receive(within: limit - RunningDaemon.monotonicSeconds)
    }
  }

  private func receive(within seconds: Double) {
    var waiting = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, Int32(seconds * 1000) + 1) > 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(fd, &chunk, chunk.count, 0)
    if count <= 0 {
      isClosedByPeer = true
    } else {
      buffer.append(contentsOf: chunk[..<count])
    }
  }

  private func parse(isHead: Bool) -> Answer? {
    let mark: [UInt8] = [13, 10, 13, 10]
    guard buffer.count >= 4,
      let end = (0...(buffer.count - 4)).first(where: { Array(buffer[$0..<($0 + 4)]) == mark })
    else { return nil }
    // By bytes: CR LF is one character.
    let lines = String(decoding: buffer[..<end].filter { $0 != 13 }, as: UTF8.self)
      .split(separator: "\n")
    guard let first = lines.first?.split(separator: " "), first.count > 1,
      let status = Int(first[1])
    else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers[line[..<colon].lowercased()] = String(value)
    }
    let length = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    guard buffer.count >= end + 4 + length else { return nil }
    let body = Array(buffer[(end + 4)..<(end + 4 + length)])
    buffer.removeFirst(end + 4 + length)
    return Answer(status: status, headers: headers, body: body)
  }
}
