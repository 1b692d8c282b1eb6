// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Settings

/// Says why looks are more frequent than set, or are so no longer.
enum HurryWords {
  /// - Parameter findings: Of the newest look. That nobody hurries does not mean that all is well.
  static func why(_ hurry: Pace.Hurry, _ findings: [Finding]) -> String {
    switch hurry {
    case .hurried: return "CLOSE_WAIT grows fast, or ports run out"
    case .hurriedEnough:
      return "CLOSE_WAIT still grows fast, or ports still run out, but "
        + "\(Quantity.duration(Pace.longestHurrySeconds)) of frequent looks have to do"
    case .switchedOff: return "more frequent looks are switched off"
    case .unneeded: break
    }
    let firing = findings.filter { $0.lifecycle == .firing }
    let ports = firing.filter { $0.forecast?.resource == .ephemeralPorts }
    let known = ports.filter { $0.culprits.contains { $0.role != .peer } }
    if known.contains(where: { !$0.doubts.contains(.openerInferred) }) {
      return "it is known who uses up the ports"
    }
    if !known.isEmpty { return "it is probably known who uses up the ports" }
    if !ports.isEmpty { return "who uses up the ports is not looked for any more" }
    return firing.contains { $0.state == .closeWait }
      ? "CLOSE_WAIT does not grow fast any more" : "CLOSE_WAIT and the ports are calm again"
  }
}
