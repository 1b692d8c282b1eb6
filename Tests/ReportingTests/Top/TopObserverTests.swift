// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct TopObserverTests {
  private func owner(_ name: String, in picture: TopPicture) throws -> TopOwner {
    try #require(picture.owners.first { $0.owner.name == name })
  }

  @Test func `every socket is charged to one owner, each once`() throws {
    let picture = try TopStory.picture(of: TopStory.busyHost(), until: 60)
    #expect(picture.sockets.count == picture.sample.sockets.count + 1)
    #expect(picture.owners.reduce(0) { $0 + $1.total } == picture.sockets.count)
    #expect(Set(picture.sockets.map { picture.id($0) }).count == picture.sockets.count)
  }

  @Test func `those past the patience are stuck, the younger ones wait`() throws {
    let picture = try TopStory.picture(of: TopStory.busyHost(), until: 60)
    let api = try owner("api.service", in: picture)
    // One every two seconds since second 1: 30, of which those until second 30 are stuck.
    #expect(api.waiting == 30)
    #expect(api.stuck == 15)
    #expect(api.onlyPID == 4711)
    #expect(api.oldest?.bound == .exact)
    #expect(try #require(api.oldest).seconds == 59)
    #expect(api.growth == TopCurve.Growth(perMinute: 30, trend: .up))
  }

  @Test func `half-closed, unaccepted and dead sockets wait too`() throws {
    let picture = try TopStory.picture(of: TopStory.busyHost(), until: 60)
    #expect(try owner("nightly-batch.service", in: picture).stuck == 3)
    #expect(try owner("python3.11", in: picture).stuck == 2)
    #expect(try owner("cron-job", in: picture).stuck == 1)
    #expect(picture.unaccepted == 2)
    #expect(picture.deadSockets.count == 1)
    #expect(picture.stuckStates == [.closeWait, .finWait2, .close])
  }

  @Test func `what lives, or the kernel has alone, does not wait`() throws {
    let picture = try TopStory.picture(of: TopStory.busyHost(), until: 60)
    let web = try owner("nginx.service", in: picture)
    #expect(web.waiting == 0)
    #expect(web.total == 21)
    // The limit is that of the worker, which is nearer to it.
    #expect(web.account.descriptors?.limit == 64)
    let kernel = try owner("kernel", in: picture)
    #expect(kernel.total == 2)
    #expect(kernel.waiting == 0)
  }

  @Test func `one that sends is not stuck`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100, unit: "api.service")
    host.listen(8080, by: api)
    host.add(
      .accepted(on: 8080, by: api).enters(.closeWait, at: 1, unread: 1)
        .changed { $0.isSending = true })
    let picture = try TopStory.picture(of: host, until: 60)
    let found = try owner("api.service", in: picture)
    #expect(found.waiting == 1)
    #expect(found.stuck == 0)
  }

  @Test func `a life has every state that was seen, with its time`() throws {
    var host = HostScript()
    let api = host.start("api", pid: 100)
    host.listen(8080, by: api)
    host.add(
      .accepted(on: 8080, by: api).enters(.established, at: 5).enters(.closeWait, at: 11)
        .enters(.lastAck, at: 21))
    let picture = try TopStory.picture(of: host, until: 30)
    let row = try #require(picture.sample.sockets.first { $0.state == .lastAck })
    let connection = try #require(picture.census.connection(of: row))
    let life = picture.lives.life(of: connection)
    #expect(life.map(\.state) == [.established, .closeWait, .lastAck])
    #expect(life[1].since == HostScript.instant(11))
    #expect(life[1].isExact)
  }

  @Test func `an owner without a socket that a finding speaks of has a line`() throws {
    var host = HostScript()
    host.gaps = []
    let api = host.start("api", pid: 100, unit: "api.service", files: { _ in 1010 })
    host.listen(8080, by: api)
    let picture = try TopStory.picture(of: host, until: 60)
    for finding in picture.findings {
      #expect(picture.position(of: TopPicture.key(finding.owner)) != nil)
    }
  }
}
