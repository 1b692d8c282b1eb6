// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// What this kernel can do, found out by trying it.
struct KernelAbilityTests {
  private static func abilities() -> [KernelAbility: KernelAbility.Answer] {
    HostSightProbe(settingsFile: "/nonexistent").look().abilities
  }

  @Test(.requires(.root, .networkNamespaces))
  func `root gets an answer to each, and the one that a look gives`() throws {
    let abilities = Self.abilities()
    for ability in KernelAbility.allCases where ability != .ringNumbers {
      let answer = abilities[ability]
      #expect(answer == .yes || answer == .no, "\(ability): \(String(describing: answer))")
    }
    // Whoever counts in flight counts these: the same question, asked the way that a search does.
    try Lab.with("in-flight", count: 3) { lab in
      var look = try LiveLook(at: lab)
      let report = look.findHolders(LabComparison(lab).search)
      #expect((report.descriptorsInFlight != nil) == (abilities[.inFlightCounts] == .yes))
    }
    try Lab.with("unaccepted", count: 5) { lab in
      let look = try LiveLook(at: lab)
      // The laboratory is root's: its number says nothing, and so nothing is said.
      #expect(look.sample.sockets.filter(\.isUnaccepted).allSatisfy { $0.knownUID == nil })
    }
  }

  @Test func `the network namespace of the caller stays, and nothing is left open`() {
    var before = stat()
    var after = stat()
    _ = stat("/proc/thread-self/ns/net", &before)
    let files = Self.openFiles
    _ = Self.abilities()
    _ = stat("/proc/thread-self/ns/net", &after)
    #expect(before.st_ino == after.st_ino)
    #expect(abs(Self.openFiles - files) < 20)
  }

  private static var openFiles: Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
  }
}

extension Requirement {
  private static let abilities = HostSightProbe(settingsFile: "/nonexistent").look().abilities

  /// Something that kernels differ in, as `closewatch doctor` names it. Found out by trying, as
  /// there: `Tests/Kernels/tests` holds that no kernel lacks more than is known of it.
  static func kernel(_ ability: KernelAbility) -> Requirement {
    let answer = abilities[ability]
    return Requirement(
      "the kernel's \(ability.rawValue)",
      missing: answer == .yes ? nil : answer == .no ? "this one lacks it" : "it can't be tried")
  }
}
