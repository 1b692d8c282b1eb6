// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
import KernelTables

/// A page of `explain` as one JSON object: `kind`, `name`, and what the page says.
package struct ExplainJSON {
  private let topic: ExplainTopic
  private let audience: GuideAudience
  private let settings: RuleSettings
  private let value: (SysctlGuide.Setting) -> SysctlValue
  private var json = JSONWriter()

  /// The same arguments as those of ``ExplainText``.
  package init(
    _ topic: ExplainTopic, audience: GuideAudience = GuideAudience(),
    settings: RuleSettings = RuleSettings(),
    value: @escaping (SysctlGuide.Setting) -> SysctlValue
  ) {
    self.topic = topic
    self.audience = audience
    self.settings = settings
    self.value = value
  }

  /// The whole document, with a line feed at its end.
  package func bytes() -> [UInt8] {
    var copy = self
    copy.write()
    copy.json.endLine()
    return copy.json.bytes
  }

  private mutating func write() {
    json.beginObject()
    json.key("schema_version")
    json.integer(1)
    switch topic {
    case .overview: writeOverview()
    case .rule(let rule): write(rule)
    case .cause(let rule, let cause):
      text("kind", "cause")
      text("rule", rule.rawValue)
      writeGuide(rule, cause)
    case .state(let state): write(state)
    case .sysctl(let setting):
      text("kind", "sysctl")
      write(setting)
    }
    json.endObject()
  }

  private mutating func writeOverview() {
    text("kind", "overview")
    list("rules", RuleID.allCases) { writer, rule in
      writer.text("name", rule.rawValue)
      writer.text("summary", rule.guide.summary)
    }
    list("states", TCPState.shown) { writer, state in
      writer.text("name", state.name)
      writer.text("summary", StateLore.of(state)?.line ?? "")
    }
    list("sysctls", SysctlGuide.settings) { writer, setting in writer.write(setting) }
  }

  private mutating func write(_ rule: RuleID) {
    text("kind", "rule")
    text("name", rule.rawValue)
    text("summary", rule.guide.summary)
    strings("states", rule.guide.states.map(\.name))
    strings("sysctls", rule.guide.sysctls)
    list("thresholds", ThresholdLine.all(of: rule, settings)) { writer, threshold in
      writer.text("name", threshold.name)
      writer.text("value", threshold.value)
      writer.text("meaning", threshold.meaning)
      writer.text("reason", threshold.reason)
    }
    list("causes", rule.guide.causes) { writer, cause in writer.writeGuide(rule, cause) }
  }

  private mutating func writeGuide(_ rule: RuleID, _ cause: Cause) {
    let guide = rule.guide(to: audience.subject(cause)).spelledOut()
    text("name", cause.rawValue)
    text("title", guide.title)
    text("meaning", guide.meaning)
    strings("now", guide.now)
    strings("fix", guide.fix)
    write(guide.doesNotHelp)
  }

  private mutating func write(_ futile: [Futile]) {
    list("does_not_help", futile) { writer, futile in
      writer.text("what", futile.what)
      writer.text("why", futile.why)
    }
  }

  private mutating func write(_ state: TCPState) {
    text("kind", "state")
    text("name", state.name)
    json.key("number")
    json.integer(state.rawValue)
    text("meaning", StateGuide.text(for: state) ?? "")
    if let lore = StateLore.of(state) {
      text("moved_by", lore.movedBy)
      text("timer", lore.timer)
      strings("figures", lore.tells)
      write(lore.doesNotHelp)
      if let aid = lore.firstAid {
        json.key("first_aid")
        json.beginObject()
        text("command", aid.command)
        text("effect", aid.effect)
        json.endObject()
      }
    }
    list("from", StateTransition.into(state)) { writer, step in
      writer.json.key("state")
      writer.json.string(orNull: step.from?.name)
      writer.text("event", step.event)
      writer.text("mover", step.mover.rawValue)
    }
    list("to", StateTransition.out(of: state)) { writer, step in
      writer.json.key("state")
      writer.json.string(orNull: step.to?.name)
      writer.text("event", step.event)
      writer.text("mover", step.mover.rawValue)
    }
    strings("rules", RuleCatalog.rules(about: state).map(\.rawValue))
  }

  private mutating func write(_ setting: SysctlGuide.Setting) {
    text("name", setting.name)
    json.key("value")
    switch value(setting) {
    case .value(let words):
      json.string(words)
    case .unreadable(let why):
      json.null()
      text("unreadable", why)
    }
    json.key("per_namespace")
    json.bool(setting.isPerNamespace)
    text("does", setting.does)
    text("does_not", setting.doesNot)
  }

  private mutating func text(_ key: StaticString, _ value: String) {
    json.key(key)
    json.string(value)
  }

  private mutating func strings(_ key: StaticString, _ values: [String]) {
    json.key(key)
    json.beginArray()
    for value in values { json.string(value) }
    json.endArray()
  }

  private mutating func list<Item>(
    _ key: StaticString, _ items: [Item], _ write: (inout ExplainJSON, Item) -> Void
  ) {
    json.key(key)
    json.beginArray()
    for item in items {
      json.beginObject()
      write(&self, item)
      json.endObject()
    }
    json.endArray()
  }
}
