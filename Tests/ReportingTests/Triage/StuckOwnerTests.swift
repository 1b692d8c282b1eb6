// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import TestSupport
import Testing

@Suite struct StuckOwnerTests {
  /// All owners after looks every 10 s until `end`, with a patience of 120 s.
  private func owners(
    _ host: HostScript, from start: Double = 0, until end: Double = 300
  ) throws -> [StuckOwner] {
    var watch = Watch(settings: RuleSettings())
    for second in stride(from: start, through: end, by: 10) {
      let search = watch.advance(with: host.sample(at: second))
      watch.attribute(host.report(to: search, at: second), to: search)
    }
    let census = try #require(watch.census)
    return StuckOwner.all(in: census, patienceSeconds: watch.settings.patienceSeconds)
  }

  private func host(_ count: Int) -> HostScript {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    for _ in 0..<count {
      host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: 5, unread: 1))
    }
    return host
  }

  @Test func `sockets past the patience are counted for their unit, since they were stuck`() throws
  {
    let found = try owners(host(7))
    #expect(found.map(\.owner) == [Owner(.unit, "api.service")])
    #expect(found[0].stuck == [.closeWait: 7])
    let oldest = try #require(found[0].oldest)
    #expect(abs(oldest.seconds(since: HostScript.instant(5))) < 0.1)
    // 12 files, the listener and 7 connections.
    #expect(found[0].descriptors == 20)
    #expect(found[0].descriptorLimit == 1024)
  }

  @Test func `the oldest is the oldest, wherever its row stands in the table`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    for second in [90.0, 5, 60] {
      host.add(.accepted(on: 8080, by: api).enters(.closeWait, at: second, unread: 1))
    }
    // From the first look on, all three: the table is in the order above.
    let oldest = try #require(try owners(host, from: 100)[0].oldest)
    #expect(abs(oldest.seconds(since: HostScript.instant(5))) < 0.1)
  }

  @Test func `within the patience nobody is stuck`() throws {
    #expect(try owners(host(7), until: 120).isEmpty)
  }

  @Test func `an owner that has most comes first, and processes of one unit are one owner`() throws
  {
    var host = host(3)
    let worker = host.start("worker", pid: 200, unit: "job.service")
    let other = host.start("worker", pid: 201, unit: "job.service")
    host.listen(9090, by: worker)
    host.listen(9091, by: other)
    for _ in 0..<2 {
      host.add(.accepted(on: 9090, by: worker).enters(.closeWait, at: 5, unread: 1))
      host.add(.accepted(on: 9091, by: other).enters(.closeWait, at: 5, unread: 1))
    }
    let found = try owners(host)
    #expect(found.map(\.owner.name) == ["job.service", "api.service"])
    #expect(found.map(\.total) == [4, 3])
  }

  @Test func `of several processes the one nearest to its limit shows its descriptors`() throws {
    var host = host(3)
    let small = host.start("api", pid: 101, unit: "api.service", limit: 32)
    host.listen(8081, by: small)
    host.add(.accepted(on: 8081, by: small).enters(.closeWait, at: 5, unread: 1))
    let found = try owners(host)
    #expect(found.map(\.total) == [4])
    #expect(found[0].descriptorLimit == 32)
    #expect(found[0].descriptors == 14)
  }
}
