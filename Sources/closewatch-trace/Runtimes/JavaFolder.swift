// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables
import LinuxHost

/// Where a JVM's recording lies: a folder of root's in `/tmp`. Nothing of it can be changed by the
/// JVM's user but one folder in it, for as long as the JVM writes its recording there. All is done
/// by descriptor and follows no link.
final class JavaFolder {
  let path: String
  private let folder: Int32
  private var inner: Int32 = -1
  private let user: uid_t

  /// Of a recording: a JVM is told to keep half of that.
  private static let largest = 128 << 20
  private static let noLinks = O_NOFOLLOW | O_CLOEXEC
  private static let innerName = "dump"

  var settings: String { "\(path)/settings.jfc" }
  /// Where the JVM is to write it.
  var recording: String { "\(path)/\(Self.innerName)/recording.jfr" }
  /// Where it is safe to be read.
  var copy: String { "\(path)/recording.jfr" }

  /// - Parameter user: Who the JVM is.
  init(for user: uid_t, settings text: String) throws(HostError) {
    self.user = user
    var template = Array("/tmp/closewatch-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw HostError("\(SystemCallError("mkdtemp", on: "/tmp", errno: errno))")
    }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    folder = open(path, O_RDONLY | O_DIRECTORY | Self.noLinks)
    // Others may go through it to what they know the name of.
    guard folder >= 0, fchmod(folder, 0o711) == 0 else { throw failure("open") }
    let file = try make("settings.jfc", mode: 0o644)
    defer { close(file) }
    try write(Array(text.utf8)[...], to: file)
  }

  deinit {
    takeBack()
    for name in ["settings.jfc", "recording.jfr"] { unlinkat(folder, name, 0) }
    if folder >= 0 { close(folder) }
    rmdir(path)
  }

  /// The JVM has read them.
  func removeSettings() { unlinkat(folder, "settings.jfc", 0) }

  /// Lets the JVM's user write into the inner folder, until ``takeRecording()``.
  func give() throws(HostError) {
    guard mkdirat(folder, Self.innerName, 0o700) == 0 else { throw failure("make") }
    inner = openat(folder, Self.innerName, O_RDONLY | O_DIRECTORY | Self.noLinks)
    guard inner >= 0, fchown(inner, user, gid_t.max) == 0 else { throw failure("give away") }
  }

  /// Copies the recording to where only root writes.
  ///
  /// - Throws: ``HostError`` when what lies there is no file that the JVM has made.
  func takeRecording() throws(HostError) {
    defer { takeBack() }
    // A pipe would not let itself be opened.
    let source = openat(inner, "recording.jfr", O_RDONLY | O_NONBLOCK | Self.noLinks)
    guard source >= 0 else { throw failure("read the recording in") }
    defer { close(source) }
    var status = stat()
    guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == user, status.st_nlink == 1, status.st_size <= Self.largest
    else { throw HostError("the JVM's recording is not a file of its own, or is too large") }
    let target = try make("recording.jfr", mode: 0o600)
    defer { close(target) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while true {
      let got = read(source, &chunk, chunk.count)
      guard got >= 0 else { throw failure("read the recording in") }
      if got == 0 { return }
      count += got
      guard count <= Self.largest else { throw HostError("the JVM's recording is too large") }
      try write(chunk[..<got], to: target)
    }
  }

  private func make(_ name: String, mode: mode_t) throws(HostError) -> Int32 {
    let file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | Self.noLinks, mode)
    guard file >= 0 else { throw failure("write in") }
    // Whatever our umask is.
    fchmod(file, mode)
    return file
  }

  private func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(HostError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { throw failure("write in") }
      rest = rest.dropFirst(count)
    }
  }

  /// Takes the inner folder away, with whatever else its user has put there.
  private func takeBack() {
    guard inner >= 0 else { return }
    fchown(inner, geteuid(), gid_t.max)
    if let entries = fdopendir(inner) {
      while let entry = readdir(entries) {
        let isGone = withUnsafePointer(to: &entry.pointee.d_name.0) { unlinkat(inner, $0, 0) } == 0
        if !isGone {
          _ = withUnsafePointer(to: &entry.pointee.d_name.0) {
            unlinkat(inner, $0, AT_REMOVEDIR)
          }
        }
      }
      // It closes the descriptor too.
      closedir(entries)
    } else {
      close(inner)
    }
    inner = -1
    unlinkat(folder, Self.innerName, AT_REMOVEDIR)
  }

  private func failure(_ attempt: String) -> HostError {
    let error = SystemCallError(attempt, on: path, errno: errno)
    return HostError("cannot \(attempt) \(path): \(error.reason)")
  }
}
