// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Reporting

/// `closewatch-files [--check] [--runbooks URL] [--dashboards URL] FOLDER`: writes all that is
/// generated into `deploy`, or names what differs there. Run by `deploy/generate`; not installed.
@main
enum ClosewatchFiles {
  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    var isCheck = false
    var links = AlertLinks()
    while let word = words.first, word.hasPrefix("--") {
      words.removeFirst()
      switch word {
      case "--check": isCheck = true
      case "--runbooks" where !words.isEmpty: links.runbooks = url(words.removeFirst())
      case "--dashboards" where !words.isEmpty: links.dashboards = url(words.removeFirst())
      default: words = []
      }
    }
    guard words.count == 1 else {
      complain("usage: closewatch-files [--check] [--runbooks URL] [--dashboards URL] FOLDER")
      exit(2)
    }
    do {
      let stale = try run(isCheck: isCheck, links, folder: words[0])
      exit(isCheck && stale ? 1 : 0)
    } catch {
      complain("closewatch-files: \(error)")
      exit(2)
    }
  }

  /// - Returns: Whether anything was out of date.
  private static func run(isCheck: Bool, _ links: AlertLinks, folder: String) throws -> Bool {
    let stale = try GeneratedFile.all(links).filter { file in
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

  /// Without the slash at its end: a path follows.
  private static func url(_ text: String) -> String {
    text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  private static func complain(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
