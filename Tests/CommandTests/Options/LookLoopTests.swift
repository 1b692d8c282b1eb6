// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Settings
import Testing

@testable import closewatch

@Suite struct LookLoopTests {
  /// Never asked: the looks of these tests are their own.
  private struct NoHost: Host {
    mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
      throw HostError("nobody may ask")
    }
  }

  private func loop(watching seconds: Double, spare: Double) -> LookLoop {
    var loop = LookLoop(
      host: NoHost(), interval: TimeSpan(seconds: 0.02), duration: TimeSpan(seconds: seconds))
    loop.spareSeconds = spare
    return loop
  }

  private func sample() -> Sample {
    Sample(takenAt: Clock.boot, wallClockSeconds: Clock.wallSeconds, states: .all)
  }

  @Test func `each look has to be over when the watch is, and the spare time`() throws {
    var loop = loop(watching: 0.1, spare: 3)
    let start = Clock.boot
    var latest = start
    var looks = 0
    _ = try loop.run { _, deadline in
      looks += 1
      latest = max(latest, deadline)
      return LookLoop.Taken(sample: sample())
    }
    #expect(looks > 1)
    // What passes between the two clocks' readings is not much.
    #expect(latest.seconds(since: start) < 3.1 + 1)
  }

  @Test func `no look begins that could not end in time`() throws {
    var loop = loop(watching: 0.5, spare: 1)
    var looks = 0
    _ = try loop.run { _, _ in
      looks += 1
      return LookLoop.Taken(sample: sample())
    }
    #expect(looks == 1)
  }
}
