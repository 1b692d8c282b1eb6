// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost
import Tracing

/// Has a JVM record its reads of sockets while it is watched (`--use-jcmd`).
///
/// The recording ends by itself a while after the watch, so that nothing goes on if this program is
/// killed.
final class JavaRecorder {
  private let process: WatchedProcess
  private let name: String
  private let folder: JavaFolder
  private var isRunning = false

  private static let toolSeconds = 30.0
  private static let printSeconds = 120.0

  /// Begins.
  ///
  /// - Throws: ``HostError`` when the JVM does not obey, with what to run by hand.
  init(_ process: WatchedProcess, forSeconds seconds: Double) throws(HostError) {
    let pid = process.record.id.pid
    guard process.seesOurFiles else {
      // Root must not write where another decides what a path means.
      throw HostError(
        "it sees other files than closewatch does; run by hand where it runs, with its pid there:"
          + " jcmd \(process.numbers.last ?? pid) JFR.start duration=\(Int(seconds) + 60)s"
          + " filename=/tmp/reads.jfr jdk.SocketRead#threshold=0ms, and then"
          + " jfr print --events jdk.SocketRead /tmp/reads.jfr")
    }
    guard let user = process.fileUser, process.isAlive else {
      throw HostError("process \(pid) has ended")
    }
    self.process = process
    name = "closewatch-\(getpid())"
    folder = try JavaFolder(for: user, settings: JavaReads.settings)
    try jcmd([
      "JFR.start", "name=\(name)", "settings=\(folder.settings)", "maxsize=64m",
      "duration=\(Int(seconds) + 60)s",
    ])
    isRunning = true
    folder.removeSettings()
  }

  /// What it has recorded.
  ///
  /// - Parameter peers: Of the connections that are of interest.
  /// - Throws: ``HostError`` when it cannot be had or read.
  func finish(of peers: Set<Endpoint>) throws(HostError) -> JavaReads {
    try folder.give()
    try jcmd(["JFR.dump", "name=\(name)", "filename=\(folder.recording)"])
    try folder.takeRecording()
    try stop()
    var reads = JavaReads(of: peers)
    try ToolRun.run(
      [
        "jfr", "print", "--json", "--stack-depth", "64", "--events", "jdk.SocketRead", folder.copy,
      ], within: Self.printSeconds
    ) { reads.take($0) }
    return reads
  }

  /// A watch that fails leaves nothing either.
  deinit { if isRunning { try? stop() } }

  private func stop() throws(HostError) {
    isRunning = false
    try jcmd(["JFR.stop", "name=\(name)"])
  }

  private func jcmd(_ words: [String]) throws(HostError) {
    let pid = process.record.id.pid
    guard process.isAlive else { throw HostError("process \(pid) has ended") }
    try ToolRun.run(["jcmd", "\(pid)"] + words, within: Self.toolSeconds)
  }
}
