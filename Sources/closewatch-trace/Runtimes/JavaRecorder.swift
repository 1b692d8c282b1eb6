// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Tracing

/// Has a JVM record its reads of sockets while it is watched (`--use-jcmd`).
///
/// The recording ends by itself a while after the watch, so that nothing goes on if this program is
/// killed. It lies in a folder that only the JVM's user can open, and goes with the watch.
final class JavaRecorder {
  private let pid: Int32
  private let name: String
  /// The folder, as the JVM sees it and as we do.
  private let folder: String
  private let outside: String

  private static let toolSeconds = 30.0
  private static let printSeconds = 120.0

  /// Begins.
  ///
  /// - Throws: ``HostError`` when the JVM does not obey, with what to run by hand.
  init(_ record: ProcessRecord, forSeconds seconds: Double) throws(HostError) {
    pid = record.id.pid
    name = "closewatch-\(getpid())"
    var template = Array("/proc/\(pid)/root/tmp/closewatch-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw HostError("cannot make a folder in /tmp of process \(pid): errno \(errno)")
    }
    outside = String(cString: made)
    folder = String(outside.dropFirst("/proc/\(pid)/root".utf8.count))
    let settings = "\(outside)/settings.jfc"
    guard let file = fopen(settings, "wxe") else { throw HostError("cannot write \(settings)") }
    fputs(JavaReads.settings, file)
    fclose(file)
    var owner = stat()
    if stat("/proc/\(pid)", &owner) == 0 { chown(outside, owner.st_uid, owner.st_gid) }
    if stat("/proc/\(pid)", &owner) == 0 { chown(settings, owner.st_uid, owner.st_gid) }
    do {
      try ToolRun.run(
        [
          "jcmd", "\(pid)", "JFR.start", "name=\(name)", "settings=\(folder)/settings.jfc",
          "maxsize=64m", "duration=\(Int(seconds) + 60)s",
        ], within: Self.toolSeconds)
    } catch {
      remove()
      throw error
    }
  }

  /// What it has recorded.
  ///
  /// - Throws: ``HostError`` when it cannot be had or read.
  func finish() throws(HostError) -> JavaReads {
    defer { remove() }
    let words = ["jcmd", "\(pid)"]
    try ToolRun.run(
      words + ["JFR.dump", "name=\(name)", "filename=\(folder)/recording.jfr"],
      within: Self.toolSeconds)
    try ToolRun.run(words + ["JFR.stop", "name=\(name)"], within: Self.toolSeconds)
    var reads = JavaReads()
    try ToolRun.run(
      [
        "jfr", "print", "--json", "--stack-depth", "64", "--events", "jdk.SocketRead",
        "\(outside)/recording.jfr",
      ], within: Self.printSeconds
    ) { reads.take($0) }
    return reads
  }

  /// A watch that fails leaves nothing either.
  deinit {
    guard access(outside, F_OK) == 0 else { return }
    try? ToolRun.run(["jcmd", "\(pid)", "JFR.stop", "name=\(name)"], within: Self.toolSeconds)
    remove()
  }

  private func remove() {
    for file in ["settings.jfc", "recording.jfr"] { unlink("\(outside)/\(file)") }
    rmdir(outside)
  }
}
