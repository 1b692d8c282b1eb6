// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Finds the processes that hold sockets, by what `/proc` shows of their descriptor tables.
///
/// It remembers who held what, and asks there first; what it remembers is only told after it has
/// been seen again. A socket is looked for in this order, and no further than needed:
///
/// 1. where it was found before (one readlink; only when one holder is enough);
/// 2. in `/proc/PID/fd`, likely processes first, then those with the most descriptors;
/// 3. in the tables of threads that have one of their own (`/proc/PID/task/TID/fd`);
/// 4. among the files registered with an io_uring (`/proc/PID/fdinfo`).
///
/// When it is in none of these, descriptors in flight between processes are counted.
package struct HolderFinder: Sendable {
  /// What one search may cost at most. A bound that was reached is a ``Gap``.
  package struct Bounds: Hashable, Sendable {
    /// Descriptors looked at.
    package var descriptors = 5_000_000
    /// Milliseconds for ``/proc/PID/fd`` with records, and again for dead sockets.
    package var milliseconds = 10_000
    /// Descriptors on sockets in no row that are kept to ask whether they are dead: some 100 bytes
    /// each when all are.
    package var strangers = 262_144
    /// Milliseconds for all that is looked at only because a holder was not found: thread tables,
    /// io_uring, descriptors in flight. On a busy host most of what is not found was closed in
    /// between, and that must not cost seconds each time.
    package var deepMilliseconds = 500
    package init() {}

    /// For one of the steps: no more than a part of the time that is left, so that the next ones
    /// have some, and the answer is there in time.
    func ending(at deadline: BootInstant, part: Double = 0.5) -> Bounds {
      guard deadline != .never else { return self }
      let left = max(0, Int(deadline.seconds(since: Clock.boot) * 1000 * part))
      var bounds = self
      bounds.milliseconds = min(milliseconds, left)
      bounds.deepMilliseconds = min(deepMilliseconds, left)
      return bounds
    }
  }

  /// Reads again which inodes the tables show now; nil when it cannot. The states and namespaces
  /// must be those of the sample.
  package typealias FreshInodes = () -> Set<UInt64>?

  package var bounds = Bounds()
  /// What is not done to some processes.
  var avoided: AvoidedSteps {
    get { reader.avoided }
    set { reader.avoided = newValue }
  }
  /// See ``HolderLook/prove``.
  var prove: @Sendable (DeadDescriptor) -> DescriptorProof = { DescriptorProof($0) }
  private let procRoot: String
  /// File systems whose programs are read: those that answer by themselves.
  var readFileSystems: Set<String> {
    get { reader.runtimes.readFileSystems }
    set { reader.runtimes.readFileSystems = newValue }
  }
  private var reader: ProcessReader
  private var memory = HolderMemory()
  private var suspects = DeadDescriptorMemory()
  private var records = RecordMemory()
  /// Processes of the newest search whose file is on an overlay: to be read when all is told.
  package private(set) var leftOut: [ProcessID] = []

  package init(procRoot: String = "/proc") {
    self.procRoot = procRoot
    reader = ProcessReader(procRoot: procRoot)
  }

  /// Finds the holders of sockets of `sample`.
  ///
  /// A socket of a descriptor that is in no row can be dead, or made after the rows were read, or
  /// of a namespace that was not read. It is told as dead only when rows that were read after it
  /// had been seen do not show it either (those of the next sample, or those that `freshInodes`
  /// fetches), and the socket itself says that it is closed. Until then it is counted in a gap.
  ///
  /// - Parameter coversHost: Whether all namespaces were asked for: a process in one that was not
  ///   is no gap.
  /// - Parameter inodes: Those of the rows that have one, for a sample that was left without them.
  package mutating func find(
    _ search: HolderSearch, in sample: Sample, inodes: [UInt64]? = nil, coversHost: Bool = true,
    by deadline: BootInstant = .never, freshInodes: FreshInodes? = nil
  ) -> HolderReport {
    let rowInodes = inodes ?? sample.sockets.map(\.inode)
    var look = HolderLook(
      search, sample: sample, inodes: rowInodes, procRoot: procRoot,
      bounds: bounds.ending(at: deadline, part: search.deadSockets == .none ? 0.9 : 0.5),
      reader: reader, prove: prove)
    if search.completeness == .firstHolder { look.revalidate(memory) }
    look.searchProcesses()
    look.searchBeyondDescriptors(bounds.ending(at: deadline))
    look.tellDeadSockets(
      &suspects, coversHost: coversHost, within: bounds.ending(at: deadline),
      freshInodes: freshInodes)
    for hunt in search.hunts { look.catchOpeners(hunt) }
    look.completeRecords(records)
    // A search for all of a host's sockets is not asked again for a few of them.
    if !search.wantsEverySocket, search.inodes.count <= HolderMemory.largestSearch {
      memory.keep(look.report.holders, wanted: search.inodes)
    }
    memory.forgetGone(from: sample.states, rowInodes)
    // Arguments are for whoever has asked, and no more.
    if search.detail == .full, !search.arguments {
      records.keep(look.records, retold: look.retold, at: Clock.boot)
    }
    reader = look.reader
    leftOut = look.records.values.lazy.filter { [reader] in reader.runtimes.isLeftOut($0) }
      .map(\.id).sorted()
    return look.finish()
  }

  /// Reads what programs on overlays are written in, until a deadline.
  package mutating func readOverlays(
    of processes: [ProcessID], by deadline: BootInstant
  ) -> OverlayRuntimes {
    var answer = OverlayRuntimes()
    var gaps = GapTally()
    for process in processes where Clock.boot < deadline {
      if reader.avoided.covers(.overlay, process.pid, &gaps) { continue }
      EyeStep.overlay.begin(on: process.pid, of: reader.avoided.user(of: process.pid))
      let runtime = reader.runtimeOnOverlay(of: process, &gaps)
      records.learn(runtime, of: process)
      answer.found.append((process, runtime))
    }
    answer.gaps = gaps.gaps
    return answer
  }
}
