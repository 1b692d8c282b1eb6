// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

/// When the ports of a client run out that closes first, in a range of 200 ports.
struct EphemeralPortsTests {
  private func client() -> Story {
    var story = Story()
    story.host.namespaces[0].settings.areRead = true
    story.host.namespaces[0].settings.localPortRange = 50_000...50_199
    story.host.namespaces[0].settings.timeWaitReuse = 0
    story.host.start("batch", pid: 100, unit: "batch.service")
    return story
  }

  private func connection(_ number: Int, closedAt second: Double) -> ScriptedSocket {
    .between(
      Endpoint(HostScript.here, UInt16(50_000 + number)), Endpoint(HostScript.elsewhere, 5432),
      by: 100
    ).enters(.established, at: second - 0.1).enters(.timeWait, at: second).isReleased(at: second)
  }

  @Test func `the minutes left come from the rate of closes, with a range`() throws {
    var story = client()
    // Four a second: 240 within the life of a TIME_WAIT, of 200.
    for number in 0..<200 {
      let second = 5 + Double(number) / 4
      story.host.add(connection(number, closedAt: second))
    }
    story.look(every: 1, through: 35)
    let forecast = try #require(story.firing.first?.forecast)
    // 121 are taken at 35; the other 79 last for another 20 s.
    #expect(forecast.used == 121)
    let seconds = try #require(forecast.seconds)
    #expect(abs(seconds - 19.75) < 2)
    let low = try #require(forecast.lowSeconds)
    #expect(low < 19.75)
    #expect(forecast.highSeconds.map { $0 > 19.75 } ?? true)
  }

  @Test func `as many ports come back as go now, and none when those of the last wave are back`()
    throws
  {
    var story = client()
    let waves = (0..<75).map { 3 + Double($0) / 5 } + (0..<72).map { 50 + Double($0) / 4 }
    for (number, second) in waves.enumerated() {
      story.host.add(connection(number, closedAt: second))
    }
    story.look(at: 68)
    let forecast = try #require(story.firing.first?.forecast)
    // Four a second go: 240 in a minute, of 200. 50 come back within 10 s, and then none for 32 s.
    let seconds = try #require(forecast.seconds)
    #expect((30...36).contains(seconds), "\(seconds)")
  }

  @Test func `a port that the kernel takes again after a second does not run out by its TIME_WAIT`()
    throws
  {
    var story = client()
    story.host.namespaces[0].settings.timeWaitReuse = 1
    // All stay open but 20 a second, which would be 1,200 in a minute.
    for number in 0..<165 {
      story.host.add(
        .between(
          Endpoint(HostScript.here, UInt16(50_000 + number)),
          Endpoint(HostScript.elsewhere, 5432), by: 100
        ).enters(.established, at: 1))
    }
    for number in 0..<200 {
      let second = 10 + Double(number) / 20
      story.host.add(
        .between(
          Endpoint(HostScript.here, UInt16(50_165 + number % 35)),
          Endpoint(HostScript.elsewhere, 5432), by: 100
        ).enters(.timeWait, at: second).isReleased(at: second))
    }
    story.look(at: 20)
    let sample = story.host.sample(at: 20)
    let ports = try #require(EphemeralPorts.all(in: Census(sample, limit: 1000), fewest: 50).first)
    #expect(ports.closesPerSecond.perSecond > 15)
    #expect(ports.forecast.seconds == nil)
  }
}
