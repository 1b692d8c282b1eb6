// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A program of this package, as it was built: asked about itself by running it.
struct BuiltProgram {
  /// Where it lies.
  var path: String

  /// The one of this name that was built together with this program.
  init(named name: String) throws {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { throw GeneratorError("/proc/self/exe can't be read: mount /proc") }
    let own = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    path = "/" + own.split(separator: "/").dropLast().joined(separator: "/") + "/" + name
    guard access(path, X_OK) == 0 else {
      throw GeneratorError("\(path) is not there: swift build --product \(name)")
    }
  }

  /// All that it knows of its commands.
  func dump() throws -> ParserDump.Command {
    try ParserDump(json: output(of: "--experimental-dump-help")).command
  }

  /// `0.1.0`.
  func version() throws -> String {
    let line = try output(of: "--version")
    return String(line.prefix { $0 != "\n" })
  }

  /// The completion for a shell, without a line that would run it: it is sourced.
  func completion(for shell: String) throws -> String {
    let script = try output(of: "--generate-completion-script \(shell)")
    let shebang = "#!/bin/bash\n"
    let body = script.hasPrefix(shebang) ? String(script.dropFirst(shebang.count)) : script
    return body.hasSuffix("\n") ? body : body + "\n"
  }

  /// What it writes to standard output when it is run with these words.
  private func output(of words: String) throws -> String {
    // The path is ours, and no name in it has a quote.
    guard let stream = popen("'\(path)' \(words)", "r") else {
      throw GeneratorError("\(path) can't be run: \(String(cString: strerror(errno)))")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&chunk, 1, chunk.count, stream)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    let status = pclose(stream)
    guard status == 0 else {
      throw GeneratorError("\(path) \(words) has failed: wait status \(status)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
