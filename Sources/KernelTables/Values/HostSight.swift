// SPDX-License-Identifier: Apache-2.0

/// What a machine lets closewatch see, apart from the look itself: rights, mounts and places.
package struct HostSight: Hashable, Sendable {
  /// A place in the file system that something needs.
  package enum Place: Hashable, Sendable {
    case present
    case absent
    /// It is there and may not be used: why, in words.
    case refused(String)
  }

  /// Capabilities, by their numbers in `linux/capability.h`.
  package enum Capability: UInt64, Hashable, Sendable, CaseIterable {
    case dacReadSearch = 2
    case netAdmin = 12
    case sysPtrace = 19
    case sysAdmin = 21

    /// `CAP_SYS_ADMIN`.
    package var name: String {
      switch self {
      case .dacReadSearch: "CAP_DAC_READ_SEARCH"
      case .netAdmin: "CAP_NET_ADMIN"
      case .sysPtrace: "CAP_SYS_PTRACE"
      case .sysAdmin: "CAP_SYS_ADMIN"
      }
    }
  }

  /// Effective user.
  package var uid: UInt32 = 0
  /// Effective capabilities, one bit each; nil when they could not be read.
  package var capabilities: UInt64?
  /// The mount options of `/proc`; nil when it is not procfs.
  package var procOptions: [String]?
  /// Whether we are in another pid namespace than the first one: a container. Processes outside of
  /// it do not show, and their sockets have no holder.
  package var isInOwnPIDNamespace = false
  /// Whether we are in another user namespace than the first one: a rootless container. Its
  /// capabilities count for what belongs to it only.
  package var isInOwnUserNamespace = false
  /// Processes that show in `/proc`.
  package var processes = 0
  /// What the kernel can do, as far as it was tried.
  package var abilities: [KernelAbility: KernelAbility.Answer] = [:]
  /// `uname -r`.
  package var kernelRelease: String?
  /// Where cgroup2 is mounted; nil when it is not.
  package var cgroupMount: String?
  /// The directory of our own cgroup, by its path in `/proc/self/cgroup`.
  package var ownCgroup = Place.absent
  /// journald's socket.
  package var journal = Place.absent
  /// The settings file.
  package var settings = Place.absent

  package init() {}

  /// Whether the process has `capability` in effect.
  package func has(_ capability: Capability) -> Bool {
    (capabilities ?? 0) >> capability.rawValue & 1 == 1
  }
}
