// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The host's numbers: the census, who has what should be gone, accept queues, ephemeral ports.
struct HostSections {
  private static let ownersShown = 10
  private static let listenersShown = 10
  private static let routesShown = 8
  private let picture: HostPicture
  private let places: PlaceLabels

  init(_ picture: HostPicture) {
    self.picture = picture
    places = PlaceLabels(picture)
  }

  func write(to page: inout HTMLWriter) {
    writeCensus(to: &page)
    writeOwners(to: &page)
    writeListeners(to: &page)
    writeRoutes(to: &page)
  }

  // MARK: Census

  /// The namespaces of one kind, as the metrics tell them apart.
  private struct Kind {
    var name: String
    var members: [NamespaceAccount]

    func count(_ state: TCPState) -> Int {
      members.reduce(0) { $0 + $1.states[state] }
    }
  }

  private var kinds: [Kind] {
    let others = picture.namespaces.filter { !$0.sample.isOwn }
    return [
      Kind(name: "Own", members: picture.namespaces.filter(\.sample.isOwn)),
      Kind(name: "Named", members: others.filter { $0.sample.name != nil }),
      Kind(name: "Other", members: others.filter { $0.sample.name == nil }),
    ].filter { !$0.members.isEmpty }
  }

  private func writeCensus(to page: inout HTMLWriter) {
    let kinds = kinds
    let states = StateWords.ordered(
      kinds.reduce(into: [:]) { sum, kind in
        for state in TCPState.shown { sum[state, default: 0] += kind.count(state) }
      }
    ).filter { $0.1 > 0 }
    page.element("section", HTMLAttribute("aria-labelledby", "h-census")) { page in
      page.element("h2", .id("h-census"), text: "Sockets now")
      guard !states.isEmpty else {
        page.element("p", text: "No TCP socket.")
        return
      }
      let columns = kinds.map { kind in
        let size = kind.members.count
        return Column<(TCPState, Int)>(
          size > 1 ? "\(kind.name) (\(Quantity.count(size)))" : kind.name
        ) { state, _ in Quantity.count(kind.count(state)) }
      }
      HTMLTable(
        "Sockets by state and kind of network namespace",
        columns: [Column("State") { $0.0.name }] + columns
          + [Column("All") { Quantity.count($0.1) }]
      ).write(states, to: &page)
      page.element(
        "p", .class("quiet"),
        text: "Network namespaces: own is that of closewatch, named are those of ip netns, other "
          + "are mostly those of containers.")
    }
  }

  // MARK: Owners

  private func writeOwners(to page: inout HTMLWriter) {
    let owners = picture.owners.filter { $0.allStuck > 0 }.ordered(by: \.allStuck)
    guard !owners.isEmpty else { return }
    page.element("section", HTMLAttribute("aria-labelledby", "h-owners")) { page in
      page.element("h2", .id("h-owners"), text: "Who has sockets that should be gone")
      HTMLTable(
        "Owners of sockets that should be gone", columns: Self.ownerColumns(at: picture.takenAt)
      ).write(owners.prefix(Self.ownersShown), to: &page)
      more(owners.count - Self.ownersShown, to: &page)
      page.element(
        "p", .class("quiet"),
        text: "Closed by one side, and quiet for longer than the patience. Not every one is a "
          + "finding.")
    }
  }

  private static func ownerColumns(at now: BootInstant?) -> [Column<OwnerAccount>] {
    [
      Column("Owner") { PublicOwner.name($0.owner) },
      Column("Sockets") { account in
        var parts = Waiting.states.filter { account.stuck[$0] > 0 }.map { state in
          "\(state.name) \(Quantity.count(account.stuck[state]))"
        }
        let dead = account.stuckDeadSockets
        if dead > 0 { parts.append("dead \(Quantity.count(dead))") }
        return parts.joined(separator: ", ")
      },
      Column("Oldest") { account in
        guard let now, let oldest = account.oldestStuck else { return "-" }
        return Quantity.duration(max(0, now.seconds(since: oldest)))
      },
      Column("Descriptors") { account in
        guard let use = account.descriptors else { return "-" }
        let limit = use.limit < .max ? Int(clamping: use.limit) : nil
        return Quantity.count(use.used)
          + (limit.map { " of " + Quantity.count($0) } ?? ", no limit")
      },
    ]
  }

  // MARK: Listeners

  private func writeListeners(to page: inout HTMLWriter) {
    let waiting = picture.listeners.filter { $0.queued > 0 }.sorted {
      ($1.share, $0.local.port) < ($0.share, $1.local.port)
    }
    page.element("section", HTMLAttribute("aria-labelledby", "h-accept")) { page in
      page.element("h2", .id("h-accept"), text: "Accept queues")
      let all = Quantity.count(picture.listeners.count + picture.listenersLeftOut, "listener")
      guard !waiting.isEmpty else {
        page.element("p", text: "\(all); no connection waits to be accepted.")
        return
      }
      HTMLTable("The fullest accept queues", columns: Self.listenerColumns(places))
        .write(waiting.prefix(Self.listenersShown), to: &page)
      more(waiting.count - Self.listenersShown, to: &page)
      page.element("p", .class("quiet"), text: "\(all) in all.")
    }
  }

  private static func listenerColumns(_ places: PlaceLabels) -> [Column<ListenerAccount>] {
    [
      Column("Listener") { listener in
        (listener.owner.map(PublicOwner.name) ?? "no process") + place(listener.namespace, places)
      },
      Column("Port") { "\($0.local.port)" },
      Column("Waiting") { Quantity.count($0.queued) },
      Column("Limit") { listener in listener.limit.map { Quantity.count($0) } ?? "not known" },
    ]
  }

  private static func place(_ id: NetnsID, _ places: PlaceLabels) -> String {
    let label = places.label(id)
    return label == "own" ? "" : " in " + LabelValue.safe(label)
  }

  // MARK: Ephemeral ports

  private func writeRoutes(to page: inout HTMLWriter) {
    let routes = picture.routes.sorted { $0.share > $1.share }
    guard !routes.isEmpty else { return }
    page.element("section", HTMLAttribute("aria-labelledby", "h-ports")) { page in
      page.element("h2", .id("h-ports"), text: "Ephemeral ports to one destination")
      HTMLTable("Ephemeral ports in use to one destination", columns: Self.routeColumns(places))
        .write(routes.prefix(Self.routesShown), to: &page)
      more(routes.count + picture.routesLeftOut - Self.routesShown, to: &page)
      page.element(
        "p", .class("quiet"),
        text: "The addresses are in the metrics: closewatch_ephemeral_ports_used.")
    }
  }

  private static func routeColumns(_ places: PlaceLabels) -> [Column<RouteAccount>] {
    [
      Column("Destination port") { "\($0.destination.port)" + place($0.namespace, places) },
      Column("In use") { Quantity.count($0.used) },
      Column("Of") { Quantity.count($0.capacity) },
      Column("Share") { Quantity.fixed(100 * $0.share, decimals: 1) + " %" },
    ]
  }

  private func more(_ count: Int, to page: inout HTMLWriter) {
    guard count > 0 else { return }
    page.element("p", .class("quiet"), text: "And \(Quantity.count(count)) more.")
  }
}
