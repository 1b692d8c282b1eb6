// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The states that connections were seen in while they were watched.
struct SocketLives: Sendable {
  /// One state of a life.
  struct Step: Hashable, Sendable {
    var state: TCPState
    /// When it entered the state, or the latest instant at which it can have.
    var since: BootInstant
    var isExact: Bool
  }

  /// Bounded: a life is shown for one socket at a time, and a host can open thousands a second.
  private static let mostLives = 65_536
  private static let mostSteps = 12

  private var steps: [SocketID: [Step]] = [:]

  init() {}

  /// Takes in a look: what has changed since the one before.
  mutating func note(_ census: Census) {
    if census.looks % 32 == 0 { forgetGone(census) }
    for connection in census.connections
    where connection.rowIndex >= 0 && connection.state != connection.previousState {
      let step = Self.newest(connection)
      guard var life = steps[connection.id] else {
        guard steps.count < Self.mostLives else { continue }
        let first = Step(
          state: connection.previousState, since: connection.firstSeen, isExact: false)
        steps[connection.id] = [first, step]
        continue
      }
      if life.last?.state == connection.state {
        guard life.last != step else { continue }
        life[life.count - 1] = step
      } else if life.count < Self.mostSteps {
        life.append(step)
      }
      steps[connection.id] = life
    }
  }

  /// The states of a connection, the first one first.
  func life(of connection: Connection) -> [Step] {
    steps[connection.id] ?? [Self.newest(connection)]
  }

  private static func newest(_ connection: Connection) -> Step {
    Step(
      state: connection.state, since: connection.stateSince,
      isExact: connection.flags.contains(.sinceIsExact))
  }

  private mutating func forgetGone(_ census: Census) {
    var present: Set<SocketID> = []
    for connection in census.connections where connection.state != connection.previousState {
      present.insert(connection.id)
    }
    steps = steps.filter { present.contains($0.key) }
  }
}
