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
    json.member("schema_version", 1)
    switch topic {
    case .overview: writeOverview()
    case .rule(let rule): write(rule)
    case .cause(let rule, let cause):
      json.member("kind", "cause")
      json.member("rule", rule.rawValue)
      writeGuide(rule, cause)
    case .state(let state): write(state)
    case .sysctl(let setting):
      json.member("kind", "sysctl")
      write(setting)
    case .page(let topic): write(topic)
    case .pasted(let text): write(text)
    }
    json.endObject()
  }

  private mutating func writeOverview() {
    json.member("kind", "overview")
    list("rules", RuleID.allCases) { writer, rule in
      writer.json.member("name", rule.rawValue)
      writer.json.member("summary", rule.guide.summary)
    }
    list("states", TCPState.shown) { writer, state in
      writer.json.member("name", state.name)
      writer.json.member("summary", StateLore.of(state)?.line ?? "")
    }
    list("pages", TopicPage.all) { writer, topic in
      writer.json.member("name", topic.id)
      writer.json.member("summary", topic.line)
    }
    list("sysctls", SysctlGuide.settings) { writer, setting in writer.write(setting) }
  }

  private mutating func write(_ topic: TopicPage) {
    json.member("kind", "page")
    json.member("name", topic.id)
    json.member("summary", topic.line)
    strings("other_names", topic.otherNames)
    strings("meaning", topic.meaning)
    strings("now", topic.steps)
    write(topic.doesNotHelp)
    strings("sources", topic.sources)
    strings("see_also", topic.related)
  }

  private mutating func write(_ text: PastedText) {
    json.member("kind", "pasted")
    json.member("look_first", text.first(fewest: settings.fewestStuck)?.name)
    json.member("is_cut", text.isCut)
    list("states", text.rows) { writer, row in
      writer.json.member("name", row.state.name)
      writer.json.member("count", row.count)
      writer.json.member("summary", StateLore.of(row.state)?.line)
      writer.json.member("moved_by", StateLore.of(row.state)?.movedBy)
    }
    // Each one as long as a person would read them.
    list("sockets", text.socketCount > text.sockets.count ? [] : text.sockets) { writer, socket in
      writer.json.member("state", socket.state.name)
      writer.json.member("local", socket.local)
      writer.json.member("remote", socket.remote)
      writer.json.member("recv_q", socket.receiveQueue)
      writer.json.member("send_q", socket.sendQueue)
      writer.json.member("timer", socket.timer)
      writer.list("holders", socket.holders) { writer, holder in
        writer.json.member("command", holder.command)
        writer.json.member("pid", holder.pid)
        writer.json.member("fd", holder.fd)
      }
      let tells = StateLore.of(socket.state)?.tells ?? []
      writer.strings("figures", tells.filter { $0.holds(of: socket) }.map(\.words))
    }
  }

  private mutating func write(_ rule: RuleID) {
    json.member("kind", "rule")
    json.member("name", rule.rawValue)
    json.member("summary", rule.guide.summary)
    strings("states", rule.guide.states.map(\.name))
    strings("sysctls", rule.guide.sysctls)
    json.member("accept", Acceptance.meaning)
    list("thresholds", ThresholdLine.all(of: rule, settings)) { writer, threshold in
      writer.json.member("name", threshold.name)
      writer.json.member("value", threshold.value)
      writer.json.member("meaning", threshold.meaning)
      writer.json.member("reason", threshold.reason)
    }
    list("causes", rule.guide.causes) { writer, cause in writer.writeGuide(rule, cause) }
  }

  private mutating func writeGuide(_ rule: RuleID, _ cause: Cause) {
    let guide = rule.guide(to: audience.subject(cause)).spelledOut()
    json.member("name", cause.rawValue)
    json.member("title", guide.title)
    json.member("meaning", guide.meaning)
    strings("now", guide.now)
    strings("fix", guide.fix)
    write(guide.doesNotHelp)
  }

  private mutating func write(_ futile: [Futile]) {
    list("does_not_help", futile) { writer, futile in
      writer.json.member("what", futile.what)
      writer.json.member("why", futile.why)
    }
  }

  private mutating func write(_ state: TCPState) {
    json.member("kind", "state")
    json.member("name", state.name)
    json.member("number", state.rawValue)
    json.member("meaning", StateGuide.text(for: state) ?? "")
    if let lore = StateLore.of(state) {
      json.member("moved_by", lore.movedBy)
      json.member("timer", lore.timer)
      strings("figures", lore.tells.map(\.words))
      write(lore.doesNotHelp)
      if let aid = lore.stopgap {
        json.beginObject("first_aid")
        json.member("command", aid.command)
        json.member("effect", aid.effect)
        json.endObject()
      }
    }
    list("from", StateTransition.into(state)) { writer, step in
      writer.json.member("state", step.from?.name)
      writer.json.member("event", step.event)
      writer.json.member("mover", step.mover.rawValue)
    }
    list("to", StateTransition.out(of: state)) { writer, step in
      writer.json.member("state", step.to?.name)
      writer.json.member("event", step.event)
      writer.json.member("mover", step.mover.rawValue)
    }
    strings("rules", RuleCatalog.rules(about: state).map(\.rawValue))
  }

  private mutating func write(_ setting: SysctlGuide.Setting) {
    json.member("name", setting.name)
    json.key("value")
    switch value(setting) {
    case .value(let words):
      json.string(words)
    case .unreadable(let why):
      json.null()
      json.member("unreadable", why)
    }
    json.member("per_namespace", setting.isPerNamespace)
    json.member("does", setting.does)
    json.member("does_not", setting.doesNot)
  }

  private mutating func strings(_ key: StaticString, _ values: [String]) {
    json.beginArray(key)
    for value in values { json.string(value) }
    json.endArray()
  }

  private mutating func list<Item>(
    _ key: StaticString, _ items: [Item], _ write: (inout ExplainJSON, Item) -> Void
  ) {
    json.beginArray(key)
    for item in items {
      json.beginObject()
      write(&self, item)
      json.endObject()
    }
    json.endArray()
  }
}
