// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Reads what runtimes and the kubelet leave on the host about containers: bytes, which somebody
/// with fewer rights makes sense of.
///
/// These folders are root's, and what is in them others have chosen. Whatever is no plain file of
/// a file system that answers by itself is left alone, and so is what is too large.
struct ContainerReader: Sendable {
  /// What is put before every path; tests have a host of their own.
  var root = ""
  var readFileSystems = RuntimeEvidence.answering.union(["overlay"])

  /// A bundle with a hundred mounts has 60 kB. 1 MB: nobody's is larger without a purpose.
  static let bundleMost = 1 << 20
  /// Has all containers of a host in it.
  static let storageMost = 4 << 20
  /// Of all files in one answer.
  static let bytesMost = 16 << 20
  /// A kubelet has 110 pods as a rule, 500 at most, each with a few containers, each with its
  /// restarts.
  static let linksMost = 20_000
  /// containerd's own namespaces: `k8s.io`, `moby`, `default`.
  private static let namespacesMost = 16

  private static let links = "/var/log/containers"
  private static let bundles = [
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/k3s/containerd/io.containerd.runtime.v2.task",
  ]
  private static let storages = [
    "/run/containers/storage/overlay-containers", "/var/lib/containers/storage/overlay-containers",
  ]
  private static let docker = "/var/lib/docker/containers"

  /// - Parameter ids: Each 64 hexadecimal digits: part of a path.
  func read(_ ids: [String], by deadline: BootInstant) -> ContainerFiles {
    var answer = ContainerFiles()
    guard let mounts = ownMounts() else { return answer }
    let places = ([Self.links, Self.docker] + Self.bundles + Self.storages)
      .filter { isThere($0, mounts) }
    answer.isAnythingThere = !places.isEmpty
    if places.isEmpty { return answer }
    if places.contains(Self.links) { answer.links = links(of: Set(ids)) }
    let linked = Set(answer.links.map(\.id))
    let candidates = candidates(in: places)
    var bytes = 0
    for id in ids where !linked.contains(id) {
      guard Clock.boot < deadline, bytes < Self.bytesMost else {
        answer.unread.append(id)
        continue
      }
      guard let file = candidates.lazy.compactMap({ read($0.path(id), $0.kind) }).first else {
        continue
      }
      bytes += file.bytes.count
      answer.files.append((id, file))
    }
    // The bundle of podman's has no name; this has those of all.
    if ids.contains(where: { !linked.contains($0) }) {
      for place in places.filter(Self.storages.contains) {
        if let file = read("\(place)/containers.json", .storage) { answer.storage.append(file) }
      }
    }
    return answer
  }

  private struct Candidate {
    var kind: ContainerFile.Kind
    var before: String
    var after: String
    func path(_ id: String) -> String { before + "/" + id + after }
  }

  private func candidates(in places: [String]) -> [Candidate] {
    var all: [Candidate] = []
    for place in places.filter(Self.bundles.contains) {
      for namespace in names(in: place, most: Self.namespacesMost) {
        all.append(
          Candidate(kind: .bundle, before: "\(place)/\(namespace)", after: "/config.json"))
      }
    }
    // podman's own name is in its storage; the annotations of CRI-O's pods are in the bundle.
    for place in places.filter(Self.storages.contains) {
      all.append(Candidate(kind: .bundle, before: place, after: "/userdata/config.json"))
    }
    if places.contains(Self.docker) {
      // Docker's containers have a bundle of containerd too, which does not name them.
      all.insert(Candidate(kind: .docker, before: Self.docker, after: "/config.v2.json"), at: 0)
    }
    return all
  }

  private func ownMounts() -> ProcMountInfo? {
    guard let directory = try? ProcessDirectory(procRoot: "/proc", pid: getpid()),
      let bytes = try? directory.read("mountinfo", limit: 1 << 20, isOneRecord: false)
    else { return nil }
    return try? ProcMountInfo(bytes)
  }

  /// Whether a folder is there. Of a file system that may not answer not even that is asked.
  private func isThere(_ place: String, _ mounts: ProcMountInfo) -> Bool {
    let kinds = mounts.kinds(along: Array((root + place).utf8))
    guard !kinds.isEmpty, kinds.isSubset(of: readFileSystems) else { return false }
    var status = stat()
    return lstat(root + place, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func links(of ids: Set<String>) -> [(id: String, link: String)] {
    let tail = ".log"
    return names(in: Self.links, most: Self.linksMost).compactMap { name in
      guard name.hasSuffix(tail), name.utf8.count <= 255 else { return nil }
      let id = String(name.dropLast(tail.count).suffix(64))
      return ids.contains(id) ? (id, name) : nil
    }
  }

  private func names(in place: String, most: Int) -> [String] {
    guard let directory = opendir(root + place) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while names.count < most, let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
        start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private func read(_ path: String, _ kind: ContainerFile.Kind) -> ContainerFile? {
    let most = kind == .storage ? Self.storageMost : Self.bundleMost
    // A FIFO would be waited for; nobody but root puts one there.
    let fd = open(root + path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= most
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(fd, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if got < 0, errno == EINTR { continue }
      if got <= 0 { break }
      filled += got
    }
    bytes.removeSubrange(filled...)
    return ContainerFile(kind, bytes)
  }
}

/// What was found about some containers.
package struct ContainerFiles: Sendable {
  /// Names of the kubelet's links.
  package var links: [(id: String, link: String)] = []
  /// Files that are of one container.
  package var files: [(id: String, file: ContainerFile)] = []
  /// Files that are of all of them.
  package var storage: [ContainerFile] = []
  /// Those asked about for which there was no time or no room.
  package var unread: [String] = []
  /// Whether this host has any of the folders: else there is no use in asking again soon.
  package var isAnythingThere = false

  package init() {}

  /// What they say of some containers.
  ///
  /// What is no JSON names nothing: it may be half written, and is asked again.
  ///
  /// - Parameter inPods: See ``ContainerFile/names(isInPod:)``.
  package func names(of ids: [String], inPods: Set<String>) -> [String: ContainerNames] {
    var found: [String: ContainerNames] = [:]
    for link in links where inPods.contains(link.id) && found[link.id] == nil {
      found[link.id] = ContainerNames(kubeletLink: link.link, of: link.id)
    }
    for (id, file) in files where found[id] == nil {
      let names = try? file.names(isInPod: inPods.contains(id))
      found[id] = names == .unknown ? nil : names
    }
    let rest = Set(ids.filter { found[$0] == nil })
    if rest.isEmpty { return found }
    for file in storage {
      for (id, name) in (try? file.storedNames(of: rest)) ?? [:] {
        found[id] = ContainerNames(container: name)
      }
    }
    return found
  }

  func write(to writer: inout WireWriter) {
    writer.put(links) { writer, one in
      writer.put(one.id)
      writer.put(one.link)
    }
    writer.put(files) { writer, one in
      writer.put(one.id)
      one.file.write(to: &writer)
    }
    writer.put(storage) { $1.write(to: &$0) }
    writer.put(unread) { $0.put($1) }
    writer.put(isAnythingThere)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    links = try reader.getArray { reader throws(DecodeError) in
      (try reader.getText(), try reader.getText())
    }
    files = try reader.getArray { reader throws(DecodeError) in
      (try reader.getText(), try ContainerFile(from: &reader))
    }
    storage = try reader.getArray { reader throws(DecodeError) in
      try ContainerFile(from: &reader)
    }
    unread = try reader.getArray { reader throws(DecodeError) in try reader.getText() }
    isAnythingThere = try reader.getBool()
  }
}

extension ContainerFile {
  fileprivate func write(to writer: inout WireWriter) {
    writer.put(case: kind)
    bytes.withUnsafeBytes { buffer in
      writer.put(UInt64(buffer.count))
      writer.put(raw: buffer)
    }
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    let kind = try reader.getCase("file", of: Kind.allCases)
    self.init(kind, try reader.getBytes(atMost: ContainerReader.storageMost))
  }
}
