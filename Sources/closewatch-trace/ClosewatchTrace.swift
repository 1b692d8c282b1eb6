// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinuxDiag
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings
import Tracing

/// The tracer, which `closewatch trace` executes with this word first.
@main
struct ClosewatchTrace: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closewatch", version: BuildInfo.version,
    subcommands: [Trace.self, Stacks.self, Follow.self, CountConnects.self])

  static func main() {
    // Stacks hold secrets.
    closewatch_never_dump()
    ProgramRun.exit(self) { arguments in
      let isNamed = ["--version", "trace", "stacks", "follow", CountConnects.word].contains(
        arguments.first)
      var command = try parseAsRoot(isNamed ? arguments : ["trace"] + arguments)
      try command.run()
    }
  }
}

/// `closewatch trace`: which code leaves sockets open.
struct Trace: ParsableCommand {
  static let configuration = TraceArguments.configuration

  @OptionGroup var arguments: TraceArguments

  /// For `closewatch record --trace`, which starts this.
  @Option(help: .hidden) var recordTo: String?
  @Flag(help: .hidden) var redact = false

  func run() throws {
    if let directory = arguments.replay { return try show(recorded(in: directory)) }
    guard let target = arguments.target else { return }
    StopSignal.hold()
    if recordTo != nil { closewatch_end_with_parent() }
    let seconds = arguments.duration.seconds
    let wishes = RuntimeAsking.Wishes(
      usesJcmd: arguments.useJcmd, usesInspector: arguments.useInspector)
    var watch = try TraceWatch(
      target.target, tellsAccepts: arguments.opener,
      asking: RuntimeAsking(wishes, forSeconds: seconds))
    if watch.looksAtEveryCall {
      let reason =
        arguments.opener
        ? "with --opener" : "this kernel has no sock_recv_length (Linux 6.3), so"
      StandardError.line(
        "\(reason) every system call of this host is \(TraceArguments.costOfSystemCalls) slower"
          + " until the end")
    }
    StandardError.line(
      "watching \(target.text) for \(Quantity.duration(seconds)); Ctrl-C ends it early")
    if recordTo != nil { try StandardOutput.write(TraceTalk.Answer.ready.line) }
    let outcome = try watch.run(forSeconds: seconds)
    // Some have the target's own words in them.
    for remark in watch.remarks { StandardError.line(UntrustedText.printable(remark)) }
    let report = TraceReport(outcome)
    guard let recordTo else { return try show(report) }
    var redaction = Redaction(.ofThisHost())
    try RecordedTrace.write(
      (redact ? report.redacted(by: &redaction) : report).json, in: recordTo)
  }

  private func recorded(in directory: String) throws -> TraceReport {
    let bytes = try RecordedTrace.read(in: directory)
    do throws(DecodeError) {
      return try TraceReport(recorded: bytes)
    } catch {
      throw HostError(
        UntrustedText.printable("cannot replay \(RecordedTrace.path(in: directory)): \(error)"))
    }
  }

  private func show(_ report: TraceReport) throws {
    let output = arguments.output
    try StandardOutput.write(
      output.json ? report.json : Array(report.text(Terminal.style(output.color)).utf8))
    if report.outcome.isGone { throw ExitCode(ExitStatus.blind) }
    if !report.outcome.stuck.isEmpty { throw ExitCode(ExitStatus.act) }
  }
}
