// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport
import Testing

@testable import Reporting

@Suite struct StatusPageTests {
  private func html(_ input: StatusInput) -> String {
    String(decoding: StatusPage(input).bytes(), as: UTF8.self)
  }

  // MARK: Golden pages, to be opened in a browser

  @Test func `a quiet host is calm, and the page says what is watched`() {
    let page = html(StatusHost.quiet)
    #expect(Golden.difference(page, "status-quiet.html") == nil)
    #expect(page.contains("<h1>Nothing is stuck</h1>"))
    #expect(page.contains("798 connections in 3 network namespaces are watched."))
    #expect(!page.contains("<article"))
  }

  @Test func `a leak comes first, with its curve, its limit and what to do`() {
    let page = html(StatusHost.leaking)
    #expect(Golden.difference(page, "status-leak.html") == nil)
    #expect(page.contains("<h1>1 finding firing</h1>"))
    #expect(
      page.contains(
        "Worst: close-wait-leak in api.service: 412 sockets in CLOSE_WAIT; out of descriptors "
          + "in 41-54 min."))
    #expect(page.contains("at 1,000 the limit of 1,024 descriptors is reached"))
    #expect(page.contains("<h4>Do now</h4>"))
    #expect(page.contains("systemctl restart -- api.service"))
    #expect(page.contains("Descriptors of 8 processes unreadable."))
  }

  @Test func `the first screen has a line with a curve for each finding`()
    throws
  {
    let page = html(StatusHost.fiveFindings)
    #expect(Golden.difference(page, "status-five.html") == nil)
    #expect(page.contains("<p class=\"brand\"><span>web01</span>"))
    #expect(page.contains("<title>(4) web01: critical</title>"))
    #expect(page.components(of: "<details class=\"finding ") == 5)
    #expect(page.components(of: "<span class=\"spark\"") == 5)
    #expect(page.components(of: " open>") == 0)
    // One alone is unfolded, with what to do.
    #expect(html(StatusHost.leaking).components(of: " open>") == 2)
  }

  @Test func `the axis of a forecast shows the limit`() {
    #expect(
      html(StatusHost.leaking).contains(
        "<text class=\"limit\" x=\"100%\" y=\"16.7%\" dy=\"0.35em\">1,000</text>"))
  }

  @Test func `30 findings fit in 200 kB, the worst first, those suspected after those that fire`()
    throws
  {
    let page = html(StatusHost.crowded)
    #expect(Golden.difference(page, "status-crowd.html") == nil)
    #expect(page.utf8.count < 200_000)
    #expect(page.components(of: "<article") == 30)
    let firing = try #require(page.firstRange(of: "id=\"h-firing\""))
    let critical = try #require(page.firstRange(of: "<article class=\"card critical\""))
    let pending = try #require(page.firstRange(of: "<article class=\"card pending\""))
    #expect(firing.lowerBound < critical.lowerBound)
    #expect(critical.lowerBound < pending.lowerBound)
    #expect(page.contains("The latest settings file was refused"))
  }

  @Test func `an owner is listed for what has outstayed the patience, dead sockets too`() {
    var input = StatusHost.quiet
    input.snapshot.picture.owners = [("young", 0), ("old", 2)].map { name, stuck in
      var account = OwnerAccount(Owner(.program, name))
      account.deadSockets = 3
      account.stuckDeadSockets = stuck
      return account
    }
    let page = html(input)
    #expect(page.contains("<th scope=\"row\">old</th>\n<td>dead 2</td>"))
    #expect(!page.contains("<th scope=\"row\">young</th>"))
  }

  // MARK: Bounds

  @Test func `however many findings there are, the page has 30 and says how many more`() {
    var input = StatusHost.crowded
    let many = input.snapshot.findings.filter { $0.lifecycle != .resolved }
    input.snapshot.findings = (0..<20).flatMap { round in
      many.map { finding in
        var copy = finding
        copy.id += "\(round)"
        copy.owner.name = String(repeating: "x", count: 4000)
        return copy
      }
    }
    let page = html(input)
    #expect(page.components(of: "<article") == 30)
    #expect(page.contains("And 570 findings more."))
    // Names of 4,000 bytes are cut.
    #expect(page.utf8.count < 210_000)
  }

  // MARK: Secrets

  @Test func `no process, no address and no single socket is on the page`() {
    for input in [StatusHost.leaking, StatusHost.crowded] {
      let page = html(input)
      for secret in [
        "4711", "python3", "203.0.113.9", "192.0.2.1", "42720", "/proc/812", "client[",
      ] {
        #expect(!page.contains(">\(secret)") && !page.contains(" \(secret)"), "\(secret)")
      }
      for secret in ["4711", "203.0.113.9", "192.0.2.1", "42720", "python3["] {
        #expect(!page.contains(secret), "\(secret)")
      }
    }
  }

  @Test func `the settings of a finding's processes are not on the page`() {
    var input = StatusHost.leaking
    input.snapshot.findings[0].culprits[0].process.command = "secret-command"
    input.snapshot.findings[0].culprits[0].process.executable = "/opt/secret-path"
    input.snapshot.findings[0].culprits[0].process.cgroup = "/secret-cgroup"
    #expect(!html(input).contains("secret"))
  }

  // MARK: Hostile names

  /// Names that try to leave the text they stand in.
  static let names = [
    "<script>alert('&\")</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x",
    "</style><script>x</script>", "<!--", "]]>", "&lt;b&gt;", "a\u{0}b", "\u{202e}gnp.exe",
    "\u{1b}[2J", "line\nbreak", String(repeating: "<", count: 5000), "é漢字🙂", "\u{e0041}",
    "javascript:alert(1)", "{pid}", "{port}", "--help", "$(reboot)", "'; reboot; '",
  ]

  @Test(arguments: names)
  func `a name cannot become markup, whatever kind of owner has it`(_ name: String) {
    for kind in [Owner.Kind.unit, .container, .program] {
      var input = StatusHost.leaking
      input.snapshot.findings[0].owner = Owner(kind, name)
      input.snapshot.findings[0].namespace = NetnsID(rawValue: 1)
      input.snapshot.findings[0].namespaceName = name
      input.snapshot.findings[0].id = name
      input.snapshot.picture.owners[0].owner = Owner(kind, name)
      input.snapshot.picture.listeners[0].owner = Owner(kind, name)
      input.snapshot.picture.namespaces.append(Self.namespace(name))
      var resolved = input.snapshot.findings[0]
      resolved.lifecycle = .resolved
      input.snapshot.findings.append(resolved)
      let page = html(input)
      // The plain host with one namespace more has exactly the same tags.
      #expect(Self.tags(page) == Self.tags(plain(kind)), "\(kind) \(name)")
      #expect(!page.utf8.contains { $0 < 0x20 && $0 != 0x0a })
    }
  }

  private static func namespace(_ name: String) -> NamespaceAccount {
    var sample = NamespaceSample(id: NetnsID(rawValue: 1))
    sample.name = name
    return NamespaceAccount(sample)
  }

  private func plain(_ kind: Owner.Kind) -> String {
    var input = StatusHost.leaking
    input.snapshot.findings[0].owner = Owner(kind, "plain")
    input.snapshot.findings[0].namespace = NetnsID(rawValue: 1)
    input.snapshot.picture.namespaces.append(Self.namespace("plain"))
    var resolved = input.snapshot.findings[0]
    resolved.lifecycle = .resolved
    input.snapshot.findings.append(resolved)
    return html(input)
  }

  /// The names of all tags, in order, without the steps of the guide: a name that is fit for a
  /// shell brings a step more.
  private static func tags(_ page: String) -> [Substring] {
    page.split(separator: "<").dropFirst().map { $0.prefix { !" >\n".contains($0) } }
      .filter { !["li", "/li", "pre", "/pre", "code", "/code"].contains($0) }
  }

  // MARK: States of the daemon

  @Test func `before the first look it says so and claims nothing`() {
    let page = html(StatusInput(DaemonSnapshot()))
    #expect(page.contains("<h1>No sample yet</h1>"))
    #expect(!page.contains("Nothing is stuck"))
    #expect(!page.contains("<table"))
  }

  @Test func `old data is loud, and is not called calm`() {
    var input = StatusHost.quiet
    input.sampleAgeSeconds = 41
    let page = html(input)
    #expect(page.contains("<header class=\"verdict stale\">"))
    #expect(page.contains("The latest sample is 41 s old, where one is due every 10 s."))
    #expect(!page.contains("Nothing is stuck"))
    input.sampleAgeSeconds = 31
    #expect(!html(input).contains("verdict stale"))
  }

  @Test func `what is only suspected is not called firing, and the page says what is missing`() {
    var input = StatusHost.leaking
    input.snapshot.findings = [FoundLeak.closeWait(lifecycle: .pending)]
    input.snapshot.findings[0].doubts = [.poolOrLeak]
    let page = html(input)
    #expect(page.contains("<h1>Nothing confirmed, 1 suspicion</h1>"))
    #expect(page.contains("<dt>Missing</dt>\n<dd>idle pool or leak: a pool would reuse them"))
    #expect(!page.contains("h-firing"))
  }

  @Test func `what the newest sample no longer shows says so, and has no future in the chart`() {
    var input = StatusHost.leaking
    #expect(html(input).contains("<path class=\"cone\""))
    #expect(!html(input).contains("not in the latest sample"))
    input.snapshot.newestSample?.takenAt = StatusHost.now.advanced(bySeconds: 25)
    let page = html(input)
    #expect(page.contains("not in the latest sample; last 24 s earlier"))
    #expect(!page.contains("<path class=\"cone\""))
  }

  @Test func `a namespace that is gone is not taken for closewatch's own`() {
    var input = StatusHost.leaking
    input.snapshot.findings[0].namespace = NetnsID(rawValue: 99)
    let page = html(input)
    #expect(page.contains("network namespace net:[99]"))
    #expect(page.contains("nsenter -t PID -n ss -tnpo"))
  }

  @Test func `what to do is as for another one only where it is word for word the same`() {
    var input = StatusHost.leaking
    var other = input.snapshot.findings[0]
    other.id += "-other"
    input.snapshot.findings.append(other)
    #expect(html(input).contains(">as for "))
    // Of the same rule, cause and runtime, in another place.
    input.snapshot.findings[1].namespace = NetnsID(rawValue: 99)
    #expect(!html(input).contains(">as for "))
  }

  @Test func `the reader can stop the page from reloading`() {
    var input = StatusHost.quiet
    #expect(html(input).contains("This page reloads every 30 s. <a href=\"./?refresh=off\">"))
    input.refreshSeconds = nil
    input.folds = StatusFolds(query: "refresh=off")
    #expect(html(input).contains("This page does not reload. <a href=\"./\">"))
  }

  @Test func `what a reader has unfolded is so in the address, and is unfolded when it reloads`() {
    var input = StatusHost.fiveFindings
    let ids = input.firing.prefix(2).map(FindingCard.id)
    #expect(html(input).contains("href=\"./?open=\(ids[0])#\(ids[0])-h\""))
    input.folds = StatusFolds(query: "open=\(ids.joined(separator: "."))&refresh=off")
    let page = html(input)
    #expect(page.components(of: " open>") == 2)
    // The same line folds it again, and the other one stays.
    #expect(page.contains("href=\"./?open=\(ids[1])&amp;refresh=off#\(ids[0])-h\""))
    // A browser unfolds what it is sent to: the place is the line, not what is in the fold.
    #expect(page.contains("<h3 id=\"\(ids[0])-h\">"))
    // One alone is unfolded by itself, and can be folded.
    let alone = FindingCard.id(of: StatusHost.leaking.firing[0])
    #expect(html(StatusHost.leaking).contains("href=\"./?open=\(alone)-do#\(alone)-h\""))
    var folded = StatusHost.leaking
    folded.folds = StatusFolds(query: "open=")
    #expect(html(folded).components(of: " open>") == 0)
  }

  @Test func `an address of anybody's becomes neither markup nor a header`() {
    let folds = StatusFolds(
      query: "open=f1.%0d%0a.<b>.\(String(repeating: "f", count: 99)).f2&open=f1.f3\r\nX: y")
    #expect(folds.address == "./?open=f1")
    let many = (0..<999).map { "f\($0)" }.joined(separator: ".")
    #expect(StatusFolds(query: "open=" + many).address.utf8.count < 500)
  }

  // MARK: Form

  @Test(arguments: [StatusHost.quiet, StatusHost.leaking, StatusHost.crowded])
  func `headings go down by one, ids are unique, and what is referred to is there`(
    _ input: StatusInput
  ) {
    let page = html(input)
    let levels = page.split(separator: "<h").dropFirst().compactMap { $0.first?.wholeNumberValue }
    #expect(levels.first == 1)
    for (above, below) in zip(levels, levels.dropFirst()) { #expect(below <= above + 1) }
    let ids = page.values(of: "id")
    #expect(Set(ids).count == ids.count)
    let references =
      page.values(of: "aria-labelledby").flatMap { $0.split(separator: " ").map(String.init) }
      + page.values(of: "href").filter { !$0.hasPrefix("data:") }.compactMap { target in
        target.firstIndex(of: "#").map { String(target[target.index(after: $0)...]) }
      }
    for reference in references { #expect(ids.contains(reference), "\(reference)") }
  }

  @Test(arguments: [StatusHost.quiet, StatusHost.leaking, StatusHost.crowded])
  func `nothing comes from elsewhere, and no script or style stands in an element`(
    _ input: StatusInput
  ) {
    let page = html(input)
    let allowed = ["./metrics", "./-/healthy", "./-/ready", "./?refresh=off"]
    for target in page.values(of: "href") + page.values(of: "src") {
      #expect(
        target.hasPrefix("./?open=") || target.hasPrefix("#i-") || target.hasPrefix("data:")
          || allowed.contains(target),
        "\(target)")
    }
    for word in ["<script", " style=", " onclick", "url(", "@import", "<iframe", "<object"] {
      #expect(!page.contains(word), "\(word)")
    }
  }
}

extension String {
  /// How often `text` is in it.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }

  /// The values of an attribute, in order.
  fileprivate func values(of attribute: String) -> [String] {
    ranges(of: " \(attribute)=\"").map { range in
      String(self[range.upperBound...].prefix { $0 != "\"" })
    }
  }
}
