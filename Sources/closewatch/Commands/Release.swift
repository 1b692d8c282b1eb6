// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Diagnosis
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch release`: aborts stuck connections of one process. The only command that changes
/// anything on the host, so it shows what it will do, asks, and leaves an entry in the journal.
struct Release: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Aborts old CLOSE_WAIT connections of one process, after asking.",
    discussion: """
      Resets connections in CLOSE_WAIT that the process PID holds and that are known to have been \
      in this state for long enough, oldest first, through SOCK_DESTROY, each by the kernel's \
      cookie. A lower bound of the age is enough; a socket of unknown age is never touched. Just \
      before each one, it looks again: still CLOSE_WAIT, still the same socket, still held by \
      the same process.

      That frees the kernel's memory and the peer's end of the connection. It does not close the \
      descriptor: that stays in the process, on a dead socket, until the process closes it or \
      ends. A program that waits for the socket is woken and may close it then. This is a \
      stopgap for a host that runs out of memory or ports, not a fix.

      Sockets that listen, that wait in an accept queue, that are in any other state, or that \
      another process holds too (unless --shared) are never touched.

      Without --yes it shows what it would do; at a terminal it then asks. What was done is \
      written to the journal: journalctl -t closewatch CLOSEWATCH_EVENT=released. It needs \
      CAP_NET_ADMIN, and CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for processes of other users.

      Exit status: 0 they are gone, or there was none to release; 1 some are left: only shown, \
      declined, or failed; 2 bad usage, not permitted, or nothing could be seen.

      Examples:
        closewatch release 812 --older-than 5m
        closewatch release 812 --older-than 1h --port 8080 --limit 500
        closewatch release 812 --older-than 5m --yes
      """)

  @Argument(
    help: ArgumentHelp("The process that holds the sockets.", valueName: "pid"),
    transform: Release.parsePID)
  var pid: Int32

  @Option(
    help: ArgumentHelp("Only sockets in CLOSE_WAIT for at least this long.", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var olderThan: TimeSpan

  @Option(help: "Only this local port.")
  var port: UInt16?

  @Option(help: ArgumentHelp("Maximum number to release, oldest first.", valueName: "count"))
  var limit = 100

  @Option(
    help: ArgumentHelp(
      "Only this network namespace: a name under /run/netns, a pid, or a path.",
      valueName: "name|pid"))
  var netns: String?

  @Flag(help: "Include sockets that other processes hold too.")
  var shared = false

  @Flag(help: "Do it without asking.")
  var yes = false

  @OptionGroup var colour: ColourOption

  private static func parsePID(_ text: String) throws -> Int32 {
    guard let pid = Int32(text), pid > 0 else {
      throw UsageError("write the number of a process; closewatch triage shows it")
    }
    return pid
  }

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    if yes { try checkRight() }
    let host = EyeHost(
      OwnEyes {
        var host = LiveHost()
        // Who else holds a socket must be known, be the machine ever so busy.
        host.holderBounds.deepMilliseconds = host.holderBounds.milliseconds
        return host
      })
    let plan = try look(host)
    let style = Terminal.style(colour.color)
    try StandardOutput.write(ReleaseText(plan, style: style).text())
    guard !plan.choices.isEmpty else { return }
    guard yes || Terminal.canAsk else {
      try StandardOutput.write("\nNothing was done. Run it at a terminal, or with --yes.\n")
      throw ExitCode(ExitStatus.act)
    }
    if !yes {
      try checkRight()
      let count = Quantity.count(plan.choices.count, "socket")
      guard try Terminal.agrees("\nRelease \(plan.choices.count == 1 ? "it" : count)? [y/N] ")
      else {
        try StandardOutput.write("Nothing was done.\n")
        throw ExitCode(ExitStatus.act)
      }
    }
    // A person can have read for minutes: only what is still so, and was shown, may go.
    let choices = yes ? plan.choices : try look(host).choices(agreedIn: plan)
    let result = try release(choices, by: host, shown: plan.choices.count)
    log(result, plan)
    try StandardOutput.write("\n\(result.line).\n")
    if !result.failed.isEmpty { throw ExitCode(ExitStatus.act) }
  }

  private func look(_ host: EyeHost) throws(HostError) -> ReleasePlan {
    var order = ReleasePlan.Order(
      pid: pid, olderThanSeconds: olderThan.seconds, limit: limit)
    order.port = port
    order.includesShared = shared
    var host = host
    let deadline = Clock.commandDeadline
    var request = SampleRequest()
    request.states = StateSet(.closeWait)
    if let netns { request.namespaces = .only(netns) }
    let sample = try host.takeSample(request, by: deadline)
    var search = HolderSearch()
    search.inodes = Set(sample.sockets.lazy.map(\.inode).filter { $0 != 0 })
    search.likely = [pid]
    search.records = [pid]
    let report = host.findHolders(search, by: deadline)
    guard report.processes.contains(where: { $0.id.pid == pid }) else {
      throw HostError("there is no process \(pid); closewatch triage names those that leak")
    }
    let plan = ReleasePlan(order, sample: sample, report: report)
    guard shared || !plan.wasCutShort else {
      throw HostError(
        "not every process could be looked at in time, and another one may hold the same "
          + "sockets; try again, or --shared if that does not matter")
    }
    // Who may not read the link to its program may not read its descriptors either.
    if plan.choices.isEmpty, plan.staying.isEmpty, plan.process?.executable == nil {
      throw HostError(
        GapWords.cannotLook(at: "process \(pid)", isRoot: false))
    }
    return plan
  }

  private func checkRight() throws(HostError) {
    guard !HostSightProbe.hasCapability(.netAdmin) else { return }
    throw HostError("cannot release sockets without CAP_NET_ADMIN; run as root")
  }

  private func release(
    _ choices: [ReleasePlan.Choice], by host: EyeHost, shown: Int
  ) throws(HostError) -> ReleaseResult {
    let targets = choices.map { SocketRelease.Target(row: $0.row, holders: $0.holders) }
    var result = ReleaseResult()
    result.goneMeanwhile = shown - choices.count
    let outcomes = try host.release(targets, by: Clock.commandDeadline)
    for (choice, outcome) in zip(choices, outcomes) {
      switch outcome {
      case .released: result.released.append(choice)
      case .goneMeanwhile: result.goneMeanwhile += 1
      case .failed(let error): result.failed[Self.words(error), default: 0] += 1
      }
    }
    return result
  }

  private static func words(_ error: SystemCallError) -> String {
    switch error.errno {
    case EOPNOTSUPP:
      "this kernel cannot destroy sockets (it is built without CONFIG_INET_DIAG_DESTROY)"
    case EPERM, EACCES:
      "\(error.reason): CAP_NET_ADMIN is needed in the network namespace of the sockets"
    default: error.reason
    }
  }

  /// That it cannot be written down undoes nothing, and is said.
  private func log(_ result: ReleaseResult, _ plan: ReleasePlan) {
    let caller = Caller()
    let fields = result.fields(
      plan, by: ReleaseResult.Operator(uid: caller.uid, loginUID: caller.loginUID))
    do throws(SystemCallError) {
      try JournalDatagram.send(fields.map { ($0.name, $0.value) })
    } catch {
      StandardError.line("not written to the journal: \(error)")
    }
  }
}
