// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// Reads the files of a recording, which may come from anybody: only regular files in real
/// folders, and no more of one than is allowed. No symbolic link is followed, nor the directory's
/// own, and no pipe or device is opened.
struct RecordingFiles {
  let directory: String

  /// - Parameter file: Its path below the directory, with `/`.
  /// - Returns: nil when the recording has no such file.
  func read(_ file: String, limit: Int) throws(ReadingError) -> [UInt8]? {
    guard let (folder, name) = try folder(of: file) else { return nil }
    defer { close(folder) }
    guard let kind = try kind(of: name, in: folder, file) else { return nil }
    try require(kind, S_IFREG, file)
    // Between the look at it and this it may have become another: so it is looked at again.
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let fd = try call("open", file) { openat(folder, name, flags) }
    defer { close(fd) }
    var status = stat()
    _ = try call("fstat", file) { fstat(fd, &status) }
    try require(status.st_mode & S_IFMT, S_IFREG, file)
    guard status.st_size <= limit else {
      throw ReadingError.recording(.tooLarge(file: file, what: "bytes", bound: limit))
    }
    do {
      // One byte more than allowed, so that the decoder sees that there is more.
      return try readFile(fd, named: path(file), limit: limit + 1)
    } catch {
      throw ReadingError.systemCall(error)
    }
  }

  /// Whether there is a folder, and it is a real one.
  func hasFolder(_ folder: String) -> Bool {
    guard let (parent, _) = try? self.folder(of: folder + "/x") else { return false }
    close(parent)
    return true
  }

  /// The open folder that a file is in, and the file's name there.
  private func folder(of file: String) throws(ReadingError) -> (Int32, String)? {
    var parts = file.split(separator: "/").map(String.init)
    let name = parts.removeLast()
    var place = ""
    var folder = try root()
    for part in parts {
      let parent = folder
      defer { close(parent) }
      place += (place.isEmpty ? "" : "/") + part
      guard let kind = try kind(of: part, in: parent, place) else { return nil }
      try require(kind, S_IFDIR, place)
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      folder = try call("open", place) { openat(parent, part, flags) }
    }
    return (folder, name)
  }

  private func root() throws(ReadingError) -> Int32 {
    // A slash at its end would lead through a symbolic link.
    let path = directory.count > 1 ? String(directory.trimmingSuffix { $0 == "/" }) : directory
    let here = path.isEmpty ? "/" : path
    if let kind = try kind(of: here, in: AT_FDCWD, nil) { try require(kind, S_IFDIR, nil) }
    return try call("open", nil) { open(here, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
  }

  /// - Returns: nil when there is nothing of that name.
  private func kind(
    of name: String, in folder: Int32, _ file: String?
  ) throws(ReadingError) -> mode_t? {
    var status = stat()
    do {
      _ = try systemCall("stat", on: path(file)) {
        fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW)
      }
    } catch {
      guard error.errno == ENOENT else { throw ReadingError.systemCall(error) }
      return nil
    }
    return status.st_mode & S_IFMT
  }

  private func require(
    _ kind: mode_t, _ wanted: mode_t, _ file: String?
  ) throws(ReadingError) {
    guard kind != wanted else { return }
    let name =
      switch kind {
      case S_IFLNK: "a symbolic link"
      case S_IFDIR: "a directory"
      case S_IFIFO: "a pipe"
      case S_IFSOCK: "a socket"
      case S_IFREG: "a file"
      default: "a device"
      }
    throw ReadingError.recording(
      .wrongKind(
        file: file ?? "it", kind: name, expected: wanted == S_IFREG ? "a file" : "a directory"))
  }

  private func call(
    _ name: String, _ file: String?, _ body: () -> Int32
  ) throws(ReadingError) -> Int32 {
    do {
      return try systemCall(name, on: path(file), body)
    } catch {
      throw ReadingError.systemCall(error)
    }
  }

  private func path(_ file: String?) -> String { file.map { "\(directory)/\($0)" } ?? directory }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> SubSequence {
    var rest = self[...]
    while let last = rest.last, isTrimmed(last) { rest.removeLast() }
    return rest
  }
}
