// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of owners: a unit, container or program with all its sockets.
struct TopOwner: Sendable {
  let owner: Owner
  /// Indices into the census' processes.
  var processes: Set<Int32> = []
  /// The pid, and what the process calls itself, when there is one only.
  var onlyPID: Int32?
  var onlyCommand: String?
  /// Sockets and dead descriptors that wait to be closed, and those of them that are stuck.
  var waiting = 0
  var stuck = 0
  /// All sockets and dead descriptors.
  var total = 0
  /// Of those that wait, the age of the one that does for longest.
  var oldest: Age?
  /// Of the process nearest to its limit: descriptors open, and the soft limit.
  var descriptors: Int?
  var descriptorLimit: UInt64?
  /// Of ``waiting``; nil until it was watched for long enough.
  var growth: TopCurve.Growth?
  /// ``waiting`` over time.
  var curve = TopCurve()
  /// The worst that is not over, as a position in ``TopPicture/findings``.
  var finding: Int?

  init(_ owner: Owner) { self.owner = owner }

  /// The share of its limit of descriptors; -1 when not known.
  var descriptorShare: Double {
    guard let descriptors, let descriptorLimit, descriptorLimit > 0 else { return -1 }
    return Double(descriptors) / Double(descriptorLimit)
  }

  mutating func add(_ socket: TopSocket) {
    total += 1
    if socket.process >= 0 { processes.insert(socket.process) }
    guard socket.wait > .no else { return }
    waiting += 1
    if socket.wait == .stuck { stuck += 1 }
    if socket.age.bound != .unknown, socket.age.seconds > oldest?.seconds ?? -1 {
      oldest = socket.age
    }
  }

  /// The limit is each process's own: that of the one which will hit it first counts.
  mutating func note(_ process: ProcessRecord) {
    guard let used = process.descriptorCount, let limit = process.descriptorSoftLimit, limit > 0
    else { return }
    guard Double(used) / Double(limit) > descriptorShare else { return }
    descriptors = used
    descriptorLimit = limit
  }
}
