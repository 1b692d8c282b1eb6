// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What closewatch can and can't see on a machine, from one real look and what surrounds it.
package struct DoctorReport: Sendable {
  /// In the order of what matters most.
  package let checks: [DoctorCheck]

  /// The worst state of those that verdicts depend on.
  package var state: DoctorCheck.State {
    let states = checks.filter(\.isNeeded).map(\.state)
    return states.contains(.missing) ? .missing : states.contains(.limited) ? .limited : .ok
  }

  /// Judges what was found.
  ///
  /// - Parameters:
  ///   - sight: What surrounds the look.
  ///   - sample: The look; nil when none could be taken.
  ///   - failure: Why there is none.
  ///   - gaps: Of the look and of a search of all processes.
  ///   - daemon: What came of asking it.
  package init(
    _ sight: HostSight, sample: Sample?, failure: String?, gaps: [Gap], daemon: DaemonAnswer
  ) {
    checks =
      [
        Self.tables(sample, failure, gaps), Self.namespaces(sample, gaps),
        Self.processes(sight, gaps),
        Self.descriptors(sight, gaps), Self.capabilities(sight),
      ] + KernelCheck.checks(sight) + [
        Self.cgroups(sight), Self.journal(sight), Self.settings(sight), DaemonCheck.check(daemon),
      ]
  }

  private static let asRoot = "run as root, or with the capabilities named below"

  private static func tables(
    _ sample: Sample?, _ failure: String?, _ gaps: [Gap]
  ) -> DoctorCheck {
    guard let sample else {
      return DoctorCheck(
        "socket-tables", .missing, failure ?? "no look could be taken",
        fix: "mount procfs on /proc; allow AF_NETLINK sockets (RestrictAddressFamilies=)")
    }
    let limited = gaps.filter { [.dumpRefused, .sourceLimited].contains($0.kind) }
    let isOwnDumped = sample.namespaces.contains { $0.isOwn && $0.source == .sockDiag }
    if isOwnDumped, let first = limited.first, limited.allSatisfy({ $0.kind == .sourceLimited }) {
      return DoctorCheck(
        "socket-tables", .limited,
        "sock_diag answers here; of \(Quantity.count(first.count, "other namespace")) "
          + first.detail,
        fix: "CAP_SYS_ADMIN and CAP_SYS_PTRACE enter the namespaces of others")
    }
    if let first = limited.first {
      return DoctorCheck(
        "socket-tables", .limited, "/proc/net/tcp instead of sock_diag: \(first.detail)",
        fix: "allow AF_NETLINK sockets, load the modules tcp_diag and inet_diag")
    }
    let live = sample.sockets.filter { $0.state == .established || $0.state == .closeWait }
    let cookies = sample.sockets.allSatisfy { $0.knowledge.contains(.cookie) }
    let infos = live.allSatisfy { $0.knowledge.contains(.tcpInfo) }
    guard cookies, infos else {
      let lacking = cookies ? "ages (INET_DIAG_INFO)" : "cookies"
      return DoctorCheck(
        "socket-tables", .limited, "sock_diag answers without \(lacking)",
        fix: "none: this kernel does not provide them; verdicts say what they lack")
    }
    let count = Quantity.count(sample.sockets.count, "socket")
    return DoctorCheck(
      "socket-tables", .ok,
      live.isEmpty
        ? "sock_diag answers: \(count), none of them a connection to check ages on"
        : "sock_diag answers with cookies and ages: \(count)")
  }

  private static func namespaces(_ sample: Sample?, _ gaps: [Gap]) -> DoctorCheck {
    let found = sample?.namespaces.count ?? 0
    let notRead = gaps.filter { $0.kind == .namespaceNotRead }.reduce(0) { $0 + $1.count }
    let unknown = gaps.filter { $0.kind == .namespaceUnknown }.reduce(0) { $0 + $1.count }
    let fromOutside = sample?.namespaces.count { !$0.isOwn && $0.source == .procNetTCP } ?? 0
    let all = Quantity.count(found + notRead, "network namespace")
    guard notRead + unknown + fromOutside > 0 else {
      return DoctorCheck("namespaces", .ok, "\(all) found, all of them read")
    }
    var parts: [String] = []
    if notRead > 0 { parts.append("\(Quantity.count(notRead)) not read") }
    if fromOutside > 0 { parts.append("\(Quantity.count(fromOutside)) read from outside only") }
    if unknown > 0 {
      parts.append(
        Quantity.count(unknown, "process", plural: "processes") + " of unknown namespace")
    }
    return DoctorCheck(
      "namespaces", .limited, "\(all) found: \(parts.joined(separator: ", "))",
      fix: "CAP_SYS_ADMIN and CAP_SYS_PTRACE enter the namespaces of others")
  }

  private static func processes(_ sight: HostSight, _ gaps: [Gap]) -> DoctorCheck {
    guard let options = sight.procOptions, sight.processes > 0 else {
      return DoctorCheck(
        "processes", .missing, "/proc is not procfs", fix: "mount -t proc proc /proc")
    }
    let hiding = options.filter { $0.hasPrefix("hidepid=") || $0 == "subset=pid" }
    let count = Quantity.count(sight.processes, "process", plural: "processes")
    let show = "\(count) \(sight.processes == 1 ? "shows" : "show")"
    let isHidden = gaps.contains { $0.kind == .processesHidden }
    let setting = hiding.isEmpty ? "" : " (/proc is mounted with \(hiding.joined(separator: ",")))"
    if isHidden {
      return DoctorCheck(
        "processes", .limited, "\(show), others are hidden\(setting)",
        fix: "CAP_SYS_PTRACE, or the group of the mount option gid=, shows all of them")
    }
    guard !sight.isInOwnPIDNamespace else {
      return DoctorCheck(
        "processes", .limited,
        "\(show): this is a pid namespace of its own, and those outside are not seen\(setting)",
        fix: "run it on the host, or the container with --pid=host (Kubernetes: hostPID: true)")
    }
    return DoctorCheck("processes", .ok, "\(show), none is hidden\(setting)")
  }

  private static func descriptors(_ sight: HostSight, _ gaps: [Gap]) -> DoctorCheck {
    let unreadable = gaps.filter { $0.kind == .descriptorsUnreadable }
    guard let first = unreadable.first else {
      return DoctorCheck("descriptors", .ok, "those of every process can be read")
    }
    let count = unreadable.reduce(0) { $0 + $1.count }
    let processes = Quantity.count(count, "process", plural: "processes")
    return DoctorCheck(
      "descriptors", .limited,
      "those of \(processes) cannot be read (\(first.detail)): what they hold has no owner here",
      fix: sight.has(.sysPtrace) && sight.has(.dacReadSearch)
        ? "none with these rights: a security module or another user namespace refuses"
        : asRoot)
  }

  private static func capabilities(_ sight: HostSight) -> DoctorCheck {
    let use: [(HostSight.Capability, String)] = [
      (.sysPtrace, "whose sockets"), (.dacReadSearch, "whose sockets"),
      (.sysAdmin, "other namespaces"),
    ]
    let lacking = use.filter { !sight.has($0.0) }
    guard !lacking.isEmpty || !sight.isInOwnUserNamespace else {
      return DoctorCheck(
        "capabilities", .limited,
        "those of a user namespace of its own: they do not count outside of it",
        fix: "run it as root of the host, not in a rootless container or under unshare --user")
    }
    guard !lacking.isEmpty else {
      return DoctorCheck("capabilities", .ok, use.map(\.0.name).joined(separator: ", "))
    }
    let names = lacking.map { "\($0.0.name) (\($0.1))" }.joined(separator: ", ")
    return DoctorCheck(
      "capabilities", .limited, "uid \(sight.uid) without \(names)",
      fix: "sudo closewatch ..., or AmbientCapabilities= in the unit")
  }

  private static func cgroups(_ sight: HostSight) -> DoctorCheck {
    guard let mount = sight.cgroupMount else {
      return DoctorCheck(
        "cgroups", .limited, "cgroup2 is not mounted: no unit for a socket that nobody holds",
        fix: "boot with systemd.unified_cgroup_hierarchy=1", isNeeded: false)
    }
    switch sight.ownCgroup {
    case .present: return DoctorCheck("cgroups", .ok, "cgroup2 on \(mount)")
    case .absent, .refused:
      return DoctorCheck(
        "cgroups", .limited, "cgroup2 on \(mount) does not show our own cgroup",
        fix: "in a container: share the host's cgroup namespace and mount", isNeeded: false)
    }
  }

  private static func journal(_ sight: HostSight) -> DoctorCheck {
    optional(
      "journald", sight.journal, present: "its socket accepts entries",
      absent: "no socket: the daemon writes its events to standard error only",
      fix: "install systemd-journald, or mount /run/systemd/journal into the container")
  }

  private static func settings(_ sight: HostSight) -> DoctorCheck {
    if sight.settings == .absent {
      return DoctorCheck("settings", .ok, "no settings file: the defaults apply", isNeeded: false)
    }
    return optional(
      "settings", sight.settings, present: "the settings file can be read", absent: "",
      fix: "chmod a+r the file")
  }

  private static func optional(
    _ name: String, _ place: HostSight.Place, present: String, absent: String, fix: String
  ) -> DoctorCheck {
    switch place {
    case .present: DoctorCheck(name, .ok, present, isNeeded: false)
    case .absent: DoctorCheck(name, .missing, absent, fix: fix, isNeeded: false)
    case .refused(let why):
      DoctorCheck(
        name, .limited, "it is there but may not be used: \(why)",
        fix: "run as root, or as a member of the group closewatch", isNeeded: false)
    }
  }
}
