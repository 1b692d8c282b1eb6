// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A recorded machine: every look is the next one of the recording, every question about its
/// holders is answered from what was recorded.
package struct RecordedHost: Host {
  package let directory: String
  package let header: RecordingHeader
  /// How many looks the recording has.
  package let looks: Int
  /// When the first and the last look were taken; nil for a recording without looks.
  package let span: ClosedRange<BootInstant>?
  private let bounds: RecordingBounds
  private var next = 1
  private var newest: RecordedSample?

  /// Looks that have not been taken yet.
  package var remainingLooks: Int { looks - next + 1 }

  /// Opens a recording: reads what it is, and the clocks of its first and last look.
  ///
  /// - Throws: ``HostError``: one line with the file, what is wrong in it, and the fix.
  package init(
    directory: String, bounds: RecordingBounds = RecordingBounds()
  ) throws(HostError) {
    let reader = RecordingReader(directory: directory, bounds: bounds)
    self.directory = directory
    self.bounds = bounds
    do {
      header = try reader.header()
      looks = try reader.looks(header)
      span = try reader.span(looks: looks)
    } catch {
      throw reader.hostError(error)
    }
  }

  /// Reading a file takes no time that a deadline would have to bound.
  package mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
    switch request.question {
    case .sample(let sample): .sample(try takeSample(sample))
    case .holders(let search): .holders(findHolders(search))
    }
  }

  /// The next recorded look, with the states and namespaces asked for.
  ///
  /// - Throws: ``HostError`` after the last look, for a damaged look, and for a source or a
  ///   namespace that the recording does not have.
  private mutating func takeSample(_ request: SampleRequest) throws(HostError) -> Sample {
    guard next <= looks else {
      throw HostError(
        "the recording \(directory) has \(looks) looks and all were taken;"
          + " ask for fewer, or record for longer")
    }
    let reader = RecordingReader(directory: directory, bounds: bounds)
    let look: RecordedSample
    do {
      look = try reader.look(next)
    } catch {
      throw reader.hostError(error)
    }
    if let newest, look.sample.takenAt < newest.sample.takenAt {
      throw reader.hostError(
        .recording(
          .damagedCell(
            file: RecordingHeader.folder(ofLook: next) + RecordedSummary.table.file, line: 1,
            column: "boot_clock_ns", text: String(look.sample.takenAt.nanoseconds),
            expected: "at or after the look before it")))
    }
    let sample = try RecordedAnswer.sample(look, request, directory: directory)
    newest = look
    next += 1
    return sample
  }

  /// What the recorded look knows of the holders asked for.
  private func findHolders(_ search: HolderSearch) -> HolderReport {
    guard let newest else { return HolderReport() }
    return RecordedAnswer.report(newest.report, search)
  }
}
