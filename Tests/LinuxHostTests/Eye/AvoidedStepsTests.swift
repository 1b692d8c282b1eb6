// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// From whom a new eye stays away after one has hung.
@Suite struct AvoidedStepsTests {
  /// A procfs with nothing but mount namespaces in it.
  private struct Mounts {
    let directory = TemporaryDirectory()

    init(_ namespaces: KeyValuePairs<String, Int>) {
      for (process, namespace) in namespaces {
        mkdir("\(directory.path)/\(process)", 0o755)
        mkdir("\(directory.path)/\(process)/ns", 0o755)
        symlink("mnt:[\(namespace)]", "\(directory.path)/\(process)/ns/mnt")
      }
    }

    /// Those of the processes that are left out after one has hung on process 10, of a user who
    /// has no other.
    func covered(_ pids: Int32..., isEverywhere: Bool = false) -> [Int32] {
      var avoidance = EyeAvoidance(step: .proof, pid: 10)
      avoidance.user = 65534
      avoidance.isEverywhere = isEverywhere
      let avoided = AvoidedSteps([avoidance], procRoot: directory.path)
      return pids.filter { avoided.covers(.proof, $0) && !avoided.covers(.overlay, $0) }
    }
  }

  @Test func `a container is left out as a whole, and nobody else`() {
    let mounts = Mounts(["self": 1, "1": 1, "10": 2, "11": 2, "12": 1, "13": 3])
    #expect(mounts.covered(10, 11, 12, 13) == [10, 11])
  }

  @Test func `one of the host's own is left out alone, also by a service with its own mounts`() {
    // A service manager gives the daemon a mount namespace that nobody else is in.
    let mounts = Mounts(["self": 9, "1": 1, "10": 1, "11": 1, "12": 2])
    #expect(mounts.covered(10, 11, 12) == [10])
    let ours = Mounts(["self": 9, "1": 1, "10": 9, "11": 9])
    #expect(ours.covered(10, 11) == [10])
  }

  @Test func `what has hung twice is done nowhere`() {
    let mounts = Mounts(["self": 1, "1": 1, "10": 2, "12": 1])
    #expect(mounts.covered(10, 12, isEverywhere: true) == [10, 12])
  }

  @Test func `the tables of one namespace are left out alone, and those of all after two`() {
    var avoidance = EyeAvoidance(step: .details, pid: 0)
    avoidance.namespace = NetnsID(rawValue: 7)
    func covered(_ step: EyeStep, _ number: UInt32) -> Bool {
      AvoidedSteps([avoidance], procRoot: "/proc").covers(step, in: NetnsID(rawValue: number))
    }
    #expect(covered(.details, 7) && !covered(.tables, 7) && !covered(.details, 8))
    avoidance.isEverywhere = true
    #expect(covered(.details, 8))
  }

  @Test func `whose mount namespace is not told is not asked for it again`() {
    let mounts = Mounts(["self": 1, "1": 1, "10": 2, "11": 2, "12": 2])
    var proof = EyeAvoidance(step: .proof, pid: 10)
    proof.user = 65534
    let hung = EyeAvoidance(step: .mounts, pid: 11)
    let avoided = AvoidedSteps([proof, hung], procRoot: mounts.directory.path)
    #expect(avoided.covers(.proof, 12) && !avoided.covers(.proof, 11))
  }
}
