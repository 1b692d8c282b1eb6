// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

@Suite struct RecordedHostTests {
  let temporary = TemporaryDirectory()

  private func host(looks: Int = 1) throws -> RecordedHost {
    let directory = temporary.path + "/recording"
    var recorder = try HostRecorder(
      directory: directory, closewatchVersion: "0.0.0", redacted: false)
    for look in SmallHost.looks(looks) { _ = try recorder.append(look) }
    try recorder.finish()
    return try RecordedHost(directory: directory)
  }

  private func cookies(_ request: SampleRequest) throws -> [UInt64] {
    var host = try host()
    return try host.takeSample(request).sockets.map(\.cookie)
  }

  @Test func `only the states asked for are shown, and one that has no bit`() throws {
    var request = SampleRequest()
    request.states = StateSet(.closeWait, .timeWait)
    var host = try host()
    let sample = try host.takeSample(request)
    #expect(sample.sockets.map(\.cookie) == [2, 5, 6, 8])
    #expect(sample.states == StateSet(.closeWait, .timeWait))
  }

  @Test(arguments: ["acme", "4026532201", "814", "/run/netns/acme", "/proc/814/ns/net"])
  func `a namespace is found by name, inode, pid or path`(name: String) throws {
    var request = SampleRequest()
    request.namespaces = .only(name)
    #expect(try cookies(request) == [7, 8])
  }

  @Test func `a namespace that was not recorded is refused with those that were`() throws {
    var request = SampleRequest()
    request.namespaces = .only("b\u{1b}lue")
    var host = try host()
    #expect(
      throws: HostError(
        "the recording \(host.directory) has no network namespace 'b\\u{1b}lue'; it has "
          + "4026531840, acme")
    ) { try host.takeSample(request) }
    // The look is still there for a better question.
    #expect(host.remainingLooks == 1)
  }

  @Test func `another source than the recorded one is refused`() throws {
    var request = SampleRequest()
    request.source = .proc
    var host = try host()
    #expect(
      throws: HostError(
        "the recording \(host.directory) was read from sock_diag; leave out --source proc")
    ) { try host.takeSample(request) }
    request.source = .netlink
    #expect(try host.takeSample(request).sockets.count == 8)
  }

  private func answer(_ search: HolderSearch) throws -> HolderReport {
    var host = try host()
    _ = try host.takeSample(SampleRequest())
    return host.findHolders(search)
  }

  @Test func `holders are those of the inodes asked for, with their parents`() throws {
    var search = HolderSearch()
    search.inodes = [103, 999]
    let report = try answer(search)
    #expect(report.holders.map(\.process) == [SmallHost.child])
    #expect(report.holders.map(\.table) == [.thread(820)])
    #expect(report.processes.map(\.id) == [SmallHost.server, SmallHost.child])
    #expect(report.processes.allSatisfy { $0.arguments == nil })
    #expect(report.deadSockets.isEmpty)
    #expect(report.isComplete && report.gaps.count == 1)
  }

  @Test func `a shared socket has both holders`() throws {
    var search = HolderSearch()
    search.inodes = [102]
    #expect(try answer(search).holders.map(\.process.pid) == [812, 813])
  }

  @Test func `every socket can be asked for without its number`() throws {
    var host = try host()
    let sample = try host.takeSample(SampleRequest())
    var every = HolderSearch()
    every.wantsEverySocket = true
    let named = host.findHolders(HolderSearch(everyHolderIn: sample))
    #expect(host.findHolders(every).holders == named.holders)
    #expect(named.holders.contains { $0.inode == 102 })
  }

  @Test(arguments: [([], [812]), ([813], [813]), ([812, 813], [812]), ([1], [812])])
  func `one holder is enough when only one was asked for`(likely: [Int32], found: [Int32]) throws {
    var search = HolderSearch()
    search.inodes = [102]
    search.completeness = .firstHolder
    search.likely = likely
    #expect(try answer(search).holders.map(\.process.pid) == found)
  }

  @Test func `dead sockets come from the processes asked for, records and arguments on request`()
    throws
  {
    var search = HolderSearch()
    search.deadSockets = .of([813, 999])
    search.records = [814]
    search.arguments = true
    var host = try host()
    _ = try host.takeSample(SampleRequest())
    let report = host.findHolders(search)
    #expect(report.deadSockets.map(\.inode) == [201])
    #expect(report.processes.map(\.id.pid) == [812, 813, 814])
    #expect(report.processes.allSatisfy { $0.arguments?.count == 2 })
    search.deadSockets = .everywhere
    #expect(host.findHolders(search).deadSockets.map(\.inode) == [201, 202])
  }

  @Test func `a directory that is not there is named`() {
    #expect(
      throws: HostError(
        "cannot replay /nonexistent/x: open /nonexistent/x: No such file or directory (ENOENT);"
          + " check the path and its permissions")
    ) { try RecordedHost(directory: "/nonexistent/x") }
  }

  @Test func `a look older than the one before it is refused`() throws {
    let directory = try host(looks: 3).directory
    rename("\(directory)/looks/0002", "\(directory)/two")
    rename("\(directory)/looks/0001", "\(directory)/looks/0002")
    rename("\(directory)/two", "\(directory)/looks/0001")
    var host = try RecordedHost(directory: directory)
    _ = try host.takeSample(SampleRequest())
    #expect(
      throws: HostError(
        "cannot replay \(directory): looks/0002/look.txt line 1, column boot_clock_ns: "
          + "'5000000000000' is not at or after the look before it; restore the file from the "
          + "original, or record again")
    ) { try host.takeSample(SampleRequest()) }
  }
}
