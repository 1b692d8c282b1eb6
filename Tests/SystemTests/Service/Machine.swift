// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A Debian machine of the test's own: a booted systemd-nspawn container, with a journal, a service
/// manager and a loopback interface that nobody else sees. Gone with all it wrote when the value
/// or the tests end.
final class Machine {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Machine"

  private let program: ChildProgram
  /// Its first process, as this host numbers it.
  let leader: String

  /// Boots it. The folder of the package is its `/mnt`.
  ///
  /// - Parameter name: Its host name, unique by the pid of the tests.
  init(_ name: String) throws {
    program = try ChildProgram(
      "\(Self.folder)/boot", ["\(name)-\(getpid())", BuiltPackage.folder])
    // The first of all boots makes the tree, from a Debian mirror.
    guard let line = try program.readLine(within: 1500) else {
      throw ChildProgram.Failure("the machine \(name) has not booted; why is above")
    }
    leader = line
  }

  /// A machine with the package installed, which looks often and is impatient.
  static func withService(_ name: String) throws -> Machine {
    let machine = try Machine(name)
    try machine.install()
    try machine.write(impatient, to: settings)
    try machine.mustRun("systemctl restart closewatch")
    return machine
  }

  /// Where the package has its settings.
  static let settings = "/etc/closewatch/closewatch.yaml"

  /// Settings under which a leak is told after seconds.
  static let impatient = """
    rules: {patience: 2s, quiet: 2s}
    sampling: {interval: 500ms, full-interval: 1s, cpu-budget: 100%}
    """

  /// Installs the package as a person would.
  func install() throws {
    try mustRun(
      "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "
        + "/mnt/\(BuiltPackage.name)")
  }

  /// Runs a script of bash inside as root; its errors are among the lines. Without `-C` it would
  /// see the units inside as those of a container.
  @discardableResult
  func run(_ script: String) throws -> (status: Int32, lines: [String]) {
    try ChildProgram.run(
      "nsenter",
      ["-t", leader, "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        + ["bash", "-c", "exec 2>&1; " + script])
  }

  /// The same, which must succeed.
  @discardableResult
  func mustRun(_ script: String) throws -> [String] {
    let run = try self.run(script)
    guard run.status == 0 else {
      throw ChildProgram.Failure("status \(run.status) of \(script): \(run.lines)")
    }
    return run.lines
  }

  /// Runs a script again and again until its lines are wanted, for `seconds`.
  @discardableResult
  func wait(
    for script: String, seconds: Double = 120, until isWanted: ([String]) -> Bool
  ) throws -> [String] {
    let limit = RunningDaemon.monotonicSeconds + seconds
    while true {
      let lines = try run(script).lines
      if isWanted(lines) { return lines }
      guard RunningDaemon.monotonicSeconds < limit else {
        let log = try run("journalctl -q --no-pager -n 25").lines.joined(separator: "\n")
        throw ChildProgram.Failure("\(script): \(lines) after \(seconds) s; the journal:\n\(log)")
      }
      usleep(200_000)
    }
  }

  /// Asks for the metrics again and again until they are wanted, for two minutes.
  func waitForPage(_ what: String, _ isWanted: ([String]) -> Bool) throws {
    let limit = RunningDaemon.monotonicSeconds + 120
    while true {
      let page = try page("/metrics") ?? []
      if isWanted(page) { return }
      guard RunningDaemon.monotonicSeconds < limit else {
        throw ChildProgram.Failure("\(what): not in two minutes; the page: \(page)")
      }
      usleep(200_000)
    }
  }

  /// Writes a file inside.
  func write(_ text: String, to path: String) throws {
    try mustRun(
      "mkdir -p \"$(dirname \(path))\"; cat >\(path) <<'END_OF_FILE'\n\(text)\nEND_OF_FILE")
  }

  /// Asks the daemon inside for a page; nil when it does not give it.
  func page(_ path: String) throws -> [String]? {
    let run = try ChildProgram.run(
      "nsenter",
      ["-t", leader, "-n", "curl", "-sSf", "--max-time", "20", "http://127.0.0.1:9776\(path)"])
    return run.status == 0 ? run.lines : nil
  }

  /// What `systemctl show` says of a unit.
  func property(_ name: String, of unit: String = "closewatch.service") throws -> String {
    try mustRun("systemctl show -P \(name) \(unit)").joined(separator: "\n")
  }

  /// Adds to the unit and restarts it; an empty text takes the addition away.
  func override(_ lines: String) throws {
    let folder = "/run/systemd/system/closewatch.service.d"
    if lines.isEmpty {
      try mustRun("rm -rf \(folder)")
    } else {
      try write("[Service]\n" + lines, to: "\(folder)/test.conf")
    }
    try mustRun("systemctl daemon-reload; systemctl restart closewatch")
  }

  /// All its files, but those that every package and every process changes.
  func files() throws -> Set<String> {
    Set(
      try mustRun(
        """
        find / -xdev -path /mnt -prune -o -path /var/log -prune -o -path /var/cache -prune \
          -o -path /tmp -prune -o -path '/var/lib/dpkg/*' -prune -o -path '/var/lib/apt/*' -prune \
          -o -path '/root/*' -prune -o -path '/var/lib/rpm/*' -prune -o -print
        find /run -path '/run/systemd/*' -prune -o -path '/run/log/*' -prune \
          -o -name 'agetty.reload' -prune -o -print
        """))
  }

  /// A service that forgets close(2): a connection in CLOSE_WAIT every 50 ms, up to 400.
  ///
  /// - Parameter options: Of systemd-run.
  func startLeak(_ unit: String, port: Int, _ options: String = "--uid=nobody") throws {
    // At once: the perl of a unit that was started just before may not have read it yet.
    try write(Self.leak, to: "/opt/leak.new")
    try mustRun(
      """
      mv /opt/leak.new /opt/leak.pl &&
        systemd-run -q --unit=\(unit) \(options) perl /opt/leak.pl \(port)
      """)
  }

  private static let leak = """
    use strict;
    use IO::Socket::INET;
    my ($port) = @ARGV;
    my $server = IO::Socket::INET->new(
      Listen => 128, LocalAddr => "127.0.0.1", LocalPort => $port, ReuseAddr => 1) or die "$!";
    my @kept;
    while (@kept < 400) {
      my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die "$!";
      my $connection = $server->accept or die "$!";
      close $client;
      sysread $connection, my $byte, 1;
      push @kept, $connection;
      select undef, undef, undef, 0.05;
    }
    sleep 3600;
    """
}
