// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Tells which steps are not taken on which processes. Costs nothing as long as there are none.
package struct AvoidedSteps: Sendable {
  private var avoidances: [(avoidance: EyeAvoidance, mounts: UInt64?)] = []
  private var procRoot = "/proc"
  /// Mount namespaces in which most of a host lives: ours and that of its first process, which a
  /// service manager sets apart.
  private var commonMounts: Set<UInt64> = []

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
    for (index, avoidance) in avoidances.enumerated() {
      self.avoidances[index].mounts = mounts(of: avoidance.pid)
    }
  }

  /// Whether a step is not to be taken on a process.
  func covers(_ step: EyeStep, _ pid: Int32) -> Bool {
    if avoidances.isEmpty { return false }
    let concerned = avoidances.filter { $0.avoidance.step == step }
    if concerned.isEmpty { return false }
    let isNamed = concerned.contains {
      $0.avoidance.isEverywhere || $0.avoidance.pid == pid
    }
    if isNamed { return true }
    let user = ProcessList.user(procRoot, pid)
    // Root's processes are most of a host, and root has better ways to blind us.
    if let user, user != 0, concerned.contains(where: { $0.avoidance.user == user }) { return true }
    let others = concerned.compactMap { $0.mounts }.filter { !commonMounts.contains($0) }
    guard !others.isEmpty, let mounts = mounts(of: pid) else { return false }
    return others.contains(mounts)
  }

  /// Whether a step is not to be taken on the tables of a network namespace.
  func covers(_ step: EyeStep, in namespace: NetnsID) -> Bool {
    avoidances.contains {
      $0.avoidance.step == step
        && ($0.avoidance.isEverywhere || $0.avoidance.namespace == namespace)
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
    let hangs = avoidances.contains {
      $0.avoidance.step.followsNamespace
        && ($0.avoidance.isEverywhere || $0.avoidance.pid == pid)
    }
    if hangs { return nil }
    EyeStep.mounts.begin(on: pid)
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
