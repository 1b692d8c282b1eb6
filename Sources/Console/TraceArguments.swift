// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Reporting
package import Settings

/// The arguments of `closewatch trace`: its program parses them, the command shows them.
package struct TraceArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Watches a process and names the code that leaves its sockets open.",
    discussion: """
      Watches what a process, or those of a systemd unit, do with their TCP sockets, and at the \
      end looks which of them are stuck: in CLOSE_WAIT, or dead under an open descriptor. Of \
      each it says where the program was told of the end and did not close it; else where it \
      read last, or where it was opened. The program need not be prepared, and is not stopped. \
      What was stuck before the watch has no history: only what happens while it lasts is seen. \
      But whom an event loop of Python calls for a socket is found afterwards, too; of Node with \
      --use-inspector.

      It needs root, and a kernel that lets root trace with BPF (Linux 5.15 or newer): programs \
      in the kernel copy the registers and 16 kB of the stack at each such event of the process. \
      These copies stay in memory; symbols are read by a process without rights. Where this \
      cannot be done, it says why.

      Exit status: 0 nothing is stuck, 1 something is, 2 bad usage, not permitted, this kernel \
      cannot, or the target ended or executed another program.

      Examples:
        closewatch trace 812
        closewatch trace web.service --for 2m
        closewatch trace 812 --opener --json
        closewatch trace --replay leak
      """)

  @Argument(help: TargetArgument.help, transform: TypedTarget.parse)
  package var target: TypedTarget?

  @Option(
    help: ArgumentHelp(
      "Show the trace of a recording that was made with record --trace.",
      valueName: "directory"))
  package var replay: String?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Watch for this long: 30s, 2m.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  package var duration = TimeSpan(seconds: 60)

  @Flag(
    help: """
      Also say where connections were accepted. While it watches, that makes every system call of \
      this host \(TraceArguments.costOfSystemCalls) slower.
      """)
  package var opener = false

  @Flag(
    help: """
      For a JVM: have jcmd record its socket reads while it is watched, as its own calls are on \
      no stack that the kernel knows. Only root and the JVM's user can read the recording, which \
      is deleted afterwards.
      """)
  package var useJcmd = false

  @Flag(
    help: """
      For Node: have it open its debugger (SIGUSR1) after the watch, ask who listens to its \
      sockets, including those that were stuck before, and have it closed again. While it is \
      open, every user of this host can debug the process.
      """)
  package var useInspector = false

  @OptionGroup package var output: OutputOptions

  package init() {}

  package func validate() throws {
    guard (target == nil) != (replay == nil) else {
      throw ValidationError(
        target == nil
          ? "say what to watch: a pid, a unit, or a port" : "--replay takes no target")
    }
    guard duration.seconds <= Self.longest.seconds else {
      throw ValidationError("--for is at most \(Quantity.duration(Self.longest.seconds))")
    }
  }

  private static let longest = TimeSpan(seconds: 3600)

  /// Of looking at each system call: measured by Tests/Benchmarks/trace.
  package static let costOfSystemCalls = "about 0.1 us"
}

extension TargetArgument {
  /// What it can be, in the help of whatever takes one.
  package static let help = ArgumentHelp(
    "A process, a port, local or remote, or the name of a unit, a program, a container or a pod.",
    valueName: valueName)
  package static let valueName = "pid|name|:port"
}
