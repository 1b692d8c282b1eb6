// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Tells which steps are not taken on which processes. Costs nothing as long as there are none.
///
/// What has hung once is left out for its user, or in its mount namespace, or in its network
/// namespace and others of that user; of a user whose processes have hung twice, nothing is touched
/// that could hang. Others are looked at as before: two accounts must not blind a host.
package struct AvoidedSteps: Sendable {
  private var avoidances: [(avoidance: EyeAvoidance, mounts: UInt64?)] = []
  private var procRoot = "/proc"
  /// Mount namespaces in which most of a host lives: ours and that of its first process, which a
  /// service manager sets apart.
  private var commonMounts: Set<UInt64> = []
  /// Users who have hung more than one eye. Never root: see ``covers(_:_:)``.
  private var repeaters: Set<UInt32> = []

  package init() {}

  /// - Parameter avoidances: What is not known of their processes is read as far as they live.
  init(_ avoidances: [EyeAvoidance], procRoot: String) {
    self.procRoot = procRoot
    guard !avoidances.isEmpty else { return }
    commonMounts = Set(["self", "1"].compactMap { Self.mounts(procRoot, $0) })
    self.avoidances = avoidances.map { avoidance in
      var known = avoidance
      known.user = avoidance.user ?? ProcessList.user(procRoot, avoidance.pid)
      return (known, nil)
    }
    var hung: Set<UInt32> = [0]
    for user in self.avoidances.compactMap(\.avoidance.user) where !hung.insert(user).inserted {
      repeaters.insert(user)
    }
    repeaters.remove(0)
    for (index, avoidance) in avoidances.enumerated() {
      self.avoidances[index].mounts = mounts(of: avoidance.pid)
    }
  }

  /// Whose process it is, where somebody has to care because an eye has hung; nil also when it is
  /// gone.
  func user(of pid: Int32) -> UInt32? {
    avoidances.isEmpty ? nil : ProcessList.user(procRoot, pid)
  }

  /// Whether a step is not to be taken on a process.
  func covers(_ step: EyeStep, _ pid: Int32) -> Bool {
    if avoidances.isEmpty { return false }
    let concerned = avoidances.filter { $0.avoidance.step == step }
    if concerned.isEmpty, repeaters.isEmpty { return false }
    let isNamed = concerned.contains {
      $0.avoidance.isEverywhere || $0.avoidance.pid == pid
    }
    if isNamed { return true }
    let user = user(of: pid)
    // Root's processes are most of a host, and root has better ways to blind us.
    if let user, user != 0 {
      let isUsers = concerned.contains { $0.avoidance.user == user }
      if isUsers || repeaters.contains(user) { return true }
    }
    guard concerned.contains(where: { $0.mounts != nil }), let mounts = mounts(of: pid) else {
      return false
    }
    guard commonMounts.contains(mounts) else {
      return concerned.contains { $0.mounts == mounts }
    }
    // Twice on the host's own: it is the host that does not answer.
    let times = concerned.count { known in
      known.avoidance.user == 0 && known.mounts.map(commonMounts.contains) == true
    }
    return user == 0 && times > 1
  }

  /// Whether a step is not to be taken on the tables of a network namespace.
  ///
  /// - Parameter owner: Who made it; nil where that is not known.
  func covers(_ step: EyeStep, in namespace: NetnsID, of owner: UInt32?) -> Bool {
    if let owner, repeaters.contains(owner) { return true }
    return avoidances.contains {
      guard $0.avoidance.step == step else { return false }
      let isOwners = owner != nil && owner != 0 && $0.avoidance.user == owner
      return $0.avoidance.isEverywhere || $0.avoidance.namespace == namespace || isOwners
    }
  }

  /// As ``covers(_:_:)``, and says in a gap what was left out.
  func covers(_ step: EyeStep, _ pid: Int32, _ gaps: inout GapTally) -> Bool {
    guard covers(step, pid) else { return false }
    gaps.note(step.gap, "\(step.call) is avoided for \(procRoot)/\(pid) and others")
    return true
  }

  /// The mount namespace of a process; nil where it is not told, or no link of that process is to
  /// be followed.
  private func mounts(of pid: Int32) -> UInt64? {
    let user = user(of: pid)
    let hangs = avoidances.contains {
      guard $0.avoidance.step.followsNamespace else { return false }
      let isUsers = user != nil && user != 0 && $0.avoidance.user == user
      return $0.avoidance.isEverywhere || $0.avoidance.pid == pid || isUsers
    }
    if hangs { return nil }
    EyeStep.mounts.begin(on: pid, of: user)
    return Self.mounts(procRoot, "\(pid)")
  }

  /// The inode of a mount namespace, out of `mnt:[4026531841]`.
  private static func mounts(_ procRoot: String, _ process: String) -> UInt64? {
    var text = [CChar](repeating: 0, count: 64)
    let length = readlink("\(procRoot)/\(process)/ns/mnt", &text, text.count)
    guard length > 6 else { return nil }
    let digits = text[5..<(length - 1)].map(UInt8.init(bitPattern:))
    return UInt64(String(decoding: digits, as: UTF8.self))
  }
}

extension EyeAvoidance {
  /// So many eyes that cannot be ended are more than two users can leave there, of whom each costs
  /// two at most: what they hung on is left out for everybody.
  private static let crowd = 5
  /// With so many, all that can hang is left out, so that the next one still reads the tables.
  private static let largeCrowd = 7

  /// What the next eye stays away from.
  ///
  /// - Parameters:
  ///   - hung: What eyes have hung on.
  ///   - living: How many of them could not be ended.
  static func widened(_ hung: [EyeAvoidance], living: Int) -> [EyeAvoidance] {
    if living >= largeCrowd {
      return EyeStep.allCases.filter(\.isAvoidable).map { step in
        var avoidance = EyeAvoidance(step: step, pid: 0)
        avoidance.isEverywhere = true
        return avoidance
      }
    }
    var timesOfNobody: [EyeStep: Int] = [:]
    for avoidance in hung where avoidance.user == nil && avoidance.namespace == nil {
      timesOfNobody[avoidance.step, default: 0] += 1
    }
    return hung.filter(\.step.isAvoidable).map { avoidance in
      var wider = avoidance
      wider.isEverywhere = living >= crowd || timesOfNobody[avoidance.step, default: 0] > 1
      return wider
    }
  }
}
