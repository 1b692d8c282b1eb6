// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

@Suite struct NetworkNamespacesTests {
  private static func ownLink() -> String {
    var target = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/thread-self/ns/net", &target, target.count)
    return String(
      decoding: target.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test func `our own namespace comes first and has members`() throws {
    let found = try NetworkNamespaces().found
    let own = try #require(found.first)
    #expect(own.isOwn)
    #expect("net:[\(own.id.rawValue)]" == Self.ownLink())
    #expect(!own.members.isEmpty)
    #expect(Set(found.map(\.id)).count == found.count)
  }

  @Test func `a file that is no namespace is not taken for one`() throws {
    #expect(throws: HostError.self) { try NetworkNamespaces().only("/proc/self/ns/mnt") }
    #expect(throws: HostError.self) { try NetworkNamespaces().only("/etc/passwd") }
  }

  @Test func `a namespace that does not exist is said so with the way out`() throws {
    let namespaces = try NetworkNamespaces(namesDirectory: "/nonexistent")
    #expect(
      throws: HostError(
        "no network namespace 'web': give a pid, a path, or a name "
          + "(there are none under /nonexistent)")
    ) { try namespaces.only("web") }
  }

  @Test func `a pid leads to the namespace of that process`() throws {
    let namespaces = try NetworkNamespaces()
    #expect(try namespaces.only("\(getpid())").isOwn)
  }

  @Test(.requires(.networkNamespaces))
  func `a named namespace without a process is found, and named when one is not found`() throws {
    let scratch = try ScratchNamespace("blue")
    let namespaces = try NetworkNamespaces(namesDirectory: scratch.directory)
    let blue = try #require(namespaces.found.first { $0.id == scratch.id })
    #expect(blue.name == "blue")
    #expect(blue.members.isEmpty)
    #expect(try namespaces.only("blue").id == scratch.id)
    #expect(try namespaces.only(scratch.path).id == scratch.id)
    #expect(
      throws: HostError(
        "no network namespace 'bleu': give a pid, a path, or a name (known names are blue)")
    ) { try namespaces.only("bleu") }
  }

  @Test(.requires(.networkNamespaces))
  func `a stale name, a plain file, is not a namespace and not an error`() throws {
    let scratch = try ScratchNamespace("blue")
    let stale = "\(scratch.directory)/stale"
    close(open(stale, O_CREAT | O_RDONLY, 0o600))
    defer { unlink(stale) }
    let names = try NetworkNamespaces(namesDirectory: scratch.directory).found.compactMap(\.name)
    #expect(names == ["blue"])
  }
}
