// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Reads what is not a table of sockets: counters of a namespace, and settings.
package struct NamespaceFacts {
  package let procRoot: String
  /// What could not be read or understood.
  package private(set) var gaps: [Gap] = []
  /// Whether the namespace whose counters were read last can have MPTCP sockets.
  package private(set) var mptcp = ProcNetMPTCP()

  package init(procRoot: String) { self.procRoot = procRoot }

  /// `sockstat` and `sockstat6` of one `/proc/PID/net`; nil when they cannot be read.
  package mutating func sockStat(in directory: String) -> SockStat? {
    guard let text = read("\(directory)/sockstat") else { return nil }
    let text6 = read("\(directory)/sockstat6", isOptional: true) ?? []
    return understand("\(directory)/sockstat") { () throws(DecodeError) in
      try ProcNetSockStat.decode(sockstat: text, sockstat6: text6)
    }
  }

  /// `netstat` and `snmp` of one `/proc/PID/net`.
  package mutating func counters(in directory: String) -> TCPCounters {
    mptcp = ProcNetMPTCP()
    guard let netstat = read("\(directory)/netstat"), let snmp = read("\(directory)/snmp") else {
      return TCPCounters()
    }
    mptcp = ProcNetMPTCP(netstat: netstat)
    return understand("\(directory)/netstat") { () throws(DecodeError) in
      try ProcNetCounters.decode(netstat: netstat, snmp: snmp)
    } ?? TCPCounters()
  }

  /// The next namespace has no counters that can be read.
  package mutating func forgetMPTCP() { mptcp = ProcNetMPTCP() }

  /// How many MPTCP sockets the namespace has whose counters were read last; nil: not known.
  package mutating func mptcpSockets(in directory: String) -> Int? {
    read("\(directory)/protocols", isOptional: true).flatMap { mptcp.sockets(protocols: $0) }
  }

  /// The settings of the namespace that the calling thread is in: `/proc/sys/net` shows that one.
  package mutating func settings() -> TCPSettings {
    var settings = TCPSettings()
    if let range = setting(
      "net/ipv4/ip_local_port_range", isOptional: false, SysctlText.portRange)
    {
      settings.localPortRange = range
      settings.areRead = true
    }
    settings.reservedPorts =
      setting("net/ipv4/ip_local_reserved_ports", SysctlText.portList) ?? settings.reservedPorts
    number("net/ipv4/tcp_tw_reuse", into: &settings.timeWaitReuse)
    number("net/ipv4/tcp_tw_reuse_delay", into: &settings.timeWaitReuseDelayMilliseconds)
    number("net/ipv4/tcp_max_tw_buckets", into: &settings.maxTimeWaitBuckets)
    number("net/ipv4/tcp_fin_timeout", into: &settings.finTimeoutSeconds)
    number("net/ipv4/tcp_keepalive_time", into: &settings.keepaliveTimeSeconds)
    number("net/core/somaxconn", into: &settings.somaxconn)
    number("net/ipv4/tcp_max_orphans", into: &settings.maxOrphans)
    settings.memoryPages = setting("net/ipv4/tcp_mem", SysctlText.numbers) ?? []
    return settings
  }

  /// Numbers of the whole host.
  ///
  /// - Parameter known: Those of an earlier look: what never changes is taken from it.
  package mutating func hostCounters(knowing known: HostCounters? = nil) -> HostCounters {
    var counters = HostCounters()
    counters.bootID = known?.bootID ?? line("\(procRoot)/sys/kernel/random/boot_id")
    counters.kernelRelease = known?.kernelRelease ?? line("\(procRoot)/sys/kernel/osrelease")
    if let numbers = setting("fs/file-nr", SysctlText.numbers), numbers.count == 3 {
      counters.openFiles = numbers[0] - numbers[1]
      counters.maxFiles = numbers[2]
    }
    return counters
  }

  private mutating func number(_ name: String, into value: inout Int) {
    let read = setting(name) { (text: [UInt8], name: String) throws(DecodeError) in
      try SysctlText.number(text, name: name, as: Int.self)
    }
    if let read { value = read }
  }

  /// A setting that this kernel, or this namespace, does not have is no gap.
  private mutating func setting<Value>(
    _ name: String, isOptional: Bool = true,
    _ decode: ([UInt8], String) throws(DecodeError) -> Value
  ) -> Value? {
    let path = "\(procRoot)/sys/\(name)"
    guard let text = read(path, isOptional: isOptional) else { return nil }
    return understand(path) { () throws(DecodeError) in try decode(text, path) }
  }

  private mutating func line(_ path: String) -> String? {
    guard let text = read(path, isOptional: true) else { return nil }
    return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  private mutating func read(_ path: String, isOptional: Bool = false) -> [UInt8]? {
    EyeStep.facts.begin()
    do throws(SystemCallError) {
      return try readFile(path)
    } catch {
      if !(isOptional && error.errno == ENOENT) && error.errno != ESRCH {
        gaps.append(Gap(.fileUnreadable, detail: "\(error)"))
      }
      return nil
    }
  }

  private mutating func understand<Value>(
    _ path: String, _ decode: () throws(DecodeError) -> Value
  ) -> Value? {
    do throws(DecodeError) {
      return try decode()
    } catch {
      gaps.append(Gap(.fileUnreadable, detail: "\(path): \(error)"))
      return nil
    }
  }
}
