// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// Tells which language runtime a program is, by its file: name first, then what the compiler
/// left in it. Remembered for each file, and for each process while it runs the same image.
///
/// A program's file can be on a file system that has stopped answering: a hung NFS server, or a
/// FUSE server of an ordinary user, also under an overlay. Whoever asks such a file anything waits
/// in the kernel, and no signal ends that. So only files of file systems that are known to answer
/// by themselves are opened. An overlay, the root of every container, answers as what is below it
/// does: its files are left for a question of their own, when everything else is known. The runtime
/// of all others is unknown unless the name tells it.
struct RuntimeEvidence: Sendable {
  private struct File: Hashable {
    var device: UInt64
    var inode: UInt64
  }
  /// What a process runs from one execve(2) to the next.
  private struct Image: Hashable {
    var process: ProcessID
    var id: UInt64
  }
  private static let rememberedMost = 4096
  /// Those that are read; tests take others.
  var readFileSystems = Self.answering
  private var known: [File: ProcessRuntime] = [:]
  private var images: [Image: ProcessRuntime] = [:]
  /// Whose file is on an overlay, and was not read.
  private var leftOut: Set<Image> = []

  /// File systems that need nobody outside the kernel to answer, by their type in mountinfo.
  static let answering: Set<String> = [
    "bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfsplus", "iso9660",
    "jfs", "nilfs2", "ntfs3", "ramfs", "reiserfs", "rootfs", "squashfs", "tmpfs", "ubifs", "udf",
    "vfat", "xfs", "zfs",
  ]
  private static let overlay = "overlay"

  private static let names: [String: ProcessRuntime] = [
    "java": .jvm, "jsvc": .jvm, "node": .node, "nodejs": .node, "ruby": .ruby,
    "php-cgi": .php, "dotnet": .dotnet, "nginx": .nginx, "haproxy": .haproxy,
    "envoy": .envoy, "beam.smp": .erlang, "beam": .erlang,
  ]
  /// Programs whose name carries a version: `python3.11`, `php-fpm8.2`.
  private static let versionedNames: [(String, ProcessRuntime)] = [
    ("python", .python), ("pypy", .python), ("ruby", .ruby), ("php-fpm", .php), ("php", .php),
    ("perl", .perl), ("node", .node),
  ]

  /// What the name of an executable says; nil when it says nothing.
  static func runtime(named path: String) -> ProcessRuntime? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if let runtime = names[name] { return runtime }
    return versionedNames.first { prefix, _ in
      name.hasPrefix(prefix)
        && name.dropFirst(prefix.count).allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
    }?.1
  }

  /// - Parameter executable: Where the link `exe` of the process leads.
  /// - Parameter record: Who it is and which image it runs.
  /// - Returns: ``ProcessRuntime/native`` when the file was read and shows no runtime;
  ///   ``ProcessRuntime/unknown`` when it could not be read, might not answer, or was left out.
  mutating func runtime(
    of process: borrowing ProcessDirectory, executable: String, record: ProcessRecord
  ) -> ProcessRuntime {
    if let runtime = Self.runtime(named: executable) { return runtime }
    EyeStep.program.begin(on: process.pid, of: record.uid)
    let image = Image(process: record.id, id: record.imageID)
    if let runtime = images[image] { return runtime }
    if leftOut.contains(image) { return .unknown }
    guard let runtime = read(process, executable, opensOverlays: false) else {
      if leftOut.count >= Self.rememberedMost { leftOut.removeAll() }
      if record.imageID != 0 { leftOut.insert(image) }
      return .unknown
    }
    keep(runtime, of: image)
    return runtime
  }

  /// Whether the file of a process is on an overlay, and was left out.
  func isLeftOut(_ record: ProcessRecord) -> Bool {
    !leftOut.isEmpty && leftOut.contains(Image(process: record.id, id: record.imageID))
  }

  /// Reads what was left out. The kernel may never come back from it.
  mutating func runtimeOnOverlay(
    of process: borrowing ProcessDirectory, executable: String, stat: ProcStat
  ) -> ProcessRuntime {
    let id = ProcessID(pid: process.pid, startTicks: stat.startTicks)
    let image = Image(process: id, id: stat.startStack)
    if let runtime = images[image] { return runtime }
    EyeStep.overlay.begin(on: process.pid, of: try? process.owner())
    let runtime = read(process, executable, opensOverlays: true) ?? .unknown
    leftOut.remove(image)
    keep(runtime, of: image)
    return runtime
  }

  private mutating func keep(_ runtime: ProcessRuntime, of image: Image) {
    guard image.id != 0 else { return }
    if images.count >= Self.rememberedMost { images.removeAll() }
    images[image] = runtime
  }

  /// - Returns: nil for a file on an overlay that is not to be opened.
  private mutating func read(
    _ process: borrowing ProcessDirectory, _ executable: String, opensOverlays: Bool
  ) -> ProcessRuntime? {
    // Following the link lets NFS look whether the file is still the same. So the path comes
    // first; it says nothing for sure (mounts can be moved and hidden), so the mount comes next.
    guard let mounts = Self.mounts(of: process) else { return .unknown }
    let kinds = mounts.kinds(along: Array(executable.utf8))
    guard !kinds.isEmpty, kinds.subtracting([Self.overlay]).isSubset(of: readFileSystems) else {
      return .unknown
    }
    if kinds.contains(Self.overlay), !opensOverlays { return nil }
    guard let pinned = try? process.pin("exe") else { return .unknown }
    defer { close(pinned) }
    var place = closewatch_place()
    guard closewatch_place_of(pinned, &place) == 0,
      let kind = mounts.kind(ofMount: place.mount)
    else { return .unknown }
    let path = "/proc/self/fd/\(pinned)"
    if kind == Self.overlay {
      // Not remembered by its number: the next container's overlay may have the same.
      return opensOverlays ? ElfSections(file: path).map(Self.runtime) ?? .unknown : nil
    }
    guard readFileSystems.contains(kind) else { return .unknown }
    let file = File(
      device: UInt64(place.device_major) << 32 | UInt64(place.device_minor), inode: place.inode)
    if let runtime = known[file] { return runtime }
    guard let sections = ElfSections(file: path) else { return .unknown }
    let runtime = Self.runtime(sections)
    if known.count >= Self.rememberedMost { known.removeAll() }
    known[file] = runtime
    return runtime
  }

  /// nil when they cannot be told, or not all of them.
  private static func mounts(of process: borrowing ProcessDirectory) -> ProcMountInfo? {
    let most = 1 << 20
    guard let bytes = try? process.read("mountinfo", limit: most, isOneRecord: false),
      bytes.count < most
    else { return nil }
    return try? ProcMountInfo(bytes)
  }

  private static func runtime(_ sections: ElfSections) -> ProcessRuntime {
    if sections.names.contains(".go.buildinfo") || sections.names.contains(".note.go.buildid") {
      return .go
    }
    if sections.names.contains(where: { $0.hasPrefix("swift5_") }) { return .swift }
    // rustc names itself beside the linker in `.comment`.
    if sections.comment.contains("rustc version") { return .rust }
    return .native
  }
}
