// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting

/// Findings as rules give them, for the tests of how they are told.
enum FoundLeak {
  static func process(_ pid: Int32, _ command: String, unit: String? = nil) -> ProcessRecord {
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: UInt64(pid)))
    record.command = command
    record.unit = unit
    record.descriptorCount = 112
    record.descriptorSoftLimit = 1024
    record.descriptorHardLimit = 524_288
    return record
  }

  /// A leak of 3 sockets a second, with everything a finding can carry.
  static func closeWait(
    lifecycle: Lifecycle = .firing, severity: Severity = .warning, id: String = "close-wait-leak:a"
  ) -> Finding {
    var finding = Finding(
      id: id, rule: .closeWaitLeak, cause: .eofUnread, lifecycle: lifecycle, severity: severity,
      namespace: NetnsID(rawValue: 4_026_531_840), owner: Owner(.unit, "api.service"),
      state: .closeWait, sockets: 88)
    let holder = process(4711, "python3", unit: "api.service")
    finding.culprits = [
      Culprit(holder, role: .holder, sockets: 88, attribution: .descriptor),
      Culprit(process(99, "client"), role: .peer, sockets: 88, attribution: .descriptor),
    ]
    finding.growth = Rate(perSecond: 3.02, low: 2.8, high: 3.2)
    finding.history = (0..<26).map {
      HistoryPoint(at: BootInstant(seconds: 974 + Double($0)), sockets: 10 + 3 * $0)
    }
    finding.oldest = Age(seconds: 29.4, bound: .atLeast)
    finding.localPort = 18080
    let remote = ListedHost.address("203.0.113.9")
    finding.peers = [PeerCount(remote: Endpoint(remote, 0), sockets: 80)]
    var row = SocketRow()
    row.state = .closeWait
    row.inode = 102
    row.cookie = 4097
    row.knowledge = .cookie
    row.localAddress = ListedHost.address("192.0.2.1")
    row.localPort = 18080
    row.remoteAddress = remote
    row.remotePort = 42720
    row.receiveQueue = 1
    finding.examples = [
      ExampleSocket(
        row: row, age: Age(seconds: 29.4, bound: .exact),
        holder: SocketHolder(inode: 102, process: holder.id, fd: 7))
    ]
    var forecast = Forecast(resource: .descriptors, used: 112, limit: 1024)
    forecast.seconds = 302
    forecast.lowSeconds = 285
    forecast.highSeconds = 326
    finding.forecast = forecast
    finding.evidence = [
      .survivors(count: 49, patienceSeconds: 13),
      .turnover(entered: 78, left: 0, medianDwellSeconds: nil),
      .receiveQueue(zero: 0, finOnly: 88, data: 0, largest: 1),
    ]
    finding.doubts = [.agesAreBounds]
    finding.runtime = .python
    finding.firingSince = BootInstant(seconds: 988)
    return finding
  }

  /// Everything a report can have, on the host of ``ListedHost``, at two in the afternoon.
  static func report(
    _ findings: [Finding], watched: Double = 26,
    source: TriageSource = .look(.notAsked(flag: "--for"))
  ) -> TriageReport {
    var host = ListedHost()
    host.sample.wallClockSeconds = 1_772_373_600
    return TriageReport(
      findings: findings, census: TriageCensus(host.listing(), besides: findings),
      watchedSeconds: watched, source: source)
  }
}
