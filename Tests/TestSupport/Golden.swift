// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Texts that a person has read and found right, under `Tests/Fixtures/golden`.
///
/// `RECORD_GOLDEN=1 swift test` writes them anew and fails, so that the difference is read.
package enum Golden {
  /// - Returns: nil when `text` is the golden text `name`; else what differs, or how to record it.
  package static func difference(_ text: String, _ name: String) -> String? {
    let path = directory + "/" + name
    if getenv("RECORD_GOLDEN") != nil {
      return write(text, to: path) ?? "recorded \(name): read the diff, then run again without"
    }
    guard let expected = read(path) else {
      return "no golden text \(path): run RECORD_GOLDEN=1 swift test"
    }
    guard expected != text else { return nil }
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = text.split(separator: "\n", omittingEmptySubsequences: false)
    for index in 0..<max(old.count, new.count) {
      let before = index < old.count ? "'\(old[index])'" : "the end"
      let after = index < new.count ? "'\(new[index])'" : "the end"
      if before != after { return "\(name):\(index + 1): expected \(before), got \(after)" }
    }
    return "\(name) differs in bytes only"
  }

  private static let directory: String = {
    let here = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/" + here + "/Fixtures/golden"
  }()

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
      byte = fgetc(file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) -> String? {
    guard let file = fopen(path, "w") else { return "cannot write \(path)" }
    defer { fclose(file) }
    return fputs(text, file) >= 0 ? nil : "cannot write \(path)"
  }
}
