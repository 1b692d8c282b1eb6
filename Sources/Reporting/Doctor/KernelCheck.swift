// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Judges what the kernel can do: one line for what it has, and one for each thing that it lacks or
/// that could not be tried, with what that costs.
enum KernelCheck {
  static func checks(_ sight: HostSight) -> [DoctorCheck] {
    let release = UntrustedText.printable(sight.kernelRelease ?? "unknown", unicode: false)
    let has = KernelAbility.allCases.filter { sight.abilities[$0] == .yes }
    let found = has.isEmpty ? "" : ": " + has.map(\.rawValue).joined(separator: ", ")
    return [DoctorCheck("kernel", .ok, "Linux \(release)\(found)")]
      + KernelAbility.allCases.compactMap {
        check($0, sight.abilities[$0], isRoot: sight.uid == 0)
      }
  }

  private static func check(
    _ ability: KernelAbility, _ answer: KernelAbility.Answer?, isRoot: Bool
  ) -> DoctorCheck? {
    switch answer {
    case .yes: nil
    case .no:
      DoctorCheck(
        ability.rawValue, .limited, "not in this kernel: \(ability.cost)",
        fix: ability.isNeeded
          ? "\(ability.since) or later" : "none needed; \(ability.since) has it",
        isNeeded: ability.isNeeded)
    case .untold(let why, let needsRights):
      untold(
        ability, why, fix: needsRights && !isRoot ? "run as root to have it tried" : nil)
    case nil: untold(ability, "it was not asked", fix: nil)
    }
  }

  private static func untold(
    _ ability: KernelAbility, _ why: String, fix: String?
  ) -> DoctorCheck {
    DoctorCheck(
      ability.rawValue, .limited, "not tried (\(why)); without it, \(ability.cost)", fix: fix,
      isNeeded: false)
  }
}

extension KernelAbility {
  /// What is lost without it.
  fileprivate var cost: String {
    switch self {
    case .enteredNamespace:
      "other namespaces are read through a process in them, and those without one lack counters"
    case .descriptorCopies: "dead sockets cannot be told, and are counted in no finding"
    case .inFlightCounts: "a socket without a holder may be in flight between processes"
    case .ringNumbers: "a socket that only an io_uring holds has no holder"
    case .descriptorCounts: "open files are listed to be counted, which takes more time"
    case .unacceptedUsers: "a connection that was not accepted has no uid"
    case .orphanUsers: "a socket that was closed has no uid"
    case .destroying: "closewatch release cannot end a connection"
    }
  }

  /// A release that has it: the first where a manual says so (pidfd_getfd(2), proc_pid_fd(5)), else
  /// one on which it was measured.
  fileprivate var since: String {
    switch self {
    case .enteredNamespace: "Linux 5.4"
    case .descriptorCopies: "Linux 5.6"
    case .inFlightCounts: "Linux 5.10"
    case .ringNumbers: "Linux 6.18"
    case .descriptorCounts: "Linux 6.2"
    case .unacceptedUsers: "Linux 6.16"
    case .orphanUsers: "Linux 6.17"
    case .destroying: "a kernel with CONFIG_INET_DIAG_DESTROY"
    }
  }

  /// Whether a verdict is missing without it; otherwise it takes longer, or an owner is unknown.
  fileprivate var isNeeded: Bool { self == .descriptorCopies }
}
