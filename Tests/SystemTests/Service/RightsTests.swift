// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What each process of the installed service may do, and that it is enough: the claims of
/// closewatch.docc/Threats.md.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .command("debootstrap"), .command("systemd-nspawn"),
    .command("curl")))
struct RightsTests {
  // Used by one test at a time: the suite is serialized.
  nonisolated(unsafe) private static let booted = Result {
    try Machine.withService("closewatch-rights")
  }
  private let machine: Machine

  init() throws { machine = try Self.booted.get() }

  /// What Threats.md says of who has which rights, of every thread.
  @Test func `each thread of each process has the rights of its part and no more`() throws {
    let lines = try machine.wait(
      for: """
        unit=system.slice/closewatch.service
        for pid in $(cat /sys/fs/cgroup/{,unified/}$unit/cgroup.procs 2>/dev/null); do
          for task in /proc/$pid/task/*; do
            echo "$(cat /proc/$pid/comm)" $(grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' \
              $task/status | cut -f2) $(sed -n 's/^Seccomp_filters:\t//p' $task/status)
          done
        done
        """
    ) { lines in
      ["closewatchd ", "closewatch-keep ", "closewatch-eye "].allSatisfy { part in
        lines.contains { $0.hasPrefix(part) }
      }
    }
    let (none, all) = ("0000000000000000", "0000000000280004")
    var filters: [String: Set<Int>] = [:]
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      try #require(words.count >= 7, "\(line)")
      let rights = words[0] == "closewatchd" ? none : all
      // Permitted and effective; what could be inherited is used by nobody, as nobody executes.
      #expect(words[2] == rights && words[3] == rights, "\(line)")
      if words[0] == "closewatchd" { #expect(words[1] == none && words[4] == none, "\(line)") }
      #expect(words[5...6] == ["1", "2"], "\(line)")
      if let count = words.dropFirst(7).first.flatMap({ Int($0) }) {
        filters[words[0], default: []].insert(count)
      }
    }
    // The keeper has one thread. Each part is refused more than the unit refuses it, and an eye
    // more than its keeper.
    #expect(lines.count { $0.hasPrefix("closewatch-keep ") } == 1)
    if let keeper = filters["closewatch-keep"]?.first, let eye = filters["closewatch-eye"]?.first {
      #expect(filters.values.allSatisfy { $0.count == 1 }, "\(filters)")
      #expect(eye == keeper + 1)
    }
  }

  /// A command looks with the rights of who called it, in a process that has no others.
  @Test func `a command forks its own eye, which is refused what an eye never does`() throws {
    let lines = try machine.mustRun(
      """
      closewatch triage --no-daemon --for 20s >/dev/null & own=$!
      # An eye has that name once it has let go of all that is its caller's.
      for _ in $(seq 150); do
        children=$(cat /proc/$own/task/*/children 2>/dev/null)
        cat $(printf '/proc/%s/comm ' $children) 2>/dev/null |
          grep -q closewatch-eye && break
        sleep 0.1
      done
      for child in $children; do
        echo "$(cat /proc/$child/comm)" $(grep -E '^(NoNewPrivs|Seccomp):' /proc/$child/status |
          cut -f2)
        ls -l /proc/$child/fd | grep -c -e pipe -e /dev/pts || true
      done
      echo "threads $(ls /proc/$own/task | wc -l)"
      { kill $own; wait $own; } 2>/dev/null || true
      """)
    // It has nothing of its caller's open.
    #expect(lines == ["closewatch-eye 1 2", "0", "threads 1"])
  }

  @Test func `sockets that are dead are proved by the service, though no table shows them`() throws
  {
    try machine.write(Self.deadSockets, to: "/opt/dead.pl")
    try machine.mustRun("systemd-run -q --unit=deadly --uid=nobody perl /opt/dead.pl 8088")
    let entry = try machine.wait(
      for: "journalctl -q --no-pager -o export CLOSEWATCH_EVENT=firing "
        + "CLOSEWATCH_UNIT=deadly.service"
    ) { !$0.isEmpty }
    let pid = try machine.property("MainPID", of: "deadly.service")
    #expect(entry.contains("CLOSEWATCH_RULE=dead-socket-leak"), "\(entry)")
    #expect(entry.contains("CLOSEWATCH_PID=\(pid)"), "\(entry)")
    // None of them is in a table, and none waits for a proof.
    #expect(try machine.mustRun("ss -Htan state close-wait") == [])
    let triage = try machine.run("closewatch triage").lines
    #expect(!triage.contains { $0.contains("pidfd_getfd") }, "\(triage)")
    try machine.mustRun("systemctl stop deadly")
  }

  /// Resets its connections and keeps the descriptors, of one more every 50 ms.
  private static let deadSockets = """
    use strict;
    use IO::Socket::INET;
    use Socket qw(SOL_SOCKET SO_LINGER);
    my ($port) = @ARGV;
    my $server = IO::Socket::INET->new(
      Listen => 128, LocalAddr => "127.0.0.1", LocalPort => $port, ReuseAddr => 1) or die "$!";
    my @kept;
    while (@kept < 400) {
      my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "$!";
      my $connection = $server->accept or die "$!";
      setsockopt($client, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
      close $client;
      push @kept, $connection;
      select undef, undef, undef, 0.05;
    }
    sleep 3600;
    """
}
