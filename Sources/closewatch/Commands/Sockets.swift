// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost
import Reporting
import Settings

/// `closewatch sockets`: every TCP socket with its state, its age and who holds it.
struct Sockets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sockets",
    abstract: "Lists TCP sockets with state, age and every process that holds them.",
    discussion: """
      Examples:
        closewatch sockets --state close-wait --min-age 1m
        closewatch sockets --unit nginx --wide
        closewatch sockets --dead --json
        closewatch sockets --by unit --state close-wait
        closewatch sockets --by peer --port 80,443,8000-8100 --watch
      """)

  @Option(
    help: ArgumentHelp(
      "Only these states, in any spelling, separated by commas. Can be repeated.",
      valueName: "state"),
    transform: StateArgument.parse)
  var state: [StateSet] = []

  @Option(
    help: "Only sockets of this process, or that wait for its listener.",
    transform: Sockets.parsePID)
  var pid: Int32?

  @Option(help: "Only sockets of this systemd unit.")
  var unit: String?

  @Option(
    help: ArgumentHelp(
      "Only these local ports: 80,443,8000-8100. For the peer's: --remote :443.",
      valueName: "ports"), transform: PlaceArgument.parsePorts)
  var port: PortSet?

  @Option(
    help: ArgumentHelp(
      "Only sockets to ADDRESS, ADDRESS:PORT, [IPV6]:PORT or :PORT; PORT may be a list as in "
        + "--port.",
      valueName: "place"),
    transform: PlaceArgument.parse)
  var remote: SocketFilter.Place?

  @Option(
    help: ArgumentHelp("Only sockets in their state for this long.", valueName: "time"),
    transform: TimeSpanArgument.parse)
  var minAge: TimeSpan?

  @Flag(help: "Only sockets for which no process was found.")
  var unowned = false

  @Flag(help: "Only descriptors on dead sockets: those that no table shows any more.")
  var dead = false
  @Flag(help: ArgumentHelp("The old name of --dead (0.1).", visibility: .hidden))
  var ghosts = false

  @Option(
    help: ArgumentHelp(
      """
      Count instead of list, largest first: by process, unit, peer (address), port (the local one \
      of a listener, else the peer's) or state.
      """, valueName: "what"), transform: Sockets.parseKey)
  var by: SocketGroups.Key?

  @Flag(help: "Repeat until Ctrl-C; with --json one object per line.")
  var watch = false

  @Option(
    help: ArgumentHelp("Time between two looks of --watch (default: 2s).", valueName: "time"),
    transform: TimeSpanArgument.parsePositive)
  var interval: TimeSpan?

  @Flag(help: "Omit the header.")
  var noHeader = false

  @Flag(help: "One line per socket, however long.")
  var wide = false

  @OptionGroup var machine: HostOptions
  @OptionGroup var output: OutputOptions

  private var wantsDead: Bool { dead || ghosts }

  private static func parsePID(_ text: String) throws -> Int32 {
    guard let pid = Int32(text), pid > 0 else {
      throw UsageError("--pid takes a number; to name a systemd unit, use --unit")
    }
    return pid
  }

  private static func parseKey(_ text: String) throws -> SocketGroups.Key {
    guard let key = SocketGroups.Key(rawValue: text.lowercased()) else {
      let names = SocketGroups.Key.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("choose one of \(names)")
    }
    return key
  }

  func validate() throws {
    if let interval {
      guard watch else {
        throw ValidationError("--interval is the time between the looks of --watch: add --watch")
      }
      try TimeSpanArgument.validate(interval: interval, atLeast: TimeSpan(seconds: 0.1))
    }
    guard wantsDead else { return }
    guard by == nil else {
      throw ValidationError("--by counts sockets; --dead lists descriptors that have none")
    }
    guard machine.netns == nil else {
      throw ValidationError(
        "--dead cannot be combined with --netns: a dead socket is in no namespace's table; use "
          + "--pid")
    }
    guard state.isEmpty, port == nil, remote == nil, minAge == nil, !unowned else {
      throw ValidationError(
        "--dead can be combined only with --pid and --unit: a dead socket has no state, address or "
          + "age")
    }
  }

  func run() throws {
    // Not of a recording: what ran there is not what runs here.
    if let pid, machine.replay == nil, kill(pid, 0) < 0, errno == ESRCH {
      throw UsageError("there is no process \(pid)")
    }
    try run(on: machine.open())
  }

  func run(on host: any Host) throws {
    guard watch else {
      var host = host
      return try write(listing(of: &host, by: Clock.commandDeadline))
    }
    var loop = LookLoop(
      host: host, interval: interval ?? TimeSpan(seconds: 2),
      duration: TimeSpan(seconds: .infinity))
    var isFirst = true
    _ = try loop.run { host, deadline in
      let listing = try listing(of: &host, by: deadline)
      if !output.json {
        let clock = Clock.onTheWall(listing.sample.wallClockSeconds)
        try StandardOutput.write(
          (Terminal.hasOutput ? Self.clearScreen : isFirst ? "" : "\n") + clock + "\n")
      }
      isFirst = false
      try write(listing)
      return LookLoop.Taken(sample: listing.sample)
    }
  }

  /// ECMA-48: the cursor to the first column of the first line, then nothing below it.
  private static let clearScreen = "\u{1b}[H\u{1b}[2J"

  private func listing(
    of host: inout any Host, by deadline: BootInstant
  ) throws -> SocketListing {
    let filter = filter
    let sample = try host.takeSample(request(filter), by: deadline)
    let search = search(sample, filter)
    let ages = SocketAges(sample)
    // Before the holders: an eye that was asked ahead is looking for them.
    let order = SocketOrder(sample, filter: filter) { ages.age(of: $0) }
    let report = host.findHolders(search, by: deadline)
    var listing = SocketListing(order, report)
    listing.wasReadAsRoot = machine.isReadAsRoot
    if wantsDead { listing = listing.deadSocketsOnly(pid: pid, unit: unit) }
    return listing
  }

  private func write(_ listing: SocketListing) throws {
    if let by { return try write(SocketGroups(listing, by: by)) }
    if output.json {
      try listing.writeJSON { (bytes) throws(StandardOutput.Failure) in
        try StandardOutput.write(bytes)
      }
    } else {
      var table = SocketTable(listing, style: Terminal.style(output.color, usesFullWidth: true))
      table.isWide = wide
      table.hasHeader = !noHeader
      try table.write { (bytes) throws(StandardOutput.Failure) in
        try StandardOutput.write(bytes)
      }
    }
  }

  private func write(_ groups: SocketGroups) throws {
    if output.json { return try StandardOutput.write(groups.json()) }
    let style = Terminal.style(output.color, usesFullWidth: true)
    try StandardOutput.write(groups.text(style: style, hasHeader: !noHeader))
  }

  private var filter: SocketFilter {
    var filter = SocketFilter()
    if !state.isEmpty { filter.states = state.reduce([]) { $0.union($1) } }
    filter.pid = pid
    filter.unit = unit
    filter.ports = port
    filter.remote = remote
    filter.minimumAgeSeconds = minAge?.seconds
    filter.unownedOnly = unowned
    return filter
  }

  /// Asks only for what will be shown, and for the listeners that unaccepted sockets wait for.
  private func request(_ filter: SocketFilter) -> SampleRequest {
    var request = machine.request
    guard !wantsDead, filter.states != .all else { return request }
    request.states = filter.states
    // Whether a port is served here is what its listener says.
    if by == .port { request.states.formUnion(StateSet(.listen)) }
    let waiting = StateSet(.established, .closeWait, .synRecv, .newSynRecv)
    if !filter.states.isDisjoint(with: waiting) { request.states.formUnion(StateSet(.listen)) }
    return request
  }

  private func search(_ sample: Sample, _ filter: SocketFilter) -> HolderSearch {
    var search = HolderSearch()
    if wantsDead {
      search.deadSockets = pid.map { .of([$0]) } ?? .everywhere
      search.detail = filter.unit == nil ? .identity : .full
      return search
    }
    if filter == SocketFilter() { search = Self.everySocket }
    // A line shows a command and a pid; only the unit needs more of a process.
    search.detail = filter.unit == nil && by != .unit ? .identity : .full
    if search.wantsEverySocket { return search }
    let ages = SocketAges(sample)
    for row in sample.sockets where row.inode != 0 {
      if row.state == .listen || filter.admits(row, age: ages.age(of: row)) {
        search.inodes.insert(row.inode)
      }
    }
    if let pid { search.likely = [pid] }
    return search
  }
}
