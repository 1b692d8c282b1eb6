// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// Hosts with a daemon each, and one with a real Prometheus and a real Alertmanager that run with
/// the files of `deploy/`. Only times are changed in them: see ``hurried(_:)``.
final class Fleet {
  static let deploy =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/deploy"
  static let port = 9776

  let hosts: [FleetHost]
  let monitor: FleetHost
  let directory = TemporaryDirectory()

  /// What a notification is answered with, and where it is kept: a file for each, whose name begins
  /// with the receiver. Run by systemd-socket-activate, one for each connection.
  private static let receiver = #"""
    read -r _ path _
    while IFS= read -r line; do
      line=${line%$'\r'}
      [[ -z $line ]] && break
      [[ ${line,,} == content-length:* ]] && length=${line##*[: ]}
    done
    file=$(mktemp "$1/new.XXXXXX")
    { head -c "${length:-0}"; echo; } >"$file"
    mv "$file" "$1/${path#/}.$EPOCHREALTIME"
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
    """#

  init(_ names: [String]) throws {
    monitor = try FleetHost("monitor")
    hosts = try names.map(FleetHost.init)
    var known = "127.0.0.1 localhost\n"
    for (index, host) in hosts.enumerated() {
      try monitor.join(host, network: index + 1)
      known += "10.77.\(index + 1).2 \(host.name)\n"
    }
    for folder in ["targets", "mail", "prometheus", "alertmanager"] {
      mkdir("\(directory.path)/\(folder)", 0o755)
    }
    directory.write("hosts", Array(known.utf8))
    directory.write("receive", Array(Self.receiver.utf8))
    // The names of the hosts, for the monitor alone.
    try monitor.run("mount --bind \(directory.path)/hosts /etc/hosts")
  }

  subscript(_ name: String) -> FleetHost { hosts.first { $0.name == name } ?? hosts[0] }

  // MARK: Daemons

  /// Starts the daemon of a host, and waits until it has looked.
  func startDaemon(on host: FleetHost, path: String = Command.path) throws {
    let log = "\(directory.path)/\(host.name).log"
    let settings = [
      "sampling.interval=500ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
      "rules.patience=3s", "rules.quiet=3s",
    ].map { "--set \($0)" }.joined(separator: " ")
    try host.run(
      "\(path) daemon \(settings) --web.listen-address :\(Self.port) >\(log) 2>&1 & daemon=$!")
    _ = try waitFor("the daemon of \(host.name)") {
      try host.run("cat \(log)")
    } until: { lines in
      lines.contains { $0.contains("watching") }
    }
  }

  /// Starts a server that forgets to close, and its client, under the name of `program`.
  func plantLeak(on host: FleetHost, program: String) throws {
    let path = "\(directory.path)/\(program)"
    // A link where it can be one: a debug build is large.
    let made = try host.run("ln \(Command.path) \(path) 2>&1 || cp \(Command.path) \(path) 2>&1")
    guard access(path, X_OK) == 0 else { throw ChildProgram.Failure("\(made)") }
    try host.run("mkfifo \(path).wanted && exec 7<>\(path).wanted")
    try host.run("\(path) demo-server <&7 >\(path).log 2>&1 & leak=$!")
    _ = try waitFor("the leak on \(host.name)") {
      try host.run("cat \(path).log")
    } until: {
      $0.contains("ready")
    }
  }

  /// Ends it, and with it all its sockets. By force: what a test starts can have other signals
  /// blocked, as the threads of the tests have.
  func endLeak(on host: FleetHost) throws {
    try host.run("kill -KILL $leak; wait $leak 2>/dev/null")
  }

  /// Ends a daemon as a crash does.
  func killDaemon(on host: FleetHost) throws {
    try host.run("kill -KILL $daemon; wait $daemon 2>/dev/null")
  }

  // MARK: Monitoring

  /// Starts Prometheus, Alertmanager and what takes its notifications.
  func startMonitoring() throws {
    try install("prometheus/prometheus.yml")
    try install("prometheus/closewatch.rules.yml")
    try install("alertmanager/alertmanager.yml")
    let targets = hosts.map { "\"\($0.name):\(Self.port)\"" }.joined(separator: ", ")
    directory.write("targets/fleet.yml", Array("- targets: [\(targets)]\n".utf8))
    let path = directory.path
    try monitor.run(
      "systemd-socket-activate -l 127.0.0.1:9095 --accept --inetd bash \(path)/receive "
        + "\(path)/mail >\(path)/receive.log 2>&1 &")
    try monitor.run(
      "prometheus-alertmanager --config.file=\(path)/alertmanager.yml "
        + "--storage.path=\(path)/alertmanager --web.listen-address=127.0.0.1:9093 "
        + "--cluster.listen-address= >\(path)/alertmanager.log 2>&1 &")
    try monitor.run(
      "prometheus --config.file=\(path)/prometheus.yml --storage.tsdb.path=\(path)/prometheus "
        + "--web.listen-address=127.0.0.1:9090 >\(path)/prometheus.log 2>&1 &")
    for port in [9090, 9093] {
      _ = try waitFor("port \(port)") {
        try monitor.run(
          "curl -s --max-time 5 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:\(port)/-/ready")
      } until: {
        $0 == ["200"]
      }
    }
  }

  /// Copies a file of `deploy/` beside the others.
  private func install(_ path: String) throws {
    guard let bytes = readBytes("\(Self.deploy)/\(path)") else {
      throw ChildProgram.Failure("no deploy/\(path)")
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    directory.write(name, Array(Self.hurried(String(decoding: bytes, as: UTF8.self)).utf8))
  }

  /// The same file with the times that a test can't wait for: how often is scraped and evaluated,
  /// `for` and `keep_firing_for`, and how long Alertmanager gathers. Queries, labels, annotations,
  /// routes and inhibitions stay as they are shipped.
  static func hurried(_ text: String) -> String {
    let times = [
      "scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s", "for": "1s",
      "keep_firing_for": "2s", "group_wait": "1s", "group_interval": "1s",
    ]
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = line.prefix { $0 == " " }
      let key = line.dropFirst(indent.count).prefix { $0 != ":" }
      guard let time = times[String(key)] else { return String(line) }
      return "\(indent)\(key): \(time)"
    }.joined(separator: "\n")
  }

  /// Asks Prometheus, as of now.
  func query(_ expression: String) throws -> PrometheusAnswer {
    directory.write("query", Array(expression.utf8))
    let lines = try monitor.run(
      "curl -s --max-time 20 --data-urlencode query@\(directory.path)/query "
        + "http://127.0.0.1:9090/api/v1/query; echo")
    return try PrometheusAnswer(lines.joined())
  }

  /// The notifications that a receiver has got, oldest first.
  func notifications(to receiver: String) throws -> [Notification] {
    let lines = try monitor.run(
      "for file in \(directory.path)/mail/\(receiver).*; do [ -f $file ] && cat $file; done")
    return try lines.filter { !$0.isEmpty }.map(Notification.init)
  }

  /// The alerts of a name that Alertmanager holds.
  func heldAlerts(_ name: String) throws -> [HeldAlert] {
    let lines = try monitor.run(
      "curl -sG --max-time 20 --data-urlencode 'filter=alertname=\(name)' "
        + "http://127.0.0.1:9093/api/v2/alerts; echo")
    return try HeldAlert.all(in: lines.joined())
  }

  /// Waits until a receiver was told of an alert in a state.
  func waitForAlert(
    _ name: String, _ status: String, to receiver: String, instance: String, seconds: Double = 60
  ) throws -> Notification.Alert {
    var found: Notification.Alert?
    _ = try waitFor("\(name) \(status) to \(receiver)", seconds: seconds) {
      try notifications(to: receiver).flatMap(\.alerts)
    } until: { alerts in
      found = alerts.last {
        $0.labels["alertname"] == name && $0.labels["instance"] == instance
      }
      return found?.status == status
    }
    guard let found else { throw ChildProgram.Failure("\(name) is gone") }
    return found
  }
}
