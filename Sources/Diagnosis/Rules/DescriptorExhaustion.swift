// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let descriptorExhaustion = RuleID("descriptor-exhaustion")
}

extension Cause {
  package static let descriptorLimit = Cause("descriptor-limit")
}

/// A process will hit its limit of open descriptors (RLIMIT_NOFILE): "Too many open files".
///
/// Near the limit is not enough: some programs live there by design (PostgreSQL fills its limit
/// with a cache of files). It asks for a person when the number grows, when nothing is left, or
/// when a listener of the process waits in vain for it to accept. A high level that does not grow
/// is a notice, once for a program; so is growth that slows down to such a level, and growth near
/// the limit that has not yet been seen to rise by as much as is left. And files whose number grows
/// to the limit within the critical horizon are pending from half of it on; they, and connections
/// that work, are told when the last one is taken before anybody has looked again.
package enum DescriptorExhaustion: Rule {
  package static let id = RuleID.descriptorExhaustion
  package static let causes: [Cause] = [.descriptorLimit]
  package static let states: [TCPState] = []
  package static let counts = Counted.openDescriptors
  package static let patience = Patience.none
  package static let thresholds: [Threshold] = [
    .descriptorShareWarning, .fewestSamples,
  ]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    var programs: [Program: [Level]] = [:]
    for index in Int32(0)..<Int32(inquiry.census.processes.indexLimit) {
      guard let process = inquiry.census.processes[index],
        let open = openOfLimit(process),
        Double(open.used) >= min(0.5, inquiry.settings.descriptorShareWarning) * Double(open.limit),
        !inquiry.census.ended.contains(process.id)
      else { continue }
      let level = Level(index, process, open, in: inquiry)
      guard level.isNear || isRunningOut(level, in: inquiry) else { continue }
      let program = Program(
        owner: process.owner, name: process.programName,
        namespace: process.namespace ?? inquiry.census.sample.namespaces.first?.id
          ?? NetnsID(rawValue: 0))
      programs[program, default: []].append(level)
    }
    return programs.map { finding(of: $0.key, $0.value, in: inquiry) }.sorted { $0.id < $1.id }
  }

  /// Whether a process can open hardly anything any more. Some keep a few descriptors in reserve,
  /// and fail before the last one is taken.
  static func isFull(_ process: ProcessRecord) -> Bool {
    guard let used = process.descriptorCount, let limit = process.descriptorSoftLimit,
      limit < UInt64(Int32.max)
    else { return false }
    return used + Int(limit) / 128 >= Int(limit)
  }

  /// How many descriptors a process has open, and its limit, where that is one to run into.
  private static func openOfLimit(_ process: ProcessRecord) -> (used: Int, limit: Int)? {
    guard let used = process.descriptorCount, let limit = process.descriptorSoftLimit,
      limit >= 64, limit < UInt64(Int32.max)
    else { return nil }
    return (used, Int(limit))
  }

  /// Whether files or connections that work take the last descriptor soon: of other sockets, the
  /// rules about their states say so.
  private static func isRunningOut(_ level: Level, in inquiry: Inquiry) -> Bool {
    let horizon =
      level.course.watchedSeconds >= inquiry.settings.patienceSeconds
      ? inquiry.settings.criticalHorizonSeconds : RuleSettings.advisedWatchSeconds
    guard level.secondsLeft <= horizon, level.course.countedAt == inquiry.census.now,
      inquiry.census.hasReadEstablished
    else { return false }
    let contents = DescriptorContents(of: level.index, open: level.used, in: inquiry.census)
    // Users that come online are none, until hardly any more of them can.
    let working =
      level.secondsLeft <= RuleSettings.advisedWatchSeconds
      ? contents.places.reduce(0) { $0 + ($1.state == .established ? $1.sockets : 0) } : 0
    return 2 * (contents.rest + working) >= level.used
  }

  private struct Program: Hashable {
    var owner: Owner
    var name: String
    var namespace: NetnsID
  }

  /// One process near its limit, or soon there.
  private struct Level {
    let index: Int32
    let process: ProcessRecord
    let used: Int
    let limit: Int
    private(set) var course: CounterLog.DescriptorCourse
    /// Whether it grows at all, to whatever level.
    let isGrowing: Bool
    let isNear: Bool
    /// Something waits for it to accept, in sample after sample, and it has no descriptor left.
    let isStarving: Bool

    var secondsLeft: Double {
      course.growth.map { Double(max(0, limit - used)) / $0.perSecond } ?? .infinity
    }
    var isEmergency: Bool { course.growth != nil || isStarving || used >= limit }
    /// It is full before who asks now could have watched again, or before half of that where
    /// somebody goes on watching: that cannot wait to be surer. What a program opens at its start
    /// looks the same for a while.
    func isUrgent(_ settings: RuleSettings) -> Bool {
      let watch = RuleSettings.advisedWatchSeconds
      return course.watchedSeconds >= settings.patienceSeconds
        && secondsLeft <= (settings.isShortWatch ? watch : watch / 2)
    }

    init(
      _ index: Int32, _ process: ProcessRecord, _ open: (used: Int, limit: Int),
      in inquiry: Inquiry
    ) {
      let (census, settings) = (inquiry.census, inquiry.settings)
      let (used, limit) = open
      self.index = index
      self.process = process
      self.used = used
      self.limit = limit
      let nearLimit = settings.descriptorShareWarning * Double(limit)
      isNear = Double(used) >= nearLimit
      course = census.counters.descriptorCourse(
        of: process.id, above: nearLimit, window: settings.patienceSeconds)
      isGrowing = course.growth != nil
      // It slows down and may come to rest before nothing is left: a level that will stand. With
      // hardly anything left it must surely do so, as there is no time to find out.
      let within = course.restsWithin
      let margin = used + limit / 64 >= limit ? max(within, 1) : -within
      if let rest = course.restsAt, rest + margin < Double(limit) { course.growth = nil }
      isStarving =
        DescriptorExhaustion.isFull(process)
        && census.listeners.all.contains { position in
          let row = census.sample.sockets[Int(position)]
          return census.queues.samplesWaiting(for: row) >= settings.fewestSamples
            && census.holders.holders(of: row.inode).contains { $0.process == index }
        }
      // What a program opens at its start looks like growth in the first looks. There is time to
      // see more of it.
      let patience = settings.patienceSeconds
      if course.watchedSeconds < patience, secondsLeft > patience { course.growth = nil }
      // What fills slowly to a level below its limit looks the same for a while: there is not more
      // to come than what has been seen to come.
      if isNear, limit - used > course.risen, secondsLeft > RuleSettings.advisedWatchSeconds {
        course.growth = nil
      }
    }
  }

  private static func finding(
    of program: Program, _ levels: [Level], in inquiry: Inquiry
  ) -> Finding {
    let urgent = levels.filter(\.isEmergency)
    let told = (urgent.isEmpty ? levels : urgent).sorted { a, b in
      (a.secondsLeft, b.used, a.process.id) < (b.secondsLeft, a.used, b.process.id)
    }
    let worst = told[0]
    let draft = FindingDraft(inquiry, rule: id, namespace: program.namespace)
    var finding = draft.draft(
      owner: program.owner, subject: program.name, cause: .descriptorLimit, state: .close,
      sockets: worst.used)
    finding.culprits = told.map {
      Culprit($0.process, role: .holder, sockets: $0.used, attribution: .descriptor)
    }
    finding.runtime = worst.process.runtime
    finding.growth = worst.course.growth
    finding.forecast = forecast(worst)
    finding.evidence.append(
      .descriptors(DescriptorContents(of: worst.index, open: worst.used, in: inquiry.census)))
    if !worst.isGrowing, worst.course.standingSeconds > 0 {
      finding.evidence.append(.standing(seconds: worst.course.standingSeconds))
      if worst.course.watchedSeconds >= inquiry.settings.patienceSeconds {
        finding.notGrowingSince = inquiry.census.now.advanced(
          bySeconds: -worst.course.standingSeconds)
      }
    }
    finding.severity =
      urgent.isEmpty
      ? .notice
      : worst.isStarving
        ? .critical : max(.warning, inquiry.settings.severity(of: finding.forecast))
    // Near the limit in more than one sample: a burst of open files is over in the next.
    if worst.course.samples >= inquiry.settings.fewestSamples
      || worst.isUrgent(inquiry.settings)
    {
      finding.lifecycle = .firing
    } else {
      finding.doubts.append(inquiry.census.looks > 2 ? .watchedTooShort : .oneLook)
    }
    return finding
  }

  private static func forecast(_ level: Level) -> Forecast {
    var forecast = Forecast(resource: .descriptors, used: level.used, limit: level.limit)
    guard let growth = level.course.growth else { return forecast }
    let left = Double(max(0, level.limit - level.used))
    forecast.seconds = level.secondsLeft
    forecast.lowSeconds = left / growth.high
    forecast.highSeconds = growth.low > 0 ? left / growth.low : nil
    return forecast
  }
}
