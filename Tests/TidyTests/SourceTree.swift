// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One file of the project.
struct SourceFile: Sendable {
  /// Relative to the top level: `Sources/KernelTables/Values/Age.swift`.
  let path: String
  let text: String
  let isExecutable: Bool
  /// What the compiler sees of it; of a file in another language nothing.
  let code: SwiftCode
  let declarations: SwiftDeclarations

  init(path: String, text: String, isExecutable: Bool = false) {
    self.path = path
    self.text = text
    self.isExecutable = isExecutable
    code = SwiftCode(path.hasSuffix(".swift") ? text : "")
    declarations = SwiftDeclarations(code)
  }

  /// `Age.swift`.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  /// `Age`.
  var baseName: String { name.split(separator: ".").first.map(String.init) ?? name }
  var isSwift: Bool { path.hasSuffix(".swift") }
  var isScript: Bool { text.hasPrefix("#!") && !isGenerated }
  var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
  /// Written by `deploy/generate`, and held to it by a test.
  var isGenerated: Bool { path.hasPrefix("deploy/completions/") || path.hasPrefix("deploy/man/") }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// Whether the text has the bytes of `words` before its first NUL. `String.contains` compares
  /// characters: of a whole checkout that takes minutes.
  func mentions(_ words: String) -> Bool {
    text.withCString { text in words.withCString { strstr(text, $0) != nil } }
  }

  /// The numbers of the lines that have `words`.
  func lines(with words: String) -> [Int] {
    guard mentions(words) else { return [] }
    return zip(1..., lines).compactMap { $1.contains(words) ? $0 : nil }
  }

  /// The number of lines, as an editor counts them.
  var lineCount: Int { lines.count - (text.hasSuffix("\n") ? 1 : 0) }
}

/// The files that the project consists of: all below the top level that `.gitignore` lets in.
struct SourceTree: Sendable {
  var files: [SourceFile]

  subscript(path: String) -> SourceFile? { files.first { $0.path == path } }

  func below(_ folder: String) -> [SourceFile] {
    files.filter { $0.path.hasPrefix(folder + "/") }
  }

  /// Whether there is a file or a folder of this path.
  func contains(_ path: String) -> Bool {
    files.contains { $0.path == path || $0.path.hasPrefix(path + "/") }
  }
}

extension SourceTree {
  /// This checkout, read once.
  static func checkout() throws -> SourceTree { try known.get() }

  private static let known = Result { try readCheckout() }

  /// Found by the path of this file, so tests read the source tree itself.
  private static func readCheckout() throws -> SourceTree {
    let here = #filePath
    let root = here.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let ignored = try text(of: root + "/.gitignore").split(separator: "\n").map(String.init)
    var tree = SourceTree(files: [])
    try tree.add(folder: "", of: root, ignoring: ignored + [".git"])
    tree.files.sort { $0.path < $1.path }
    return tree
  }

  private mutating func add(folder: String, of root: String, ignoring: [String]) throws {
    for name in try Self.names(in: root + "/" + folder) {
      let path = folder.isEmpty ? name : folder + "/" + name
      var status = stat()
      guard lstat(root + "/" + path, &status) == 0 else { continue }
      let kind = status.st_mode & S_IFMT
      if Self.isIgnored(name, isFolder: kind == S_IFDIR, by: ignoring) { continue }
      if kind == S_IFDIR {
        try add(folder: path, of: root, ignoring: ignoring)
      } else {
        // A link of a recording may lead nowhere; its name counts, and it has no text.
        let text = kind == S_IFREG ? try Self.text(of: root + "/" + path) : ""
        files.append(
          SourceFile(path: path, text: text, isExecutable: status.st_mode & S_IXUSR != 0))
      }
    }
  }

  /// The part of gitignore(5) that the project uses: one name or `*` pattern per line, a `/` at
  /// the end for folders.
  static func isIgnored(_ name: String, isFolder: Bool, by patterns: [String]) -> Bool {
    patterns.contains { pattern in
      guard pattern.hasSuffix("/") else { return fnmatch(pattern, name, 0) == 0 }
      return isFolder && fnmatch(String(pattern.dropLast()), name, 0) == 0
    }
  }

  private static func names(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw UnreadableFile(path: folder, errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func text(of path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw UnreadableFile(path: path, errno: errno) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let got = fread(&chunk, 1, chunk.count, file)
      if got == 0 { break }
      bytes += chunk[..<got]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A file of the project that can't be read.
struct UnreadableFile: Error {
  var path: String
  var errno: Int32
}
