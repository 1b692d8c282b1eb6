// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// A recording may come from anybody: whatever stands where one of its files should be, nothing
/// outside of it is read, nothing is waited for, and nothing grows without a bound.
@Suite struct RecordingFileTests {
  let temporary = TemporaryDirectory()
  var directory: String { temporary.path + "/recording" }
  static let files =
    [RecordingHeader.file] + RecordedSample.fileNames.map { "looks/0001/\($0)" }
  private static let secret = "root:secret:19000"

  private func record() throws {
    var recorder = try HostRecorder(
      directory: directory, closewatchVersion: "0", redacted: false)
    _ = try recorder.append(SmallHost.looks(1)[0])
    try recorder.finish()
    temporary.write("shadow", Array((Self.secret + "\n").utf8))
  }

  /// What a replay says; nil when it goes.
  private func failure(_ directory: String? = nil) -> String? {
    do {
      var host = try RecordedHost(directory: directory ?? self.directory)
      _ = try host.takeSample(SampleRequest())
      return nil
    } catch {
      return error.description
    }
  }

  private func expect(_ said: String?, _ kind: String, of file: String) {
    #expect(said?.contains("\(file) is \(kind) and not ") == true, "\(said ?? "replayed")")
    #expect(said?.contains(Self.secret) == false)
  }

  @Test(arguments: files)
  func `a symbolic link in place of a file is not followed`(_ file: String) throws {
    try record()
    for target in ["\(temporary.path)/shadow", "/nonexistent", "/dev/zero"] {
      unlink("\(directory)/\(file)")
      #expect(symlink(target, "\(directory)/\(file)") == 0)
      expect(failure(), "a symbolic link", of: file)
    }
    // Also where it leads to the very file.
    unlink("\(directory)/\(file)")
    rename("\(temporary.path)/shadow", "\(directory)/real")
    #expect(symlink("\(directory)/real", "\(directory)/\(file)") == 0)
    expect(failure(), "a symbolic link", of: file)
  }

  @Test(arguments: files)
  func `a pipe, a socket or a directory in place of a file is not opened`(_ file: String) throws {
    try record()
    let path = "\(directory)/\(file)"
    unlink(path)
    mkfifo(path, 0o600)
    expect(failure(), "a pipe", of: file)
    unlink(path)
    mkdir(path, 0o700)
    expect(failure(), "a directory", of: file)
    rmdir(path)
    // /dev/zero.
    if mknod(path, S_IFCHR | 0o600, dev_t(1 << 8 | 5)) == 0 {
      expect(failure(), "a device", of: file)
    }
  }

  @Test(arguments: files)
  func `a file beyond its bound is refused by its size`(_ file: String) throws {
    try record()
    #expect(truncate("\(directory)/\(file)", 1 << 40) == 0)
    let said = try #require(failure())
    #expect(said.contains("\(file) has more than "), "\(said)")
  }

  @Test func `the files of one look together are bounded like the whole recording`() throws {
    try record()
    let sizes = SmallHost.looks(1)[0].files().map(\.bytes.count)
    var bounds = RecordingBounds()
    bounds.totalBytes = sizes.reduce(0, +)
    var host = try RecordedHost(directory: directory, bounds: bounds)
    _ = try host.takeSample(SampleRequest())
    bounds.totalBytes -= 1
    host = try RecordedHost(directory: directory, bounds: bounds)
    #expect(throws: HostError.self) { try host.takeSample(SampleRequest()) }
  }

  @Test(arguments: ["looks", "looks/0001"])
  func `a folder that is a symbolic link is not followed`(_ folder: String) throws {
    try record()
    rename("\(directory)/\(folder)", "\(temporary.path)/elsewhere")
    #expect(symlink("\(temporary.path)/elsewhere", "\(directory)/\(folder)") == 0)
    expect(failure(), "a symbolic link", of: folder)
    unlink("\(directory)/\(folder)")
    temporary.write("recording/\(folder)", [1])
    expect(failure(), "a file", of: folder)
  }

  @Test func `a recording that is a symbolic link itself is not followed`() throws {
    try record()
    #expect(failure() == nil)
    let link = temporary.path + "/link"
    #expect(symlink(directory, link) == 0)
    expect(failure(link), "a symbolic link", of: "it")
    expect(failure(link + "/"), "a symbolic link", of: "it")
    // An interrupted one counts its folders.
    expect(failure("\(temporary.path)/shadow"), "a file", of: "it")
  }

  @Test func `an interrupted recording has no look beyond a link`() throws {
    var recorder = try HostRecorder(
      directory: directory, closewatchVersion: "0", redacted: false)
    for look in SmallHost.looks(2) { _ = try recorder.append(look) }
    rename("\(directory)/looks/0002", "\(temporary.path)/elsewhere")
    #expect(symlink("\(temporary.path)/elsewhere", "\(directory)/looks/0002") == 0)
    #expect(try RecordedHost(directory: directory).looks == 1)
  }
}
