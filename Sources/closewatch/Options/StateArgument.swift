// SPDX-License-Identifier: Apache-2.0

import Console
import KernelTables

/// TCP states as people type them: `CLOSE_WAIT`, `close-wait,fin-wait-2`, `estab`.
enum StateArgument {
  static func parse(_ text: String) throws -> StateSet {
    var states: StateSet = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let state = TCPState(named: String(word)) else { throw unknown(String(word)) }
      states.formUnion(StateSet(state))
    }
    return states
  }

  private static func unknown(_ word: String) -> UsageError {
    let names = TCPState.shown.map(\.name)
    if let nearest = UsageError.nearest(to: word, in: names) {
      return UsageError("no TCP state is called '\(word)'; did you mean \(nearest)?")
    }
    let all = names.joined(separator: ", ")
    return UsageError("no TCP state is called '\(word)'; there are \(all)")
  }
}
