// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import TestSupport
import Testing

@testable import LinuxHost

/// Reads a host's folders from a folder of the test's.
@Suite struct ContainerReaderTests {
  private static let app = String(repeating: "0123456789abcdef", count: 4)
  private static let web = String(repeating: "fedcba9876543210", count: 4)
  private static let soon = Clock.boot.advanced(bySeconds: 60)

  /// The root of a host that has these files.
  private final class Root {
    let directory: TemporaryDirectory
    init(_ files: [String: [UInt8]] = [:]) throws {
      directory = TemporaryDirectory()
      for (path, bytes) in files { try put(path, bytes) }
    }

    func folder(_ path: String) {
      var made = directory.path
      for part in path.split(separator: "/") {
        made += "/" + part
        mkdir(made, 0o755)
      }
    }

    func put(_ path: String, _ bytes: [UInt8]) throws {
      folder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
      let file = try #require(fopen(directory.path + path, "w"))
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
    }

    /// As the file system of the tests may be one that is not read.
    func read(_ ids: [String], by deadline: BootInstant = soon) -> ContainerFiles {
      var reader = ContainerReader()
      reader.root = directory.path
      return reader.read(ids, by: deadline)
    }
  }

  private static let bundle =
    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/\(app)/config.json"
  private static let storage = "/var/lib/containers/storage/overlay-containers/containers.json"
  private static let podNames = ContainerNames(
    container: "app", pod: "checkout-7f9c", namespace: "payments")

  @Test func `a host without the folders has nothing, and says so`() throws {
    let files = try Root().read([Self.app])
    #expect(!files.isAnythingThere)
    #expect(files.names(of: [Self.app], inPods: [Self.app]).isEmpty)
  }

  @Test func `the kubelet's link goes before the runtime's file, and is not followed`() throws {
    let root = try Root([Self.bundle: try Fixture.bytes("containers/crio-config.json")])
    root.folder("/var/log/containers")
    let link = "\(root.directory.path)/var/log/containers/a-1_b_c-\(Self.app).log"
    symlink("/var/log/pods/nowhere", link)
    let files = root.read([Self.app])
    #expect(files.isAnythingThere && files.files.isEmpty)
    let names = ContainerNames(container: "c", pod: "a-1", namespace: "b")
    #expect(files.names(of: [Self.app], inPods: [Self.app]) == [Self.app: names])
  }

  @Test func `without a link the bundle is read, of whatever namespace of containerd`() throws {
    let bytes = try Fixture.bytes("containers/containerd-config.json")
    for folder in ["containerd", "k3s/containerd"] {
      let root = try Root([
        Self.bundle.replacing("/run/containerd", with: "/run/\(folder)"): bytes
      ])
      let files = root.read([Self.web, Self.app])
      let names = files.names(of: [Self.web, Self.app], inPods: [Self.app, Self.web])
      #expect(names == [Self.app: Self.podNames])
    }
  }

  @Test func `CRI-O's bundle is found, and podman's names in the storage`() throws {
    let folder = "/run/containers/storage/overlay-containers"
    let root = try Root([
      "\(folder)/\(Self.app)/userdata/config.json":
        try Fixture.bytes("containers/crio-config.json"),
      "\(folder)/\(Self.web)/userdata/config.json":
        try Fixture.bytes("containers/podman-config.json"),
      Self.storage: try Fixture.bytes("containers/podman-containers.json"),
    ])
    let names = root.read([Self.app, Self.web]).names(of: [Self.app, Self.web], inPods: [Self.app])
    #expect(names == [Self.app: Self.podNames, Self.web: ContainerNames(container: "db-1")])
  }

  @Test func `Docker's own file goes before the bundle that containerd has for it`() throws {
    let root = try Root([
      "/var/lib/docker/containers/\(Self.app)/config.v2.json":
        try Fixture.bytes("containers/docker-config.v2.json"),
      Self.bundle.replacing("k8s.io", with: "moby"): Array("{}".utf8),
    ])
    let names = root.read([Self.app]).names(of: [Self.app], inPods: [])
    #expect(names == [Self.app: ContainerNames(container: "shop-web-1")])
  }

  @Test func `what is too large, a link or a FIFO is not read`() throws {
    let root = try Root([
      Self.bundle: [UInt8](repeating: 0x20, count: ContainerReader.bundleMost + 1)
    ])
    #expect(root.read([Self.app]).files.isEmpty)
    let path = root.directory.path + Self.bundle
    unlink(path)
    mkfifo(path, 0o644)
    #expect(root.read([Self.app]).files.isEmpty)
    unlink(path)
    try root.put("/secret", Array("{}".utf8))
    symlink(root.directory.path + "/secret", path)
    #expect(root.read([Self.app]).files.isEmpty)
    unlink(path)
    try root.put(Self.bundle, Array("{}".utf8))
    #expect(root.read([Self.app]).files.count == 1)
  }

  @Test func `a folder on a file system that may not answer is not asked`() throws {
    let root = try Root([Self.bundle: Array("{}".utf8)])
    var reader = ContainerReader()
    reader.root = root.directory.path
    reader.readFileSystems = []
    #expect(!reader.read([Self.app], by: Self.soon).isAnythingThere)
  }

  @Test func `after the deadline no more files are opened`() throws {
    let root = try Root([Self.bundle: Array("{}".utf8)])
    let files = root.read([Self.app], by: BootInstant(nanoseconds: 0))
    #expect(files.isAnythingThere && files.files.isEmpty)
  }

  @Test func `the answer arrives as it was sent, and nothing else does`() throws {
    var sent = ContainerFiles()
    sent.links = [(Self.app, "a_b_c-\(Self.app).log")]
    sent.files = [(Self.web, ContainerFile(.docker, [0x7b, 0x7d, 0xff]))]
    sent.storage = [ContainerFile(.storage, [])]
    sent.isAnythingThere = true
    var writer = WireWriter()
    sent.write(to: &writer)
    let read = { (bytes: [UInt8]) throws(DecodeError) in
      try WireReader.value(of: bytes) { reader throws(DecodeError) in
        try ContainerFiles(from: &reader)
      }
    }
    let came = try read(writer.bytes)
    #expect(String(reflecting: came) == String(reflecting: sent))
    for size in writer.bytes.indices {
      #expect(throws: DecodeError.self) { _ = try read(Array(writer.bytes.prefix(size))) }
    }
  }

  @Test func `only whole ids can be asked for, for they become part of a path`() throws {
    let read = { (id: String) throws(DecodeError) in
      var writer = WireWriter()
      EyeQuestion.containers([id], by: BootInstant(nanoseconds: 9)).write(to: &writer)
      return try WireReader.value(of: writer.bytes) { reader throws(DecodeError) in
        try EyeQuestion(from: &reader)
      }
    }
    guard case .containers([Self.app], let deadline) = try read(Self.app) else {
      Issue.record("the question did not arrive")
      return
    }
    #expect(deadline == BootInstant(nanoseconds: 9))
    for id in ["../../etc", Self.app.uppercased(), String(Self.app.dropLast())] {
      #expect(throws: DecodeError.badField(table: "a message", field: "container", text: id)) {
        _ = try read(id)
      }
    }
  }
}
