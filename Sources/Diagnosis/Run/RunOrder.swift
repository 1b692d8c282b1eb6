// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// How the sockets of a run are judged.
package struct RunOrder: Hashable, Sendable {
  /// A socket may be in CLOSE_WAIT, or dead under its descriptor, for so long.
  package var graceSeconds = RunOrder.usualGraceSeconds
  /// Whether each one counts, whatever it may be good for.
  package var isStrict = false
  /// What may be left.
  package var allowed: [NamePattern] = []

  /// A program that reads the end of a stream closes within milliseconds; a machine that runs
  /// tests is slow.
  package static let usualGraceSeconds = 2.0

  package init() {}

  /// So many of one process to one place, or it may be the pool of a client: the rules' own number.
  var fewestPoolLike: Int { isStrict ? 1 : RuleSettings().fewestPoolLike }
  /// So many dead ones of one process: the same. One that was accepted needs no others.
  var fewestDead: Int { isStrict ? 1 : RuleSettings().fewestStuck }
}

/// A name with `*` for any characters and `?` for one, as shells have it.
package struct NamePattern: Hashable, Sendable {
  package var text: String

  package init(_ text: String) { self.text = text }

  package func matches(_ name: String) -> Bool {
    let (pattern, name) = (Array(text.unicodeScalars), Array(name.unicodeScalars))
    var (at, place) = (0, 0)
    // The last star, and where what it stands for ends: one further at each mismatch.
    var star: (at: Int, place: Int)?
    while place < name.count {
      if at < pattern.count, pattern[at] == "*" {
        star = (at, place)
        at += 1
      } else if at < pattern.count, pattern[at] == "?" || pattern[at] == name[place] {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.at, last.place + 1)
        at = last.at + 1
        place = last.place + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }
}

/// One socket that a process of a run has left open for longer than the grace, or still held
/// at its exit.
package struct LeftSocket: Hashable, Sendable {
  /// Why it does not count.
  package enum Excuse: String, Hashable, Sendable, CaseIterable {
    /// It can be of a client's pool, which throws it away when it takes it out.
    case pool
    /// A pattern allows it.
    case allowed
  }

  /// What shows that nobody closes it.
  package enum End: String, Hashable, Sendable, CaseIterable {
    /// It has stayed so for longer than the grace.
    case grace
    /// The last process that held it was about to end.
    case exit
  }

  package var id: SocketID
  /// As it was last seen in a table; nil when it never was.
  package var row: SocketRow?
  package var inode: UInt64
  /// Whether its connection is dead and only the descriptor is left.
  package var isDead: Bool
  /// Whether it came in through a listener; nil when that is not known.
  package var isInbound: Bool?
  /// How long it has been so when it was last seen.
  package var age: Age
  package var end = End.grace
  /// The process that holds it: of several the first.
  package var process: ProcessRecord
  package var fd: Int32
  /// Other processes that hold it too.
  package var sharers: [ProcessID]
  /// The test in which it first appeared; nil: before the first, or none was named.
  package var test: String?
  package var excuse: Excuse?
  /// Where in the code it is; nil where nobody has traced that.
  package var place: CodePlace?

  /// What a pattern can name: process, program, test, and both ends.
  var names: [String] {
    [process.command, process.main, test, row?.local.description, row?.remote.description]
      .compactMap { $0 }
  }
}
