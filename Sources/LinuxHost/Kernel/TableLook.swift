// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One look at the TCP tables of this host's network namespaces. Changes the network namespace of
/// the thread that it runs on: see ``LookThread``.
package struct TableLook {
  private let request: SampleRequest
  private let procRoot: String
  private let namesDirectory: String
  private let netlinkProtocol: Int32
  private let bounds: SockDiagDump.Bounds
  private let deadline: BootInstant
  private let avoided: AvoidedSteps
  private var sample: Sample
  private var facts: NamespaceFacts
  /// What is known from earlier looks, and what the next one may know.
  package private(set) var memory: LookMemory
  private var sequence: UInt32 = 0
  /// Namespaces whose rows came from `/proc`.
  private var limitedNamespaces = 0
  /// Namespaces that could be read at all, be it with no rows.
  private var readNamespaces = 0
  private var lastFailure: SystemCallError?
  /// Which namespace's file `thread-self/net/tcp` was, by its inode.
  private var namespacesByTable: [UInt64: NetnsID] = [:]
  private var budget: RowBudget
  /// Who made the namespace that is being read; nil: not known, or it is the host's own.
  private var owner: UInt32?

  init(
    request: SampleRequest, procRoot: String, namesDirectory: String, netlinkProtocol: Int32,
    bounds: SockDiagDump.Bounds, memory: LookMemory, deadline: BootInstant,
    avoided: AvoidedSteps
  ) {
    self.request = request
    self.procRoot = procRoot
    self.namesDirectory = namesDirectory
    self.netlinkProtocol = netlinkProtocol
    self.bounds = bounds
    self.memory = memory
    self.deadline = deadline
    self.avoided = avoided
    budget = RowBudget(most: bounds.rows)
    sample = Sample(
      takenAt: Clock.boot, wallClockSeconds: Clock.wallSeconds, states: request.states)
    facts = NamespaceFacts(procRoot: procRoot)
  }

  /// Takes it.
  package mutating func take() throws(HostError) -> Sample {
    let began = Clock.monotonicSeconds
    let cpuBegan = Clock.threadSeconds
    sample.takenAt = Clock.boot
    sample.wallClockSeconds = Clock.wallSeconds
    sample.host = facts.hostCounters(knowing: memory.boot)
    memory.boot = sample.host
    let wanted = try wantedNamespaces()
    // Host-wide settings show only in the first namespace; ours is the best guess at them.
    let ownSettings = settings(of: wanted.own)
    for (index, (namespace, stat)) in wanted.namespaces.enumerated() {
      if index > 0, Clock.boot >= deadline {
        note(
          Gap(
            .boundReached, count: wanted.namespaces.count - index,
            detail: "network namespaces: the time was over before all were read"))
        break
      }
      try read(namespace, stat: stat, ownSettings: ownSettings)
    }
    memory.keepOnly(sample.namespaces)
    guard readNamespaces > 0 || sample.namespaces.count > 0 else {
      let reason = lastFailure.map { "\($0)" } ?? "every namespace was gone"
      throw HostError("cannot read any TCP table: \(reason)")
    }
    if limitedNamespaces > 0 {
      note(
        Gap(
          .sourceLimited, count: limitedNamespaces,
          detail: "/proc/net/tcp has no cookie, age, cgroup or accept queue limit"))
    }
    facts.gaps.forEach { note($0) }
    sample.leftOut = budget.leftOut
    if let gap = budget.gap { note(gap) }
    sample.cost.wallMilliseconds = (Clock.monotonicSeconds - began) * 1000
    sample.cost.cpuMilliseconds = (Clock.threadSeconds - cpuBegan) * 1000
    return sample
  }

  /// The namespaces asked for, with their sockstat where it can be read from outside; makes room
  /// for all their rows at once.
  private mutating func wantedNamespaces() throws(HostError) -> Wanted {
    let survey: NetworkNamespaces
    var trustsKnown = memory.trustsMemberships(at: sample.takenAt)
    do throws(SystemCallError) {
      if let pids = processesAskedFor {
        // A program that has just been started is about to change its namespace.
        trustsKnown = false
        survey = try NetworkNamespaces(
          procRoot: procRoot, ofProcesses: pids, avoided: avoided)
      } else {
        survey = try NetworkNamespaces(
          procRoot: procRoot, namesDirectory: namesDirectory, known: memory.memberships,
          trustsKnown: trustsKnown, avoided: avoided)
      }
    } catch {
      throw HostError("cannot find the network namespaces: \(error); is \(procRoot) procfs?")
    }
    memory.keep(survey.memberships, areRead: !trustsKnown, at: sample.takenAt)
    survey.gaps.forEach { note($0) }
    let wanted: [NetworkNamespace]
    switch request.namespaces {
    case .all, .ofDescendants: wanted = survey.found
    case .only(let name): wanted = [try survey.only(name)]
    }
    var expected = 0
    var result = Wanted(own: survey.found[0].id)
    _ = insideDirectory(survey.found[0])
    for namespace in wanted {
      let stat = outsideDirectory(namespace).flatMap { facts.sockStat(in: $0) }
      expected = expected.addingClamped(stat.map(\.rowsExpected) ?? 0)
      result.namespaces.append((namespace, stat))
    }
    // Untouched memory costs nothing; an array that grows is copied, and is twice there meanwhile.
    sample.sockets.reserveCapacity(budget.room(for: expected))
    return result
  }

  /// Of a host with a million processes only these need be asked; nil: all. Any of the others may
  /// have the kernel not answer.
  private var processesAskedFor: [Int32]? {
    switch request.namespaces {
    case .all: return nil
    case .ofDescendants(let pid):
      return [pid] + ProcessTree.descendants(of: pid, procRoot: procRoot)
    case .only(let name):
      let parts = name.split(separator: "/")
      guard name.hasPrefix("\(procRoot)/"), parts.suffix(2) == ["ns", "net"],
        let pid = parts.dropLast(2).last.flatMap({ Int32($0) })
      else { return nil }
      return [pid]
    }
  }

  private struct Wanted {
    /// The namespace that we are in, asked for or not.
    var own: NetnsID
    var namespaces: [(NetworkNamespace, SockStat?)] = []
  }

  private mutating func read(
    _ namespace: NetworkNamespace, stat: SockStat?, ownSettings: TCPSettings
  ) throws(HostError) {
    var entry = NamespaceSample(id: namespace.id)
    entry.hasTrueID = namespace.hasTrueID
    entry.name = namespace.name
    entry.isOwn = namespace.isOwn
    entry.memberPID = namespace.members.first
    if let stat, stat.rowsExpected == 0, !namespace.isOwn {
      entry.sockstat = stat
      sample.namespaces.append(entry)
      readNamespaces += 1
      return
    }
    owner = nil
    do throws(SystemCallError) {
      if !namespace.isOwn { owner = try namespace.enter(procRoot: procRoot, avoided: avoided) }
    } catch {
      lastFailure = error
      if error.isVanished { return }
      try readFromOutside(namespace, entry: &entry, refusal: error)
      return
    }
    guard let directory = insideDirectory(namespace) else {
      return try readWithoutFiles(namespace, entry: &entry, ownSettings)
    }
    // Ours was read from inside already.
    let inside = namespace.isOwn ? stat : nil
    entry.sockstat = inside ?? facts.sockStat(in: directory) ?? stat ?? SockStat()
    entry.counters = facts.counters(in: directory)
    entry.settings =
      namespace.isOwn ? ownSettings : settingsInside(namespace.id, ownSettings)
    if !namespace.isOwn, entry.sockstat.rowsExpected == 0 {
      sample.namespaces.append(entry)
      readNamespaces += 1
      return
    }
    try readTables(namespace, directory: directory, entry: &entry)
  }

  /// Where the files of the namespace are that this thread is in; nil where nothing shows them.
  ///
  /// Before Linux 4.19.48 and 5.1, which look again at each lookup (`proc_net_d_revalidate()` in
  /// fs/proc/proc_net.c), a thread that has entered another namespace goes on to see the files of
  /// the one where it looked first. Each namespace's have inodes of their own: that tells it. Then
  /// they are read through a process that is there.
  private mutating func insideDirectory(_ namespace: NetworkNamespace) -> String? {
    let inside = "\(procRoot)/thread-self/net"
    guard let inode = NetworkNamespaces.inode("\(inside)/tcp") else { return inside }
    let shown = namespacesByTable[inode, default: namespace.id]
    namespacesByTable[inode] = shown
    if shown == namespace.id { return inside }
    return namespace.isOwn ? inside : outsideDirectory(namespace)
  }

  /// A namespace whose files show nowhere: its rows are asked of the kernel, its counters stay
  /// unknown.
  private mutating func readWithoutFiles(
    _ namespace: NetworkNamespace, entry: inout NamespaceSample, _ ownSettings: TCPSettings
  ) throws(HostError) {
    entry.settings = settingsInside(namespace.id, ownSettings)
    facts.forgetMPTCP()
    note(
      Gap(
        .fileUnreadable,
        detail: "\(procRoot)/thread-self/net is of another namespace after setns (a kernel before"
          + " 4.19.48): no counters of a namespace without a process"))
    guard request.source != .proc else {
      return note(
        Gap(.namespaceNotRead, detail: "\(procRoot)/thread-self/net is of another namespace"))
    }
    try readTables(namespace, directory: nil, entry: &entry)
  }

  /// What the namespace itself does not show is of the whole host, and ours may show it.
  private mutating func settingsInside(
    _ namespace: NetnsID, _ own: TCPSettings
  ) -> TCPSettings {
    var settings = settings(of: namespace)
    if settings.memoryPages.isEmpty {
      settings.memoryPages = own.memoryPages
      settings.maxOrphans = own.maxOrphans
    }
    return settings
  }

  /// The settings of the namespace that this thread is in.
  private mutating func settings(of namespace: NetnsID) -> TCPSettings {
    if let known = memory.settings(of: namespace, at: sample.takenAt) { return known }
    let gaps = facts.gaps.count
    let settings = facts.settings()
    // What could not be read is said at every look.
    if facts.gaps.count == gaps { memory.keep(settings, of: namespace, at: sample.takenAt) }
    return settings
  }

  /// Reads the rows of the namespace that this thread is in.
  private mutating func readTables(
    _ namespace: NetworkNamespace, directory: String?, entry: inout NamespaceSample
  ) throws(HostError) {
    budget.begin(sample.sockets)
    let isAvoided = avoided.covers(.tables, in: namespace.id, of: owner)
    if isAvoided {
      let what = "sock_diag is avoided in network namespace \(namespace.id.rawValue)"
      if request.source == .netlink { throw HostError(what) }
      note(Gap(.callStuck, detail: "\(what); /proc/net/tcp was read instead"))
    }
    if request.source != .proc, !isAvoided {
      do throws(SystemCallError) {
        try dump(namespace.id, directory: directory)
        entry.source = .sockDiag
        sample.namespaces.append(entry)
        readNamespaces += 1
        return
      } catch {
        budget.giveUp(&sample.sockets, of: namespace.id)
        if request.source == .netlink {
          throw HostError("\(error); --source auto falls back to /proc/net/tcp")
        }
        guard directory != nil else {
          return note(Gap(.namespaceNotRead, detail: "\(error)"))
        }
        note(Gap(.dumpRefused, detail: "\(error); /proc/net/tcp was read instead"))
      }
    }
    guard let directory else { return }
    readProcTables(namespace.id, directory: directory, entry: &entry)
  }

  private mutating func dump(
    _ id: NetnsID, directory: String?
  ) throws(SystemCallError) {
    sequence += 1
    var bounds = bounds
    if deadline != .never {
      bounds.seconds = min(bounds.seconds, max(0.1, deadline.seconds(since: Clock.boot)))
    }
    var question = InetDiagRequest(states: request.states, sequence: sequence)
    question.asksDetails = !avoided.covers(.details, in: id, of: owner)
    if !question.asksDetails {
      note(
        Gap(
          .callStuck,
          detail: "\(EyeStep.details.call) is avoided in network namespace \(id.rawValue):"
            + " ages there are unknown"))
    }
    let dump = SockDiagDump(question, namespace: id, of: owner, bounds: bounds)
    // Open for this dump only: a netlink socket keeps its namespace alive.
    var socket = try NetlinkSocket(protocolNumber: netlinkProtocol)
    let gaps = try dump.read(over: &socket, into: &sample.sockets, within: &budget)
    gaps.forEach { note($0) }
    addMPTCP(of: id, directory: directory, within: bounds, over: &socket)
    _ = UniqueRows.compact(&sample.sockets, from: budget.start)
    budget.finish(&sample.sockets)
  }

  /// Adds the MPTCP sockets of the namespace to its rows of TCP, where it has had any. Where the
  /// kernel does not show them, the rows stay what they are: of subflows.
  private mutating func addMPTCP(
    of id: NetnsID, directory: String?, within bounds: SockDiagDump.Bounds,
    over socket: inout NetlinkSocket
  ) {
    let states = request.states.intersection(MPTCPRows.states)
    if facts.mptcp.connections == 0 || states.isEmpty { return }
    if let directory, facts.mptcpSockets(in: directory) == 0 { return }
    do throws(SystemCallError) {
      for family in [AddressFamily.ipv4, .ipv6] {
        sequence += 1
        let question = InetDiagRequest(form: .mptcp(family), states: states, sequence: sequence)
        let dump = SockDiagDump(question, namespace: id, of: owner, bounds: bounds)
        let gaps = try dump.read(over: &socket, into: &sample.sockets, within: &budget)
        gaps.forEach { note($0) }
      }
    } catch {
      noteUnreadMPTCP(of: id, directory: directory, "\(error)")
    }
    MPTCPRows.merge(&sample.sockets, from: budget.start)
  }

  /// Says that the states of MPTCP sockets were not read, where there can be any.
  private mutating func noteUnreadMPTCP(of id: NetnsID, directory: String?, _ why: String) {
    guard facts.mptcp.connections > 0 else { return }
    let count = directory.map { facts.mptcpSockets(in: $0) } ?? nil
    if count == 0 { return }
    let sockets = count.map { " has \($0)" } ?? ""
    note(
      Gap(
        .mptcpUnread, count: count ?? 1,
        detail: "network namespace \(id.rawValue)\(sockets): \(why)"))
  }

  private mutating func readProcTables(
    _ id: NetnsID, directory: String, entry: inout NamespaceSample
  ) {
    budget.begin(sample.sockets)
    do throws(SystemCallError) {
      let gaps = try ProcNetTables(directory: directory, bounds: bounds).read(
        namespace: id, states: request.states, into: &sample.sockets, within: &budget)
      gaps.forEach { note($0) }
      budget.finish(&sample.sockets)
      entry.source = .procNetTCP
      limitedNamespaces += 1
      noteUnreadMPTCP(of: id, directory: directory, "/proc/net/tcp shows their subflows")
      readNamespaces += 1
      sample.namespaces.append(entry)
    } catch {
      budget.giveUp(&sample.sockets, of: id)
      lastFailure = error
      if error.isVanished, !entry.isOwn { return }
      note(Gap(.namespaceNotRead, detail: "\(error)"))
    }
  }

  /// Reads a namespace that could not be entered through the files of a process in it.
  private mutating func readFromOutside(
    _ namespace: NetworkNamespace, entry: inout NamespaceSample, refusal: SystemCallError
  ) throws(HostError) {
    guard request.source != .netlink, let directory = outsideDirectory(namespace) else {
      note(Gap(.namespaceNotRead, detail: "\(refusal); run with CAP_SYS_ADMIN to enter it"))
      return
    }
    entry.sockstat = facts.sockStat(in: directory) ?? SockStat()
    entry.counters = facts.counters(in: directory)
    readProcTables(namespace.id, directory: directory, entry: &entry)
  }

  private func outsideDirectory(_ namespace: NetworkNamespace) -> String? {
    if namespace.isOwn { return "\(procRoot)/thread-self/net" }
    return namespace.members.first.map { "\(procRoot)/\($0)/net" }
  }

  /// Adds a gap; those of one kind are one gap, with the first one's words.
  private mutating func note(_ gap: Gap) {
    if let index = sample.gaps.firstIndex(where: { $0.kind == gap.kind }) {
      sample.gaps[index].count += gap.count
    } else {
      sample.gaps.append(gap)
    }
  }
}

extension SockStat {
  /// How many rows the tables will have, about.
  fileprivate var rowsExpected: Int {
    inUse.addingClamped(inUse6).addingClamped(timeWait)
  }
}
