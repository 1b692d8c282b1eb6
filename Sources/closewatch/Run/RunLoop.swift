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
  private var mailbox: TestMailbox?
  private var tracer: RunTracer?
  private var request = SampleRequest()
  private let began = Clock.boot
  /// When the newest look began that was none for the beginning of a test.
  private var lastLook = Clock.boot
  private var lateLooks = LateLooks()
  /// When the newest of all began and was over, and whether it came late.
  private var lookBegan = Clock.boot
  private var lookEnded = Clock.boot
  private var wasLate = false
  /// Processor time of a look, in seconds.
  private var cost = 0.0
  private var failure: HostError?
  /// What had been counted before the newest look; nil when counting does not tell all.
  private var newestCount: ConnectionCount?
  private var gaps: [Gap.Kind: Gap] = [:]
  /// Who wait until nothing is undecided, and since when: each process of a suite may ask.
  private var endings: [(letter: TestMailbox.Letter, since: BootInstant)] = []
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
  init(_ order: RunOrder, host: any Host) throws(HostError) {
    self.order = order
    self.host = host
    request.namespaces = .ofDescendants(of: WatchedCommand.parent)
    request.states = .all.subtracting(StateSet(.timeWait))
    watch = RunWatch(
      order, ancestor: WatchedCommand.parent, inherited: WatchedCommand.inheritedSockets)
    watch.advance(with: try self.host.takeSample(request, by: Clock.commandDeadline))
    lookEnded = Clock.boot
  }

  /// Watches a command to its end, and what it leaves behind for as long as it takes to tell
  /// whether that is a leak.
  mutating func run(
    _ command: inout WatchedCommand, mailbox: TestMailbox?, tracer: RunTracer?
  ) -> RunReport {
    self.mailbox = mailbox
    self.tracer = tracer
    // To load a tracer takes long, and is no late look.
    lookBegan = Clock.boot
    while command.status == nil {
      rest(&command, or: mailbox?.descriptors ?? [])
      watch.isCommandOver = command.status != nil
      readLetters(most: watch.isCommandOver ? Self.lettersLeftMost : Self.lettersMost)
      if Clock.boot.seconds(since: lastLook) >= pace || watch.isCommandOver { look() }
      lookAtExits(&command)
      answerEndings()
    }
    // Processes that were left behind have the grace to leave a socket, and each socket its own.
    let end = Clock.boot
    let latest = end.advanced(bySeconds: order.graceSeconds)
    while !WatchedCommand.wasStopped,
      watch.hasProcesses && !isOver(since: end) || watch.isUndecided && !isOver(since: latest)
    {
      rest(&command, or: [])
      lookAtExits(&command)
      look()
      answerEndings()
    }
    tracer?.settle(watch.suspects, seconds: Self.answerSeconds)
    command.letExit()
    for ending in endings { mailbox?.answer(ending.letter) }
    return report(commandStatus: command.status ?? ExitStatus.blind)
  }

  private mutating func rest(_ command: inout WatchedCommand, or descriptors: [Int32]) {
    let left = pace - Clock.boot.seconds(since: lastLook)
    command.rest(seconds: left, or: descriptors + [tracer?.descriptor].compactMap { $0 })
    tracer?.take()
    // The number of one that has ended can become another's.
    watch.helpers = tracer?.descriptor == nil ? [] : [tracer?.pid].compactMap { $0 }
  }

  /// So long it is waited for where in the code is what ends otherwise.
  private static let answerSeconds = 1.0

  /// Whether all that was there at some time has been judged by now.
  private func isOver(since: BootInstant) -> Bool {
    Clock.boot.seconds(since: max(since, watch.notBefore)) >= order.graceSeconds + 2 * pace
  }

  private func report(commandStatus: Int32) -> RunReport {
    var report = RunReport(order, commandStatus: commandStatus, left: watch.left)
    report.unseen = watch.unseen
    report.gaps = gaps.values.sorted { $0.kind.rawValue < $1.kind.rawValue }
    report.lateLooks = lateLooks
    report.tests = watch.tests
    report.seconds = Clock.boot.seconds(since: began)
    if let failure {
      report.blindBecause = failure.description
    } else if watch.isBlind {
      report.blindBecause = "this user may not read the descriptors of any of its processes"
    }
    report.misunderstood = mistakes
    if let tracer {
      for index in report.left.indices {
        report.left[index].place = tracer.place(of: report.left[index])
      }
      report.traceFailure = tracer.failure
      report.unfollowed = tracer.unfollowed
    }
    return report
  }

  // MARK: Looks

  /// What a process holds where it ends it will not close any more, however young.
  private mutating func lookAtExits(_ command: inout WatchedCommand) {
    let processes = command.processesAtExit
    guard !processes.isEmpty else { return }
    watch.ending = processes
    look()
    // Of what a look saw once it cannot be told whether it is new or dead.
    if watch.hasUnproved { look() }
    watch.ending = []
    tracer?.settle(watch.suspects, seconds: Self.answerSeconds)
    command.letExit()
  }

  private mutating func look(beginning: RunWatch.Beginning? = nil) {
    // A runner that names tests faster than the pace must not keep the others from coming.
    if beginning == nil { lastLook = Clock.boot }
    noticePause()
    defer { lookEnded = Clock.boot }
    // Before the look: what comes in between is in it and counts as new once more.
    let count = ConnectionCount.now()
    do throws(HostError) {
      let sample = try host.takeSample(request, by: Clock.commandDeadline)
      watch.advance(with: sample, beginning: beginning)
      note(sample.gaps)
      newestCount = sample.namespaces.count == 1 ? count : nil
      failure = nil
      // A runner that waits is not kept waiting for more than the look.
      if beginning == nil {
        cost = sample.cost.cpuMilliseconds / 1000
        try findHolders()
        tracer?.ask(watch.suspects)
      }
    } catch {
      failure = error
      newestCount = nil
      if let beginning { watch.begin(beginning.test) }
    }
  }

  /// While the machine was suspended, or this with the command, nobody could close anything. Late
  /// twice in a row is a slow machine, and no pause: there would be no end to it.
  private mutating func noticePause() {
    let now = Clock.boot
    let isLate =
      now.seconds(since: lookEnded) > max(Self.shortestPause, order.graceSeconds / 2) + pace
    if isLate, !wasLate { watch.notBefore = now }
    wasLate = isLate
    lateLooks.note(now.seconds(since: lookBegan), pace: pace, grace: order.graceSeconds)
    lookBegan = now
  }

  /// A machine under load is late by that much without having stood still.
  private static let shortestPause = 0.25

  /// - Throws: ``HostError``: without an answer, nothing is known of who holds what.
  private mutating func findHolders() throws(HostError) {
    let search = watch.search()
    let report = try host.searchHolders(search, by: Clock.commandDeadline)
    watch.attribute(report, to: search)
    note(report.gaps)
    cost += report.cost.cpuMilliseconds / 1000
  }

  private mutating func note(_ found: [Gap]) {
    for gap in found where Self.toldGaps.contains(gap.kind) { gaps[gap.kind] = gap }
  }

  // MARK: Tests

  /// So many are read in one turn, so that who floods the mailbox does not keep looks away.
  private static let lettersMost = 64
  /// More than the sockets keep, for what a command has said before it ended.
  private static let lettersLeftMost = 4096

  private mutating func readLetters(most: Int) {
    for _ in 0..<most {
      guard let letter = mailbox?.next() else { return }
      switch letter.word {
      case .test(let name):
        if let newestCount, newestCount == ConnectionCount.now() {
          watch.begin(name)
        } else {
          look(beginning: RunWatch.Beginning(name, at: letter.at, isAwaited: letter.isAnswerable))
        }
        mailbox?.answer(letter)
      case .end:
        endings.append((letter, Clock.boot))
        look()
      case .unknown:
        mistakes += 1
      }
    }
  }

  /// Lets the runners end that have asked to, once it is known what they leave.
  private mutating func answerEndings() {
    guard !endings.isEmpty else { return }
    let isDecided = !watch.isUndecided
    var waiting: [(letter: TestMailbox.Letter, since: BootInstant)] = []
    for ending in endings {
      if isDecided || isOver(since: ending.since) {
        mailbox?.answer(ending.letter)
      } else {
        waiting.append(ending)
      }
    }
    endings = waiting
  }
}
