// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Glibc
import KernelTables

/// Processor time of this thread, in milliseconds.
func cpuMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

/// Bytes in use by malloc: what is held, without what is free in between.
func bytesInUse() -> Int {
  let info = mallinfo2()
  return Int(info.uordblks) + Int(info.hblkhd)
}

func peakKiB() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func padded(_ value: Double) -> String {
  let tenths = Int((value * 10).rounded())
  let text = "\(tenths / 10).\(tenths % 10)"
  return String(repeating: " ", count: max(0, 8 - text.utf8.count)) + text
}

let connections = Int(CommandLine.arguments.dropFirst().first ?? "") ?? 100_000
let ticks = 40
var host = HostInMotion(connections: connections)
var samples: [Double] = [], attributions: [Double] = [], judgements: [Double] = []
var totals: [Double] = [], pictures: [Double] = []
var picture: HostPicture?
var first = 0.0
var findings = 0

var settings = RuleSettings()
settings.patienceSeconds = 20
let before = bytesInUse()
let peakBefore = peakKiB()
var watch = Watch(settings: settings)
for tick in 0..<ticks {
  let sample = host.look()
  let t0 = cpuMilliseconds()
  var search = watch.advance(with: sample)
  search.hunts = []
  let t1 = cpuMilliseconds()
  let report = host.holders(search)
  let t2 = cpuMilliseconds()
  watch.attribute(report, to: search)
  let t3 = cpuMilliseconds()
  _ = watch.judge()
  let t4 = cpuMilliseconds()
  if let census = watch.census {
    picture = HostPicture(census, patienceSeconds: settings.patienceSeconds, before: picture)
  }
  let t5 = cpuMilliseconds()
  findings = watch.findings.count
  let total = t1 - t0 + t5 - t2
  if tick == 0 { first = total }
  // The first ticks find all holders; a daemon spends its life in those after.
  if tick >= 5 {
    samples.append(t1 - t0)
    attributions.append(t3 - t2)
    judgements.append(t4 - t3)
    pictures.append(t5 - t4)
    totals.append(total)
  }
}
let rows = host.rows.count * MemoryLayout<SocketRow>.stride
// The generator's rows are shared with the newest sample's until it changes them: count them once.
let held = bytesInUse() - before
let perConnection = Double(held) / Double(connections)
let peak = Double((peakKiB() - peakBefore) * 1024) / Double(connections)
print(
  "\(connections) connections, \(findings) findings; cpu ms a tick, median of \(totals.count):"
    + "\n  advance  \(padded(median(samples)))\n  attribute\(padded(median(attributions)))"
    + "\n  judge    \(padded(median(judgements)))\n  picture  \(padded(median(pictures)))"
    + "\n  all      \(padded(median(totals)))"
    + "  most \(padded(totals.max() ?? 0))  first tick \(padded(first))"
    + "\n  bytes a connection: held beside the rows \(padded(perConnection)),"
    + " rows \(padded(Double(rows) / Double(connections)))"
    + ", peak with rows and answers \(padded(peak))"
)
withExtendedLifetime(watch) {}
