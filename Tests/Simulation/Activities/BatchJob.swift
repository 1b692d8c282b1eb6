// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// A job that runs for a while now and then: an import, a backup, a report. It makes one short call
/// after the other, and opens ever more files, until it is done and closes all.
final class BatchJob: Activity {
  struct Plan {
    var everySeconds: Double
    var runSeconds: ClosedRange<Double>
    var callsPerSecond: Double
    /// Mean length of a call.
    var callSeconds: Double
    /// Files that are open at the end of a run.
    var files: Int
  }

  private let plan: Plan
  private var beginsAt: Double
  private var endsAt: Double
  private static let filesBetween = 20

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    beginsAt = host.now + host.random.exponential(mean: plan.everySeconds)
    endsAt = beginsAt + host.random.spread(plan.runSeconds)
    super.init(name, in: host, workers: workers, isInbound: false)
  }

  override func processEnded(_ process: Int, at now: Double) {
    super.processEnded(process, at: now)
    if process == workers.first, beginsAt < now { endsAt = now }
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    guard let worker = workers.first, to > beginsAt else { return }
    let (begin, end) = (max(from, beginsAt), min(to, endsAt))
    if begin < end {
      for at in host.random.arrivals(perSecond: plan.callsPerSecond, from: begin, to: end) {
        call(at, by: worker, in: host)
      }
      let share = (end - beginsAt) / max(endsAt - beginsAt, 1)
      host.openFiles(Self.filesBetween + Int(Double(plan.files) * share), in: worker)
    }
    if to >= endsAt {
      host.openFiles(Self.filesBetween, in: worker)
      beginsAt = to + host.random.exponential(mean: plan.everySeconds)
      endsAt = beginsAt + host.random.spread(plan.runSeconds)
    }
  }

  /// It closes first: what is left is TIME_WAIT.
  private func call(_ at: Double, by worker: Int, in host: SimulatedHost) {
    let closed = at + host.random.exponential(mean: plan.callSeconds)
    var new = socket(
      host, process: worker,
      phases: .init(
        .init(.established, from: at), .init(.timeWait, from: closed, isOrphan: true)),
      lastDataAt: at)
    new.endsAt = closed + 60
    sockets.append(new)
    host.opens[namespace, default: 0] += 1
  }
}

/// Many clients at once that a load test brings: they come within a short time, are busy all the
/// time, and go together.
final class LoadTest: Activity {
  struct Plan {
    var everySeconds: Double
    var clients: ClosedRange<Double>
    var rampSeconds: ClosedRange<Double>
    var runSeconds: ClosedRange<Double>
    /// How long the server needs to close what its clients have left.
    var closeSeconds: Double
  }

  private let plan: Plan
  private var next: Double

  init(_ name: String, _ plan: Plan, in host: SimulatedHost, workers: [Int]) {
    self.plan = plan
    next = host.now + host.random.exponential(mean: plan.everySeconds)
    super.init(name, in: host, workers: workers, isInbound: true)
  }

  override func advance(from: Double, to: Double, in host: SimulatedHost) {
    for index in sockets.indices where sockets[index].phase(at: to)?.state == .established {
      sockets[index].lastDataAt = host.random.uniform(max(from, to - 1)...to)
    }
    while next < to {
      let ramp = host.random.spread(plan.rampSeconds)
      let over = next + ramp + host.random.spread(plan.runSeconds)
      for _ in 0..<Int(host.random.spread(plan.clients)) {
        let at = next + host.random.uniform(0...ramp)
        var new = socket(
          host, process: host.random.pick(workers, or: -1),
          phases: .init(
            .init(.established, from: at), .init(.closeWait, from: over, receiveQueue: 1)),
          lastDataAt: at)
        new.endsAt = over + host.random.uniform(0...plan.closeSeconds)
        sockets.append(new)
        host.opens[namespace, default: 0] += 1
      }
      next = over + host.random.exponential(mean: plan.everySeconds)
    }
  }
}
