// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// What a virtual machine runs, out of its arguments: the one word that names it, never another
/// one, because they can carry secrets.
enum MainProgram {
  /// Runtimes whose executable says nothing of the program.
  static func isAsked(of runtime: ProcessRuntime) -> Bool { runtime == .jvm || runtime == .erlang }

  /// The main class, the base name of the jar, or the first module that an Erlang node starts.
  static func name(_ runtime: ProcessRuntime, arguments: [String]) -> String? {
    switch runtime {
    case .jvm: javaMain(arguments.dropFirst())
    case .erlang: after("-s", in: arguments)
    default: nil
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
