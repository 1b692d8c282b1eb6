// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

extension RunReport {
  /// SARIF 2.1.0, for what shows results beside the code.
  package func sarif(exitStatus: Int32) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("$schema")
    writer.string("https://json.schemastore.org/sarif-2.1.0.json")
    writer.member("version", "2.1.0")
    writer.beginArray("runs")
    writer.beginObject()
    writeTool(to: &writer)
    writer.beginArray("invocations")
    writer.beginObject()
    writer.member("executionSuccessful", blindBecause == nil)
    writer.member("exitCode", exitStatus)
    writer.endObject()
    writer.endArray()
    writer.beginArray("results")
    for group in Group.all(of: counted) { write(group, to: &writer) }
    writer.endArray()
    writer.endObject()
    writer.endArray()
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private func writeTool(to writer: inout JSONWriter) {
    writer.beginObject("tool")
    writer.beginObject("driver")
    writer.member("name", "closewatch")
    if !version.isEmpty { writer.member("version", version) }
    writer.beginArray("rules")
    for (kind, isDead) in [
      (TCPState.closeWait.dashedName, false), (LeftSocket.deadKind, true),
    ] {
      writer.beginObject()
      writer.member("id", kind)
      writer.beginObject("shortDescription")
      writer.member("text", RunWords.meaning(isDead: isDead))
      writer.endObject()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.endObject()
  }

  private func write(_ group: Group, to writer: inout JSONWriter) {
    let words = RunWords(style: TextStyle(unicode: true))
    writer.beginObject()
    writer.member("ruleId", group.first.kind)
    writer.member("level", "error")
    writer.beginObject("message")
    let code = group.first.place.map { "; " + words.text($0) } ?? ""
    writer.member("text", words.sentence(group) + code)
    writer.endObject()
    writer.beginArray("locations")
    writer.beginObject()
    writer.beginObject("physicalLocation")
    writer.beginObject("artifactLocation")
    let place = SourcePlace(group.first)
    writer.member("uri", place.uri)
    writer.endObject()
    if let line = place.line {
      writer.beginObject("region")
      writer.member("startLine", line)
      writer.endObject()
    }
    writer.endObject()
    if let test = group.first.test {
      writer.beginArray("logicalLocations")
      writer.beginObject()
      writer.member("fullyQualifiedName", test)
      writer.member("kind", "function")
      writer.endObject()
      writer.endArray()
    }
    writer.endObject()
    writer.endArray()
    writer.beginObject("partialFingerprints")
    writer.member(
      "closewatchRun/v1",
      [group.first.kind, group.first.test ?? "", group.first.process.command]
        .joined(separator: "|"))
    writer.endObject()
    writer.endObject()
  }
}
