// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch run`: runs a command, such as a test suite, and fails when it leaves sockets open.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a command, such as a test suite, and fails when it leaves sockets open.",
    discussion: """
      Watches the command and every process that descends from it. A socket that is still in \
      CLOSE_WAIT, or dead under an open descriptor, after the grace was left open. That is told on \
      standard error; what the command writes, reads and is sent stays as it is. No rights are \
      needed; processes that this user may not look into, such as those that sudo starts, are \
      reported as not seen.

      A few outgoing connections to one place may be a client's pool and are not counted, unless \
      --strict is given.

      CLOSEWATCH_RUN in the command's environment is the path of a datagram socket. If the test \
      runner sends 'test NAME' to it at the start of each test, the report names the test in which \
      a socket first appeared. A message from a socket with a name of its own is answered with \
      'ok' after a look: a runner that waits for it knows that nothing later counts for the test \
      before. 'end' is answered once it is known what was left, at the latest after the grace. \
      CLOSEWATCH_RUN_UDP is the same, as ADDRESS:PORT, for languages without such sockets.

      With --trace each socket is told with its place in the code: where its process was told of \
      the end, or read last, or opened it, and who called that. Sockets whose place is not known \
      say why. If the trace itself ends early, only places are lost, and the report says so. The \
      command is started as this user, which is root: sudo -u USER in it goes back.

      Reports are written whole or not at all; a path that cannot be written is refused before the \
      command starts. If GITHUB_ACTIONS is true, annotations are written to standard error, too.

      Exit status: the command's own when nothing was left or when it failed itself, 128 and the \
      signal's number when a signal ended it; 1 when sockets were left; 2 bad usage, nothing could \
      be seen, or --trace is not possible; 126 or 127 when the command could not be executed.

      Examples:
        closewatch run -- pytest
        closewatch run --strict --grace 500ms -- go test ./...
        closewatch run --allow '*:5432' --junit leaks.xml -- make test
        sudo closewatch run --trace -- sudo -u "$USER" pytest
      """)

  @Flag(help: "Count every socket, even one that may belong to a client's pool.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "How long a socket may stay as it is (default: 2s).", valueName: "time"),
    transform: TimeSpanArgument.parse)
  var grace = TimeSpan(seconds: RunOrder.usualGraceSeconds)

  @Option(
    help: ArgumentHelp(
      """
      What may be left: a process, a program, a test, or an end of a connection as \
      ADDRESS:PORT; * and ? as in the shell. Can be repeated.
      """, valueName: "pattern"))
  var allow: [String] = []

  @Flag(
    help: """
      Run it in a network namespace of its own, with a loopback only. Without root this is also a \
      user namespace, in which sudo does not work.
      """)
  var netns = false

  @Flag(
    help: """
      Stop each process at its exit, while its descriptors are open, and count every socket that \
      it still holds in CLOSE_WAIT, or dead, however young. Uses ptrace: do not use it for suites \
      that run sudo, gdb, strace or LeakSanitizer.
      """)
  var exitStop = false

  @Flag(
    help: """
      Also say where in the code each socket was when its process last dealt with it. Needs root \
      and a kernel that lets root trace with BPF (Linux 5.15 or newer); without, the command is \
      not run, and the status is 2. While it runs, every system call of this host is \
      \(TraceArguments.costOfSystemCalls) slower.
      """)
  var trace = false

  @OptionGroup var files: RunFileOptions

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The command and its arguments, after --.", valueName: "command"))
  var command: [String]

  func validate() throws {
    guard let first = command.first, !first.isEmpty else {
      throw ValidationError("say what to run, after --: closewatch run -- make test")
    }
    guard grace.seconds <= Self.longestGrace else {
      throw ValidationError("--grace takes at most 1h")
    }
  }

  private static let longestGrace = 3600.0

  func run() throws {
    do throws(SystemCallError) {
      try WatchedCommand.adoptOrphans()
    } catch {
      throw HostError("cannot watch what the command leaves behind: \(error)")
    }
    if netns { try OwnNetwork.enter() }
    let host = EyeHost(
      try Keeper.start {
        var host = LiveHost()
        // It looks again anyway.
        host.tellsDeadSocketsAtOnce = false
        return host
      })
    var loop = try RunLoop(order, host: host)
    // From here on signals find a command soon: what ends this process earlier leaves no rubbish.
    let reports = try RunFiles(files)
    let mailbox = try? TestMailbox()
    let tracer = trace ? try RunTracer() : nil
    defer { tracer?.end() }
    var watched = try start(mailbox)
    var report = loop.run(&watched, mailbox: mailbox, tracer: tracer)
    report.command = command
    report.version = BuildInfo.version
    var status = report.exitStatus(act: ExitStatus.act, blind: ExitStatus.blind)
    let unwritten = reports.write(report, exitStatus: &status)
    let style = Terminal.style(.never)
    StandardError.raw(RunText(report, style: style).text(exitStatus: status))
    unwritten.forEach(StandardError.line)
    if Terminal.variable("GITHUB_ACTIONS") == "true" {
      StandardError.raw(RunAnnotations(report).text())
    }
    if status != ExitStatus.fine { throw ExitCode(status) }
  }

  private var order: RunOrder {
    var order = RunOrder()
    order.graceSeconds = grace.seconds
    order.isStrict = strict
    order.allowed = allow.map(NamePattern.init)
    return order
  }

  private func start(_ mailbox: TestMailbox?) throws -> WatchedCommand {
    var variables: [String: String] = [:]
    variables["CLOSEWATCH_RUN"] = mailbox?.path
    variables["CLOSEWATCH_RUN_UDP"] = mailbox?.loopback
    do throws(SystemCallError) {
      return try WatchedCommand(
        command, setting: variables,
        wasPipeIgnored: ProgramRun.wasPipeIgnored, stopsAtExit: exitStop)
    } catch {
      if exitStop, error.isUnsupported {
        throw HostError(
          "this machine does not allow closewatch to stop processes at their exit (ptrace); "
            + "leave out --exit-stop")
      }
      StandardError.line("cannot execute \(command[0]): \(error.reason)")
      throw ExitCode(error.isVanished ? Self.notFound : Self.notExecutable)
    }
  }

  /// As shells have them: POSIX.1, 2.8.2.
  private static let notExecutable: Int32 = 126
  private static let notFound: Int32 = 127
}
