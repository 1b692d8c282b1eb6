// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Which listener a connection came through, of a live look and of its recording.
@Suite struct RecordedListenerTests {
  /// Two `AF_INET6` listeners on one port of the wildcard, one of them for IPv6 only, and what
  /// waits in their queues.
  private final class Listeners {
    private(set) var port: UInt16 = 0
    private var descriptors: [Int32] = []

    init() throws {
      try listen(isIPv6Only: true)
      try listen(isIPv6Only: false)
    }

    deinit { descriptors.forEach { close($0) } }

    private func listen(isIPv6Only: Bool) throws {
      let fd = try open(AF_INET6)
      try set(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isIPv6Only ? 1 : 0)
      try set(fd, SOL_SOCKET, SO_REUSEPORT, 1)
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
      try withUnsafeMutablePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          _ = try systemCall("bind", on: "tcp6") { bind(fd, generic, size) }
          _ = try systemCall("listen", on: "tcp6") { Glibc.listen(fd, 7) }
          _ = try systemCall("getsockname", on: "tcp6") { getsockname(fd, generic, &size) }
        }
      }
      port = UInt16(bigEndian: address.sin6_port)
    }

    private func open(_ family: Int32) throws -> Int32 {
      let fd = try systemCall("socket", on: "tcp") {
        socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      }
      descriptors.append(fd)
      return fd
    }

    private func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) throws {
      var value = value
      _ = try systemCall("setsockopt", on: "tcp6") {
        setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
      }
    }

    /// Connects to 127.0.0.1. The connection stays in the accept queue.
    func connectByIPv4() throws {
      let fd = try open(AF_INET)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      try withUnsafePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          _ = try systemCall("connect", on: "tcp") {
            connect(fd, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
      }
    }

    /// Connects to ::1. The connection stays in the accept queue.
    func connectByIPv6() throws {
      let fd = try open(AF_INET6)
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      try withUnsafePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          _ = try systemCall("connect", on: "tcp6") {
            connect(fd, generic, socklen_t(MemoryLayout<sockaddr_in6>.size))
          }
        }
      }
    }
  }

  /// For each connection that was accepted through the port, how many listeners it can be of and
  /// whether each of them is for IPv6 only.
  private func attribution(_ sample: Sample, port: UInt16) -> [IPAddress: [Bool]] {
    let index = ListenerIndex(sample.sockets)
    var found: [IPAddress: [Bool]] = [:]
    for row in sample.sockets where row.state == .established && row.localPort == port {
      found[row.localAddress] = index.listeners(of: row, in: sample.sockets)
        .map { sample.sockets[Int($0)].isIPv6Only }.sorted { $0 && !$1 }
    }
    return found
  }

  @Test func `a replay gives connections the same listeners as the live look`() throws {
    let listeners = try Listeners()
    try listeners.connectByIPv4()
    try listeners.connectByIPv6()
    let temporary = TemporaryDirectory()
    var recorder = try HostRecorder(
      directory: temporary.path + "/recording", closewatchVersion: "0", redacted: true)
    var live = LiveHost()
    var request = SampleRequest()
    request.namespaces = .only(String(getpid()))
    let sample = try live.takeSample(request)
    let report = live.findHolders(recorder.search(for: sample))
    _ = try recorder.append(RecordedSample(sample: sample, report: report))
    try recorder.finish()
    // IPv4 cannot have come through the listener that takes IPv6 only.
    let expected: [IPAddress: [Bool]] = [
      .loopbackIPv4: [false], .loopbackIPv6: [true, false],
    ]
    #expect(attribution(sample, port: listeners.port) == expected)
    var host = try RecordedHost(directory: temporary.path + "/recording")
    let replayed = try host.takeSample(SampleRequest())
    #expect(attribution(replayed, port: listeners.port) == expected)
  }
}
