// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import KernelTables
import LinuxHost
import Reporting

/// Whether a recording may be handed on.
struct RedactionOption: ParsableArguments {
  @Flag(name: .customLong("no-redact"), help: "Keep real addresses, users, paths, arguments.")
  var keepsEverything = false

  /// Starts a recording in a new directory.
  func recorder(in directory: String, _ order: RecordedOrder) throws(RecorderError) -> HostRecorder
  {
    try HostRecorder(
      directory: directory, closewatchVersion: BuildInfo.version, redacted: !keepsEverything,
      order: order, names: keepsEverything ? KnownNames() : .ofThisHost())
  }

  /// What was recorded where, how to see it, and what is missing.
  func summary(of host: RecordingHost) -> String {
    guard let recorder = host.recorder else { return "" }
    let looks = Quantity.count(recorder.looks, "look")
    let manner = keepsEverything ? "NOT redacted: read it before you share it" : "redacted"
    let stopped = host.incompleteBecause.map { "Stopped early: \($0).\n" } ?? ""
    return "\(stopped)Recorded \(looks) in \(recorder.directory) (\(manner)).\n"
      + "See it with: closewatch triage --replay \(recorder.directory)\n"
  }
}
