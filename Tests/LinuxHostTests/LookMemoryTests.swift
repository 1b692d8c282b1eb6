// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// What one look knows from those before it.
@Suite struct LookMemoryTests {
  private let now = BootInstant(seconds: 1000)

  @Test(.requires(.root, .networkNamespaces))
  func `where a process is is asked until two looks in a row have said the same`() throws {
    try Lab.with("established", count: 1) { lab in
      let own = try #require(try NetworkNamespaces().found.first).id
      func found(times: Int, trusts: Bool) throws -> Bool {
        // A memory that is wrong shows whether it was asked.
        let known = [lab.pid: LookMemory.Membership(namespace: own, times: times)]
        return try NetworkNamespaces(known: known, trustsKnown: trusts).found
          .contains { $0.id == lab.namespace }
      }
      #expect(try found(times: 1, trusts: true))
      #expect(try !found(times: 2, trusts: true))
      #expect(try found(times: 2, trusts: false))
    }
  }

  @Test(.requires(.root, .networkNamespaces))
  func `two readings that agree are counted, one that differs starts anew`() throws {
    try Lab.with("established", count: 1) { lab in
      let first = try NetworkNamespaces()
      let once = try #require(first.memberships[lab.pid])
      #expect(once == LookMemory.Membership(namespace: lab.namespace, times: 1))
      let second = try NetworkNamespaces(known: first.memberships)
      #expect(second.memberships[lab.pid]?.times == 2)
      let moved = LookMemory.Membership(namespace: NetnsID(rawValue: 1), times: 9)
      let third = try NetworkNamespaces(known: [lab.pid: moved])
      #expect(third.memberships[lab.pid] == once)
    }
  }

  @Test func `what is known is good for a minute after it was read`() {
    var memory = LookMemory()
    #expect(!memory.trustsMemberships(at: now))
    memory.keep([:], areRead: true, at: now)
    #expect(memory.trustsMemberships(at: now.advanced(bySeconds: 59.9)))
    memory.keep([:], areRead: false, at: now.advanced(bySeconds: 59.9))
    #expect(!memory.trustsMemberships(at: now.advanced(bySeconds: 60)))
  }

  @Test func `settings are known for a minute, and for as long as their namespace is there`() {
    var memory = LookMemory()
    let place = NetnsID(rawValue: 7)
    var settings = TCPSettings()
    settings.somaxconn = 77
    memory.keep(settings, of: place, at: now)
    #expect(memory.settings(of: place, at: now.advanced(bySeconds: 59.9)) == settings)
    #expect(memory.settings(of: place, at: now.advanced(bySeconds: 60)) == nil)
    #expect(memory.settings(of: NetnsID(rawValue: 8), at: now) == nil)
    memory.keepOnly([])
    #expect(memory.settings(of: place, at: now) == nil)
  }

  @Test func `boot and kernel are read once`() throws {
    var known = HostCounters()
    known.bootID = "from memory"
    known.kernelRelease = "the same"
    var facts = NamespaceFacts(procRoot: "/proc")
    let counters = facts.hostCounters(knowing: known)
    #expect(counters.bootID == "from memory")
    #expect(counters.kernelRelease == "the same")
    #expect(counters.openFiles != nil)
  }
}
