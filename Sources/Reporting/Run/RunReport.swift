// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a run has come to, whatever it is written as.
package struct RunReport: Sendable {
  package var order: RunOrder
  /// What the command itself ended with.
  package var commandStatus: Int32
  /// What was left open, with what does not count.
  package var left: [LeftSocket]
  /// Processes whose descriptors could not be read.
  package var unseen: [ProcessRecord] = []
  /// What else could not be seen.
  package var gaps: [Gap] = []
  /// Looks that came late.
  package var lateLooks = LateLooks()
  /// Why nothing can be said of the run; nil: it was seen.
  package var blindBecause: String?
  /// Tests that were named, in their order.
  package var tests: [String] = []
  /// What was run.
  package var command: [String] = []
  package var version = ""
  package var seconds = 0.0
  /// How much the runner has said that is no word of this program.
  package var misunderstood = 0
  /// Why the trace ended before the run; nil: it did not, or there was none.
  package var traceFailure: String?
  /// Processes that the trace could not follow.
  package var unfollowed = 0

  package init(_ order: RunOrder, commandStatus: Int32, left: [LeftSocket]) {
    self.order = order
    self.commandStatus = commandStatus
    self.left = left
  }

  /// What counts.
  package var counted: [LeftSocket] { left.filter { $0.excuse == nil } }

  /// What the run ends with, by the statuses that a program can end with.
  package func exitStatus(act: Int32, blind: Int32) -> Int32 {
    if commandStatus != 0 { return commandStatus }
    if !counted.isEmpty { return act }
    return blindBecause == nil ? 0 : blind
  }
}

extension RunReport {
  /// Sockets of which one line tells: of one process, one test, one place and one code path, and
  /// of one kind.
  struct Group {
    var first: LeftSocket
    var sockets: [LeftSocket]
    var oldest: Age { sockets.map(\.age).max { $0.seconds < $1.seconds } ?? first.age }

    private struct Key: Hashable {
      var process: ProcessID
      var test: String?
      var isDead: Bool
      var end: LeftSocket.End
      var place: Endpoint?
      var code: CodePlace?
    }

    static func all(of sockets: [LeftSocket]) -> [Group] {
      var groups: [Group] = []
      var places: [Key: Int] = [:]
      for socket in sockets {
        let key = Key(
          process: socket.process.id, test: socket.test, isDead: socket.isDead,
          end: socket.end,
          place: socket.isInbound == true ? socket.row?.local : socket.row?.remote,
          code: socket.place)
        if let place = places[key] {
          groups[place].sockets.append(socket)
        } else {
          places[key] = groups.count
          groups.append(Group(first: socket, sockets: [socket]))
        }
      }
      return groups
    }
  }
}
