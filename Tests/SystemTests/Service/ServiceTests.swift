// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The installed service on a booted Debian machine. The tests share one machine and leave it as
/// they found it.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .command("debootstrap"), .command("systemd-nspawn"),
    .command("curl")))
struct ServiceTests {
  // Used by one test at a time: the suite is serialized.
  nonisolated(unsafe) private static let booted = Result {
    try Machine.withService("closewatch-service")
  }
  private let machine: Machine

  init() throws { machine = try Self.booted.get() }

  @Test func `the service is up when systemctl says so, and says what it does`() throws {
    #expect(try machine.property("Type") == "notify")
    #expect(try machine.property("ActiveState") == "active")
    #expect(try machine.property("UnitFileState") == "enabled")
    #expect(try machine.property("NRestarts") == "0")
    let status = try machine.property("StatusText")
    #expect(status.contains("looking every 500 ms"), "\(status)")
    #expect(try machine.page("/-/ready") != nil)
  }

  @Test func `its log has its own lines only, and nothing to worry about`() throws {
    // Two full looks, so that every thread has started once.
    try machine.waitForPage("three full looks") { Self.looks($0) >= 3 }
    let lines = try machine.mustRun(
      "journalctl -q --no-pager -o cat -t closewatch _SYSTEMD_INVOCATION_ID="
        + "$(systemctl show -P InvocationID closewatch)")
    #expect(lines.contains { $0.hasPrefix("watching; the first look took") }, "\(lines)")
    let expected = [
      "watching; the first look took", "listening on 127.0.0.1:9776",
      "listening on the control socket /run/closewatch/control.sock",
    ]
    for line in lines { #expect(expected.contains { line.hasPrefix($0) }, "\(line)") }
  }

  private static func looks(_ page: [String]) -> Int {
    let full = page.first { $0.hasPrefix("closewatch_samples_total{kind=\"full\"}") }
    return full.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
  }

  @Test func `it is nobody's user, with the capabilities that the unit declares and no more`()
    throws
  {
    let unit = try #require(
      readBytes(BuiltPackage.file("usr/lib/systemd/system/closewatch.service")))
    let lines = String(decoding: unit, as: UTF8.self).split(separator: "\n")
    let numbers = ["CAP_DAC_READ_SEARCH": 2, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21]
    for directive in ["AmbientCapabilities=", "CapabilityBoundingSet="] {
      let names = try #require(lines.first { $0.hasPrefix(directive) }).dropFirst(directive.count)
      #expect(Set(names.split(separator: " ").map(String.init)) == Set(numbers.keys))
    }
    let mask = numbers.values.reduce(0 as UInt64) { $0 | 1 << UInt64($1) }
    let pid = try machine.property("MainPID")
    let status = try machine.mustRun("cat /proc/\(pid)/status").map {
      $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).map(String.init)
    }
    // It has given them away; its keeper has them.
    for (name, expected) in [("CapPrm:", 0), ("CapEff:", 0), ("CapAmb:", 0), ("CapBnd:", mask)] {
      let value = try #require(status.first { $0.first == name }?.last)
      #expect(UInt64(value, radix: 16) == expected, "\(name) \(value)")
    }
    let keepers = try machine.mustRun(
      "for child in $(cat /proc/\(pid)/task/*/children); do grep CapPrm: /proc/$child/status; done")
    #expect(!keepers.isEmpty)
    for keeper in keepers {
      #expect(UInt64(keeper.dropFirst("CapPrm:\t".count), radix: 16) == mask, "\(keeper)")
    }
    for name in ["Uid:", "Gid:"] {
      let ids = try #require(status.first { $0.first == name }).dropFirst()
      #expect(ids.count == 4 && !ids.contains("0"), "\(name) \(ids)")
    }
    #expect(status.contains(["NoNewPrivs:", "1"]))
    #expect(status.contains(["Seccomp:", "2"]))
    // The group exists on its own, for people; the user does not outlive the service.
    #expect(try machine.run("grep -c closewatch /etc/passwd").lines == ["0"])
    #expect(try machine.mustRun("ls -ld /run/closewatch")[0].contains("closewatch"))
  }

  @Test func `the group closewatch may ask the daemon over its socket, and others may not`()
    throws
  {
    let socket = try machine.mustRun("stat -c '%a %G %F' /run/closewatch/control.sock")
    #expect(socket == ["660 closewatch socket"])
    let ask = """
      perl -MIO::Socket::UNIX -e \
        'IO::Socket::UNIX->new(Peer => "/run/closewatch/control.sock") or die "$!\\n"'
      """
    let group = "$(getent group closewatch | cut -d: -f3)"
    #expect(
      try machine.mustRun("setpriv --reuid=1 --regid=1 --groups=\(group) \(ask)") == [])
    let stranger = try machine.run("setpriv --reuid=1 --regid=1 --clear-groups \(ask)")
    #expect(stranger.lines == ["Permission denied"])
  }

  @Test func `a leak of another user's program is in the journal, explained, and on the page`()
    throws
  {
    try machine.startLeak("leaky", port: 8080)
    let entry = try event("firing", of: "leaky.service")
    let pid = try machine.property("MainPID", of: "leaky.service")
    // closewatch explain and the catalog know the event by this number.
    #expect(entry["MESSAGE_ID"] == "8015bbe2d2de4b49ab2a070f2538b14f")
    #expect(["2", "4", "5"].contains(entry["PRIORITY"]))
    #expect(entry["OBJECT_PID"] == pid)
    #expect(entry["CLOSEWATCH_PID"] == pid)
    #expect(entry["CLOSEWATCH_RULE"] == "close-wait-leak")
    #expect(entry["CLOSEWATCH_CAUSE"] == "eof-read-not-closed")
    #expect(entry["CLOSEWATCH_STATE"] == "CLOSE_WAIT")
    #expect(entry["CLOSEWATCH_OWNER"] == "leaky.service")
    #expect(entry["CLOSEWATCH_EXECUTABLE"] == "/usr/bin/perl")
    #expect(entry["CLOSEWATCH_LOCAL_PORT"] == "8080")
    #expect((entry["CLOSEWATCH_SOCKETS"].flatMap { Int($0) } ?? 0) >= 3)
    #expect(entry["SYSLOG_IDENTIFIER"] == "closewatch")
    #expect(entry["_SYSTEMD_UNIT"] == "closewatch.service")
    #expect(entry["_UID"] != "0")
    let message = try #require(entry["MESSAGE"])
    #expect(message.contains("perl leak.pl[\(pid)] in leaky.service"), "\(message)")

    let explained = try machine.mustRun(
      "journalctl -q --no-pager -x CLOSEWATCH_UNIT=leaky.service CLOSEWATCH_EVENT=firing")
    #expect(explained.contains { $0.hasSuffix("Defined-By: closewatch") }, "\(explained)")
    #expect(explained.contains { $0.contains("leaky.service on port 8080: ") })
    #expect(explained.contains { $0.contains("process \(pid) (perl)") })
    #expect(explained.contains { $0.contains("What to do now:") })

    let page = try #require(try machine.page("/metrics"))
    #expect(page.contains { $0.hasPrefix("closewatch_findings_firing{") && $0.hasSuffix(" 1") })
    #expect(page.contains { !$0.hasPrefix("#") && $0.contains("leaky.service") })

    try machine.mustRun("systemctl stop leaky")
    let end = try event("resolved", of: "leaky.service")
    #expect(end["CLOSEWATCH_FINDING_ID"] == entry["CLOSEWATCH_FINDING_ID"])
    #expect(end["MESSAGE_ID"] != entry["MESSAGE_ID"])
  }

  @Test func `a leak in another network namespace is told with its namespace`() throws {
    try machine.startLeak("hidden", port: 8081, "--uid=daemon -p PrivateNetwork=yes")
    defer { _ = try? machine.run("systemctl stop hidden") }
    let entry = try event("firing", of: "hidden.service")
    let pid = try machine.property("MainPID", of: "hidden.service")
    #expect(entry["CLOSEWATCH_PID"] == pid)
    let link = try machine.mustRun("readlink /proc/\(pid)/ns/net /proc/1/ns/net")
    #expect(link.count == 2 && link[0] != link[1])
    #expect(link[0] == "net:[\(entry["CLOSEWATCH_NETNS"] ?? "")]")
    // By sock_diag, so from inside: /proc would know no age.
    #expect(entry["CLOSEWATCH_OLDEST_BOUND"] == "exact")
  }

  @Test func `systemctl reload takes good settings and keeps the old ones over bad ones`() throws {
    let pid = try machine.property("MainPID")
    try machine.write(
      Machine.impatient.replacing("interval: 500ms", with: "interval: 700ms", maxReplacements: 1),
      to: Machine.settings)
    defer { _ = try? machine.write(Machine.impatient, to: Machine.settings) }
    try machine.mustRun("systemctl reload closewatch")
    let status = "systemctl show -P StatusText closewatch"
    try machine.wait(for: status) { $0.contains { $0.contains("looking every 700 ms") } }
    let good = "closewatch_settings_last_reload_successful 1"
    #expect(try #require(try machine.page("/metrics")).contains(good))

    try machine.write("sampling:\n  intervall: 1s\n", to: Machine.settings)
    let reload = try machine.run("systemctl reload closewatch")
    #expect(reload.status != 0, "\(reload.lines)")
    let mistake =
      "\(Machine.settings):2:3: sampling: unknown key 'intervall'; did you mean 'interval'?"
    try machine.wait(for: "journalctl -q -o cat --no-pager -u closewatch -p err _PID=\(pid)") {
      $0.contains(mistake)
    }
    let bad = "closewatch_settings_last_reload_successful 0"
    #expect(try #require(try machine.page("/metrics")).contains(bad))
    #expect(try machine.property("StatusText").contains("looking every 700 ms"))

    try machine.write(Machine.impatient, to: Machine.settings)
    try machine.mustRun("systemctl reload closewatch")
    try machine.wait(for: status) { $0.contains { $0.contains("looking every 500 ms") } }
    #expect(try #require(try machine.page("/metrics")).contains(good))
    #expect(try machine.property("MainPID") == pid)
  }

  @Test func `what happens while journald is away is told when it is back`() throws {
    let units = "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service"
    let pid = try machine.property("MainPID")
    try machine.mustRun("systemctl stop \(units)")
    defer { _ = try? machine.run("systemctl start \(units); systemctl stop missed") }
    try machine.startLeak("missed", port: 8082)
    // Told by now, as the page shows, and nobody there to hear it.
    try machine.waitForPage("an entry that waits") {
      $0.contains("closewatch_journal_entries_queued 1")
    }
    try machine.mustRun("systemctl start \(units)")
    let entry = try event("firing", of: "missed.service")
    #expect(entry["CLOSEWATCH_RULE"] == "close-wait-leak")
    let page = try #require(try machine.page("/metrics"))
    #expect(page.contains("closewatch_journal_entries_total{outcome=\"lost\"} 0"))
    #expect(page.contains("closewatch_journal_entries_queued 0"))
    #expect(try machine.property("MainPID") == pid)
    #expect(try machine.property("NRestarts") == "0")
  }

  @Test func `a daemon that hangs is ended by the watchdog and started again`() throws {
    try machine.override("WatchdogSec=5s\nRestartSec=1s")
    defer { _ = try? machine.override("") }
    let pid = try machine.property("MainPID")
    // While it lives, it shows so: longer than the watchdog waits.
    try machine.mustRun("sleep 8")
    #expect(try machine.property("MainPID") == pid)
    try machine.mustRun("kill -STOP \(pid)")
    try machine.wait(for: "systemctl show -P NRestarts closewatch") { $0 == ["1"] }
    try machine.wait(for: "systemctl is-active closewatch") { $0 == ["active"] }
    #expect(try machine.property("MainPID") != pid)
    let lines = try machine.mustRun("journalctl -q -o cat --no-pager -u closewatch _PID=1")
    #expect(lines.contains { $0.contains("Watchdog timeout (limit 5s)") }, "\(lines)")
    #expect(try machine.page("/-/ready") != nil)
  }

  @Test func `with the socket unit no scrape is refused while the service restarts`() throws {
    let flags = "/etc/default/closewatch"
    try machine.mustRun(
      """
      cp \(flags) /root/flags; echo 'ARGS="--web.systemd-socket"' >>\(flags)
      systemctl stop closewatch; systemctl start closewatch.socket; systemctl start closewatch
      """)
    defer {
      _ = try? machine.run(
        "cp /root/flags \(flags); systemctl stop closewatch closewatch.socket; "
          + "systemctl start closewatch")
    }
    #expect(try machine.property("ActiveState") == "active")
    #expect(try machine.page("/-/ready") != nil)
    let log = try machine.mustRun(
      "journalctl -q -o cat --no-pager -u closewatch _PID=$(systemctl show -P MainPID closewatch)")
    #expect(log.contains { $0.contains("listening on systemd's socket") }, "\(log)")
    // Systemd itself listens: a stopped service is started by the next scrape.
    try machine.mustRun("systemctl stop closewatch")
    #expect(try machine.page("/-/healthy") != nil)
    // It answers before it has looked, and is active when it has.
    try machine.wait(for: "systemctl is-active closewatch") { $0 == ["active"] }
  }

  @Test func `with the socket unit it can do without a network of its own, and sees the same`()
    throws
  {
    let flags = "/etc/default/closewatch"
    let folder = "/run/systemd/system/closewatch.service.d"
    try machine.mustRun(
      """
      cp \(flags) /root/flags; echo 'ARGS="--web.systemd-socket"' >>\(flags)
      mkdir -p \(folder)
      cp /usr/share/doc/closewatch/examples/systemd/tight.conf \(folder)/
      systemctl daemon-reload; systemctl stop closewatch
      systemctl start closewatch.socket; systemctl start closewatch
      """)
    defer {
      _ = try? machine.run(
        "cp /root/flags \(flags); rm -r \(folder); systemctl daemon-reload; "
          + "systemctl stop tightly closewatch closewatch.socket; systemctl start closewatch")
    }
    let verdict = try machine.mustRun("systemd-analyze security --no-pager closewatch.service")
    let last = try #require(verdict.last { $0.contains("Overall exposure level") })
    #expect(last.contains(": 1.7 "), "\(last)")
    let links = try machine.mustRun(
      "readlink /proc/1/ns/net /proc/$(systemctl show -P MainPID closewatch)/ns/net")
    #expect(links.count == 2 && links[0] != links[1])
    try machine.startLeak("tightly", port: 8086)
    let entry = try event("firing", of: "tightly.service")
    #expect(links[0] == "net:[\(entry["CLOSEWATCH_NETNS"] ?? "")]")
    #expect(entry["CLOSEWATCH_OLDEST_BOUND"] == "exact")
    #expect(entry["CLOSEWATCH_PID"] == (try machine.property("MainPID", of: "tightly.service")))
    #expect(try #require(try machine.page("/metrics")).contains { $0.contains("tightly.service") })
  }

  @Test func `with the drop-in for counting connects it starts, and says why a container cannot`()
    throws
  {
    let flags = "/etc/default/closewatch"
    let folder = "/run/systemd/system/closewatch.service.d"
    try machine.mustRun(
      """
      cp \(flags) /root/flags; echo 'ARGS="--set sampling.events=on"' >>\(flags)
      mkdir -p \(folder)
      cp /usr/share/doc/closewatch/examples/systemd/events.conf \(folder)/
      systemctl daemon-reload; systemctl restart closewatch
      """)
    defer {
      _ = try? machine.run(
        "cp /root/flags \(flags); rm -r \(folder); systemctl daemon-reload; "
          + "systemctl restart closewatch")
    }
    let verdict = try machine.mustRun("systemd-analyze security --no-pager closewatch.service")
    let last = try #require(verdict.last { $0.contains("Overall exposure level") })
    #expect(last.contains(": 2.6 "), "\(last)")
    // The machine has PIDs of its own, which the kernel does not tell.
    let doctor = try machine.run("closewatch doctor").lines.joined(separator: " ")
    let words = doctor.split(separator: " ").joined(separator: " ")
    #expect(
      words.contains("connects are not counted: it needs the host's PID namespace"), "\(words)")
  }

  @Test func `systemd finds no fault with the units, and their exposure is what they say`() throws {
    // --man=no: a minimal machine has no man to look a page up with.
    #expect(
      try machine.mustRun(
        "systemd-analyze verify --man=no closewatch.service closewatch.socket") == [])
    let unit = try #require(
      readBytes(BuiltPackage.file("usr/lib/systemd/system/closewatch.service")))
    let claim = try #require(
      String(decoding: unit, as: UTF8.self).firstMatch(
        of: #/systemd-analyze security: (\d\.\d)/#)?.output.1)
    let verdict = try machine.mustRun("systemd-analyze security --no-pager closewatch.service")
    let last = try #require(verdict.last { $0.contains("Overall exposure level") })
    #expect(last.contains(": \(claim) "), "\(last)")
  }

  /// The entry of an event, as its fields.
  private func event(_ kind: String, of unit: String) throws -> [String: String] {
    let lines = try machine.wait(
      for: "journalctl -q --no-pager -o export CLOSEWATCH_EVENT=\(kind) CLOSEWATCH_UNIT=\(unit)"
    ) { !$0.isEmpty }
    var fields: [String: String] = [:]
    for line in lines {
      guard let mark = line.firstIndex(of: "=") else { continue }
      fields[String(line[..<mark])] = String(line[line.index(after: mark)...])
    }
    return fields
  }
}
