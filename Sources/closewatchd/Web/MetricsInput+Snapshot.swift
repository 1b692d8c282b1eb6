// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import Reporting

/// The daemon's snapshot as what a page of metrics is written from.
extension MetricsInput {
  init(_ snapshot: DaemonSnapshot) {
    self.init()
    version = BuildInfo.version
    sampler = SamplerNumbers(snapshot)
    settings.isLastReloadGood = snapshot.settings.isLastReloadGood
    settings.loadedWallSeconds = snapshot.settings.loadedWallSeconds
    settings.reloads = snapshot.settings.reloads
    settings.failedReloads = snapshot.settings.failedReloads
    journal.written = snapshot.journal.written
    journal.queued = snapshot.journal.queued
    journal.lost = snapshot.journal.lost
    journal.suppressed = snapshot.journal.suppressed
    namespaces = snapshot.namespaces.map(NamespaceNumbers.init)
    owners = snapshot.stuckOwners
    holders = snapshot.owners.map(HolderNumbers.init)
    listeners = snapshot.listeners.map { listener in
      ListenerNumbers(
        namespace: listener.namespace, local: listener.local, owner: listener.owner,
        queued: listener.queued, limit: listener.limit)
    }
    listenersFolded = snapshot.listenersLeftOut
    routes = snapshot.routes.map { route in
      RouteNumbers(
        namespace: route.namespace, source: route.source, destination: route.destination,
        used: route.used, capacity: route.capacity)
    }
    routesFolded = snapshot.routesLeftOut
    findings = snapshot.findings
    findingsDropped = snapshot.findingsDropped
    events = snapshot.events
    sampledAt = snapshot.newestLook?.takenAt
    gaps = snapshot.gaps
    connectionsRemembered = snapshot.connectionsRemembered
    connectionsFolded = snapshot.connectionsFolded
    descriptorsInFlight = snapshot.descriptorsInFlight
  }
}

extension HolderNumbers {
  init(_ summary: OwnerSummary) {
    let isNobody = summary.owner.kind == .kernel && summary.owner.name.isEmpty
    self.init(owner: isNobody ? Owner(.kernel, "kernel") : summary.owner, states: [:])
    for state in TCPState.shown { states[state] = summary.states[state] }
  }
}

extension SamplerNumbers {
  init(_ snapshot: DaemonSnapshot) {
    self.init()
    lookWallSeconds = snapshot.newestLook?.wallClockSeconds
    fullLookWallSeconds = snapshot.fullLook?.wallClockSeconds
    lookSeconds = snapshot.newestLook.map { $0.cost.wallMilliseconds / 1000 }
    lookCPUSeconds = snapshot.newestLook.map { $0.cost.cpuMilliseconds / 1000 }
    turnSeconds = snapshot.cost.turnWallSeconds
    totalCPUSeconds = snapshot.cost.totalCPUSeconds
    cheapLooks = snapshot.cost.cheapLooks
    fullLooks = snapshot.cost.fullLooks
    failedLooks = snapshot.cost.failedLooks
    lateTurns = snapshot.cost.lateTurns
    intervalSeconds = snapshot.cost.intervalSeconds
    isBackedOff = snapshot.cost.isBackedOff
    startedWallSeconds = snapshot.startedWallSeconds
    watchedSeconds = snapshot.newestLook.map { $0.takenAt.seconds(since: snapshot.startedAt) }
  }
}

extension NamespaceNumbers {
  init(_ summary: NamespaceSummary) {
    self.init(id: summary.id)
    name = summary.name
    isOwn = summary.isOwn
    states = summary.states.byState
    unaccepted = summary.unaccepted
    orphans = summary.orphans
    sockstat = summary.sockstat
    counters = summary.counters
    settings = summary.settings
  }
}
