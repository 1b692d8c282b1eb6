// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Ages, against the clock of the laboratory that sent the FIN.
@Suite(.requires(.root, .networkNamespaces))
struct LiveAgeTests {
  /// Three ticks of a kernel of 100 Hz; the age itself is more than ten times that.
  private static let ticks = 0.03
  /// The peer may wait so long with the ACK that makes FIN_WAIT1 to FIN_WAIT2 (TCP_DELACK_MAX).
  private static let delayedAck = 0.2

  @Test(arguments: Lab.Path.allCases)
  func `the age of a CLOSE_WAIT is exact when nothing came after the FIN`(
    _ path: Lab.Path
  ) throws {
    try Lab.with("ages", path, count: 7) { lab in
      let aged = try AgedLook(lab)
      let exact = aged.ages.filter { $0.expected.hasExactAge == true }
      #expect(exact.count == 14)
      for age in exact {
        #expect(age.told.bound == .exact)
        #expect(age.isWithin(Self.ticks), "told \(age.told.seconds), true \(age.truth)")
        #expect(age.truth.lowerBound > 1)
      }
    }
  }

  @Test func `after later traffic of our own the age is a lower bound and says so`() throws {
    try Lab.with("ages", count: 7) { lab in
      let bounded = try AgedLook(lab).ages.filter { $0.expected.hasExactAge == false }
      #expect(bounded.count == 14)
      for age in bounded {
        #expect(age.told.bound == .atLeast)
        #expect(age.told.seconds <= age.truth.upperBound + Self.ticks)
      }
    }
  }

  @Test(arguments: [
    "ages", "close-wait", "unaccepted", "time-wait", "last-ack", "closing", "fin-wait-1",
    "dead-sockets",
  ])
  func `no age is ever more than the truth, and an exact one is the truth`(
    _ scenario: String
  ) throws {
    try Lab.with(scenario, count: 11) { lab in
      for source in [SampleRequest.Source.netlink, .proc] {
        let ages = try AgedLook(lab, source).ages
        #expect(!ages.isEmpty)
        for age in ages {
          let note: Comment = "\(age.expected.state) \(source): \(age.told), true \(age.truth)"
          let slack =
            age.expected.state == .finWait2 ? Self.ticks + Self.delayedAck : Self.ticks
          switch age.told.bound {
          case .exact: #expect(age.isWithin(slack), note)
          case .atLeast: #expect(age.told.seconds <= age.truth.upperBound + Self.ticks, note)
          case .unknown: break
          }
        }
      }
    }
  }

  @Test func `TIME_WAIT is told exactly by its timer in both sources`() throws {
    try Lab.with("time-wait", count: 23) { lab in
      for source in [SampleRequest.Source.netlink, .proc] {
        let ages = try AgedLook(lab, source).ages.filter { $0.expected.state == .timeWait }
        #expect(ages.count == 23)
        for age in ages {
          #expect(age.told.bound == .exact)
          #expect(age.isWithin(Self.ticks), "told \(age.told.seconds), true \(age.truth)")
        }
      }
    }
  }

  /// TCP_LINGER2 gives an orphan a life of its own, which no source shows: with 30 s of 60 a socket
  /// of half a second would look like one of 30.5 s. An acknowledgement that comes while close(2)
  /// still has the socket leaves a whole one behind, whose `tcp_info` bounds its age.
  @Test(arguments: [("close-wait", 3 * 11), ("linger2", 23)])
  func `an orphan in FIN_WAIT2 has no age from its timer, which does not show its life`(
    scenario: String, orphans: Int
  ) throws {
    try Lab.with(scenario, count: 23) { lab in
      for source in [SampleRequest.Source.netlink, .proc] {
        let ages = try AgedLook(lab, source).ages.filter {
          $0.expected.state == .finWait2 && $0.expected.inode == 0
        }
        #expect(ages.count == orphans)
        for age in ages where age.told != .unknown {
          #expect(source == .netlink && age.told.bound == .atLeast, "\(age.told)")
          #expect(age.told.seconds <= age.truth.upperBound + Self.ticks, "\(age.told)")
        }
      }
    }
  }

  @Test func `without tcp_info the age of a CLOSE_WAIT is unknown`() throws {
    try Lab.with("close-wait", count: 7) { lab in
      let ages = try AgedLook(lab, .proc).ages.filter { $0.expected.state == .closeWait }
      #expect(ages.count == 21)
      #expect(ages.allSatisfy { $0.told.bound == .unknown })
    }
  }
}

/// What a look says of the age of each row whose time the laboratory knows.
private struct AgedLook {
  struct Aged {
    var expected: Lab.Row
    var told: Age
    /// Between the end of the call that made it so and the beginning of the look, and so on.
    var truth: ClosedRange<Double>

    func isWithin(_ slack: Double) -> Bool {
      told.seconds >= truth.lowerBound - slack && told.seconds <= truth.upperBound + slack
    }
  }

  private(set) var ages: [Aged] = []

  /// Looks when the youngest row is at least half a second old.
  init(_ lab: Lab, _ source: SampleRequest.Source = .netlink) throws {
    let known = lab.rows.filter { $0.since != nil }
    let times = known.compactMap { $0.since?.upperBound }
    let youngest = try #require(times.max())
    while Self.now().seconds(since: youngest) < 0.5 { usleep(10_000) }
    let before = Self.now()
    let look = try LiveLook(at: lab, source)
    let after = Self.now()
    var rows: [Key: SocketRow] = [:]
    for row in look.sample.sockets { rows[Key(row)] = row }
    for expected in known {
      guard let since = expected.since else { continue }
      let row = try #require(rows[Key(expected)], "missing: \(Key(expected))")
      ages.append(
        Aged(
          expected: expected, told: row.age(),
          truth: before.seconds(since: since.upperBound)...after.seconds(since: since.lowerBound)))
    }
  }

  private static func now() -> BootInstant {
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    return BootInstant(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
  }
}
