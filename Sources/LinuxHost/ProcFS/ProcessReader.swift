// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// Reads what is known of one process.
struct ProcessReader: Sendable {
  private let procRoot: String
  private let cgroupRoot: String?
  /// Whether the pids of this procfs are those that system calls take: not so with the procfs of
  /// another pid namespace, and not in a test's.
  private let namesPIDs: Bool
  var runtimes = RuntimeEvidence()
  /// What is not done to some processes.
  var avoided = AvoidedSteps()

  init(procRoot: String, cgroupMount: String = "/sys/fs/cgroup") {
    self.procRoot = procRoot
    cgroupRoot = Self.unifiedRoot(below: cgroupMount)
    var own = [CChar](repeating: 0, count: 16)
    let length = readlink("\(procRoot)/self", &own, own.count)
    namesPIDs =
      length > 0 && own[..<length].elementsEqual("\(getpid())".utf8.map(CChar.init(bitPattern:)))
  }

  /// Reads a process by its pid; nil when there is none, or only what its parent has not taken
  /// note of: its descriptors went when it ended.
  mutating func record(
    pid: Int32, arguments: Bool, gaps: inout GapTally
  ) -> ProcessRecord? {
    if avoided.covers(.identity, pid, &gaps) { return nil }
    do throws(SystemCallError) {
      let directory = try ProcessDirectory(procRoot: procRoot, pid: pid)
      EyeStep.identity.begin(on: pid, of: try? directory.owner())
      guard let stat = directory.identify(&gaps), !stat.hasEnded else { return nil }
      return record(
        directory, stat: stat, arguments: arguments, counted: nil, gaps: &gaps)
    } catch {
      if !error.isVanished { gaps.note(.fileUnreadable, error.description) }
      return nil
    }
  }

  /// Who it is, and what it runs where its command says that it is an interpreter.
  func identity(
    _ directory: borrowing ProcessDirectory, stat: ProcStat, gaps: inout GapTally
  ) -> ProcessRecord {
    var record = ProcessRecord(id: ProcessID(pid: directory.pid, startTicks: stat.startTicks))
    record.parent = stat.parent
    record.command = stat.command
    record.isStopped = stat.isStopped
    if let runtime = RuntimeEvidence.runtime(named: stat.command),
      MainProgram.isAsked(of: runtime), !avoided.covers(.arguments, directory.pid, &gaps)
    {
      record.main = words(of: directory).flatMap { MainProgram.name(runtime, arguments: $0) }
    }
    return record
  }

  /// Reads the rest of a process that is open.
  ///
  /// - Parameter counted: How many descriptors a scan has just seen, for a kernel that gives
  ///   `/proc/PID/fd` no size.
  mutating func record(
    _ directory: borrowing ProcessDirectory, stat: ProcStat, arguments: Bool, counted: Int?,
    gaps: inout GapTally
  ) -> ProcessRecord {
    let pid = directory.pid
    var record = ProcessRecord(id: ProcessID(pid: pid, startTicks: stat.startTicks))
    record.parent = stat.parent
    record.command = stat.command
    record.imageID = stat.startStack
    record.isStopped = stat.isStopped
    record.uid = try? directory.owner()
    if avoided.covers(.identity, pid, &gaps) { return record }
    EyeStep.identity.begin(on: pid, of: record.uid)
    readLimits(of: directory, into: &record, &gaps)
    if let cgroup = Self.decode("cgroup", directory, &gaps, ProcCgroup.init) {
      record.cgroup = cgroup.path
      record.unit = cgroup.unit
      record.container = cgroup.container
      record.cgroupID = cgroup.unifiedPath.flatMap(cgroupID)
    }
    record.descriptorCount = Self.descriptorCount(directory, counted: counted)
    // These two need the right to trace the process; nil says that it was not there.
    if let target = try? directory.readLink("exe") {
      let path = String(decoding: target, as: UTF8.self)
      record.executable =
        path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
      record.runtime =
        avoided.covers(.program, pid, &gaps)
        ? RuntimeEvidence.runtime(named: record.executable ?? path) ?? .unknown
        : runtimes.runtime(
          of: directory, executable: record.executable ?? path, record: record)
    }
    if let target = try? directory.readLink("ns/net") {
      record.namespace = Self.namespace(target)
    }
    if arguments || MainProgram.isAsked(of: record.runtime),
      !avoided.covers(.arguments, pid, &gaps), let words = words(of: directory)
    {
      record.main = MainProgram.name(record.runtime, arguments: words)
      if arguments { record.arguments = words }
    }
    return record
  }

  /// What a process runs whose file is on an overlay; ``ProcessRuntime/unknown`` where it has ended
  /// or runs another file by now.
  mutating func runtimeOnOverlay(of process: ProcessID, _ gaps: inout GapTally) -> ProcessRuntime {
    guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: process.pid),
      let stat = directory.identify(&gaps), stat.startTicks == process.startTicks,
      let target = try? directory.readLink("exe")
    else { return .unknown }
    return runtimes.runtimeOnOverlay(
      of: directory, executable: String(decoding: target, as: UTF8.self), stat: stat)
  }

  private func words(of directory: borrowing ProcessDirectory) -> [String]? {
    EyeStep.arguments.begin(on: directory.pid, of: try? directory.owner())
    guard let bytes = try? directory.read("cmdline", isOneRecord: false) else { return nil }
    return bytes.split(separator: 0, omittingEmptySubsequences: false)
      .dropLast().map { String(decoding: $0, as: UTF8.self) }
  }

  /// By prlimit(2), which takes a tenth of the time of `/proc/PID/limits` and is allowed for fewer
  /// processes.
  private func readLimits(
    of directory: borrowing ProcessDirectory, into record: inout ProcessRecord,
    _ gaps: inout GapTally
  ) {
    // `struct rlimit64`: the soft limit, then the hard one.
    var limits: [UInt64] = [0, 0]
    if namesPIDs, closewatch_descriptor_limits(directory.pid, &limits) == 0,
      // The directory still leads to a process, so the pid was its own until now.
      directory.isAlive
    {
      record.descriptorSoftLimit = limits[0]
      record.descriptorHardLimit = limits[1]
    } else if let limits = Self.decode("limits", directory, &gaps, ProcLimits.init) {
      record.descriptorSoftLimit = limits.openFilesSoft
      record.descriptorHardLimit = limits.openFilesHard
    }
  }

  /// `net:[4026531840]`.
  static func namespace(_ target: [UInt8]) -> NetnsID? {
    guard target.starts(with: "net:[".utf8), target.last == UInt8(ascii: "]") else { return nil }
    return UInt32(String(decoding: target.dropFirst(5).dropLast(), as: UTF8.self))
      .map(NetnsID.init(rawValue:))
  }

  private static func decode<Value>(
    _ name: String, _ directory: borrowing ProcessDirectory, _ gaps: inout GapTally,
    _ decoder: ([UInt8]) throws(DecodeError) -> Value
  ) -> Value? {
    do throws(SystemCallError) {
      let bytes = try directory.read(name)
      do throws(DecodeError) {
        return try decoder(bytes)
      } catch {
        gaps.note(.fileUnreadable, "\(directory.path)/\(name): \(error)")
      }
    } catch {
      if !error.isVanished { gaps.note(.fileUnreadable, error.description) }
    }
    return nil
  }

  private static func descriptorCount(
    _ directory: borrowing ProcessDirectory, counted: Int?
  ) -> Int? {
    if let size = try? directory.status("fd").st_size, size > 0 { return Int(size) }
    if let counted { return counted }
    // No size: an old kernel, or none open.
    guard let fd = try? directory.openDirectory("fd") else { return nil }
    defer { close(fd) }
    var scan = DescriptorScan(
      inodes: InodeTable(capacity: 0), budget: ScanBudget(entries: 0, milliseconds: 0))
    return try? scan.numbers(in: fd, directory.path).count
  }

  /// Where cgroup2 is mounted: there itself, or in `unified` where version 1 is used beside it.
  private static func unifiedRoot(below mount: String) -> String? {
    // Every directory of cgroup2 has this file, and none of version 1.
    [mount, mount + "/unified"].first { access($0 + "/cgroup.controllers", F_OK) == 0 }
  }

  private func cgroupID(_ path: String) -> UInt64? {
    guard let cgroupRoot else { return nil }
    var status = Glibc.stat()
    return stat(cgroupRoot + path, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}

extension ProcessRecord {
  /// Who has this number now; nil: nobody. Read by whoever asks, and not by an eye: for a program
  /// that has been told to look at this very process.
  package init?(ofNow pid: Int32) {
    var gaps = GapTally()
    var reader = ProcessReader(procRoot: "/proc")
    guard let record = reader.record(pid: pid, arguments: false, gaps: &gaps) else { return nil }
    self = record
  }
}
