// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Too little of what the daemon needs, and too much of what it looks at.
@Suite(.serialized) struct ScarcityTests {
  private static let others = "closewatch_network_namespaces{netns_class=\"other\"}"
  private static let fast = [
    "sampling.interval=50ms", "sampling.full-interval=250ms", "sampling.cpu-budget=100%",
  ]

  @Test(.requires(.root, .networkNamespaces, .memoryCgroups))
  func `64 MiB are enough on a host of 50,000 sockets`() throws {
    let group = try #require(MemoryCgroup(bytes: 64 << 20))
    try Lab.with("crowd", count: 25_000) { _ in
      let scraped = try ScrapedDaemon(
        settings: [
          "sampling.interval=1s", "sampling.full-interval=3s", "sampling.cpu-budget=100%",
        ], through: ["sh", "-c", "echo $$ >'\(group.path)/cgroup.procs'; exec \"$@\"", "sh"])
      #expect(
        try scraped.number("closewatch_sockets{netns_class=\"other\",state=\"close_wait\"}")
          >= 5000)
      let full = "closewatch_samples_total{kind=\"full\"}"
      try ScrapedDaemon.wait(seconds: 240, "four full looks") { try scraped.number(full) >= 4 }
      #expect(try scraped.number("closewatch_sample_failures_total") == 0)
      #expect(group.killed == 0)
      #expect(scraped.daemon.stop().status == 0)
    }
  }

  @Test(.requires(.root), arguments: [12])
  func `with next to no descriptors it says what it lacks and lives on`(_ limit: Int) throws {
    // No web server: its sockets would be the first to be missing.
    let daemon = try RunningDaemon(settings: Self.fast, through: ["prlimit", "--nofile=\(limit):"])
    try daemon.waitFor("Too many open files")
    usleep(500_000)
    #expect(kill(daemon.pid, 0) == 0)
    // As soon as there are enough, it looks.
    let raised = try ChildProgram.run("prlimit", ["--pid", "\(daemon.pid)", "--nofile=256:"])
    #expect(raised.status == 0)
    try daemon.waitFor("watching")
    #expect(daemon.stop().status == 0)
  }

  @Test(
    .requires(.root, .networkNamespaces),
    arguments: ["namespaces", "births"])
  func `what comes and goes by the hundred leaves no error, no descriptor and no memory`(
    _ scenario: String
  ) throws {
    let scraped = try ScrapedDaemon(settings: Self.fast)
    let namespaces = try scraped.number(Self.others)
    try Lab.with(scenario, count: 7) { _ in
      // By then everything has its usual size.
      try scraped.waitForLooks(23)
      let (memory, files) = try Self.held(by: scraped)
      try scraped.waitForLooks(47)
      let after = try Self.held(by: scraped)
      // What is remembered of the newest departures and processes fills up to its bounds first.
      #expect(after.memory - memory < 8192, "\(memory) kB, 47 looks later \(after.memory) kB")
      #expect(after.files - files <= 1, "\(files) descriptors, then \(after.files)")
    }
    #expect(try scraped.number("closewatch_sample_failures_total") == 0)
    try ScrapedDaemon.wait("the namespaces are gone") {
      try scraped.number(Self.others) <= namespaces
    }
    #expect(scraped.daemon.stop().status == 0)
    let errors = scraped.daemon.lines.filter { $0.contains("error") }
    #expect(errors.isEmpty, "\(errors)")
  }

  /// Between two looks: during one it has files open.
  private static func held(by scraped: ScrapedDaemon) throws -> (memory: Int, files: Int) {
    let files = (0..<20).map { _ in
      usleep(7000)
      return scraped.daemon.descriptors
    }
    return (try #require(scraped.daemon.kilobytes("RssAnon")), try #require(files.min()))
  }
}
