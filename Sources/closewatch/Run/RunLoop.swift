// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import LinuxHost
import Reporting

/// A command under watch: looks at it at a steady pace, at the beginning of each test that its
/// runner names, and at the end.
struct RunLoop {
  private let order: RunOrder
  private var host: any Host
  private var watch: RunWatch
  private let mailbox: TestMailbox?
  private var request = SampleRequest()
  private let began = Clock.boot
  private var lastLook = Clock.boot
  /// Processor time of a look, in seconds.
  private var cost = 0.0
  private var failure: HostError?
  /// What had been counted before the newest look; nil when counting does not tell all.
  private var newestCount: ConnectionCount?
  private var gaps: [Gap.Kind: Gap] = [:]
  /// Who waits until nothing is undecided, and until when.
  private var ending: (letter: TestMailbox.Letter, limit: BootInstant)?
  private var mistakes = 0

  /// One part of the grace, but no more often than makes sense for what takes a millisecond.
  private var pace: Double {
    // Looks take one part in fifty of one processor at most.
    max(min(0.25, max(0.05, order.graceSeconds / 8)), min(2, 50 * cost))
  }

  /// What a look that cannot read everything has to say of it.
  private static let toldGaps: Set<Gap.Kind> = [
    .namespaceNotRead, .boundReached, .rowUndecodable, .callStuck, .dumpRefused,
  ]

  /// Takes the first look, before there is a command: who cannot see need not begin.
  ///
  /// - Throws: ``HostError`` when nothing can be seen.
  init(_ order: RunOrder, host: any Host, mailbox: TestMailbox?) throws(HostError) {
    self.order = order
    self.host = host
    self.mailbox = mailbox
    request.namespaces = .ofDescendants(of: WatchedCommand.parent)
    request.states = .all.subtracting(StateSet(.timeWait))
    watch = RunWatch(
      order, ancestor: WatchedCommand.parent, inherited: WatchedCommand.inheritedSockets)
    watch.advance(with: try self.host.takeSample(request, by: Clock.commandDeadline))
  }

  /// Watches a command to its end, and what it leaves behind for as long as it takes to tell
  /// whether that is a leak.
  mutating func run(_ command: inout WatchedCommand) -> RunReport {
    let descriptors = mailbox?.descriptors ?? []
    while command.status == nil {
      let left = pace - Clock.boot.seconds(since: lastLook)
      command.rest(seconds: left, or: descriptors)
      readLetters()
      if Clock.boot.seconds(since: lastLook) >= pace || command.status != nil { look() }
      answerEnding()
    }
    let limit = Clock.boot.advanced(bySeconds: order.graceSeconds + 2 * pace)
    while watch.isUndecided, Clock.boot < limit, !WatchedCommand.wasStopped {
      command.rest(seconds: pace, or: [])
      look()
    }
    return report(commandStatus: command.status ?? ExitStatus.blind)
  }

  private func report(commandStatus: Int32) -> RunReport {
    var report = RunReport(order, commandStatus: commandStatus, left: watch.left)
    report.unseen = watch.unseen
    report.gaps = gaps.values.sorted { $0.kind.rawValue < $1.kind.rawValue }
    report.tests = watch.tests
    report.seconds = Clock.boot.seconds(since: began)
    if let failure {
      report.blindBecause = failure.description
    } else if watch.isBlind {
      report.blindBecause = "this user may not read the descriptors of any of its processes"
    }
    report.misunderstood = mistakes
    return report
  }

  // MARK: Looks

  private mutating func look(beginning: RunWatch.Beginning? = nil) {
    lastLook = Clock.boot
    // Before the look: what comes in between is in it and counts as new once more.
    let count = ConnectionCount.now()
    do throws(HostError) {
      let sample = try host.takeSample(request, by: Clock.commandDeadline)
      watch.advance(with: sample, beginning: beginning)
      note(sample.gaps)
      newestCount = sample.namespaces.count == 1 ? count : nil
      failure = nil
      cost = sample.cost.cpuMilliseconds / 1000
      // A runner that waits is not kept waiting for more than the look.
      if beginning == nil { findHolders() }
    } catch {
      failure = error
      newestCount = nil
      if let beginning { watch.begin(beginning.test) }
    }
  }

  private mutating func findHolders() {
    let search = watch.search()
    let report = host.findHolders(search, by: Clock.commandDeadline)
    watch.attribute(report, to: search)
    note(report.gaps)
    cost += report.cost.cpuMilliseconds / 1000
  }

  private mutating func note(_ found: [Gap]) {
    for gap in found where Self.toldGaps.contains(gap.kind) { gaps[gap.kind] = gap }
  }

  // MARK: Tests

  private mutating func readLetters() {
    while let letter = mailbox?.next() {
      switch letter.word {
      case .test(let name):
        if let newestCount, newestCount == ConnectionCount.now() {
          watch.begin(name)
        } else {
          look(beginning: RunWatch.Beginning(name, at: letter.at, isAwaited: letter.isAnswerable))
        }
        mailbox?.answer(letter)
      case .end:
        ending = (letter, Clock.boot.advanced(bySeconds: order.graceSeconds + 2 * pace))
        look()
      case .unknown:
        mistakes += 1
      }
    }
  }

  /// Lets a runner end that has asked to, once it is known what it leaves.
  private mutating func answerEnding() {
    guard let ending, !watch.isUndecided || Clock.boot >= ending.limit else { return }
    mailbox?.answer(ending.letter)
    self.ending = nil
  }
}
