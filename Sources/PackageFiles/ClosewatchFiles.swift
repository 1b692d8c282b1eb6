// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// `closewatch-files [--check] FOLDER`: writes all that is generated into `deploy`, or names what
/// differs there. Run by `deploy/generate`; not installed.
@main
enum ClosewatchFiles {
  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    let isCheck = words.first == "--check"
    if isCheck { words.removeFirst() }
    guard words.count == 1 else {
      complain("usage: closewatch-files [--check] FOLDER")
      exit(2)
    }
    do {
      let stale = try run(isCheck: isCheck, folder: words[0])
      exit(isCheck && stale ? 1 : 0)
    } catch {
      complain("closewatch-files: \(error)")
      exit(2)
    }
  }

  /// - Returns: Whether anything was out of date.
  private static func run(isCheck: Bool, folder: String) throws -> Bool {
    let stale = try GeneratedFile.all().filter { file in
      (try? String(contentsOfFile: "\(folder)/\(file.path)", encoding: .utf8)) != file.text
    }
    for file in stale {
      print(isCheck ? "\(file.path) is out of date: run deploy/generate" : "wrote \(file.path)")
      if isCheck { continue }
      do {
        try Data(file.text.utf8).write(to: URL(filePath: "\(folder)/\(file.path)"))
      } catch {
        throw GeneratorError("\(folder)/\(file.path) can't be written: \(error)")
      }
    }
    return !stale.isEmpty
  }

  private static func complain(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
