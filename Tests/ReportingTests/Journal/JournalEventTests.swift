// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// What is read from the journal is what was told.
@Suite struct JournalEventTests {
  /// Numbers from one seed: a failure can be run again.
  private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(sides))
    }

    mutating func maybe<Value>(_ value: (inout Dice) -> Value) -> Value? {
      roll(3) == 0 ? nil : value(&self)
    }

    mutating func one<Value>(_ values: [Value]) -> Value { values[roll(values.count)] }

    mutating func number() -> Double {
      Double(roll(2_000_000_000) - 1_000_000_000) / one([1, 7, 1000, 123_457])
    }

    mutating func text() -> String {
      one(["a", "", "nginx", "a=b", "x\ny\u{1b}[2J", "多字节", "CLOSEWATCH_PID=1", "é\u{200b}"])
    }
  }

  private static let doubts: [Doubt] = [
    .oneLook, .watchedTooShort, .poolOrLeak, .someDrain, .agesAreBounds, .holdersIncomplete,
    .sourceLimited, .endUnknown, .openerInferred, .openerUnknown, .fewSockets, .samplerGap,
  ]

  private static func process(_ dice: inout Dice) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: Int32(1 + dice.roll(99_999)), startTicks: 1))
    process.command = dice.text()
    process.executable = dice.maybe { $0.text() }
    process.unit = dice.maybe { $0.text() }
    process.container = dice.maybe { $0.text() }
    process.names.container = dice.maybe { $0.text() }
    process.names.pod = dice.maybe { $0.text() }
    process.names.namespace = dice.maybe { $0.text() }
    process.cgroup = dice.maybe { dice in
      let parent = dice.one(["", "/burstable", "/besteffort"])
      return "/kubepods\(parent)/pod2f1b1b0e-5c1d-4d8e-9f5b-1f0e2d3c4b5a"
    }
    process.descriptorCount = dice.maybe { $0.roll(1 << 20) }
    process.descriptorSoftLimit = dice.maybe { $0.one([0, 1024, UInt64.max]) }
    return process
  }

  private static func event(_ dice: inout Dice) -> FindingEvent {
    var finding = Finding(
      id: dice.text(), rule: dice.one(RuleID.allCases), cause: dice.one(Cause.allCases),
      lifecycle: .firing, severity: dice.one(Severity.allCases),
      namespace: NetnsID(rawValue: UInt32(dice.roll(Int(UInt32.max)))),
      owner: Owner(dice.one([.unit, .container, .program, .kernel]), dice.text()),
      state: TCPState(rawValue: UInt8(dice.roll(256))), sockets: dice.roll(1 << 30))
    finding.peak = finding.sockets + dice.roll(100)
    finding.end = dice.maybe { dice in
      FindingEnd(
        how: dice.one([
          .closed, .used, .subsided, .exited(ProcessID(pid: 3306, startTicks: 1)),
          .continued(id: "x"), .leftOut,
        ]), at: BootInstant(seconds: 1), gone: dice.roll(100), members: dice.roll(100))
    }
    finding.end?.newer = dice.roll(100)
    finding.becauseOf = dice.maybe { $0.text() }
    finding.root = dice.maybe { dice in
      Root(
        dice.one(Root.Kind.allCases),
        place: dice.maybe { Endpoint(IPAddress(ipv4: 7), UInt16($0.roll(65536))) },
        process: dice.maybe(process))
    }
    finding.namespaceName = dice.maybe { $0.text() }
    finding.localPort = dice.maybe { UInt16($0.roll(65536)) }
    finding.remotePort = dice.maybe { UInt16($0.roll(65536)) }
    finding.peers = (0..<dice.roll(5)).map { index in
      PeerCount(
        remote: Endpoint(IPAddress(ipv4: UInt32(index)), UInt16(dice.roll(2) * 80)), sockets: 1)
    }
    finding.doubts = (0..<dice.roll(4)).map { _ in dice.one(doubts) }
    finding.growth = dice.maybe { dice in
      Rate(perSecond: dice.number(), low: dice.number(), high: dice.number())
    }
    finding.oldest = dice.maybe { dice in
      Age(seconds: dice.number(), bound: dice.one([.exact, .atLeast, .unknown]))
    }
    finding.forecast = dice.maybe { dice in
      var forecast = Forecast(
        resource: dice.one([
          .descriptors, .ephemeralPorts, .acceptQueue, .timeWaitBuckets, .orphans, .tcpMemory,
        ]), used: dice.roll(1 << 20), limit: dice.roll(1 << 20))
      forecast.seconds = dice.maybe { $0.number() }
      return forecast
    }
    finding.runtime = dice.one(ProcessRuntime.allCases)
    finding.firingSince = dice.maybe { BootInstant(milliseconds: Int64($0.roll(1 << 30))) }
    if let process = dice.maybe(process) {
      finding.culprits = [
        Culprit(
          process, role: dice.one([.holder, .listener, .opener, .peer]), sockets: 1,
          attribution: .descriptor)
      ]
    }
    return FindingEvent(
      kind: dice.one([.firing, .worsened, .resolved]),
      at: BootInstant(milliseconds: Int64(dice.roll(1 << 30))), finding: finding)
  }

  @Test func `reading is the inverse of writing, for whatever an event can hold`() throws {
    var dice = Dice(state: 2026)
    for round in 0..<3000 {
      let event = Self.event(&dice)
      let told = JournalEvent(event)
      let entry = JournalEntry(event)
      #expect(try JournalEvent(fields: told.fields) == told, "round \(round)")
      // What journald adds and what it goes by itself does not matter.
      let read = try JournalEvent(
        fields: entry.fields.reversed() + [JournalEntry.Field(name: "_PID", value: "1")])
      #expect(Set(read.fields) == Set(told.fields), "round \(round)")
    }
  }

  @Test func `an entry has every field of the event once`() {
    let event = FindingEvent(
      kind: .firing, at: BootInstant(seconds: 1000), finding: FoundLeak.closeWait())
    let own = JournalEntry(event).fields.filter { $0.name.hasPrefix("CLOSEWATCH_") }
    #expect(own == JournalEvent(event).fields)
  }

  @Test func `an entry of 0.1 has the rule by its name of then`() throws {
    let event = FindingEvent(
      kind: .firing, at: BootInstant(seconds: 1000), finding: FoundLeak.closeWait())
    let fields = JournalEvent(event).fields.map { field in
      field.name == "CLOSEWATCH_RULE"
        ? JournalEntry.Field(name: field.name, value: "closed-fd-leak") : field
    }
    #expect(try JournalEvent(fields: fields).rule == .deadSocketLeak)
  }

  @Test(arguments: [
    ("CLOSEWATCH_EVENT", "exploded"), ("CLOSEWATCH_RULE", "sock-rule"),
    ("CLOSEWATCH_CAUSE", "bad-luck"), ("CLOSEWATCH_STATE", "close-wait"),
    ("CLOSEWATCH_SEVERITY", "CRITICAL"), ("CLOSEWATCH_SOCKETS", "many"),
    ("CLOSEWATCH_NETNS", "-1"), ("CLOSEWATCH_LOCAL_PORT", "65536"),
    ("CLOSEWATCH_OLDEST_BOUND", "about"), ("CLOSEWATCH_RATE_LOW", "nan"),
    ("CLOSEWATCH_FIRING_SECONDS", "inf"), ("CLOSEWATCH_FORECAST_USED", ""),
    ("CLOSEWATCH_PID", "4294967296"), ("CLOSEWATCH_RUNTIME", "cobol"),
    ("CLOSEWATCH_DOUBT", "none"),
  ])
  func `a field without a meaning is an error that names it`(_ name: String, _ text: String) {
    let event = FindingEvent(
      kind: .firing, at: BootInstant(seconds: 1000), finding: FoundLeak.closeWait())
    let fields = JournalEvent(event).fields.map { field in
      field.name == name ? JournalEntry.Field(name: name, value: text) : field
    }
    #expect(throws: JournalFieldError(field: name, text: text)) {
      try JournalEvent(fields: fields)
    }
  }

  @Test func `a field that is missing is an error that names it`() {
    #expect(throws: JournalFieldError(field: "CLOSEWATCH_EVENT", text: nil)) {
      try JournalEvent(fields: [])
    }
  }
}
