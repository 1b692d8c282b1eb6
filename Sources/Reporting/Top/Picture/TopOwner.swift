// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of owners: its account, and what the pictures before add to it.
struct TopOwner: Sendable {
  let account: OwnerAccount
  /// The pid, and what the process calls itself, when there is one only.
  var onlyPID: Int32?
  var onlyCommand: String?
  /// Of those that wait, the age of the one that does for longest.
  var oldest: Age?
  /// Of ``waiting``; nil until it was watched for long enough.
  var growth: TopCurve.Growth?
  /// ``waiting`` over time.
  var curve = TopCurve()
  /// The worst that is not over, as a position in ``TopPicture/findings``.
  var finding: Int?

  init(_ account: OwnerAccount, in census: Census) {
    self.account = account
    oldest = account.oldestWaiting?.age(at: census.now)
    guard account.processes == 1, let process = census.processes[account.firstProcess]
    else { return }
    onlyPID = process.id.pid
    onlyCommand = process.command
  }

  var owner: Owner { account.owner }
  var processes: Int { account.processes }
  /// Sockets and dead descriptors that wait to be closed, and those of them that are stuck.
  var waiting: Int { account.allWaiting }
  var stuck: Int { account.allStuck }
  /// All sockets and dead descriptors.
  var total: Int { account.total }
  /// The share of its limit of descriptors; -1 when not known.
  var descriptorShare: Double { account.descriptors?.share ?? -1 }
}
