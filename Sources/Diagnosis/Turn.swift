// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// One turn of a watch: a look, the search for who holds what it shows, and the judgement. The
/// same in the daemon, in triage and top, on a recording and in the tests.
package struct Turn: Sendable {
  /// How a turn is to be taken.
  package struct Policy: Hashable, Sendable {
    /// When dead sockets are looked for in every process. Never by a look without ESTABLISHED:
    /// there nobody can tell the dead from the living.
    package enum DeadSockets: Hashable, Sendable {
      case always, never
      /// When the number of sockets that no table shows is another than at the search before, and
      /// after so many seconds in any case, for those that come as others go.
      case whenChanged(orAfterSeconds: Double)
    }

    package var request = SampleRequest()
    package var deadSockets = DeadSockets.always
    /// Whether the holders of sockets that may leave their process later are learnt in time.
    package var learnsOpeners = true
    /// Whether every holder of every socket is found, for a page that lists them. Dead sockets are
    /// looked for everywhere in any case, so that one search for both is half the work of two.
    package var findsEveryHolder = false
    /// When the look and the search have to be over.
    package var deadline = BootInstant.never

    package init() {}
  }

  package var sample: Sample
  package var report: HolderReport
  package var events: [FindingEvent]

  /// Processor time of the look and the search.
  package var hostCPUSeconds: Double {
    (sample.cost.cpuMilliseconds + report.cost.cpuMilliseconds) / 1000
  }

  /// What the look and the search could not see.
  package var gaps: [Gap] { sample.gaps + report.gaps }
}

extension Watch {
  /// Takes a turn.
  ///
  /// - Throws: ``HostError`` when there was no look; what is known stays, but for the rows of the
  ///   look before: see ``Census/hasRows``.
  package mutating func take(
    on host: inout some Host, _ policy: Turn.Policy = Turn.Policy()
  ) throws(HostError) -> Turn {
    giveUpRows()
    let sample = try host.takeSample(policy.request, by: policy.deadline)
    let places = deadSockets(in: sample, policy.deadSockets)
    var search = advance(with: sample, deadSockets: places, learnOpeners: policy.learnsOpeners)
    if policy.findsEveryHolder {
      search.findEveryHolder(in: sample)
    } else if !sample.states.contains(.established) {
      search.deadSockets = .none
    }
    let report = host.findHolders(search, by: policy.deadline)
    attribute(report, to: search)
    return Turn(sample: sample, report: report, events: judge())
  }

  private mutating func deadSockets(
    in sample: Sample, _ policy: Turn.Policy.DeadSockets
  ) -> HolderSearch.DeadSockets {
    guard case .whenChanged(let seconds) = policy else {
      return policy == .always ? .everywhere : .none
    }
    // nil: the kernel has not said how many there are.
    if let last = newestDeadSocketSearch, let unlisted = sample.unlistedSockets,
      unlisted == last.unlisted, sample.takenAt.seconds(since: last.at) < seconds
    {
      return .none
    }
    newestDeadSocketSearch = (sample.unlistedSockets, sample.takenAt)
    return .everywhere
  }
}
