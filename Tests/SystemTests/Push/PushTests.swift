// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The built daemon pushes to a collector that decodes what it gets, or does not behave.
@Suite(.serialized, .requires(.collector)) struct PushTests {
  /// Looks as rare as can be: between two of them the page does not change.
  private static let seldom = ["sampling.interval=1h", "sampling.full-interval=1h"]

  private static func settings(_ url: String, _ more: String...) -> [String] {
    seldom + ["otlp.endpoint=\(url)"] + more
  }

  // MARK: What it says

  @Test(.requires(.root, .networkNamespaces))
  func `a push has every series of the page, with its value`() throws {
    let collector = try Collector(["200"])
    try Lab.with("close-wait", count: 5) { _ in
      let daemon = try ScrapedDaemon(
        settings: Self.settings(
          collector.url, "otlp.interval=1h", "otlp.resource-attributes={service.namespace: ops}"))
      let request = try collector.request()
      let page = try ExpositionText(Array(try daemon.page().utf8))
      let pushed = PushedSeries.all(of: request)
      let shown = PushedSeries.all(of: page)
      #expect(pushed.count > 150, "\(pushed.count) series")
      for (series, value) in shown where pushed[series] != value {
        Issue.record("\(series): \(value) on the page, \(pushed[series] ?? .nan) in the push")
      }
      for series in pushed.keys where shown[series] == nil {
        Issue.record("\(series) is not on the page")
      }
      #expect(request.path == "/v1/metrics")
      #expect(request.headers["content-type"] == "application/x-protobuf")
      #expect(request.resources.count == 1)
      let resource = try #require(request.resources.first)
      let host = Collector.Request.Attribute.text(try #require(hostName))
      #expect(resource.attributes["host.name"] == host)
      #expect(resource.attributes["service.instance.id"] == host)
      #expect(resource.attributes["service.name"] == .text("closewatch"))
      #expect(resource.attributes["service.namespace"] == .text("ops"))
      #expect(resource.attributes["process.pid"] == .number(Int(daemon.daemon.pid)))
      let build = request.metrics.first { $0.name == "closewatch_build_info" }
      let version = try #require(build?.points.first?.attributes["version"])
      #expect(resource.attributes["service.version"] == .text(version))
      #expect(resource.scopes.map(\.name) == ["closewatch"])
    }
  }

  @Test func `sums are cumulative and keep their start, gauges have none`() throws {
    let collector = try Collector(["200"])
    let before = wallNanoseconds()
    let daemon = try ScrapedDaemon(settings: Self.settings(collector.url, "otlp.interval=1s"))
    let (first, second) = (try collector.request(), try collector.request())
    let begin = try daemon.number("process_start_time_seconds")
    let boot = Double(wallNanoseconds()) / 1e9 - bootSeconds()
    for metric in second.metrics {
      let isCounter = metric.monotonic == true
      #expect(
        metric.temporality == (metric.kind == "sum" ? "AGGREGATION_TEMPORALITY_CUMULATIVE" : nil))
      for point in metric.points {
        #expect((before...wallNanoseconds()).contains(point.time), "\(metric.name)")
        guard metric.kind == "sum" else {
          #expect(point.start == 0, "\(metric.name)")
          continue
        }
        let since = metric.name.hasPrefix("closewatch_kernel_") ? boot : begin
        #expect(abs(Double(point.start) / 1e9 - since) < 0.1, "\(metric.name)")
        let earlier = first.metrics.first { $0.name == metric.name }?.points
          .first { $0.attributes == point.attributes }
        // Pushes are counted from the first one on.
        #expect(earlier?.start == point.start, "\(metric.name)")
        if let earlier { #expect(earlier.time < point.time) }
        #expect(!isCounter || Double(earlier?.value ?? "") ?? 0 <= Double(point.value) ?? -1)
      }
    }
    #expect(second.metrics.contains { $0.name == "process.cpu.time" && $0.unit == "s" })
    #expect(daemon.daemon.stop().status == 0)
  }

  // MARK: A collector that does not take it

  @Test func `one that asks to wait is left alone, and each change is told once`() throws {
    let collector = try Collector(["503:3", "503", "400", "200-3", "200"])
    let daemon = try ScrapedDaemon(settings: Self.settings(collector.url, "otlp.interval=4s"))
    let requests = try (0..<5).map { _ in try collector.request() }
    let waits = zip(requests.dropFirst(), requests).map { $0.at - $1.at }
    #expect(waits[0] >= 3, "Retry-After")
    #expect((0.9..<3.5).contains(waits[1]), "the second wait is 1 to 2 s")
    for wait in waits[2...] { #expect((3.5..<10).contains(wait), "the interval") }
    try daemon.daemon.hasSaid("metrics are pushed to \(collector.url) every 4s")
    let rejection = try daemon.daemon.hasSaid("rejected 3")
    #expect(rejection.hasSuffix("\(collector.url) rejected 3 data points of a push: too many"))
    try daemon.daemon.hasSaid("accepts every data point again")
    let told = daemon.daemon.lines.filter { $0.contains("cannot push metrics") }
    #expect(told.count == 1, "\(told)")
    // What a stranger says is fit for a line.
    #expect(told.first?.hasSuffix("503 Service Unavailable: told 503?[31m") == true, "\(told)")
    let name = "closewatch_otlp_pushes_total"
    #expect(try daemon.number("\(name){outcome=\"failed\"}") == 2)
    #expect(try daemon.number("\(name){outcome=\"refused\"}") == 1)
    #expect(try daemon.number("closewatch_otlp_rejected_points_total") == 3)
  }

  @Test(arguments: ["slow", "garbage"])
  func `one that does not answer delays no look and no end`(_ answer: String) throws {
    let collector = try Collector([answer])
    let daemon = try ScrapedDaemon(
      settings: ScrapedDaemon.quick
        + ["otlp.endpoint=\(collector.url)", "otlp.timeout=1s", "otlp.interval=1s"])
    let words = answer == "slow" ? "no answer in 1s (otlp.timeout)" : "its answer is not HTTP/1.1"
    try daemon.daemon.hasSaid("cannot push metrics to \(collector.url)", words)
    try daemon.waitForLooks(3)
    _ = try collector.request()
    _ = try collector.request()
    // A push is on its way, or waits for its turn.
    let end = daemon.daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 1.5, "\(end.seconds) s")
  }

  @Test func `one that comes back gets the numbers of then`() throws {
    let first = try Collector(["200"])
    let (port, url) = (first.port, first.url)
    first.end()
    let daemon = try ScrapedDaemon(
      environment: [], settings: Self.settings(url, "otlp.interval=1s"),
      control: "none")
    try daemon.daemon.hasSaid(
      "cannot push metrics", "cannot connect to 127.0.0.1: Connection refused")
    #expect(try daemon.get("/").text.contains("No metrics have reached the collector"))
    let second = try Collector(["200"], options: ["--port", "\(port)"])
    let request = try second.request(within: 70)
    let failures = request.metrics.first { $0.name == "closewatch_otlp_pushes" }?.points
      .first { $0.attributes == ["outcome": "failed"] }
    #expect(Double(failures?.value ?? "") ?? 0 >= 1)
    try daemon.daemon.hasSaid("metrics are pushed to \(url) every 1s")
    #expect(daemon.daemon.lines.count { $0.contains("cannot push metrics") } == 1)
    try ScrapedDaemon.wait("the page says nothing of it") {
      try !daemon.get("/").text.contains("No metrics have reached")
    }
  }

  // MARK: How it is told to

  @Test func `headers come from a file that may change, and a mistake shows no secret`() throws {
    let directory = TemporaryDirectory()
    let file = "\(directory.path)/headers"
    directory.write("headers", Array("# of the vault\nAuthorization: Bearer s3cr3t-1\r\n".utf8))
    let collector = try Collector(["200"])
    let daemon = try ScrapedDaemon(
      settings: Self.settings(collector.url, "otlp.interval=1s", "otlp.headers-file=\(file)"))
    #expect(try collector.request().headers["authorization"] == "Bearer s3cr3t-1")
    directory.write("headers", Array("\nBearer s3cr3t-2\n".utf8))
    try daemon.daemon.hasSaid("\(file):2: expected 'Name: value', found no colon")
    directory.write("headers", Array("Authorization: Bearer s3cr3t-3\n".utf8))
    try daemon.daemon.waitFor("\(collector.url) accepts metrics again")
    try ScrapedDaemon.wait("the new token is sent") {
      try collector.request().headers["authorization"] == "Bearer s3cr3t-3"
    }
    let said = daemon.daemon.lines.joined(separator: "\n") + (try daemon.page())
    #expect(!said.contains("s3cr3t"))
  }

  @Test func `a reload switches it on and off`() throws {
    let directory = TemporaryDirectory()
    let looks = "sampling: {interval: 1h, full-interval: 1h}\n"
    directory.write("closewatch.yaml", Array(looks.utf8))
    let daemon = try ScrapedDaemon(settings: [], file: "\(directory.path)/closewatch.yaml")
    #expect(try !daemon.page().contains("closewatch_otlp"))
    let collector = try Collector(["200"])
    directory.write(
      "closewatch.yaml", Array((looks + "otlp: {endpoint: \"\(collector.url)\"}\n").utf8))
    daemon.daemon.signal(SIGHUP)
    _ = try collector.request()
    try ScrapedDaemon.wait("a push is counted") {
      try daemon.page().contains("closewatch_otlp_pushes_total{outcome=\"accepted\"} 1\n")
    }
    directory.write("closewatch.yaml", Array(looks.utf8))
    daemon.daemon.signal(SIGHUP)
    try ScrapedDaemon.wait("it is off") { try !daemon.page().contains("closewatch_otlp") }
  }

  /// Its packets go into a network in which nobody is.
  @Test(.requires(.root, .networkNamespaces, .mountNamespaces, .command("ip")))
  func `a name server that never answers stops neither looks nor the end`() throws {
    let directory = TemporaryDirectory()
    directory.write("resolv.conf", Array("nameserver 192.0.2.1\n".utf8))
    directory.write("nsswitch.conf", Array("hosts: files dns\n".utf8))
    let script = """
      ip link set lo up && ip link add nobody type veth peer name other &&
      ip addr add 192.0.2.2/24 dev nobody && ip link set nobody up && ip link set other up &&
      ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev nobody &&
      mount --bind \(directory.path)/resolv.conf /etc/resolv.conf &&
      mount --bind \(directory.path)/nsswitch.conf /etc/nsswitch.conf && exec "$@"
      """
    let daemon = try RunningDaemon(
      settings: ScrapedDaemon.quick
        + ["otlp.endpoint=http://collector.example:4318", "otlp.timeout=1s", "otlp.interval=1s"],
      through: ["unshare", "--net", "--mount", "sh", "-c", script, "sh"])
    try daemon.waitFor("watching", seconds: 120)
    try daemon.hasSaid("collector.example: the lookup", "took longer than 1s (otlp.timeout)")
    let end = daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 1.5, "\(end.seconds) s")
  }

  // MARK: Clocks

  private func wallNanoseconds() -> UInt64 { Self.nanoseconds(CLOCK_REALTIME) }
  private func bootSeconds() -> Double { Double(Self.nanoseconds(CLOCK_BOOTTIME)) / 1e9 }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private var hostName: String? { try? ChildProgram.run("hostname", []).lines.first }
}
