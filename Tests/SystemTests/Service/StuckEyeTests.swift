// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// As `HostileHostTests`; what takes a minute and more, and is left to deploy/prove system.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .fuse, .command("debootstrap"),
    .command("systemd-nspawn"), .command("curl")))
struct StuckEyeTests {
  @Test func `a descriptor whose close waits for ever costs nobody else a look`() throws {
    let stage = try HostileStage("closewatch-swapped", "swap")
    let machine = stage.machine
    stage.silence()
    // A look that proves dead sockets at once asks such descriptors; the daemon's second look does
    // not need to.
    var own: [String] = []
    for _ in 0..<5 where !own.joined(separator: " ").contains("pidfd_getfd and close") {
      own = try stage.ownLook()
      #expect(own.contains { $0.contains("leaky.service") }, "\(own)")
    }
    let said = own.joined(separator: " ").split(separator: " ").joined(separator: " ")
    // The look that hung, or the next, which stays away from what that one hung on.
    #expect(
      said.contains("pidfd_getfd and close is avoided for /proc/")
        || said.contains("pidfd_getfd and close of process")
          && said.contains("(user 65534) has not come back since"),
      "\(own)")
    try stage.expectLooksGoOn()
    try stage.inAMinute("systemctl restart closewatch")
    try stage.expectLooksGoOn()

    // The file system answers again, in that it is gone: all is as before.
    stage.files?.end()
    try machine.wait(for: "closewatch triage") { lines in
      !lines.contains { $0.contains(HostileStage.stuck) }
        && lines.contains { $0.contains("leaky.service") }
    }
    try machine.wait(for: "pgrep -c closewatch-eye") { $0 == ["1"] }
  }

  @Test
  func `beside an eye that cannot be ended the service restarts, upgrades and stops in a minute`()
    throws
  {
    let machine = try Machine.withService("closewatch-frozen")
    try machine.startLeak("leaky", port: 8080)
    let stage = HostileStage(machine: machine)
    let eye = try #require(try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 }.first)
    let ice = try Ice(eye, of: machine)
    try machine.wait(for: "closewatch triage") { lines in
      lines.joined(separator: " ").contains("has not come back")
    }
    try stage.expectLooksGoOn()
    // Who manages the service waits for nobody, and the new daemon says who was left behind.
    try stage.inAMinute("systemctl restart closewatch")
    if ice.withstandsKill {
      try machine.wait(for: "journalctl -q -o cat --no-pager -t closewatch") { lines in
        lines.contains(
          "process \(eye) of an earlier run is stuck in the kernel; nothing waits for it")
      }
    }
    try stage.expectLooksGoOn()
    try stage.inAMinute(
      """
      set -e
      dpkg-deb -R /mnt/\(BuiltPackage.name) /root/next
      sed -i 's/^Version: .*/Version: 9.9.9/' /root/next/DEBIAN/control
      dpkg-deb -Znone -b /root/next /root/next.deb
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y /root/next.deb </dev/null
      """)
    #expect(try machine.mustRun("dpkg-query -W -f '${Version}\n' closewatch") == ["9.9.9"])
    try stage.expectLooksGoOn()
    try stage.inAMinute("systemctl stop closewatch")
    try stage.inAMinute("systemctl start closewatch")
    try stage.expectLooksGoOn()
    ice.melt()
    try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 && $0 != [eye] }
    try stage.expectLooksGoOn()
  }

  /// A process that the host has frozen: with the freezer of cgroup version 1 not even SIGKILL ends
  /// it, like one that waits in the kernel. Where there is version 2 only, it is stopped.
  private final class Ice {
    private static let freezer = "/sys/fs/cgroup/freezer"
    let withstandsKill = access("\(freezer)/cgroup.procs", W_OK) == 0
    private let folder = "\(freezer)/closewatch-tests-\(getpid())"

    /// - Parameter pid: As the machine numbers it.
    init(_ pid: String, of machine: Machine) throws {
      guard withstandsKill else {
        try machine.mustRun("kill -STOP \(pid)")
        return
      }
      let script = """
        set -e
        mkdir "$0"
        for task in /proc/[0-9]*; do
          [ "$(readlink "$task/ns/pid")" = "$(readlink "/proc/$1/ns/pid")" ] || continue
          grep -q "^NSpid:.*[[:space:]]$2\\$" "$task/status" || continue
          echo "${task#/proc/}" >"$0/cgroup.procs"
        done
        echo FROZEN >"$0/freezer.state"
        cat "$0/cgroup.procs"
        """
      let run = try ChildProgram.run("bash", ["-c", script, folder, machine.leader, pid])
      try #require(run.status == 0 && run.lines.count == 1, "\(run)")
    }

    func melt() {
      _ = try? ChildProgram.run(
        "bash", ["-c", "echo THAWED >\"$0/freezer.state\"; sleep 1; rmdir \"$0\"", folder])
    }

    deinit { if access(folder, F_OK) == 0 { melt() } }
  }
}
