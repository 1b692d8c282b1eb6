// SPDX-License-Identifier: Apache-2.0

/// One process for its whole life: a pid alone is reused.
///
/// Source: proc_pid_stat(5), fields 1 and 22.
package struct ProcessID: Hashable, Sendable, Comparable {
  package var pid: Int32
  /// Clock ticks after boot at which it started.
  package var startTicks: UInt64

  package init(pid: Int32, startTicks: UInt64) {
    self.pid = pid
    self.startTicks = startTicks
  }

  /// When it started. USER_HZ, the unit of `startTicks`, is 100 on every Linux. A recording can say
  /// anything: at most the last instant there is.
  package var startedAt: BootInstant {
    let tick: Int64 = 10_000_000
    return BootInstant(nanoseconds: min(Int64(clamping: startTicks), .max / tick) * tick)
  }

  package static func < (a: ProcessID, b: ProcessID) -> Bool {
    (a.pid, a.startTicks) < (b.pid, b.startTicks)
  }
}

/// The language runtime or server program a process runs, as far as cheap evidence goes.
package enum ProcessRuntime: String, Hashable, Sendable, CaseIterable {
  case jvm, node, python, go, ruby, php, perl, dotnet, nginx, haproxy, envoy, swift, rust, erlang
  case native, unknown
}

/// What is known of a process that holds sockets.
package struct ProcessRecord: Hashable, Sendable {
  package var id: ProcessID
  package var parent: Int32 = 0
  /// `comm`, at most 15 bytes, as the process last set it. Untrusted text.
  package var command = ""
  /// The target of `/proc/PID/exe`; nil when it could not be read.
  package var executable: String?
  /// Arguments. Read only on request: they can carry secrets.
  package var arguments: [String]?
  package var uid: UInt32?
  /// The cgroup2 path (or the systemd controller's, on cgroup v1), for example
  /// `/system.slice/nginx.service`.
  package var cgroup: String?
  package var cgroupID: UInt64?
  /// The systemd unit in that path, for example `nginx.service`.
  package var unit: String?
  /// The container in that path: an id of 64 hexadecimal digits, or the name that LXC and machined
  /// give it. Untrusted text.
  package var container: String?
  /// What its runtime or the kubelet calls that container, where they leave word of it.
  package var names = ContainerNames.unknown
  package var namespace: NetnsID?
  /// Open descriptors, from the size of `/proc/PID/fd` (Linux 6.2+) or a count.
  package var descriptorCount: Int?
  /// Soft and hard RLIMIT_NOFILE; `UInt64.max` is unlimited.
  package var descriptorSoftLimit: UInt64?
  package var descriptorHardLimit: UInt64?
  package var runtime = ProcessRuntime.unknown
  /// What an interpreter, a `java` or a `beam.smp` runs: the base name of the script or the jar,
  /// the main class or the module. The only one of the ``arguments`` that is always kept.
  package var main: String?
  /// A number of its memory image, 0 when not known: the address at which its stack starts. A
  /// child of fork(2) has its parent's; execve(2) picks another one at random. Means nothing
  /// between processes that are not related.
  ///
  /// Source: proc_pid_stat(5), field 28.
  package var imageID: UInt64 = 0
  /// Whether a signal had stopped it when it was read: it runs nothing until SIGCONT.
  ///
  /// Source: proc_pid_stat(5), field 3.
  package var isStopped = false

  package init(id: ProcessID, command: String = "") {
    self.id = id
    self.command = command
  }
}

extension ProcessRecord {
  /// The pod in the path of its cgroup; nil outside of Kubernetes.
  package var pod: PodIdentity? { cgroup.flatMap(PodIdentity.init(cgroup:)) }

  /// The container's id, as the runtime writes it; nil where it has a name only.
  package var containerID: String? { container.flatMap { Self.isContainerID($0) ? $0 : nil } }

  /// The same, nil too where whoever runs in it may have written it.
  package var believedContainerID: String? {
    guard let id = containerID, let path = cgroup else { return nil }
    guard let believed = ProcCgroup.believed(path) else { return nil }
    // Only another controller's path may have it.
    guard let inPath = ProcCgroup.container(in: path) else { return id }
    return inPath == id && ProcCgroup.container(in: String(believed)) == id ? id : nil
  }

  /// Whether it is of the unit that people call so.
  package func isOf(unit name: String) -> Bool { Self.isUnit(unit, called: name) }

  /// Whether people may call a unit so: with or without `.service`.
  package static func isUnit(_ unit: String?, called name: String) -> Bool {
    unit == name || unit == name + ".service"
  }

  /// What people call its container: of an id the first 12 digits, which is what runtimes show and
  /// take.
  package var containerName: String? { container.map(Self.containerName) }

  /// The same of an id, or of a name.
  package static func containerName(_ container: String) -> String {
    isContainerID(container) ? String(container.prefix(12)) : container
  }

  package static func isContainerID(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// ``main`` in few words, where the command does not say it: of a class without its package.
  package var mainName: String? { shortMain == command ? nil : shortMain }

  /// ``main`` in few words, whatever the process calls itself.
  package var shortMain: String? {
    guard let main else { return nil }
    let isClass = runtime == .jvm && !main.hasSuffix(".jar")
    return isClass ? main.split(whereSeparator: { ".$/".contains($0) }).last.map(String.init) : main
  }

  /// Folders of programs that a distribution's packages install.
  package static let installedFolders = [
    "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/lib64", "/bin", "/sbin", "/snap",
  ]

  /// Whether it runs a program of a package that is no interpreter: whoever runs it can set it, not
  /// change it.
  package var isInstalled: Bool {
    guard let executable, [.native, .go, .rust, .swift].contains(runtime) else { return false }
    return Self.installedFolders.contains { executable.hasPrefix($0 + "/") }
  }

  /// Whether this process and its ancestor (or descendant) `other` run one program image: only
  /// fork(2) is between them, no execve(2).
  ///
  /// Where an image is not known (no right to trace, or addresses that are not random), the same
  /// executable has to do: then a program that executes itself looks like one that forks.
  package func sharesImage(with other: ProcessRecord) -> Bool {
    if let executable, let theirs = other.executable, executable != theirs { return false }
    if imageID != 0, other.imageID != 0 { return imageID == other.imageID }
    return executable != nil && executable == other.executable
  }
}

/// A reference from a process to a socket. One socket can have many.
package struct SocketHolder: Hashable, Sendable {
  /// Which table the reference is in.
  package enum Table: Hashable, Sendable {
    /// `/proc/PID/fd`.
    case process
    /// `/proc/PID/task/TID/fd`: a thread with a descriptor table of its own, or a leader that
    /// has exited while its threads live.
    case thread(Int32)
    /// Registered with the io_uring that is `fd` in this process; no descriptor of its own.
    case ioUring
  }

  package var inode: UInt64
  package var process: ProcessID
  package var fd: Int32
  package var table: Table

  package init(inode: UInt64, process: ProcessID, fd: Int32, table: Table = .process) {
    self.inode = inode
    self.process = process
    self.fd = fd
    self.table = table
  }
}

/// A descriptor on a dead socket: a TCP socket that is in no table of any namespace. Its connection
/// is dead (reset, keepalive, SOCK_DESTROY) or it was never connected.
package struct DeadDescriptor: Hashable, Sendable {
  package var inode: UInt64
  package var process: ProcessID
  package var fd: Int32

  package init(inode: UInt64, process: ProcessID, fd: Int32) {
    self.inode = inode
    self.process = process
    self.fd = fd
  }
}
