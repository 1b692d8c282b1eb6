// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One piece of evidence as a JSON object: its `kind`, its numbers, and the sentence people read.
enum EvidenceJSON {
  static func write(_ evidence: Evidence, to json: inout JSONWriter) {
    json.beginObject()
    switch evidence {
    case .survivors(let count, let patience):
      kind("survivors", &json)
      number("count", count, &json)
      seconds("patience_seconds", patience, &json)
    case .turnover(let entered, let left, let dwell):
      kind("turnover", &json)
      number("entered", entered, &json)
      number("left", left, &json)
      seconds("median_dwell_seconds", dwell, &json)
    case .receiveQueue(let zero, let finOnly, let data, let largest):
      kind("recv_q", &json)
      number("zero", zero, &json)
      number("fin_only", finOnly, &json)
      number("data", data, &json)
      number("largest", largest, &json)
    case .sendQueue(let sockets, let largest):
      kind("send_q", &json)
      number("sockets", sockets, &json)
      number("largest", largest, &json)
    case .acceptQueue(let used, let limit):
      kind("accept_queue", &json)
      number("used", used, &json)
      number("limit", limit, &json)
    default:
      writeMore(evidence, to: &json)
    }
    json.key("text")
    json.string(EvidenceWords.sentence(evidence))
    json.endObject()
  }

  private static func writeMore(_ evidence: Evidence, to json: inout JSONWriter) {
    switch evidence {
    case .counter(let name, let increase, let period):
      kind("counter", &json)
      text("name", name, &json)
      number("increase", increase, &json)
      seconds("seconds", period, &json)
    case .setting(let name, let value):
      kind("setting", &json)
      text("name", name, &json)
      text("value", value, &json)
    case .retransmits(let median, let most):
      kind("retransmits", &json)
      number("median", median, &json)
      number("most", most, &json)
    case .turnedDead(let count):
      kind("turned_dead", &json)
      number("count", count, &json)
    case .closeNotifySized(let bytes):
      kind("close_notify_sized", &json)
      number("bytes", bytes, &json)
    case .portsInUse(let used, let capacity, let source, let destination):
      kind("ports_in_use", &json)
      number("used", used, &json)
      number("capacity", capacity, &json)
      text("source", source.description, &json)
      json.key("destination")
      json.endpoint(destination)
    case .openedMeanwhile(let count):
      kind("opened_meanwhile", &json)
      number("count", count, &json)
    default:
      writeQueue(evidence, to: &json)
    }
  }

  private static func writeQueue(_ evidence: Evidence, to json: inout JSONWriter) {
    switch evidence {
    case .queueFull(let samples, let period, let most):
      kind("queue_full", &json)
      number("samples", samples, &json)
      seconds("seconds", period, &json)
      number("most", most, &json)
    case .leftQueue(let count, let period, let served):
      kind("left_queue", &json)
      number("count", count, &json)
      seconds("seconds", period, &json)
      number("served_least", served?.lowerBound, &json)
      number("served_most", served?.upperBound, &json)
    case .turnedAway(let increase, let period, let isAlone):
      kind("turned_away", &json)
      number("increase", increase, &json)
      seconds("seconds", period, &json)
      json.key("by_this_alone")
      json.bool(isAlone)
    case .synQueue(let used, let limit):
      kind("syn_queue", &json)
      number("used", used, &json)
      number("limit", limit, &json)
    case .descriptors(let use): write(use, to: &json)
    case .standing(let period):
      kind("standing", &json)
      seconds("seconds", period, &json)
    default:
      kind("other", &json)
    }
  }

  private static func write(_ use: DescriptorContents, to json: inout JSONWriter) {
    kind("descriptors", &json)
    number("open", use.open, &json)
    number("sockets", use.sockets, &json)
    number("dead_sockets", use.dead, &json)
    number("rest", use.rest, &json)
    json.key("places")
    json.beginArray()
    for place in use.places {
      json.beginObject()
      text("state", place.state.name, &json)
      json.key("local_port")
      json.integer(orNull: place.localPort)
      json.key("remote")
      if let remote = place.remote { json.endpoint(remote) } else { json.null() }
      number("sockets", place.sockets, &json)
      json.endObject()
    }
    json.endArray()
  }

  private static func kind(_ name: String, _ json: inout JSONWriter) { text("kind", name, &json) }

  private static func text(_ key: StaticString, _ value: String, _ json: inout JSONWriter) {
    json.key(key)
    json.string(value)
  }

  private static func number(_ key: StaticString, _ value: Int?, _ json: inout JSONWriter) {
    json.key(key)
    json.integer(orNull: value)
  }

  private static func seconds(_ key: StaticString, _ value: Double?, _ json: inout JSONWriter) {
    json.key(key)
    json.number(orNull: value)
  }
}
