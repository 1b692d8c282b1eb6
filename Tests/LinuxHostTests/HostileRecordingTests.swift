// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import TestSupport
import Testing

/// Every folder of `hostile-recordings` is the recording `small-host` with one defect: files that
/// are put over it, names in `removed.txt` that are taken away, and in `expected-error.txt` the
/// one line that a user gets, without the path of the recording.
@Suite struct HostileRecordingTests {
  static let base = Fixtures.directory + "/recordings/small-host"
  static let hostile = Fixtures.directory + "/hostile-recordings"
  static let files =
    [RecordingHeader.file] + RecordedSample.fileNames.map { "looks/0001/\($0)" }

  private func copy(_ files: [String], from source: String, to target: String) {
    for file in files {
      guard let bytes = readBytes("\(source)/\(file)"), let handle = fopen("\(target)/\(file)", "w")
      else { continue }
      fwrite(bytes, 1, bytes.count, handle)
      fclose(handle)
    }
  }

  @Test(arguments: [
    "argument-escape", "binary", "count-too-large", "duplicate-column", "duplicate-process",
    "duplicate-namespace", "empty-table", "format-2", "looks-too-many", "key-missing", "line-ends",
    "missing-column", "missing-file", "negative-pid", "no-format", "port-range-turned",
    "row-lost", "row-short", "state-unknown", "truncated-line", "unknown-key",
    "unknown-namespace", "wall-clock-infinite", "not-a-number",
  ])
  func `each defect is named in one line with file, line, text and fix`(name: String) throws {
    let temporary = TemporaryDirectory()
    mkdir("\(temporary.path)/looks", 0o700)
    mkdir("\(temporary.path)/looks/0001", 0o700)
    copy(Self.files, from: Self.base, to: temporary.path)
    copy(Self.files, from: "\(Self.hostile)/\(name)", to: temporary.path)
    if let removed = readBytes("\(Self.hostile)/\(name)/removed.txt") {
      unlink("\(temporary.path)/\(String(decoding: removed.dropLast(), as: UTF8.self))")
    }
    let expected = try #require(readBytes("\(Self.hostile)/\(name)/expected-error.txt"))
    let line = String(decoding: expected.dropLast(), as: UTF8.self)
    #expect(throws: HostError("cannot replay \(temporary.path): \(line)")) {
      var host = try RecordedHost(directory: temporary.path)
      _ = try host.takeSample(SampleRequest())
    }
    #expect(!line.contains("\n") && line.contains("; "))
  }

  @Test func `every hostile recording is tested`() throws {
    let handle = try #require(opendir(Self.hostile))
    defer { closedir(handle) }
    var count = 0
    while let entry = readdir(handle) {
      if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    #expect(count == 24)
  }

  @Test func `the recording small-host is what is written today, and replays`() throws {
    let temporary = TemporaryDirectory()
    let directory = temporary.path + "/small-host"
    var recorder = try HostRecorder(
      directory: directory, closewatchVersion: "0.1.0", redacted: true)
    for look in SmallHost.looks(1) { _ = try recorder.append(look) }
    try recorder.finish()
    for file in Self.files + [RecordingHeader.readableFile] {
      let now = readBytes("\(directory)/\(file)")
      #expect(now != nil && now == readBytes("\(Self.base)/\(file)"), "\(file)")
    }
    var host = try RecordedHost(directory: Self.base)
    #expect(try host.takeSample(SampleRequest()).sockets.count == 8)
  }
}
