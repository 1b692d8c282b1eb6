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

    /// Source: python3(1), node(1), ruby(1), php(1).
    init?(_ runtime: ProcessRuntime) {
      switch runtime {
      case .python:
        takingNext = ["-W", "-X", "-Q", "--check-hash-based-pycs"]
        takingCode = ["-c"]
        naming = ["-m"]
      case .node:
        takingNext = ["-r", "--require", "--import", "--loader", "--experimental-loader", "-C"]
        takingCode = ["-e", "--eval", "-p", "--print", "-pe"]
      case .ruby:
        takingNext = ["-I", "-r", "-C", "-E"]
        takingCode = ["-e"]
        naming = ["-S"]
      case .php:
        takingNext = ["-c", "-d", "-S", "-t", "-z"]
        takingCode = ["-r", "-B", "-R", "-E", "-F"]
        naming = ["-f"]
      default: return nil
      }
    }

    func script(_ arguments: ArraySlice<String>) -> String? {
      var rest = arguments
      while let word = rest.popFirst() {
        if takingCode.contains(word) { return nil }
        if naming.contains(word) { return rest.first.map(baseName) }
        if takingNext.contains(word) {
          rest = rest.dropFirst()
        } else if word == "--" {
          return rest.first.map(baseName)
        } else if !word.hasPrefix("-") {
          return word.isEmpty ? nil : baseName(word)
        }
      }
      return nil
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
      if word == "-jar" { return rest.first.map(baseName) }
      if word == "-m" || word == "--module" { return rest.first }
      if word.hasPrefix("--module=") { return String(word.dropFirst("--module=".count)) }
      if takingNext.contains(word) { rest = rest.dropFirst() }
      // `@file` holds more options.
      if !word.hasPrefix("-"), !word.hasPrefix("@"), !takingNext.contains(word) { return word }
    }
    return nil
  }

  private static func after(_ option: String, in arguments: [String]) -> String? {
    guard let index = arguments.firstIndex(of: option), index + 1 < arguments.count else {
      return nil
    }
    return arguments[index + 1]
  }

  private static func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
