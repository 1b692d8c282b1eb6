// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting

/// Says of the sockets of a run where in the code they are: `closewatch run --trace` starts this,
/// and talks with it over its standard streams.
struct Follow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Follows what a process starts, and answers.",
    shouldDisplay: false)

  @Argument(help: "The process whose descendants are followed.")
  var ancestor: Int32

  func run() throws {
    // Keys of the terminal are for the command. This ends with who asks.
    StopSignal.hold()
    Self.allowManyFiles()
    // A suite that takes all processors is to be seen while its processes live.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -10)
    var watch: FollowWatch
    do throws(HostError) {
      watch = try FollowWatch(of: ancestor)
    } catch {
      try StandardOutput.write(TraceTalk.Answer.refused(error.description).line)
      throw ExitCode(ExitStatus.blind)
    }
    try watch.run()
  }

  /// Two are open for each process that is known.
  private static func allowManyFiles() {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(kind, &limit)
  }
}
