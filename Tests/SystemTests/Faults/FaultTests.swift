// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// What can go wrong around the daemon, done to the real one.
@Suite(.serialized) struct FaultTests {
  /// Leaks are confirmed soon and forgotten soon.
  private static let hasty = ScrapedDaemon.quick + ["rules.patience=2s", "rules.quiet=1s"]

  @Test func `a settings file that is gone at a reload changes nothing, and shows`() throws {
    let directory = TemporaryDirectory()
    let file = "\(directory.path)/closewatch.yaml"
    let text = Array("sampling: {interval: 350ms, full-interval: 1s, cpu-budget: 100%}\n".utf8)
    directory.write("closewatch.yaml", text)
    let scraped = try ScrapedDaemon(settings: [], file: file)
    #expect(unlink(file) == 0)
    scraped.daemon.signal(SIGHUP)
    try scraped.daemon.waitFor(file, "No such file")
    try scraped.daemon.waitFor("settings not changed")
    #expect(try scraped.number("closewatch_settings_last_reload_successful") == 0)
    // Without them it would be 10; a slow machine may have backed off.
    #expect(try scraped.number("closewatch_sample_interval_seconds") < 5)
    try scraped.waitForLooks()
    directory.write("closewatch.yaml", text)
    scraped.daemon.signal(SIGHUP)
    try scraped.daemon.waitFor("settings reloaded")
    #expect(try scraped.number("closewatch_settings_last_reload_successful") == 1)
    #expect(scraped.daemon.stop().status == 0)
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces))
  func `a full disk is no concern of it: it writes nothing`() throws {
    // A file system without a free block as all that a program could take for its own.
    let script = """
      mount -t tmpfs -o size=64k tmpfs /mnt && cd /mnt || exit 1
      head -c 1m /dev/zero >full 2>/dev/null
      HOME=/mnt TMPDIR=/mnt XDG_RUNTIME_DIR=/mnt XDG_CACHE_HOME=/mnt exec "$@"
      """
    let scraped = try ScrapedDaemon(
      settings: Self.hasty, through: ["unshare", "--mount", "sh", "-c", script, "sh"])
    let pid = scraped.daemon.pid
    let refused = try ChildProgram.run(
      "sh", ["-c", "echo more >/proc/\(pid)/cwd/more 2>/dev/null && [ -s /proc/\(pid)/cwd/more ]"])
    #expect(refused.status != 0, "the disk has room")
    try Lab.with("close-wait", count: 7) { lab in
      _ = try scraped.daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
    }
    try scraped.daemon.waitFor("resolved")
    let written = try ChildProgram.run("grep", ["^write_bytes:", "/proc/\(pid)/io"]).lines
    #expect(written == ["write_bytes: 0"])
    #expect(scraped.daemon.stop().status == 0)
  }

  @Test(.requires(.root, .mountNamespaces, .command("nsenter"), .command("unshare")))
  func `while a look is stuck in the kernel it is not healthy, and it is again when it goes on`()
    throws
  {
    let directory = TemporaryDirectory()
    let pipe = "\(directory.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // What systemd would say; without it would take a minute.
    let scraped = try ScrapedDaemon(
      environment: ["WATCHDOG_USEC=2000000"], through: ["unshare", "--mount", "--"])
    func inItsMounts(_ command: String...) throws {
      let run = try ChildProgram.run(
        "nsenter", ["-t", "\(scraped.daemon.pid)", "-m", "--"] + command)
      #expect(run.status == 0, "\(command)")
    }
    #expect(try scraped.get("/-/healthy").status == 200)
    // What every look reads is a pipe now that nobody writes to: its thread waits in the kernel, as
    // on a file system that hangs.
    try inItsMounts("mount", "--bind", pipe, "/proc/sys/fs/file-nr")
    try ScrapedDaemon.wait("it is stuck") { try scraped.get("/-/healthy").status == 503 }
    let stuck = try scraped.get("/-/healthy").text
    #expect(
      stuck.wholeMatch(
        of: #/closewatch is stuck: no look has finished for \d\S* s; the limit is 2.0 s.\n/#)
        != nil, "\(stuck)")
    // The last thing that it knew is served on.
    #expect(try scraped.get("/-/ready").status == 200)
    let looks = try scraped.looks()
    usleep(500_000)
    #expect(try scraped.looks() == looks)

    try inItsMounts("umount", "--lazy", "/proc/sys/fs/file-nr")
    // Opened for writing, the pipe lets go of who waits for it, with nothing to read.
    let writer = open(pipe, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
    #expect(writer >= 0)
    close(writer)
    try ScrapedDaemon.wait("it goes on") { try scraped.get("/-/healthy").status == 200 }
    try scraped.waitForLooks()
    #expect(try scraped.number("closewatch_late_turns_total") >= 1)

    // Stuck again, it still ends when it is told to.
    try inItsMounts("mount", "--bind", pipe, "/proc/sys/fs/file-nr")
    try ScrapedDaemon.wait("it is stuck again") { try scraped.get("/-/healthy").status == 503 }
    let end = scraped.daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 15, "\(end.seconds) s")
  }

  @Test(.requires(.root, .networkNamespaces, .mountNamespaces, .command("setpriv")))
  func `processes that are hidden from it are a gap, and it goes on`() throws {
    let script = """
      mount -t proc -o hidepid=2,gid=65533 proc /proc || exit 1
      exec setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace -- "$@"
      """
    let scraped = try ScrapedDaemon(through: ["unshare", "--mount", "sh", "-c", script, "sh"])
    try scraped.waitForLooks(5)
    #expect(try scraped.number("closewatch_gaps{kind=\"processes-hidden\"}") >= 1)
    #expect(try scraped.number("closewatch_sample_failures_total") == 0)
    #expect(scraped.daemon.stop().status == 0)
  }
}
