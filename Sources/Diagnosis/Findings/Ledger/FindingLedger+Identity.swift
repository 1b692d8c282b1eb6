// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Which finding of before a candidate is.
extension FindingLedger {
  /// Two subjects of one name (two programs of the same name and port) are told apart by a number,
  /// so that none hides the other. Each keeps its number while its process lives, whichever of
  /// them is the larger.
  func unique(_ candidates: [Finding]) -> [Finding] {
    var taken: Set<String> = []
    var numbered = candidates
    var rest: [Int] = []
    for index in candidates.indices {
      if let id = knownID(of: candidates[index]), taken.insert(id).inserted {
        numbered[index].id = id
      } else {
        rest.append(index)
      }
    }
    for index in rest {
      let base = candidates[index].id
      var number = 1
      while !taken.insert(numbered[index].id).inserted {
        number += 1
        numbered[index].id = "\(base)#\(number)"
      }
    }
    return numbered
  }

  /// Dead sockets are told alone, or with the CLOSE_WAIT of the leak that they are seen to be of:
  /// what one kind of rule tells no more, and the other has taken up with a verdict.
  ///
  /// - Returns: The id of the finding that has it now, by the id of the one that had it.
  func takenOver(by candidates: [Finding]) -> [String: String] {
    let spoken = Set(candidates.map(\.id))
    let left = entries.filter { id, entry in
      Self.sharing.contains(entry.finding.state) && entry.finding.lifecycle != .resolved
        && !spoken.contains(id)
    }
    guard !left.isEmpty else { return [:] }
    var owners: [UInt64: (id: String, state: TCPState)] = [:]
    for candidate in candidates
    where Self.sharing.contains(candidate.state) && candidate.lifecycle == .firing {
      for member in candidate.members where member.inode != 0 {
        owners[member.inode] = (candidate.id, candidate.state)
      }
    }
    return left.compactMapValues { entry in
      entry.membership.members.lazy.compactMap { owners[$0.inode] }
        .first { $0.state != entry.finding.state }?.id
    }
  }

  /// What findings are about that can have a dead socket in common.
  private static let sharing = StateSet(.closeWait, .close)

  /// The id under which this subject was told before, if its process is the same.
  private func knownID(of candidate: Finding) -> String? {
    guard let process = candidate.culprits.first?.process.id else { return nil }
    var id = candidate.id
    var number = 1
    while let entry = entries[id] {
      if entry.finding.culprits.first?.process.id == process { return id }
      number += 1
      id = "\(candidate.id)#\(number)"
    }
    return nil
  }
}
