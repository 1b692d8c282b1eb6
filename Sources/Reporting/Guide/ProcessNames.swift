// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How the processes of one program are told from others.
struct ProcessNames: Hashable, Sendable {
  /// Base names of the executable, or what the process calls itself; a version may follow:
  /// `php-fpm` is also `php-fpm8.2`.
  var names: [String] = []
  /// Main classes and jars of a JVM, or the module that an Erlang node starts.
  var mains: [String] = []
  /// systemd units, without `.service` and version: only for programs that a `java` or `beam.smp`
  /// runs, because a unit holds other processes too.
  var units: [String] = []

  func match(_ process: ProcessRecord) -> Bool {
    let executable = process.executable.map(Self.baseName) ?? ""
    // A busybox calls itself what it was started as, and is none of these.
    if executable != "busybox", hasName(executable) || hasName(process.command) { return true }
    guard [.jvm, .erlang].contains(process.runtime) else { return false }
    if let main = process.main { return mains.contains { Self.isVersion(of: $0, main) } }
    guard let unit = process.unit, unit.hasSuffix(".service") else { return false }
    let name = unit.dropLast(".service".count).prefix { $0 != "@" }
    return units.contains { Self.isVersion(of: $0, String(name)) }
  }

  func hasName(_ name: String) -> Bool { names.contains { Self.isVersion(of: $0, name) } }

  /// Whether `text` is `name`, or `name` with a version behind it.
  private static func isVersion(of name: String, _ text: String) -> Bool {
    text.hasPrefix(name)
      && text.dropFirst(name.count).allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
  }

  private static func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
