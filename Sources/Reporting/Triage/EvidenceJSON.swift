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
    case .survivors, .turnover, .receiveQueue, .sendQueue, .acceptQueue:
      kind("other", &json)
    }
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
