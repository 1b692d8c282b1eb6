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

  @Test func `the tables of one namespace are left out, and others of who made it`() {
    func hung(_ step: EyeStep, in number: UInt32, of user: UInt32?) -> EyeAvoidance {
      var avoidance = EyeAvoidance(step: step, pid: 0)
      avoidance.namespace = NetnsID(rawValue: number)
      avoidance.user = user
      return avoidance
    }
    func covered(
      _ step: EyeStep, _ number: UInt32, of owner: UInt32?, _ avoidances: EyeAvoidance...
    ) -> Bool {
      AvoidedSteps(avoidances, procRoot: "/proc")
        .covers(step, in: NetnsID(rawValue: number), of: owner)
    }
    let hosts = hung(.details, in: 7, of: nil)
    #expect(covered(.details, 7, of: nil, hosts) && !covered(.tables, 7, of: nil, hosts))
    #expect(!covered(.details, 8, of: nil, hosts))
    // Root makes those of all containers.
    let roots = hung(.details, in: 7, of: 0)
    #expect(covered(.details, 7, of: 0, roots) && !covered(.details, 8, of: 0, roots))
    // Two users, in two namespaces each has made, and nobody else's.
    let (one, other) = (hung(.details, in: 7, of: 1000), hung(.details, in: 9, of: 1001))
    #expect(covered(.details, 8, of: 1000, one, other))
    #expect(!covered(.tables, 8, of: 1000, one, other))
    #expect(!covered(.details, 6, of: 1002, one, other) && !covered(.details, 1, of: nil, one))
    let again = hung(.tables, in: 8, of: 1000)
    #expect(covered(.tables, 10, of: 1000, one, again))
    #expect(!covered(.tables, 10, of: 1001, one, other, again))
  }

  /// What hung on processes that are gone, of these users.
  private func hung(_ users: UInt32?...) -> [EyeAvoidance] {
    users.map { user in
      var avoidance = EyeAvoidance(step: .proof, pid: .max)
      avoidance.user = user
      return avoidance
    }
  }

  @Test func `two users do not switch a step off, and a crowd does that cannot be ended`() {
    #expect(
      !EyeAvoidance.widened(hung(1000, 1001, 1000, 1001), living: 4).contains { $0.isEverywhere }
    )
    #expect(EyeAvoidance.widened(hung(1, 2, 3, 4, 5), living: 5).allSatisfy { $0.isEverywhere })
    // Nobody knows who it was: it may have been anybody.
    #expect(EyeAvoidance.widened(hung(nil, nil), living: 2).allSatisfy { $0.isEverywhere })
    #expect(!EyeAvoidance.widened(hung(nil, 7), living: 2).contains { $0.isEverywhere })
    // One more would be no eye at all. Tables are read without what can hang.
    let all = EyeAvoidance.widened(hung(1, 2, 3, 4, 5, 6, 7), living: 7)
    #expect(Set(all.map(\.step)) == Set(EyeStep.allCases.filter(\.isAvoidable)))
    #expect(all.allSatisfy { $0.isEverywhere })
  }

  @Test func `of a user who has hung two eyes nothing is touched that could hang`() {
    let mounts = Mounts(["self": 1, "1": 1, "12": 1])
    chown("\(mounts.directory.path)/12", 1000, 1000)
    func covered(_ users: UInt32?...) -> Bool {
      var avoidances = users.flatMap { hung($0) }
      for index in avoidances.indices { avoidances[index].step = index == 0 ? .proof : .threads }
      return AvoidedSteps(avoidances, procRoot: mounts.directory.path).covers(.program, 12)
    }
    #expect(covered(1000, 1000) && !covered(1000) && !covered(1000, 1001) && !covered(0, 0))
  }

  @Test func `what has hung twice on the host's own processes is left out for root's`() {
    let mounts = Mounts(["self": 1, "1": 1, "10": 1, "11": 1, "12": 1, "13": 2, "14": 1, "15": 3])
    chown("\(mounts.directory.path)/14", 1000, 1000)
    func covered(_ pids: Int32...) -> [Int32] {
      let avoided = AvoidedSteps(
        pids.map { EyeAvoidance(step: .proof, pid: $0) }, procRoot: mounts.directory.path)
      return [12, 13, 14].filter { avoided.covers(.proof, $0) }
    }
    #expect(covered(10).isEmpty)
    #expect(covered(10, 11) == [12])
    // Who is root in two containers is not the host.
    #expect(covered(13, 15) == [13])
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
