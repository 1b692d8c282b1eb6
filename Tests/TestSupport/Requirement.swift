// SPDX-License-Identifier: Apache-2.0

// A release build has no Testing, and builds this target all the same.
#if canImport(Testing)
  import Glibc
  package import Testing

  /// What a test needs from the machine, and whether this machine has it.
  package struct Requirement: Sendable, CustomStringConvertible {
    /// What is needed, as the sentence that a skipped test shows: `root`, `the command ss`.
    package let description: String
    /// Why it is missing here and what to do; nil when it is met.
    package let missing: String?

    /// A requirement with its answer, for tests of ``ConditionTrait/requires(_:)`` itself.
    package init(_ description: String, missing: String?) {
      self.description = description
      self.missing = missing
    }

    /// Effective user 0: tests that make namespaces, or read the descriptors of other users.
    package static let root = Requirement(
      "root", missing: geteuid() == 0 ? nil : "effective uid is \(geteuid()); run as root")

    /// unshare(2) with CLONE_NEWNET is allowed: tests that build real sockets.
    package static let networkNamespaces = Requirement(unshare: "--net", named: "network")

    /// unshare(2) with CLONE_NEWNS and a mount are allowed: tests that mount their own /proc.
    package static let mountNamespaces = Requirement(
      unshare: "--mount", named: "mount",
      run: ["mount", "-t", "tmpfs", "closewatch-test", "/mnt"])

    /// unshare(2) with CLONE_NEWPID is allowed: tests that need a /proc of their own.
    package static let pidNamespaces = Requirement(
      unshare: "--pid", "--fork", "--mount-proc", named: "pid")

    /// FUSE file systems can be served: tests of file systems that stop answering.
    package static let fuse = Requirement(
      "/dev/fuse", missing: access("/dev/fuse", R_OK | W_OK) == 0 ? nil : "it can't be opened")

    /// The kernel answers sock_diag: where it does not, closewatch itself falls back to /proc.
    package static let socketDiagnostics = Requirement(
      "sock_diag", missing: socketDiagnosticsFailure())

    /// Programs can be put into the kernel: tests of traces.
    package static let tracing = Requirement(
      "a kernel that describes itself to BPF",
      missing: access("/sys/kernel/btf/vmlinux", R_OK) == 0
        ? nil : "there is no /sys/kernel/btf/vmlinux")

    /// The .deb of ``BuiltPackage``.
    package static let debianPackage = Requirement(
      "the Debian package",
      missing: BuiltPackage.path == nil
        ? "CLOSEWATCH_PACKAGE names none; run deploy/release, then deploy/test" : nil)

    /// Where `Tests/Collector/tools` puts what decodes OTLP.
    package static let collectorTools = "\(Fixture.root)/../../.build/collector-tools"

    /// opentelemetry-proto, from PyPI.
    package static let collector = Requirement(
      "opentelemetry-proto",
      missing: access("\(collectorTools)/complete", R_OK) == 0
        ? nil : "it is not below .build; run Tests/Collector/tools")

    /// A command on the PATH, of those that `deploy/setup test` installs.
    package static func command(_ name: String) -> Requirement {
      Requirement(
        "the command \(name)",
        missing: find(name) == nil ? "no \(name) on the PATH; run deploy/setup test" : nil)
    }

    /// Everything that any test may require. All of it must be met under `CI=true`.
    package static var all: [Requirement] {
      [
        root, networkNamespaces, mountNamespaces, pidNamespaces, fuse, socketDiagnostics,
        tracing, debianPackage, collector,
      ]
        + [
          "amtool", "bash", "buildah", "chromium", "containerd", "ctr", "curl", "debootstrap",
          "dpkg-deb", "gcc", "gdb", "go", "groff", "gzip", "ip", "java", "javac", "jcmd", "jfr",
          "journalctl", "lintian", "lsof", "man", "netstat", "nft", "node", "nsenter", "openssl",
          "podman",
          "prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "promtool",
          "python3", "runc", "setpriv", "ss", "strace", "sudo", "systemd-analyze", "systemd-nspawn",
          "systemd-socket-activate", "tmux", "unshare",
        ].map(command)
    }

    /// Whether this run is one in which nothing may be skipped.
    package static var isContinuousIntegration: Bool {
      isContinuousIntegration(getenv("CI").map { String(cString: $0) })
    }

    /// The same by the value of the variable `CI`: set, and neither empty nor a no.
    package static func isContinuousIntegration(_ value: String?) -> Bool {
      guard let value else { return false }
      return !["", "0", "false", "no"].contains(value.lowercased())
    }

    /// The reason to show for a test that can't run: all that it misses, or nil to run it.
    package static func reasonToSkip(_ requirements: [Requirement]) -> String? {
      let lacks = requirements.compactMap { requirement in
        requirement.missing.map { "\(requirement.description) (\($0))" }
      }
      return lacks.isEmpty ? nil : "needs " + lacks.joined(separator: ", ")
    }
  }

  extension Requirement {
    /// Asks unshare(1) in a process of its own, so that the test process stays where it is.
    fileprivate init(unshare flags: String..., named name: String, run: [String] = ["true"]) {
      let status = exitStatus(["unshare"] + flags + ["--"] + run)
      self.init(
        "\(name) namespaces",
        missing: status == 0
          ? nil
          : "unshare \(flags.joined(separator: " ")) failed with status \(status); run as root")
    }

    fileprivate static func socketDiagnosticsFailure() -> String? {
      let netlinkSockDiag: Int32 = 4
      let fd = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), netlinkSockDiag)
      guard fd >= 0 else { return "socket(AF_NETLINK, NETLINK_SOCK_DIAG): errno \(errno)" }
      close(fd)
      return nil
    }
  }

  extension Trait where Self == ConditionTrait {
    /// Skips the test, with the reason, where one of `requirements` is missing.
    ///
    /// Under `CI=true` it runs all the same, and fails: by itself, and in `RequirementTests`,
    /// which names what is missing.
    package static func requires(_ requirements: Requirement...) -> ConditionTrait {
      let reason = Requirement.reasonToSkip(requirements)
      return .enabled(
        if: reason == nil || Requirement.isContinuousIntegration, "\(reason ?? "nothing missing")")
    }
  }

  /// The full path of a command, as a shell would find it.
  private func find(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// Runs a command with its output thrown away. 127 when it can't be started.
  private func exitStatus(_ arguments: [String]) -> Int32 {
    guard let command = arguments.first, let path = find(command) else { return 127 }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for fd in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0)
    }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    argv.append(nil)
    defer { for word in argv { free(word) } }
    var pid: pid_t = 0
    guard posix_spawn(&pid, path, &actions, nil, argv, environ) == 0 else { return 127 }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return 127 } }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }
#endif
