// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let orphanPressure = RuleID("orphan-pressure")
}

extension Cause {
  package static let orphanLimit = Cause("orphan-limit")
  package static let memoryLimit = Cause("memory-limit")
}

/// Orphaned sockets or TCP memory near the host's limits: beyond them the kernel resets
/// connections ("too many orphaned sockets", "out of memory -- consider tuning tcp_mem").
package enum OrphanPressure: Rule {
  package static let id = RuleID.orphanPressure
  package static let causes: [Cause] = [.orphanLimit, .memoryLimit]
  package static let states: [TCPState] = [.finWait1, .lastAck, .closing]
  package static let counts = Counted.orphans
  package static let patience = Patience.none
  package static let thresholds: [Threshold] = [.orphanShareWarning]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    let settings = inquiry.settings
    // Both numbers are of the host; any namespace tells them.
    guard
      let namespace = census.sample.namespaces.first(where: \.isOwn)
        ?? census.sample.namespaces.first, namespace.settings.areRead
    else { return [] }
    let stat = namespace.sockstat
    var findings: [Finding] = []
    let draft = FindingDraft(inquiry, rule: id, namespace: namespace.id)
    let maxOrphans = namespace.settings.maxOrphans
    if maxOrphans > 0,
      Double(stat.orphans) >= settings.orphanShareWarning * Double(maxOrphans)
    {
      findings.append(
        finding(draft, .orphanLimit, .orphans, used: stat.orphans, limit: maxOrphans))
    }
    if namespace.settings.memoryPages.count == 3,
      stat.memoryPages >= namespace.settings.memoryPages[1]
    {
      findings.append(
        finding(
          draft, .memoryLimit, .tcpMemory, used: stat.memoryPages,
          limit: namespace.settings.memoryPages[2]))
    }
    return findings
  }

  private static func finding(
    _ draft: FindingDraft, _ cause: Cause, _ resource: Forecast.Resource, used: Int, limit: Int
  ) -> Finding {
    var finding = draft.draft(
      owner: Owner(.kernel, "host"), subject: resource.rawValue, cause: cause, state: .finWait1,
      sockets: used)
    finding.forecast = Forecast(resource: resource, used: used, limit: limit)
    finding.severity = max(.warning, draft.settings.severity(of: finding.forecast))
    finding.lifecycle = draft.census.looks >= 2 ? .firing : .pending
    if finding.lifecycle == .pending { finding.doubts.append(.oneLook) }
    return finding
  }
}
