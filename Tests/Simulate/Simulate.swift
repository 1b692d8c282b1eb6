// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import Simulation

/// Simulates hosts and prints what closewatch said of them: `Simulate harmless SEED HOSTS DAYS TICK
/// [KIND]` (a tick of 0 is the pace of a daemon at its defaults), `Simulate leaks SEED RUNS`,
/// `Simulate endurance SEED TICKS`.
@main
enum Simulate {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let number = { (index: Int, usual: Double) in
      arguments.count > index ? Double(arguments[index]) ?? usual : usual
    }
    switch arguments.first {
    case "harmless":
      harmless(
        seed: UInt64(number(1, 1)), hosts: Int(number(2, 20)), days: number(3, 7),
        tick: number(4, 0), only: arguments.count > 5 ? arguments[5] : nil)
    case "leaks":
      leaks(seed: UInt64(number(1, 1)), runs: Int(number(2, 3)))
    case "endurance":
      Endurance.run(seed: UInt64(number(1, 1)), ticks: Int(number(2, 86_400)))
    default:
      print(
        "usage: Simulate harmless SEED HOSTS DAYS TICK [KIND] | leaks SEED RUNS"
          + " | endurance SEED TICKS")
    }
  }

  private static func harmless(
    seed: UInt64, hosts: Int, days: Double, tick: Double, only: String?
  ) {
    let looks: SimulationRun.Looks = tick > 0 ? .every(seconds: tick) : .asDaemon
    print("seeds \(seed)...\(seed + UInt64(hosts) - 1), \(days) days each, looks \(looks)")
    var alarms: [Alarm] = []
    var daysByKind: [String: Double] = [:]
    for host in 0..<hosts {
      let life = HarmlessDays(seed: seed + UInt64(host), days: days, looks, only: only)
      alarms += life.alarms
      daysByKind.merge(life.daysByKind, uniquingKeysWith: +)
    }
    let years = Double(hosts) * days / 365
    print("host-days \(Double(hosts) * days), alarms \(alarms.count)")
    print("alarms per host-year \(rounded(Double(alarms.count) / years))")
    let kinds = Dictionary(grouping: alarms) {
      "\($0.rule.rawValue)/\($0.cause.rawValue) \($0.about)"
    }
    for (kind, alarms) in kinds.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) })
    {
      let first = alarms[0]
      print(
        pad("\(alarms.count)", 6), pad(kind, 60), "first: seed \(first.seed) at",
        "\(Int(first.atSeconds)) s, \(first.finding.sockets) sockets", first.finding.id)
      for alarm in alarms {
        print(
          "       seed \(alarm.seed) at \(Int(alarm.atSeconds)) s, \(alarm.finding.severity):",
          "\(alarm.finding.sockets) sockets, growth", alarm.finding.growth as Any, "forecast",
          alarm.finding.forecast as Any, alarm.finding.evidence)
      }
    }
    print(
      "days by kind:", daysByKind.sorted { $0.key < $1.key }.map { "\($0.key) \(Int($0.value))" })
  }

  private static func leaks(seed: UInt64, runs: Int) {
    let rates: [(String, Double, tick: Double, longest: Double)] = [
      ("1/hour", 1 / 3600, 120, 86400 * 5.5), ("10/hour", 10 / 3600, 60, 86400),
      ("1/min", 1 / 60, 10, 20000), ("10/min", 1 / 6, 10, 7200), ("1/s", 1, 10, 1800),
      ("10/s", 10, 10, 1200), ("100/s", 100, 10, 660),
    ]
    print(
      pad("rate", 9), pad("kind", 24), pad("limit", 8), pad("missed", 7), pad("median s", 9),
      pad("worst s", 9), pad("warned", 8), pad("leaked", 7), pad("worst share %", 14),
      pad("forecast error %", 17),
      pad("flaps", 6), pad("silent", 7), pad("ended s", 8), "other alarms")
    var (unseen, silent) = (0, 0)
    for (name, rate, tick, longest) in rates {
      for (kind, plan) in plans(rate) {
        let done = (0..<runs).map { run in
          LeakRun(
            plan, seed: seed &* 1000 + UInt64(run), tickSeconds: tick, longestSeconds: longest)
        }
        report(name, kind, plan, done)
        unseen += done.count { $0.detectionSeconds == nil }
        silent += done.reduce(0) { $0 + $1.silentLooks }
      }
    }
    print("missed \(unseen), looks at which a leak that was found was not told: \(silent)")
    if unseen + silent > 0 { exit(1) }
  }

  private static func plans(_ rate: Double) -> [(String, Leak.Plan)] {
    var plans: [(String, Leak.Plan)] = []
    func add(_ name: String, _ change: (inout Leak.Plan) -> Void) {
      var plan = Leak.Plan(perSecond: rate)
      plan.limit = rate >= 1 ? 65536 : 1024
      change(&plan)
      plans.append((name, plan))
    }
    add("inbound eof read") { _ in }
    add("inbound eof unread") { $0.receiveQueue = 1 }
    add("inbound data unread") { $0.receiveQueue = 5000 }
    add("outbound eof read") { $0.isInbound = false }
    add("outbound eof unread") {
      $0.isInbound = false
      $0.receiveQueue = 1
    }
    add("keepalive to dead socket") {
      $0.isInbound = false
      $0.keepaliveSeconds = 15
    }
    if rate <= 1 { add("in 99 % healthy") { $0.healthyForEach = 99 } }
    add("8 workers") { $0.workers = 8 }
    for isInbound in [true, false] {
      add(isInbound ? "inbound incident" : "outbound incident") {
        $0.isInbound = isInbound
        $0.receiveQueue = 1
        // Some 300 sockets, and an hour until they are closed.
        $0.stopsAfterSeconds = 300 / rate
        $0.closesAfterSeconds = 300 / rate + 3600
      }
    }
    if rate >= 10 { add("limit 1M") { $0.limit = 1_048_576 } }
    return plans
  }

  private static func report(_ rate: String, _ kind: String, _ plan: Leak.Plan, _ runs: [LeakRun]) {
    let times = runs.compactMap(\.detectionSeconds).sorted()
    let errors = runs.compactMap(\.forecastError).map { abs($0) }.sorted()
    print(
      pad(rate, 9), pad(kind, 24), pad("\(plan.limit)", 8),
      pad("\(runs.count - times.count)/\(runs.count)", 7),
      pad(times.isEmpty ? "-" : "\(Int(times[times.count / 2]))", 9),
      pad(times.last.map { "\(Int($0))" } ?? "-", 9),
      pad("\(runs.count { $0.warningSeconds != nil })/\(runs.count)", 8),
      pad("\(runs.map(\.leakedAtDetection).max() ?? 0)", 7),
      pad(rounded(100 * (runs.map(\.shareAtDetection).max() ?? 0)), 14),
      pad(
        errors.isEmpty
          ? "-"
          : "\(rounded(100 * errors[errors.count / 2])) (\(rounded(100 * (errors.last ?? 0))))",
        17), pad("\(runs.map { max(0, $0.firings - 1) }.max() ?? 0)", 6),
      pad("\(runs.map(\.silentLooks).max() ?? 0)", 7),
      pad(runs.compactMap(\.endSeconds).max().map { "\(Int($0))" } ?? "-", 8),
      runs.flatMap(\.otherAlarms).map { "\($0.rule.rawValue) \($0.about)" })
  }

  private static func rounded(_ value: Double) -> String {
    "\((value * 10).rounded() / 10)"
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
