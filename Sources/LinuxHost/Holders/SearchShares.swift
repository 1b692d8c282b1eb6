// SPDX-License-Identifier: Apache-2.0

/// Shares a search among the users whose processes it looks at: whoever has had more than others
/// waits until they have had as much. Otherwise a user with descriptors by the million would use up
/// what a search may cost before anybody else's are looked at.
struct SearchShares {
  /// What each may have had before it waits, in descriptors.
  private var share: Int
  private var used: [UInt32: Int] = [:]
  private var usedByAll = 0

  /// Small enough that even a user with hundreds of user numbers leaves something to others.
  private static let firstPart = 512

  /// - Parameter entries: What there is for all.
  init(of entries: Int) { share = max(1, entries / Self.firstPart) }

  /// Whether a user is to wait.
  ///
  /// - Parameter user: Asked only when anybody could have to.
  func mustWait(_ user: () -> UInt32?) -> Bool {
    guard usedByAll >= share, let user = user() else { return false }
    return used[user, default: 0] >= share
  }

  mutating func charge(_ entries: Int, to user: UInt32) {
    used[user, default: 0] += entries
    usedByAll += entries
  }

  /// Goes on with those who had to wait.
  mutating func widen() { share *= 2 }

  /// Who had most of all that was looked at; nil: nobody.
  var largest: UInt32? { used.first { $0.value > usedByAll / 2 }?.key }
}
