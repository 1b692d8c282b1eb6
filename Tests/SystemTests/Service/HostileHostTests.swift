// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The installed service beside those who make the kernel hang under who looks at them. Each test
/// has a machine of its own: some of what hangs there cannot be ended from inside.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .fuse, .command("debootstrap"),
    .command("systemd-nspawn"), .command("curl")))
struct HostileHostTests {
  /// A machine with the service, a leak in it, and a file system that will stop answering.
  private struct Stage {
    let machine: Machine
    var files: ChildProgram?

    /// With nothing that attacks it.
    init(machine: Machine) { self.machine = machine }

    /// - Parameter attack: What the file system starts: see Tests/SilentFiles.
    init(_ name: String, _ attack: String...) throws {
      machine = try Machine.withService(name)
      try machine.startLeak("leaky", port: 8080)
      // SwiftPM links even a program in C with the toolchain's libraries, which are not in there.
      let copied = try ChildProgram.run(
        "sh",
        [
          "-c",
          """
          cp "$0" $(ldd "$0" | awk '$3 ~ /swift/ { print $3 }') "$1"
          """, ChildProgram.built("SilentFiles"), "/proc/\(machine.leader)/root/opt",
        ])
      try #require(copied.status == 0)
      try machine.mustRun("[ -e /dev/fuse ] || mknod /dev/fuse c 10 229; mkdir -p /opt/files")
      let files = try ChildProgram(
        "nsenter",
        [
          "-t", machine.leader, "-m", "-u", "-i", "-n", "-p", "--", "env",
          "LD_LIBRARY_PATH=/opt", "/opt/SilentFiles", "/opt/files", "/bin/sleep",
        ] + attack)
      self.files = files
      _ = try #require(try files.readLine())
    }

    func silence() { files?.send("be silent") }

    /// The newest number of a series.
    func number(_ series: String) throws -> Double {
      let page = try #require(try machine.page("/metrics"), "the page is not served")
      let line = page.first { $0.hasPrefix(series + " ") }
      return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
    }

    /// What a look of the command's own says, which must end soon after the time asked for.
    func ownLook() throws -> [String] {
      let began = RunningDaemon.monotonicSeconds
      let run = try machine.run("closewatch triage --no-daemon --for 1s | cat")
      let seconds = RunningDaemon.monotonicSeconds - began
      #expect(seconds < 12, "\(seconds) s")
      return run.lines
    }

    /// The daemon goes on: new looks, an answer, and the leak is there.
    func expectLooksGoOn() throws {
      let before = try number("closewatch_samples_total{kind=\"full\"}")
      try machine.waitForPage("looks after \(before)") { page in
        let line = page.first { $0.hasPrefix("closewatch_samples_total{kind=\"full\"} ") }
        let now = line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
        return now >= before + 3
      }
      #expect(try machine.page("/-/healthy") != nil)
      #expect(try #require(try machine.page("/metrics")).contains { $0.contains("leaky.service") })
    }

    /// Runs a script, which must end within the 60 s that a service manager and a person have.
    func inAMinute(_ script: String) throws {
      let began = RunningDaemon.monotonicSeconds
      try machine.mustRun(script)
      let seconds = RunningDaemon.monotonicSeconds - began
      print("\(seconds) s: \(script.prefix(60))")
      #expect(seconds < 60, "\(script)")
    }
  }

  private static let stuck = "has not come back since"

  @Test func `a file system that goes silent under a program costs nobody a look`() throws {
    let stage = try Stage("closewatch-silent")
    try stage.expectLooksGoOn()
    stage.silence()
    // It knows nothing of that program yet.
    try stage.inAMinute("systemctl restart closewatch")
    try stage.expectLooksGoOn()
    let own = try stage.ownLook()
    #expect(own.contains { $0.contains("leaky.service") }, "\(own)")
    // Only what is written on the overlay above it was asked for, last, and that alone is missing:
    // who holds its sockets is told all the same.
    for look in [own, try stage.machine.run("closewatch triage").lines] {
      let said = look.joined(separator: " ").split(separator: " ").joined(separator: " ")
      // Of the program, and of the server, which is in the same mount namespace: by the look that
      // hung, or by the next, which stays away from what that one hung on.
      #expect(
        said.contains(" not read: open of exe on an overlay is avoided for /proc/")
          || said.contains(" not read: open of exe on an overlay of process ")
            && said.contains(Self.stuck),
        "\(look)")
      #expect(!said.contains("Not read, because"), "\(look)")
    }
    let holders = try stage.machine.run("closewatch sockets --state close-wait").lines
    #expect(holders.contains { $0.contains("SilentFiles[") || $0.contains("program[") })
    #expect(!holders.contains { $0.contains("holder not seen") }, "\(holders)")
    stage.files?.end()
    try stage.machine.wait(for: "pgrep -c closewatch-eye") { $0 == ["1"] }
    try stage.expectLooksGoOn()
  }

  @Test func `a descriptor whose close waits for ever costs nobody else a look`() throws {
    let stage = try Stage("closewatch-swapped", "swap")
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
      !lines.contains { $0.contains(Self.stuck) }
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
    let stage = Stage(machine: machine)
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

  @Test func `an eye that is stopped or killed in the middle is replaced, and nothing is lost`()
    throws
  {
    let machine = try Machine.withService("closewatch-eyes")
    try machine.startLeak("leaky", port: 8080)
    let namesLeak = { (page: [String]) in page.contains { $0.contains("leaky.service") } }
    try machine.waitForPage("a leak", namesLeak)
    let pid = try machine.property("MainPID")
    for signal in ["STOP", "KILL", "KILL", "STOP", "KILL"] {
      let eye = try #require(try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 }.first)
      try machine.mustRun("kill -\(signal) \(eye)")
      try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 && $0 != [eye] }
      try machine.waitForPage("a leak after \(signal)", namesLeak)
    }
    #expect(try machine.property("MainPID") == pid)
    #expect(try machine.property("NRestarts") == "0")
    #expect(try machine.page("/-/ready") != nil)
  }
}
