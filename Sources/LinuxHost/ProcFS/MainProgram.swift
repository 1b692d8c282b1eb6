// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What an interpreter or a virtual machine runs, out of its arguments: the one word that names it,
/// never another one, because they can carry secrets.
enum MainProgram {
  /// Runtimes whose executable says nothing of the program.
  static func isAsked(of runtime: ProcessRuntime) -> Bool {
    runtime == .jvm || runtime == .erlang || Interpreter(runtime) != nil
  }

  /// The main class, the base name of the jar or the script, the module, or the first module that
  /// an Erlang node starts.
  static func name(_ runtime: ProcessRuntime, arguments: [String]) -> String? {
    switch runtime {
    case .jvm: return javaMain(arguments.dropFirst())
    case .erlang: return after("-s", in: arguments)
    default: return Interpreter(runtime)?.script(arguments.dropFirst())
    }
  }

  /// How an interpreter is told its script.
  private struct Interpreter {
    /// Options that take the next word.
    var takingNext: Set<String> = []
    /// Options after which the next word is the program itself: it is not shown.
    var takingCode: Set<String> = []
    /// Options that name the program.
    var naming: Set<String> = []
    /// Letters that take the rest of their word, and no other one.
    var takingRest = ""
    /// Whether letters can stand together behind one `-`, the last with its value: `-uc`.
    var joinsLetters = true
    /// Whether the script stands behind a `--`; otherwise the program comes from standard input.
    var namesBehindDashes = true

    /// Source: python3(1), node(1), ruby(1), php(1), perlrun(1).
    init?(_ runtime: ProcessRuntime) {
      switch runtime {
      case .python:
        takingNext = ["-W", "-X", "-Q", "--check-hash-based-pycs"]
        takingCode = ["-c"]
        naming = ["-m"]
      case .node:
        takingNext = [
          "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
          "--env-file", "--env-file-if-exists", "--title", "--inspect-port", "--input-type",
          "--disable-warning", "--unhandled-rejections", "--dns-result-order", "--watch-path",
        ]
        takingCode = ["-e", "--eval", "-p", "--print", "-pe"]
        joinsLetters = false
      case .ruby:
        takingNext = ["-I", "-r", "-C", "-X", "-E", "--encoding", "--enable", "--disable"]
        takingCode = ["-e"]
        takingRest = "0FKTWix"
      case .php:
        takingNext = [
          "-b", "-c", "-d", "-S", "-t", "-z", "--php-ini", "--define", "--server", "--docroot",
          "--zend-extension",
        ]
        takingCode = [
          "-r", "-B", "-R", "-E", "-F", "--run", "--process-begin", "--process-code",
          "--process-end", "--process-file",
        ]
        naming = ["-f", "--file"]
        namesBehindDashes = false
      case .perl:
        takingNext = ["-I"]
        takingCode = ["-e", "-E"]
        takingRest = "0CDFIMVdilmx"
      default: return nil
      }
    }

    func script(_ arguments: ArraySlice<String>) -> String? {
      var rest = arguments
      while let word = rest.popFirst() {
        if word == "--" { return namesBehindDashes ? rest.first.flatMap(baseName) : nil }
        // The program comes from standard input.
        if word == "-" { return nil }
        guard word.hasPrefix("-") else { return baseName(word) }
        switch meaning(of: word) {
        case .flag: break
        case .takesNext: rest = rest.dropFirst()
        case .names(let name): return (name ?? rest.first).flatMap(baseName)
        case .code: return nil
        }
      }
      return nil
    }

    /// What a word of options does.
    private enum Meaning {
      case flag, takesNext, code
      /// nil: the next word is the name.
      case names(String?)
    }

    private func meaning(of word: String) -> Meaning {
      if word.hasPrefix("--") {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return meaning(of: String(parts[0]), value: parts.dropFirst().first) ?? .flag
      }
      if !joinsLetters { return meaning(of: word, value: nil) ?? .flag }
      for index in word.indices.dropFirst() {
        let value = word[word.index(after: index)...]
        if let meaning = meaning(of: "-\(word[index])", value: value.isEmpty ? nil : value) {
          return meaning
        }
        if takingRest.contains(word[index]) { return .flag }
      }
      return .flag
    }

    /// nil: the option takes nothing.
    private func meaning(of option: String, value: Substring?) -> Meaning? {
      if takingCode.contains(option) { return .code }
      if naming.contains(option) { return .names(value.map { String($0) }) }
      guard takingNext.contains(option) else { return nil }
      return value == nil ? .takesNext : .flag
    }
  }

  /// Options of the java launcher that take the next word.
  ///
  /// Source: java(1).
  private static let takingNext: Set<String> = [
    "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path",
    "--add-modules", "--add-reads", "--add-exports", "--add-opens", "--limit-modules",
    "--patch-module", "--enable-native-access", "--source",
  ]

  private static func javaMain(_ arguments: ArraySlice<String>) -> String? {
    var rest = arguments
    while let word = rest.popFirst() {
      if word == "-jar" { return rest.first.flatMap(baseName) }
      if word == "-m" || word == "--module" { return rest.first.flatMap(name) }
      if word.hasPrefix("--module=") { return name(String(word.dropFirst("--module=".count))) }
      if takingNext.contains(word) { rest = rest.dropFirst() }
      // `@file` holds more options.
      if !word.hasPrefix("-"), !word.hasPrefix("@"), !takingNext.contains(word) {
        return name(word)
      }
    }
    return nil
  }

  private static func after(_ option: String, in arguments: [String]) -> String? {
    guard let index = arguments.firstIndex(of: option), index + 1 < arguments.count else {
      return nil
    }
    return name(arguments[index + 1])
  }

  private static func baseName(_ path: String) -> String? {
    name(path)?.split(separator: "/").last.map(String.init)
  }

  /// nil: the word is code, or a setting with its value, behind an option that is not known here.
  private static func name(_ word: String) -> String? {
    let isName = !word.isEmpty && !word.contains { $0.isWhitespace || $0 == "=" || $0 == ";" }
    return isName ? word : nil
  }
}
