// SPDX-License-Identifier: Apache-2.0

/// A machine: the one closewatch runs on, or a recorded one. The daemon's turn, `triage` and a
/// replayed recording are the same few lines on a different `Host`.
package protocol Host {
  /// Answers with what could be read before the deadline; what could not is a ``Gap`` of the
  /// answer. The kind of the answer is that of the question.
  ///
  /// - Throws: ``HostError`` when there is nothing to answer with.
  mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer
}

/// What a host is asked, as a plain value: it can be sent to another process.
package struct HostRequest: Hashable, Sendable {
  package enum Question: Hashable, Sendable {
    /// For one look at the TCP tables.
    case sample(SampleRequest)
    /// For the processes that hold sockets of the newest sample.
    case holders(HolderSearch)
  }

  package var question: Question
  /// When to stop reading, and answer with what there is.
  package var deadline: BootInstant

  package init(_ question: Question, by deadline: BootInstant) {
    self.question = question
    self.deadline = deadline
  }
}

/// What a host answers, as a plain value.
package enum HostAnswer: Sendable {
  case sample(Sample)
  case holders(HolderReport)
}

/// Why a host could not answer at all. What could merely not be seen in full is a ``Gap``.
package struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was attempted, on what, and what to do: one line.
  package var description: String
  package init(_ description: String) { self.description = description }
}

extension Host {
  /// Takes one look at the TCP tables.
  package mutating func takeSample(
    _ request: SampleRequest, by deadline: BootInstant = .never
  ) throws(HostError) -> Sample {
    let answer = try answer(HostRequest(.sample(request), by: deadline))
    guard case .sample(let sample) = answer else {
      throw HostError("asked for the socket tables, the host answered something else")
    }
    return sample
  }

  /// Finds the processes that hold sockets of the newest sample.
  package mutating func searchHolders(
    _ search: HolderSearch, by deadline: BootInstant = .never
  ) throws(HostError) -> HolderReport {
    let answer = try answer(HostRequest(.holders(search), by: deadline))
    guard case .holders(let report) = answer else {
      throw HostError("asked for the holders of sockets, the host answered something else")
    }
    return report
  }

  /// Finds them as well; no answer is one that was cut short: nothing is known of any process.
  package mutating func findHolders(
    _ search: HolderSearch, by deadline: BootInstant = .never
  ) -> HolderReport {
    do throws(HostError) {
      return try searchHolders(search, by: deadline)
    } catch {
      var report = HolderReport()
      report.gaps = [Gap(.boundReached, detail: error.description)]
      return report
    }
  }
}
