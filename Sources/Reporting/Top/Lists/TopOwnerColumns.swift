// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// One line of the list of owners, with what its cells show.
struct TopOwnerLine {
  let owner: TopOwner
  /// Of the owner, the worst that is not over.
  let finding: Finding?
  /// What the daemon says of an owner of which these looks cannot say anything yet.
  let told: DaemonPast.Told?
  let unicode: Bool

  init(_ owner: TopOwner, in picture: TopPicture, unicode: Bool) {
    self.owner = owner
    let finding = owner.finding.map { picture.findings[$0] }
    self.finding = finding
    let told = picture.past?.worst(of: owner.owner)
    self.told = finding?.lifecycle == .firing ? nil : told
    self.unicode = unicode
  }
}

/// The columns of the list of owners: a new one is a new element here, and nothing else.
enum TopOwnerColumns {
  /// From the left.
  static let all: [Column<TopOwnerLine>] = [
    name, pids, waiting, stuck, growth, oldest, descriptors, sockets, finding,
  ]

  private static let name = Column<TopOwnerLine>(
    screen: "OWNER", .init(width: 12, grows: 2),
    help: { _, _ in "the systemd unit, else the container, else the program and what it runs" },
    text: { line, width in
      let name = OwnerWords.name(line.owner, columns: width, unicode: line.unicode)
      return (name, line.owner.stuck > 0 ? .strong : .plain)
    })

  private static let pids = Column<TopOwnerLine>(
    screen: "PIDS", .init(from: 60, width: 7, side: .right),
    help: { _, _ in "its process, or how many of them, in brackets" },
    order: { SortKey(largestFirst: Double($0.owner.processes)) },
    text: { line, _ in (OwnerWords.pids(line.owner), .plain) })

  private static let waiting = Column<TopOwnerLine>(
    screen: "WAITING", .init(from: 88, width: 8, side: .right),
    help: { _, _ in
      """
      sockets that only a close() ends: CLOSE_WAIT, FIN_WAIT2 with a descriptor, closes that \
      nobody acknowledges, and descriptors on dead sockets
      """
    },
    order: { SortKey(largestFirst: Double($0.owner.waiting)) },
    text: { line, _ in count(line.owner.waiting, .plain) })

  static let stuck = Column<TopOwnerLine>(
    screen: "STUCK", .init(width: 6, side: .right),
    help: { patience, _ in
      "those of them that have waited for \(patience) or more without a byte"
    },
    order: { SortKey(largestFirst: Double($0.owner.stuck)) },
    text: { line, _ in count(line.owner.stuck, .warn) })

  private static let growth = Column<TopOwnerLine>(
    screen: "/MIN", .init(from: 50, width: 8, side: .right),
    help: { _, unicode in
      "the change of WAITING in a minute, by the last minute; "
        + (unicode ? "↑ ↓ =" : "^ v =") + " its direction"
    },
    order: { SortKey(largestFirst: $0.owner.growth?.perMinute ?? -.infinity) },
    text: { line, _ in
      let owner = line.owner
      let growth = owner.growth.flatMap { owner.waiting == 0 && $0.perMinute == 0 ? nil : $0 }
      let emphasis: Emphasis = growth?.trend == .up ? .warn : .plain
      return (OwnerWords.growth(growth, unicode: line.unicode), emphasis)
    })

  private static let oldest = Column<TopOwnerLine>(
    screen: "OLDEST", .init(width: 8, side: .right),
    help: { _, unicode in
      "how long the oldest of WAITING has been in its state; "
        + (unicode ? "≥" : ">") + " means at least"
    },
    order: { SortKey(largestFirst: $0.owner.oldest?.seconds ?? -1) },
    text: { line, _ in
      (OwnerWords.age(line.owner.oldest ?? .unknown, unicode: line.unicode), .plain)
    })

  /// Where there is room, with a bar behind it.
  private static let descriptors = Column<TopOwnerLine>(
    screen: "FDS", .init(from: 120, width: 20, side: .right),
    .init(from: 104, width: 16, side: .right), .init(from: 70, width: 11, side: .right),
    help: { _, _ in "descriptors and their limit, of the process that is nearest to it" },
    order: { SortKey(largestFirst: $0.owner.descriptorShare) },
    text: { line, width in
      let share = line.owner.descriptorShare
      var text = OwnerWords.descriptors(line.owner)
      let bar = width - 12
      if bar > 0 { text += " " + OwnerWords.bar(share, columns: bar, unicode: line.unicode) }
      return (text, share >= 0.9 ? .bad : share >= 0.5 ? .warn : .plain)
    })

  private static let sockets = Column<TopOwnerLine>(
    screen: "SOCKETS", .init(from: 80, width: 8, side: .right),
    help: { _, _ in "all TCP sockets of the owner, in all network namespaces" },
    order: { SortKey(largestFirst: Double($0.owner.total)) },
    text: { line, _ in (OwnerWords.short(line.owner.total), .plain) })

  private static let finding = Column<TopOwnerLine>(
    screen: "FINDING", .init(from: 108, width: 22, grows: 1, most: 40), .init(width: 8),
    help: { _, _ in
      "what the rules say, here or in the daemon: pending is not confirmed yet, firing is"
    },
    order: { line in
      if let told = line.told, told.lifecycle == .firing { return SortKey(largestFirst: 1) }
      return SortKey(largestFirst: line.owner.finding.map { -Double($0) } ?? -.infinity)
    },
    text: { line, width in
      let isLong = width >= 22
      if let told = line.told, told.lifecycle == .firing || line.finding == nil {
        return (
          OwnerWords.finding(told.lifecycle, told.rule, isLong: isLong),
          told.lifecycle == .firing ? Emphasis(told.severity) : .plain
        )
      }
      return (OwnerWords.finding(line.finding, isLong: isLong), OwnerWords.emphasis(line.finding))
    })

  private static func count(_ value: Int, _ emphasis: Emphasis) -> (String, Emphasis) {
    value == 0 ? ("-", .faint) : (OwnerWords.short(value), emphasis)
  }
}
