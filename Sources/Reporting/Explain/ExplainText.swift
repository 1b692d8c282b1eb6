// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// A page of `explain`, for a terminal.
package struct ExplainText {
  private let topic: ExplainTopic
  private let audience: GuideAudience
  private let settings: RuleSettings
  private let value: (SysctlGuide.Setting) -> SysctlValue
  private var page: TextPage

  /// - Parameters:
  ///   - audience: Whose steps and fixes are shown.
  ///   - value: Reads a setting of the kernel; asked only for those on the page.
  package init(
    _ topic: ExplainTopic, style: TextStyle, audience: GuideAudience = GuideAudience(),
    settings: RuleSettings = RuleSettings(),
    value: @escaping (SysctlGuide.Setting) -> SysctlValue
  ) {
    self.topic = topic
    self.audience = audience
    self.settings = settings
    self.value = value
    page = TextPage(style: style)
  }

  /// The whole page, each line with its line feed.
  package func text() -> String {
    var copy = self
    switch topic {
    case .overview: copy.writeOverview()
    case .rule(let rule): copy.write(rule)
    case .cause(let rule, let cause): copy.write(rule, cause)
    case .state(let state): copy.write(state)
    case .sysctl(let setting): copy.write(setting)
    case .page(let topic): copy.write(topic)
    case .pasted(let text):
      PastedWords(style: copy.page.style, settings: settings).write(text, to: &copy.page)
    }
    return copy.page.text
  }

  // MARK: The overview

  private mutating func writeOverview() {
    page.heading("Findings: what closewatch looks for")
    for rule in RuleID.allCases { row(rule.rawValue, rule.guide.summary, columns: 27) }
    page.heading("States of a TCP socket")
    for state in TCPState.shown {
      row(state.name, StateLore.of(state)?.line ?? "", columns: 13)
    }
    page.heading("Messages, columns, options and questions")
    for topic in TopicPage.all { row(topic.id, topic.line, columns: 27) }
    page.heading("Settings of the kernel, with their value here")
    for setting in SysctlGuide.settings {
      row(ExplainTopic.shortName(setting), words(value(setting)), columns: 27)
    }
    page.blank()
    page.paragraph(
      "closewatch explain NAME has a page about each, and about each cause that a finding names. "
        + "Any spelling will do: CLOSE_WAIT, close-wait, net.ipv4.tcp_fin_timeout.")
    page.blank()
    page.paragraph(
      "It also reads what you paste or pipe: a line of ss, netstat or lsof, a table of states with "
        + "counts, a line of a log with \"Too many open files\".")
    page.blank()
    page.verbatim("  ss -tanp | closewatch explain")
    page.verbatim("  ss -Htan | awk '{print $1}' | sort | uniq -c | closewatch explain")
  }

  private mutating func row(_ name: String, _ words: String, columns: Int) {
    let pad = String(repeating: " ", count: max(1, columns - name.utf8.count))
    page.verbatim("  \(name)\(pad)\(words)")
  }

  private func words(_ value: SysctlValue) -> String {
    switch value {
    // ip_local_reserved_ports mostly is.
    case .value(let text): text.isEmpty ? "(empty)" : text
    case .unreadable(let why): "not readable here (\(why))"
    }
  }

  // MARK: Rules and causes

  private mutating func write(_ rule: RuleID) {
    page.paragraph("\(rule.rawValue): \(rule.guide.summary)", .strong)
    let causes = rule.guide.causes
    page.heading(causes.count == 1 ? "What it means" : "Causes told apart")
    for cause in causes {
      let guide = rule.guide(to: audience.subject(cause))
      page.item("\(cause.rawValue): \(guide.title).")
      page.inner(guide.meaning)
    }
    let first = causes[0]
    let guide = rule.guide(to: audience.subject(first)).spelledOut()
    write(guide, heading: causes.count == 1 ? "What to do" : "What to do about \(first.rawValue)")
    if causes.count > 1 {
      page.blank()
      page.paragraph("The steps of the other causes:")
      for cause in causes.dropFirst() { page.verbatim("  closewatch explain \(cause.rawValue)") }
    }
    writeThresholds(rule)
    writeAcceptance(rule)
    writeSeeAlso(rule)
  }

  private mutating func writeAcceptance(_ rule: RuleID) {
    page.heading("To accept it for a while (rules.accept in the settings of the daemon)")
    page.item(Acceptance.meaning + ".")
    for (index, field) in Acceptance.Field.allCases.enumerated() {
      let example = field == .rule ? rule.rawValue : field.example
      page.verbatim("  \(index == 0 ? "- " : "  ")\(field.rawValue): \(example)")
    }
  }

  private mutating func write(_ rule: RuleID, _ cause: Cause) {
    let guide = rule.guide(to: audience.subject(cause)).spelledOut()
    page.paragraph("\(cause.rawValue): \(guide.title)", .strong)
    page.block(guide.meaning)
    let rules = RuleID.allCases.filter { $0.guide.causes.contains(cause) }
    page.field("of", rules.map(\.rawValue).joined(separator: ", "))
    write(guide, heading: "What to do")
    writeSeeAlso(rule)
  }

  private mutating func write(_ guide: GuideText, heading: String) {
    page.heading(heading)
    for (index, step) in guide.now.enumerated() { page.step(index == 0 ? "do now" : "", step) }
    for (index, fix) in guide.fix.enumerated() { page.step(index == 0 ? "fix" : "", fix) }
    if audience == GuideAudience() {
      page.field("", "(for one language: --runtime go, jvm, python, node, ...;")
      page.field("", " for one program: --for postgresql, nginx, php-fpm, redis, ...)")
    }
    write(guide.doesNotHelp)
  }

  private mutating func write(_ futile: [Futile]) {
    guard !futile.isEmpty else { return }
    page.heading("What does not help")
    for futile in futile {
      page.item("\(futile.what):")
      page.inner(futile.why)
    }
  }

  private mutating func writeThresholds(_ rule: RuleID) {
    let thresholds = ThresholdLine.all(of: rule, settings)
    guard !thresholds.isEmpty else { return }
    page.heading("When it fires (defaults, and why)")
    for threshold in thresholds {
      let reason = threshold.reason.prefix(1).uppercased() + threshold.reason.dropFirst()
      page.field(threshold.value, "\(threshold.meaning). \(reason). (\(threshold.key))")
    }
  }

  private mutating func writeSeeAlso(_ rule: RuleID) {
    let names = rule.guide.states.map(\.name)
    let sysctls = rule.guide.sysctls
    guard !(names + sysctls).isEmpty else { return }
    page.heading("See also: closewatch explain ...")
    for name in names { page.verbatim("  \(name)") }
    for name in sysctls { page.verbatim("  \(name)") }
  }

  // MARK: States

  private mutating func write(_ state: TCPState) {
    let number = String(state.rawValue, radix: 16, uppercase: true)
    let table = state == .close ? "never in a table" : "0\(number) in /proc/net/tcp"
    page.paragraph("\(state.name): state \(state.rawValue) of a TCP socket, \(table)", .strong)
    if let text = StateGuide.text(for: state) { page.block(text) }
    if let lore = StateLore.of(state) {
      page.blank()
      page.field("moved by", lore.movedBy)
      page.field("timer", lore.timer)
      writeSteps(state)
      page.heading("What its numbers mean")
      for tell in lore.tells { page.item(tell.words) }
      write(lore.doesNotHelp)
      write(lore.stopgap)
    }
    page.heading("Where it is in the life of a connection")
    for line in StateDiagram.lines(marking: state) { page.verbatim(line) }
    let rules = RuleCatalog.rules(about: state)
    if !rules.isEmpty {
      page.heading("Findings about it")
      for rule in rules { row(rule.rawValue, rule.guide.summary, columns: 27) }
    }
    writeCommands(state)
  }

  private mutating func writeSteps(_ state: TCPState) {
    for (index, step) in StateTransition.into(state).enumerated() {
      page.field(index == 0 ? "from" : "", "\(step.from?.name ?? "nothing"): \(words(step))")
    }
    if state == .close { page.field("", StateTransition.ofReset) }
    for (index, step) in StateTransition.out(of: state).enumerated() {
      page.field(index == 0 ? "to" : "", "\(step.to?.name ?? "gone"): \(words(step))")
    }
    if ![.listen, .timeWait, .close].contains(state) {
      page.field("", "CLOSE: a reset, at any time")
    }
  }

  private func words(_ step: StateTransition) -> String {
    "\(step.event) (\(step.mover.rawValue))"
  }

  private mutating func writeCommands(_ state: TCPState) {
    page.heading("To see them")
    guard state != .close else { return page.verbatim("  closewatch sockets --dead") }
    page.verbatim("  closewatch sockets --state \(state.dashedName)")
    page.verbatim("  ss -tanp state \(state == .listen ? "listening" : state.dashedName)")
  }

  private mutating func write(_ aid: StateLore.Stopgap?) {
    guard let aid else { return }
    page.heading("Stopgap until the program is fixed")
    page.verbatim("  " + aid.command)
    page.inner(aid.effect)
  }

  // MARK: Pages of their own

  private mutating func write(_ topic: TopicPage) {
    page.paragraph("\(topic.id): \(topic.line)", .strong)
    for (index, paragraph) in topic.meaning.enumerated() {
      if index > 0 { page.blank() }
      page.block(paragraph)
    }
    if !topic.steps.isEmpty { page.heading("What to do") }
    for (index, step) in topic.steps.enumerated() { page.step("\(index + 1).", step) }
    write(topic.doesNotHelp)
    page.heading("References")
    for source in topic.sources { page.item(source) }
    page.heading("See also: closewatch explain ...")
    for name in topic.related { page.verbatim("  \(name)") }
  }

  // MARK: Settings

  private static func path(_ name: String) -> String {
    String(name.map { $0 == "." ? "/" : $0 })
  }

  private mutating func write(_ setting: SysctlGuide.Setting) {
    page.paragraph(setting.name, .strong)
    page.field("here", words(value(setting)))
    page.field(
      "scope",
      setting.isPerNamespace
        ? "each network namespace has its own value; this is the one your shell is in"
        : "host-wide; not visible in a container")
    page.field("does", setting.does)
    page.field("does not", setting.doesNot)
    page.blank()
    page.verbatim("  closewatch reads it from /proc/sys/\(Self.path(setting.name))")
    let rules = RuleID.allCases.filter { $0.guide.sysctls.contains(setting.name) }
    guard !rules.isEmpty else { return }
    page.heading("Findings that mention it")
    for rule in rules { row(rule.rawValue, rule.guide.summary, columns: 27) }
  }
}
