// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Simulation
import Testing

/// A small part of what `Simulate` runs at length.
@Suite struct SimulationTests {
  @Test(arguments: [100, 111, 123] as [UInt64])
  func `half a day of harmless life raises no alarm`(seed: UInt64) {
    let life = HarmlessDays(seed: seed, days: 0.5, .every(seconds: 60))
    #expect(life.alarms.map(\.finding.id) == [])
  }

  @Test func `a pool that renews what it takes out is no owner without a pool`() {
    // This host's pool of first in, first out was accused after 22 hours.
    #expect(HarmlessDays(seed: 38, days: 1, .every(seconds: 30)).alarms.map(\.finding.id) == [])
  }

  @Test(arguments: [7, 8] as [UInt64])
  func `a pool that fills and empties by the day stays silent`(seed: UInt64) {
    for kind in ["lifo-pool", "fifo-pool", "worker-ramp"] {
      let life = HarmlessDays(seed: seed, days: 0.5, .every(seconds: 60), only: kind)
      #expect(life.alarms.map(\.finding.id) == [], "\(kind)")
    }
  }

  @Test(arguments: [1 / 60.0, 1 / 6.0], [true, false])
  func `a leak is found before a tenth of the descriptors is gone`(
    rate: Double, isInbound: Bool
  ) throws {
    var plan = Leak.Plan(perSecond: rate)
    plan.isInbound = isInbound
    plan.receiveQueue = 1
    let run = LeakRun(plan, seed: 41, tickSeconds: 20, longestSeconds: 9000)
    #expect(run.warningSeconds != nil)
    #expect(run.shareAtDetection > 0)
    #expect(run.shareAtDetection < 0.1)
    #expect(run.firings == 1)
    #expect(run.silentLooks == 0)
  }

  @Test(arguments: [true, false])
  func `an incident is told at every look until its sockets have gone`(isInbound: Bool) throws {
    var plan = Leak.Plan(perSecond: 3)
    plan.isInbound = isInbound
    plan.receiveQueue = 1
    plan.limit = 65536
    plan.stopsAfterSeconds = 100
    plan.closesAfterSeconds = 1800
    let run = LeakRun(plan, seed: 61, tickSeconds: 15, longestSeconds: 3000)
    #expect(try #require(run.detectionSeconds) <= 195)
    #expect(run.silentLooks == 0)
    #expect(try #require(run.endSeconds) <= 180)
    #expect(run.firings == 1)
  }

  @Test(arguments: [201, 202] as [UInt64])
  func `large pools, devices that come online and tunnels that wait stay silent`(seed: UInt64) {
    for kind in ["large-pool", "filled-pool", "devices-online", "half-closed-tunnel"] {
      let life = HarmlessDays(seed: seed, days: 0.25, .every(seconds: 30), only: kind)
      #expect(life.alarms.map(\.finding.id) == [], "\(kind)")
    }
  }

  @Test(arguments: [301, 302, 303] as [UInt64])
  func `what is full and stays so, and devices that come online, stay silent`(seed: UInt64) {
    for kind in ["descriptor-plateau", "devices-for-days", "server-at-limit"] {
      let life = HarmlessDays(seed: seed, days: 0.25, .every(seconds: 30), only: kind)
      #expect(life.alarms.map(\.finding.id) == [], "\(kind)")
    }
  }

  @Test(arguments: [401, 402] as [UInt64])
  func `pools of drivers, users behind a proxy, batch jobs and load tests stay silent`(
    seed: UInt64
  ) {
    for kind in ["idle-outbound", "proxied-users", "batch-job", "load-test"] {
      let life = HarmlessDays(seed: seed, days: 0.25, .every(seconds: 30), only: kind)
      #expect(life.alarms.map(\.finding.id) == [], "\(kind)")
      #expect(life.daysByKind == [kind: 0.25])
    }
  }

  @Test(arguments: [(128, 30.0), (128, 3.0), (1, 0.5)])
  func `a full queue that moves is told at every look until it is no longer full`(
    backlog: Int, acceptsPerSecond: Double
  ) throws {
    let plan = Overload.Plan(
      backlog: backlog, acceptsPerSecond: acceptsPerSecond,
      arrivalsPerSecond: 5 * acceptsPerSecond, lastsSeconds: 1800)
    let run = OverloadRun(plan, seed: 71, tickSeconds: 15)
    #expect(try #require(run.detectionSeconds) <= 195)
    #expect(run.silentLooks == 0)
    #expect(try #require(run.endSeconds) <= 180)
    #expect(run.otherAlarms.map(\.finding.id) == [])
  }

  @Test func `one leaked in a hundred closed is found`() {
    var plan = Leak.Plan(perSecond: 1 / 30.0)
    plan.healthyForEach = 99
    let run = LeakRun(plan, seed: 43, tickSeconds: 20, longestSeconds: 3600)
    #expect(run.warningSeconds != nil)
  }

  @Test func `a leak of a hundred a second is found within two looks of a daemon`() throws {
    var plan = Leak.Plan(perSecond: 100)
    plan.limit = 65536
    let run = LeakRun(plan, seed: 47, tickSeconds: 10, longestSeconds: 60, neighbours: 0)
    #expect(try #require(run.detectionSeconds) <= 30)
  }

  @Test func `a leak of one an hour is told as a notice long before half of the limit`() throws {
    let run = LeakRun(
      Leak.Plan(perSecond: 1 / 3600.0), seed: 53, tickSeconds: 300, longestSeconds: 86400)
    #expect(run.detectionSeconds != nil)
    #expect(run.shareAtDetection < 0.05)
  }

  @Test func `the forecast is right to a fifth after ten minutes`() throws {
    var plan = Leak.Plan(perSecond: 1)
    plan.limit = 65536
    let run = LeakRun(plan, seed: 59, tickSeconds: 30, longestSeconds: 700)
    #expect(abs(try #require(run.forecastError)) < 0.2)
  }
}
