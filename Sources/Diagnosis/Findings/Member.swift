// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One socket that a finding is about, remembered until it is known how it went.
package struct Member: Hashable, Sendable {
  package var id: SocketID
  /// 0: no descriptor referred to it.
  package var inode: UInt64
  package var state: TCPState
  /// The process that held it, where one is known.
  package var process: ProcessID?

  package init(id: SocketID, inode: UInt64, state: TCPState, process: ProcessID?) {
    self.id = id
    self.inode = inode
    self.state = state
    self.process = process
  }

  /// How many are remembered on a host, of all findings together: some 5 MB.
  static let mostOnHost = 65_536
}

/// What has become of a member since the look before.
package enum Fate: Hashable, Sendable {
  /// It is there, as it was.
  case stays
  /// Its connection is dead, and the descriptor is still open.
  case died
  /// Its row, namespace or process was not read this time: not seen is not gone.
  case unseen
  /// What was read of its namespace does not show it. Once proves nothing: long hash chains lose
  /// rows while the table changes.
  case absent
  /// Its program has closed it, or the kernel has given it up.
  case closed
  /// It went with its process.
  case exited(ProcessID)
  /// It carries data again: it was of use.
  case used
}

/// How a finding has ended.
package struct FindingEnd: Hashable, Sendable {
  package enum How: Hashable, Sendable {
    /// Its sockets have gone one by one.
    case closed
    /// They went with their process.
    case exited(ProcessID)
    /// They carry data again.
    case used
    /// What was said is no longer so. It was not about single sockets, or about more of them than
    /// are remembered.
    case subsided
    /// Another finding covers its sockets from now on.
    case continued(id: String)
    /// There was no room for it any more: others are worse.
    case leftOut
  }

  package var how: How
  package var at: BootInstant
  /// How many of its sockets have gone, and of how many that it ever had.
  package var gone: Int
  package var members: Int
  /// Others of the same state and port that are there now, too young to be called stuck.
  package var newer = 0

  package init(how: How, at: BootInstant, gone: Int = 0, members: Int = 0) {
    self.how = how
    self.at = at
    self.gone = gone
    self.members = members
  }
}

/// The members of one finding over its life.
struct Membership: Sendable {
  private(set) var members: [Member] = []
  /// Of those in `members`, how many could not be seen in the newest look.
  private(set) var unseen = 0
  /// The newest look in which all could be seen.
  private(set) var seenAt: BootInstant
  /// Those that have gone, by how.
  private(set) var closed = 0
  private(set) var exited = 0
  private(set) var used = 0
  private(set) var lastExited: ProcessID?
  /// Whether each of them was some program's to close.
  private var areOwned = true
  /// Members that were not taken up because there are too many on this host.
  private(set) var beyond = 0

  init(_ members: [Member], at now: BootInstant, room: Int) {
    seenAt = now
    take(members, room: room)
  }

  var gone: Int { closed + exited + used }
  /// Whether its life can be told by its members: it has, or had, some, and all are known.
  var isTracked: Bool { beyond == 0 && gone + members.count > 0 }

  /// Whether its rule names no sockets: it is about a number.
  var hadNone: Bool { beyond == 0 && gone + members.count == 0 }

  /// Whether so few of them are left that it is over: at most a tenth of them, and not ten.
  var isOver: Bool {
    isTracked && members.count < Self.fewest && 10 * members.count <= gone + members.count
  }

  /// Ten: what is left of a larger block is a handful that no rule would report.
  private static let fewest = 10

  /// Whether a program had all of them and has closed each.
  var areAllClosed: Bool { isTracked && members.isEmpty && areOwned }

  /// Whether more of them went with their process than in any other way.
  var wereExited: Bool { exited > 0 && exited >= max(closed, used) }

  var end: FindingEnd.How {
    if !isTracked { return .subsided }
    if let lastExited, wereExited { return .exited(lastExited) }
    return used > closed ? .used : .closed
  }

  /// Takes in a look: who is a member now, and what has become of the others.
  mutating func update(
    _ newest: [Member], in census: Census, since: BootInstant, at now: BootInstant, room: Int
  ) {
    let old = members
    members = []
    take(newest, room: room)
    unseen = 0
    let known = Set(members.map(\.id))
    var absent: [Member] = []
    for member in old where !known.contains(member.id) {
      switch census.fate(of: member, since: since) {
      case .stays, .died: keep(member, room: room)
      case .unseen:
        keep(member, room: room)
        unseen += 1
      case .absent: absent.append(member)
      case .closed: closed += 1
      case .used: used += 1
      case .exited(let process):
        exited += 1
        lastExited = process
      }
    }
    takeIn(absent, room: room)
    if unseen == 0 { seenAt = now }
  }

  /// A row can be lost for once, but not all of them at the same time.
  private mutating func takeIn(_ absent: [Member], room: Int) {
    if members.isEmpty, absent.count >= 3 {
      closed += absent.count
      return
    }
    for member in absent { keep(member, room: room) }
    unseen += absent.count
  }

  private mutating func take(_ newest: [Member], room: Int) {
    members = Array(newest.prefix(room))
    beyond = newest.count - members.count
    if members.contains(where: { $0.inode == 0 }) { areOwned = false }
  }

  private mutating func keep(_ member: Member, room: Int) {
    if members.count < room { members.append(member) } else { beyond += 1 }
  }
}
