// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What a person sees who has typed something wrong.
@Suite struct CommandLineTests {
  /// A mistake, and words that its one line must have.
  struct Mistake: CustomTestStringConvertible, Sendable {
    var arguments: [String]
    var says: [String]
    var testDescription: String { arguments.joined(separator: " ") }
    init(_ arguments: String, says: String...) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.says = says
    }
  }

  @Test(arguments: [
    Mistake("sockets --stat CLOSE_WAIT", says: "--stat", "--state"),
    Mistake("sockets --state CLOSE_WIAT", says: "CLOSE_WIAT", "did you mean CLOSE_WAIT?"),
    Mistake("sockets --state close-wait,", says: "''", "there are ESTABLISHED"),
    Mistake("sockets --state", says: "--state"),
    Mistake("sockets --pid nginx", says: "nginx", "--pid", "a number", "--unit"),
    Mistake("sockets --pid 0", says: "'0'", "a number"),
    Mistake("sockets --pid 2000000000", says: "no process 2000000000"),
    Mistake("sockets --pid 4294967296", says: "4294967296", "a number"),
    Mistake("sockets --port 70000", says: "70000", "--port"),
    Mistake(
      "sockets --port 80-", says: "'80-'", "80,443,8000-8100", "see closewatch sockets --help"),
    Mistake("sockets --by pid", says: "process, unit, peer, port, state"),
    Mistake("sockets --dead --by unit", says: "--by", "--dead"),
    Mistake("sockets --watch --interval 1ms", says: "100 ms"),
    Mistake("sockets --interval 5s", says: "--watch"),
    Mistake("sockets --remote db:5432", says: "db:5432", "[IPV6]:PORT"),
    Mistake("sockets --remote 192.0.2.1:0", says: "1 to 65535"),
    Mistake("sockets --min-age 5", says: "'5'", "30s"),
    Mistake("sockets --ghosts --netns blue", says: "--dead", "--netns", "--pid"),
    Mistake("sockets --dead --netns blue", says: "--dead", "--netns", "--pid"),
    Mistake("sockets --dead --state close-wait", says: "--dead", "no state"),
    Mistake("sockets extra", says: "extra"),
    Mistake("triage --for soon", says: "soon", "500ms"),
    Mistake("triage --for 0s", says: "more than 0"),
    Mistake("triage --for 1s --interval 2s", says: "--interval", "--for"),
    Mistake("triage --for 100ms", says: "--for 100ms", "--interval 1s"),
    Mistake("triage --control-socket /nonexistent/s", says: "/nonexistent/s", "no daemon"),
    Mistake("triage --for 1s --interval 1ms", says: "50 ms"),
    Mistake("triage --color blue", says: "auto, always or never"),
    Mistake("triage --source bpf", says: "auto, netlink or proc"),
    Mistake("triage --stacks", says: "--stacks", "a pid, a name or a port"),
    Mistake("triage 1 --stacks --format markdown", says: "--stacks", "markdown"),
    Mistake("triage 1 --stacks --replay x", says: "--stacks", "--replay"),
    Mistake("explain CLOSE_WIAT", says: "CLOSE_WIAT", "did you mean CLOSE_WAIT?"),
    Mistake("explain tcp_fin_timeuot", says: "did you mean tcp_fin_timeout?"),
    Mistake("explain blorb", says: "explain lists them all"),
    Mistake("explain xyzzyplugh", says: "xyzzyplugh", "lists them all"),
    Mistake("explain CLOSE_WAIT LISTEN", says: "LISTEN"),
    Mistake("explain LISTEN --runtime cobol", says: "cobol", "jvm"),
    Mistake("run", says: "command", "see closewatch run --help"),
    Mistake("run --", says: "command", "see closewatch run --help"),
    Mistake("run make test", says: "command"),
    Mistake("run --grace soon -- true", says: "soon", "500ms"),
    Mistake("run --grace 2h -- true", says: "--grace", "1h"),
    Mistake("run --json /dev/null --junit /dev/null -- true", says: "two reports", "one file"),
    Mistake("run --strickt -- true", says: "--strickt", "--strict"),
    Mistake("triage :0", says: ":0", "1 to 65535"),
    Mistake("triage :http", says: ":http", "1 to 65535"),
    Mistake("triage 007", says: "007", ":007"),
    Mistake("triage 99999999999", says: "is not a pid"),
    Mistake("triage a/b", says: "a pid", "program", ":PORT"),
    Mistake("triage no-such-unit", says: "'no-such-unit'", "no unit, program"),
    Mistake("triage 2000000000", says: "no process 2000000000"),
    Mistake("triage --json --format text", says: "--json", "--format text"),
    Mistake("triage --format xml", says: "xml", "--format"),
    Mistake("demo --for 1s", says: "8s to 120s"),
    Mistake("demo --for 1h", says: "8s to 120s"),
    Mistake("traige", says: "traige", "did you mean triage?"),
    Mistake("frobnicate", says: "frobnicate", "there are triage, top, sockets"),
    Mistake("sockets --replay /nonexistent/recording", says: "/nonexistent/recording"),
    Mistake("record /nonexistent/a/b --for 1s", says: "mkdir /nonexistent/a/b", "that exists"),
    Mistake("triage --replay /etc", says: "/etc"),
    Mistake("sockets --netns no-such-namespace", says: "no-such-namespace"),
    Mistake("triage --netns 2000000000", says: "2000000000"),
  ])
  func `a mistake is one line that names it, and exit status 2`(_ mistake: Mistake) throws {
    let run = try #require(Command.run(mistake.arguments))
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("closewatch: "))
    #expect(run.errors.hasSuffix("\n"))
    #expect(run.errors.count { $0 == "\n" } == 1, "\(run.errors)")
    for words in mistake.says {
      #expect(run.errors.contains(words), "\(run.errors)")
    }
  }

  @Test func `an escape sequence in an argument does not reach the terminal`() throws {
    let run = try #require(Command.run(["sockets", "--state", "\u{1b}[2J"]))
    #expect(run.status == 2)
    #expect(!run.errors.contains("\u{1b}"))
  }

  @Test func `explain reads the settings of this host`() throws {
    let run = try #require(Command.run(["explain", "net.ipv4.tcp_syn_retries"]))
    #expect(run.status == 0)
    let bytes = try #require(readBytes("/proc/sys/net/ipv4/tcp_syn_retries"))
    let value = String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }
    #expect(run.output.contains("  here      \(value)\n"))
  }

  @Test(arguments: [[], ["--help"], ["sockets", "--help"], ["triage", "-h"], ["--version"]])
  func `help goes to standard output and is no error`(_ arguments: [String]) throws {
    let run = try #require(Command.run(arguments))
    #expect(run.status == 0)
    #expect(!run.output.isEmpty)
    #expect(run.errors.isEmpty)
  }
}
