// SPDX-License-Identifier: Apache-2.0

package import KernelTables

extension RuleID {
  package static let descriptorExhaustion = RuleID("descriptor-exhaustion")
}

extension Cause {
  package static let descriptorLimit = Cause("descriptor-limit")
}

/// A process will hit its limit of open descriptors (RLIMIT_NOFILE): "Too many open files".
package enum DescriptorExhaustion: Rule {
  package static let id = RuleID.descriptorExhaustion
  package static let causes: [Cause] = [.descriptorLimit]
  package static let states: [TCPState] = []
  package static let counts = Counted.openDescriptors
  package static let patience = Patience.none
  package static let thresholds: [Threshold] = [.descriptorShareWarning]

  package static func findings(in inquiry: Inquiry) -> [Finding] {
    let census = inquiry.census
    return census.processes.all.filter { !census.ended.contains($0.id) }.compactMap {
      finding(of: $0, in: inquiry)
    }
  }

  private static func finding(
    of process: ProcessRecord, in inquiry: Inquiry
  ) -> Finding? {
    let census = inquiry.census
    let settings = inquiry.settings
    guard let used = process.descriptorCount, let limit = process.descriptorSoftLimit,
      limit >= 64, limit < UInt64(Int32.max),
      Double(used) >= settings.descriptorShareWarning * Double(limit)
    else { return nil }
    let namespace = process.namespace ?? census.sample.namespaces.first?.id
    let draft = FindingDraft(
      inquiry, rule: id, namespace: namespace ?? NetnsID(rawValue: 0))
    var finding = draft.draft(
      owner: process.owner, subject: process.programName, cause: .descriptorLimit,
      state: .close, sockets: used)
    finding.culprits = [
      Culprit(process, role: .holder, sockets: used, attribution: .descriptor)
    ]
    finding.runtime = process.runtime
    var forecast = Forecast(resource: .descriptors, used: used, limit: Int(limit))
    let growth = census.counters.descriptorGrowth(of: process.id)
    if let growth { forecast.take(growth, left: Int(limit) - used) }
    finding.forecast = forecast
    finding.severity = max(.warning, settings.severity(of: forecast))
    // Near the limit in more than one look: a burst of open files is over in the next.
    let looks = census.counters.newestLooks(
      of: process.id, withAtLeast: settings.descriptorShareWarning * Double(limit))
    if looks >= 3, growth.map({ $0.perSecond >= 0 }) ?? false {
      finding.lifecycle = .firing
    } else {
      finding.doubts.append(census.looks > 2 ? .watchedTooShort : .oneLook)
    }
    return finding
  }
}
