// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import closewatchd

/// The built daemon against real sockets, signals and a real notification socket.
@Suite(.serialized) struct DaemonTests {
  /// Quick enough for a test on a busy machine, and no limit on what it costs.
  private static let quick = [
    "sampling.interval=100ms", "sampling.full-interval=500ms", "sampling.cpu-budget=100%",
  ]

  @Test func `it ends within a second of SIGTERM, with status 0`() throws {
    let daemon = try RunningDaemon(settings: ["sampling.interval=1h", "sampling.full-interval=1h"])
    try daemon.waitFor("watching; the first look took")
    let end = daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 1, "\(end.seconds) s")
  }

  @Test func `a mistake in the settings keeps it from starting, in one line each`() throws {
    let run = try #require(
      Command.run(["daemon", "--set", "rules.patience=soon", "--interval", "0s"]))
    #expect(run.status == 2)
    #expect(
      run.errors == """
        closewatch: --set rules.patience=soon: rules.patience: expected a time from 1s to 1d, \
        found 'soon'
        closewatch: --set sampling.interval=0s: sampling.interval: expected a time from 50ms \
        to 1h, found '0s'

        """)
  }

  @Test(.requires(.root, .networkNamespaces))
  func `a leak is told once, by its process, and again when it is over`() throws {
    let daemon = try RunningDaemon(settings: Self.quick + ["rules.patience=1s", "rules.quiet=1s"])
    try daemon.waitFor("watching")
    let pid = try Lab.with("close-wait", count: 13) { lab in
      let line = try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
      #expect(line.contains("39 sockets in CLOSE_WAIT"), "\(line)")
      return lab.pid
    }
    try daemon.waitFor("resolved", "SocketLab[\(pid)]")
    #expect(daemon.stop().status == 0)
    let told = daemon.lines.filter { $0.contains("SocketLab[\(pid)]") && $0.contains("firing") }
    #expect(told.count == 1, "\(told)")
  }

  @Test func `SIGHUP reads the settings again, and a mistake changes nothing`() throws {
    let directory = TemporaryDirectory()
    let file = "\(directory.path)/closewatch.yaml"
    directory.write("closewatch.yaml", Array("sampling: {interval: 1h, full-interval: 1h}\n".utf8))
    let daemon = try RunningDaemon(file: file)
    try daemon.waitFor("watching")
    directory.write("closewatch.yaml", Array("sampling:\n  intervall: 1s\n".utf8))
    daemon.signal(SIGHUP)
    try daemon.waitFor("\(file):2:3: sampling: unknown key 'intervall'; did you mean 'interval'?")
    try daemon.waitFor("settings not changed")
    // A budget that a look in 50 ms cannot keep: the log shows that it is in force.
    directory.write(
      "closewatch.yaml",
      Array("sampling: {interval: 50ms, full-interval: 1h, cpu-budget: 0.1%}\n".utf8))
    daemon.signal(SIGHUP)
    try daemon.waitFor("settings reloaded from \(file)")
    try daemon.waitFor("a look costs more than cpu-budget allows")
    let end = daemon.stop()
    #expect(end.status == 0)
    #expect(end.seconds < 1)
  }

  @Test func `the service manager hears of start, reload, life and end`() throws {
    let directory = TemporaryDirectory()
    let listener = try NotifySocket("\(directory.path)/notify")
    let daemon = try RunningDaemon(
      environment: ["NOTIFY_SOCKET=\(listener.path)", "WATCHDOG_USEC=600000"],
      settings: ["sampling.interval=1h", "sampling.full-interval=1h"])
    try listener.waitFor { $0.contains("READY=1") }
    let status = try listener.waitFor { $0.contains { $0.hasPrefix("STATUS=") } }
    #expect(status.contains { $0.contains("in CLOSE_WAIT; looking every 60 min") }, "\(status)")
    // Looks are an hour apart: signs of life come in between.
    for _ in 0..<3 { try listener.waitFor { $0.contains("WATCHDOG=1") } }
    daemon.signal(SIGHUP)
    let reload = try listener.waitFor { $0.contains("RELOADING=1") }
    let instant = reload.first { $0.hasPrefix("MONOTONIC_USEC=") }?.dropFirst(15)
    let seconds = try #require(instant.flatMap { Double($0) }) / 1e6
    #expect(abs(seconds - RunningDaemon.monotonicSeconds) < 10)
    try listener.waitFor { $0.contains("READY=1") }
    daemon.signal(SIGTERM)
    try listener.waitFor { $0.contains("STOPPING=1") }
    #expect(daemon.stop().status == 0)
  }

  @Test func `a stopped daemon gives no sign of life`() throws {
    let directory = TemporaryDirectory()
    let listener = try NotifySocket("\(directory.path)/notify")
    let daemon = try RunningDaemon(
      environment: ["NOTIFY_SOCKET=\(listener.path)", "WATCHDOG_USEC=300000"],
      settings: ["sampling.interval=100ms"])
    try listener.waitFor { $0.contains("WATCHDOG=1") }
    daemon.signal(SIGSTOP)
    try listener.drain(quietFor: 0.5)
    #expect(throws: NotifySocket.Silence.self) {
      try listener.waitFor(seconds: 1) { $0.contains("WATCHDOG=1") }
    }
    daemon.signal(SIGCONT)
    try listener.waitFor { $0.contains("WATCHDOG=1") }
    #expect(daemon.stop().status == 0)
  }

  @Test func `between two looks it needs next to no processor`() throws {
    let directory = TemporaryDirectory()
    let listener = try NotifySocket("\(directory.path)/notify")
    let daemon = try RunningDaemon(
      environment: ["NOTIFY_SOCKET=\(listener.path)", "WATCHDOG_USEC=300000"],
      settings: ["sampling.interval=1h", "sampling.full-interval=1h"])
    try listener.waitFor { $0.contains("READY=1") }
    // Each sign of life is a wait of 100 ms that has ended.
    let before = try #require(daemon.processorTicks)
    for _ in 0..<23 { try listener.waitFor { $0.contains("WATCHDOG=1") } }
    let used = try #require(daemon.processorTicks) - before
    #expect(used <= 10, "\(used) hundredths of a second in more than two seconds")
    #expect(daemon.stop().status == 0)
  }

  @Test func `hundreds of looks leave memory and descriptors as they were`() throws {
    let directory = TemporaryDirectory()
    let listener = try NotifySocket("\(directory.path)/notify")
    let daemon = try RunningDaemon(
      environment: ["NOTIFY_SOCKET=\(listener.path)", "WATCHDOG_USEC=60000000"],
      settings: [
        "sampling.interval=50ms", "sampling.full-interval=250ms", "sampling.cpu-budget=100%",
      ])
    // A sign of life at the beginning of each wait: one a look.
    for _ in 0..<100 { try listener.waitFor { $0.contains("WATCHDOG=1") } }
    let (memory, files) = (try #require(daemon.kilobytes("RssAnon")), daemon.descriptors)
    for _ in 0..<300 { try listener.waitFor { $0.contains("WATCHDOG=1") } }
    let after = try #require(daemon.kilobytes("RssAnon"))
    #expect(after - memory < 4096, "\(memory) kB, 300 looks later \(after) kB")
    #expect(abs(daemon.descriptors - files) <= 1, "\(files), then \(daemon.descriptors)")
    #expect(daemon.stop().status == 0)
  }
}
