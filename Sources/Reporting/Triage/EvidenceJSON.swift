// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One piece of evidence as a JSON object: its `kind`, its numbers, and the sentence people read.
enum EvidenceJSON {
  static func write(_ evidence: Evidence, to json: inout JSONWriter) {
    json.beginObject()
    switch evidence {
    case .survivors(let count, let patience):
      json.member("kind", "survivors")
      json.member("count", count)
      json.member("patience_seconds", patience)
    case .turnover(let entered, let left, let dwell):
      json.member("kind", "turnover")
      json.member("entered", entered)
      json.member("left", left)
      json.member("median_dwell_seconds", dwell)
    case .receiveQueue(let zero, let finOnly, let data, let largest):
      json.member("kind", "recv_q")
      json.member("zero", zero)
      json.member("fin_only", finOnly)
      json.member("data", data)
      json.member("largest", largest)
    case .sendQueue(let sockets, let largest):
      json.member("kind", "send_q")
      json.member("sockets", sockets)
      json.member("largest", largest)
    case .acceptQueue(let used, let limit):
      json.member("kind", "accept_queue")
      json.member("used", used)
      json.member("limit", limit)
    default:
      writeMore(evidence, to: &json)
    }
    json.member("text", EvidenceWords.sentence(evidence))
    json.endObject()
  }

  private static func writeMore(_ evidence: Evidence, to json: inout JSONWriter) {
    switch evidence {
    case .counter(let name, let increase, let period):
      json.member("kind", "counter")
      json.member("name", name)
      json.member("increase", increase)
      json.member("seconds", period)
    case .setting(let name, let value):
      json.member("kind", "setting")
      json.member("name", name)
      json.member("value", value)
    case .retransmits(let median, let most):
      json.member("kind", "retransmits")
      json.member("median", median)
      json.member("most", most)
    case .turnedDead(let count):
      json.member("kind", "turned_dead")
      json.member("count", count)
    case .closeNotifySized(let bytes):
      json.member("kind", "close_notify_sized")
      json.member("bytes", bytes)
    case .goodbyes(let count):
      json.member("kind", "goodbyes")
      json.member("count", count)
    case .portsInUse(let used, let capacity, let source, let destination):
      json.member("kind", "ports_in_use")
      json.member("used", used)
      json.member("capacity", capacity)
      json.member("source", source.description)
      json.member("destination", destination)
    case .manyPorts(let count, let worst):
      json.member("kind", "many_ports")
      json.member("count", count)
      json.member("worst", worst)
    case .connectsCounted(let counted):
      json.member("kind", "connects_counted")
      json.member("pid", Int(counted.process.id.pid))
      json.member("processes", counted.processes)
      json.member("connects", counted.connects)
      json.member("all", counted.all)
      json.member("seconds", counted.seconds)
      json.member("without_port", counted.withoutPort)
      json.member("whole", counted.isWhole)
    case .neverUsedAgain(let count, let longest, let patience):
      json.member("kind", "never_used_again")
      json.member("count", count)
      json.member("silent", longest)
      json.member("patience_seconds", patience)
    default:
      writeQueue(evidence, to: &json)
    }
  }

  private static func writeQueue(_ evidence: Evidence, to json: inout JSONWriter) {
    switch evidence {
    case .queueFull(let samples, let period, let most):
      json.member("kind", "queue_full")
      json.member("samples", samples)
      json.member("seconds", period)
      json.member("most", most)
    case .leftQueue(let count, let period, let served):
      json.member("kind", "left_queue")
      json.member("count", count)
      json.member("seconds", period)
      json.member("served_least", served?.lowerBound)
      json.member("served_most", served?.upperBound)
    case .turnedAway(let increase, let period, let isAlone):
      json.member("kind", "turned_away")
      json.member("increase", increase)
      json.member("seconds", period)
      json.member("by_this_alone", isAlone)
    case .synQueue(let used, let limit):
      json.member("kind", "syn_queue")
      json.member("used", used)
      json.member("limit", limit)
    case .descriptors(let use): write(use, to: &json)
    case .standing(let period):
      json.member("kind", "standing")
      json.member("seconds", period)
    default:
      json.member("kind", "other")
    }
  }

  private static func write(_ use: DescriptorContents, to json: inout JSONWriter) {
    json.member("kind", "descriptors")
    json.member("open", use.open)
    json.member("sockets", use.sockets)
    json.member("dead_sockets", use.dead)
    json.member("rest", use.rest)
    json.beginArray("places")
    for place in use.places {
      json.beginObject()
      json.member("state", place.state.name)
      json.member("local_port", place.localPort)
      json.member("remote", place.remote)
      json.member("sockets", place.sockets)
      json.endObject()
    }
    json.endArray()
  }
}
