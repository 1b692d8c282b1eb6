// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

@Suite(.serialized) struct LiveHostTests {
  private static func sample(
    source: SampleRequest.Source = .auto, namespaces: SampleRequest.Namespaces = .all,
    states: StateSet = .all, names: String = "/run/netns", netlinkProtocol: Int32? = nil
  ) throws -> Sample {
    var host = LiveHost()
    host.namesDirectory = names
    if let netlinkProtocol { host.netlinkProtocol = netlinkProtocol }
    var request = SampleRequest()
    request.source = source
    request.namespaces = namespaces
    request.states = states
    return try host.takeSample(request)
  }

  /// A netlink protocol that no kernel has: the socket is refused.
  private static let refused: Int32 = 31

  @Test func `a listener of this process is in the sample once and with its queue limit`() throws {
    let listener = try Listener(backlog: 7)
    let sample = try Self.sample()
    let rows = sample.sockets.filter { $0.inode == listener.inode }
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.state == .listen)
    #expect(row.local == Endpoint(.loopbackIPv4, listener.port))
    #expect(row.sendQueue == 7)
    #expect(row.knowledge.contains([.cookie, .acceptQueueLimit]))
    #expect(row.cookie != 0)
    #expect(row.namespace == sample.namespaces.first { $0.isOwn }?.id)
    #expect(sample.namespaces.allSatisfy { $0.source == .sockDiag })
  }

  @Test func `the source proc gives the same listener and says what it cannot know`() throws {
    let listener = try Listener(backlog: 7)
    let sample = try Self.sample(source: .proc)
    let rows = sample.sockets.filter { $0.inode == listener.inode }
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.state == .listen)
    #expect(row.local == Endpoint(.loopbackIPv4, listener.port))
    #expect(row.sendQueue == 0)
    #expect(row.knowledge == [])
    #expect(row.cookie == 0)
    #expect(sample.namespaces.first { $0.isOwn }?.source == .procNetTCP)
    #expect(sample.gaps.contains { $0.kind == .sourceLimited && $0.count >= 1 })
    #expect(!sample.gaps.contains { $0.kind == .dumpRefused })
  }

  @Test func `where netlink is refused auto reads proc and says both`() throws {
    let listener = try Listener(backlog: 7)
    let sample = try Self.sample(netlinkProtocol: Self.refused)
    #expect(sample.sockets.filter { $0.inode == listener.inode }.count == 1)
    let refusal = try #require(sample.gaps.first { $0.kind == .dumpRefused })
    #expect(
      refusal.detail
        == "socket netlink protocol 31: Protocol not supported (EPROTONOSUPPORT); "
        + "/proc/net/tcp was read instead")
    #expect(sample.gaps.contains { $0.kind == .sourceLimited })
  }

  @Test func `where netlink is refused and alone asked for there is no sample`() throws {
    #expect(
      throws: HostError(
        "socket netlink protocol 31: Protocol not supported (EPROTONOSUPPORT); "
          + "--source auto falls back to /proc/net/tcp")
    ) { try Self.sample(source: .netlink, netlinkProtocol: Self.refused) }
  }

  @Test func `a state that was not asked for is not there`() throws {
    let listener = try Listener(backlog: 7)
    let sample = try Self.sample(states: StateSet(.closeWait))
    #expect(!sample.sockets.contains { $0.inode == listener.inode })
    #expect(sample.states == StateSet(.closeWait))
  }

  @Test func `settings, counters, clocks and cost are there`() throws {
    let sample = try Self.sample()
    let own = try #require(sample.namespaces.first { $0.isOwn })
    #expect(own.settings.areRead)
    #expect(own.counters.listenOverflows != nil)
    #expect(own.counters.retransmittedSegments != nil)
    #expect(sample.host.bootID?.count == 36)
    #expect((sample.host.maxFiles ?? 0) > 0)
    #expect(sample.takenAt.seconds > 0)
    #expect(sample.wallClockSeconds > 1_700_000_000)
    #expect(sample.cost.wallMilliseconds > 0)
    #expect(sample.cost.cpuMilliseconds > 0)
  }

  @Test func `procfs that is not there is one clear line`() {
    var host = LiveHost(procRoot: "/nonexistent")
    #expect(
      throws: HostError(
        "cannot find the network namespaces: readlink /nonexistent/thread-self/ns/net: "
          + "No such file or directory (ENOENT); is /nonexistent procfs?")
    ) { try host.takeSample(SampleRequest()) }
  }

  @Test(.requires(.networkNamespaces))
  func `sockets of another namespace are read there, and we do not move`() throws {
    let scratch = try ScratchNamespace("green")
    let listener = try scratch.run { try Listener(backlog: 5) }
    let before = try NetworkNamespaces().found.first?.id
    for source in [SampleRequest.Source.netlink, .proc] {
      let sample = try Self.sample(source: source, names: scratch.directory)
      let rows = sample.sockets.filter { $0.inode == listener.inode }
      #expect(rows.map(\.namespace) == [scratch.id])
      let green = try #require(sample.namespaces.first { $0.id == scratch.id })
      #expect(green.name == "green")
      #expect(!green.isOwn)
      #expect(green.settings.areRead)
      #expect(green.sockstat.inUse == 1)
    }
    #expect(try NetworkNamespaces().found.first?.id == before)
  }

  @Test(.requires(.networkNamespaces))
  func `only the namespace asked for is read, with its own settings`() throws {
    let scratch = try ScratchNamespace("red")
    let listener = try scratch.run {
      let fd = try systemCall("open", on: "sysctl") {
        open("/proc/sys/net/ipv4/tcp_fin_timeout", O_WRONLY)
      }
      defer { close(fd) }
      #expect(write(fd, "17", 2) == 2)
      return try Listener(backlog: 5)
    }
    let sample = try Self.sample(namespaces: .only("red"), names: scratch.directory)
    #expect(sample.namespaces.map(\.id) == [scratch.id])
    #expect(sample.namespaces.first?.settings.finTimeoutSeconds == 17)
    #expect(sample.sockets.map(\.inode) == [listener.inode])
  }

  @Test(.requires(.networkNamespaces))
  func `an empty namespace is in the sample without being dumped`() throws {
    let scratch = try ScratchNamespace("empty")
    let sample = try Self.sample(names: scratch.directory)
    let empty = try #require(sample.namespaces.first { $0.id == scratch.id })
    #expect(empty.sockstat == SockStat(hostWideOf: empty.sockstat))
  }

  @Test(.requires(.networkNamespaces))
  func `a look leaves no netlink socket behind that would keep a namespace alive`() throws {
    let scratch = try ScratchNamespace("gone")
    let listener = try scratch.run { try Listener(backlog: 5) }
    let sample = try Self.sample(names: scratch.directory)
    #expect(sample.sockets.contains { $0.inode == listener.inode })
    // Columns: sk Eth Pid ...; the kernel's own sockets have port 0.
    let text = try scratch.run { try readFile("/proc/thread-self/net/netlink") }
    let ports = TextFields.lines(text).dropFirst().map { TextFields.text(TextFields.fields($0)[2]) }
    #expect(!ports.isEmpty)
    #expect(ports.allSatisfy { $0 == "0" })
  }
}

extension SockStat {
  /// Nothing in the namespace, and the host's numbers of another.
  fileprivate init(hostWideOf other: SockStat) {
    self.init()
    orphans = other.orphans
    allocated = other.allocated
    memoryPages = other.memoryPages
  }
}
