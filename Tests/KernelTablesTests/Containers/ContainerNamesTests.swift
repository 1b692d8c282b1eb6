// SPDX-License-Identifier: Apache-2.0

import KernelTables
import TestSupport
import Testing

/// What runtimes and the kubelet leave on a host about containers. The files of containerd and
/// podman are theirs, shortened; those of CRI-O and Docker follow their sources.
@Suite struct ContainerNamesTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let pod = ContainerNames(
    container: "app", pod: "checkout-7f9c", namespace: "payments")

  private static func file(_ name: String, _ kind: ContainerFile.Kind) throws -> ContainerFile {
    ContainerFile(kind, try Fixture.bytes("containers/\(name)"))
  }

  @Test func `a link of the kubelet names container, pod and namespace`() {
    let link = "checkout-7f9c_payments_app-\(Self.id).log"
    #expect(ContainerNames(kubeletLink: link, of: Self.id) == Self.pod)
    let dotted = ContainerNames(kubeletLink: "a.b-0_kube-system_c-1-\(Self.id).log", of: Self.id)
    #expect(dotted == ContainerNames(container: "c-1", pod: "a.b-0", namespace: "kube-system"))
  }

  @Test(arguments: [
    "ID.log", "-ID.log", "__-ID.log", "a_b-ID.log", "a_b_c_d-ID.log", "a_b_-ID.log", "a_b_cID.log",
    "a_b_c-ID", "a_b_c-ID.log.1", "a b_c_d-ID.log", "a_b_\u{1b}[2J-ID.log", "é_b_c-ID.log",
    "-a_b_c-ID.log", "",
  ])
  func `what is no such link names nothing`(link: String) {
    let link = link.replacing("ID", with: Self.id)
    #expect(ContainerNames(kubeletLink: link, of: Self.id) == nil)
    let other = "f" + Self.id.dropFirst()
    #expect(ContainerNames(kubeletLink: "a_b_c-\(Self.id).log", of: other) == nil)
  }

  @Test func `a name has at most 253 bytes, as Kubernetes has it`() {
    let longest = String(repeating: "a", count: 253)
    #expect(ContainerNames.name(longest) == longest)
    #expect(ContainerNames.name(longest + "a") == nil)
  }

  @Test(arguments: ["containerd-config.json", "crio-config.json"])
  func `the bundle of a pod's container names all three`(name: String) throws {
    #expect(try Self.file(name, .bundle).names(isInPod: true) == Self.pod)
  }

  @Test(arguments: ["containerd-config.json", "crio-config.json"])
  func `outside of the kubelet's cgroups no pod is believed`(name: String) throws {
    let names = try Self.file(name, .bundle).names(isInPod: false)
    #expect(names == ContainerNames(container: "app"))
  }

  @Test func `podman's bundle has no name, and its storage has`() throws {
    let bundle = try Self.file("podman-config.json", .bundle)
    #expect(try bundle.names(isInPod: false) == .unknown)
    let other = String(repeating: "fedcba9876543210", count: 4)
    let storage = try Self.file("podman-containers.json", .storage)
    #expect(try storage.storedNames(of: [Self.id, other]) == [Self.id: "web-1", other: "db-1"])
    #expect(try storage.storedNames(of: ["f" + Self.id.dropFirst()]).isEmpty)
  }

  @Test func `Docker names a container, and its labels name a pod only in one`() throws {
    let file = try Self.file("docker-config.v2.json", .docker)
    #expect(try file.names(isInPod: false) == ContainerNames(container: "shop-web-1"))
    let adapted = ContainerNames(container: "root", pod: "admin", namespace: "kube-system")
    #expect(try file.names(isInPod: true) == adapted)
  }

  @Test func `half a pod's name is none`() throws {
    let text = #"{"annotations":{"io.kubernetes.cri.sandbox-name":"a"}}"#
    #expect(try ContainerFile(.bundle, Array(text.utf8)).names(isInPod: true) == .unknown)
  }

  @Test(arguments: [#""a b""#, #""\u001b[2J""#, #""a\nb""#, #""""#, "7", "null", #"["app"]"#])
  func `an annotation that is no name is passed over`(value: String) throws {
    let text = #"{"annotations":{"io.kubernetes.cri.container-name":\#(value)}}"#
    #expect(try ContainerFile(.bundle, Array(text.utf8)).names(isInPod: false) == .unknown)
  }

  @Test func `annotations elsewhere in the bundle count for nothing`() throws {
    let own = #"{"annotations":{"nerdctl/name":"x"}}"#
    let text = #"{"process":\#(own),"x":[\#(own)]}"#
    #expect(try ContainerFile(.bundle, Array(text.utf8)).names(isInPod: false) == .unknown)
  }

  @Test(arguments: [
    #""\u0061pp""#, #""a\u0070p""#, "\"app\"", #" "\u0061\u0070\u0070" "#,
  ])
  func `a text may be escaped`(value: String) throws {
    let text = #"{"annotations" : {"nerdctl/name":\#(value)}}"#
    let names = try ContainerFile(.bundle, Array(text.utf8)).names(isInPod: false)
    #expect(names.container == "app")
  }

  private static let hostile: [(file: String, error: DecodeError)] = [
    ("", .truncated(what: "JSON", needed: 1, got: 0)),
    ("{", .truncated(what: "JSON", needed: 2, got: 1)),
    (#"{"a"#, .truncated(what: "JSON", needed: 4, got: 3)),
    (#"{"a" 1}"#, .badField(table: "JSON", field: "colon", text: "1}")),
    ("]", .badField(table: "JSON", field: "bracket", text: "]")),
    (#"{"a":[}"#, .badField(table: "JSON", field: "bracket", text: "}")),
    (#"{"a":"\x"}"#, .badField(table: "JSON", field: "escape", text: #"x"}"#)),
    (#"["\ud83"]"#, .badField(table: "JSON", field: "escape", text: #"ud83"]"#)),
    (#"["\u+123"]"#, .badField(table: "JSON", field: "escape", text: #"u+123"]"#)),
    ("{} {}", .badField(table: "JSON", field: "end", text: "{}")),
    (",", .badField(table: "JSON", field: "comma", text: ",")),
    ("{7:8}", .badField(table: "JSON", field: "value", text: "7:8}")),
    ("{[]}", .badField(table: "JSON", field: "name", text: "[]}")),
    ("{\u{0}}", .badField(table: "JSON", field: "value", text: "\u{0}}")),
    (
      String(repeating: "[", count: 65),
      .badField(table: "JSON", field: "depth", text: "[")
    ),
  ]

  @Test(arguments: hostile)
  func `what is no JSON says where`(text: String, error: DecodeError) {
    #expect(throws: error) {
      try ContainerFile(.bundle, Array(text.utf8)).names(isInPod: true)
    }
    #expect(throws: error) {
      try ContainerFile(.storage, Array(text.utf8)).storedNames(of: [Self.id])
    }
  }

  /// Numbers from one seed: a failure can be run again.
  @Test(arguments: 1...7 as ClosedRange<UInt64>)
  func `garbage in a file ends in names or an error`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let names = ["containerd-config.json", "docker-config.v2.json", "podman-containers.json"]
    for name in names {
      let whole = try Fixture.bytes("containers/\(name)")
      for _ in 0..<300 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bytes[Int.random(in: bytes.indices, using: &random)] =
            UInt8.random(in: 0...255, using: &random)
        }
        bytes.removeSubrange(Int.random(in: 0...bytes.count, using: &random)...)
        for kind in ContainerFile.Kind.allCases {
          let file = ContainerFile(kind, bytes)
          let found = try? file.names(isInPod: true)
          for text in [found?.container, found?.pod, found?.namespace].compactMap({ $0 }) {
            #expect(ContainerNames.name(text) == text)
          }
          _ = try? file.storedNames(of: [Self.id])
        }
      }
    }
  }
}
