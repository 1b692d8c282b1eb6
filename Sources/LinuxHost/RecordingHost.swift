// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A host that writes down every look as it is judged.
///
/// It is asked what the judge asks, asks its source the widest question instead, writes that down,
/// and answers from it as a replay does: so a replay of the recording is told the same.
package struct RecordingHost: Host {
  /// The machine that is looked at, live or recorded.
  package private(set) var source: any Host
  package private(set) var recorder: HostRecorder?
  /// Why the recording has fewer looks than were taken; nil when it has all.
  package private(set) var incompleteBecause: String?
  private let start: () throws(RecorderError) -> HostRecorder
  /// The newest sample, until somebody asks for its holders.
  private var unwritten: Sample?
  /// The answer of the source about that sample.
  private var newest: HolderReport?

  /// - Parameter start: Makes the recording, once a look was taken: a mistake in what is asked for
  ///   leaves nothing behind.
  package init(of source: any Host, start: @escaping () throws(RecorderError) -> HostRecorder) {
    self.source = source
    self.start = start
  }

  package mutating func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
    switch request.question {
    case .sample(let question): .sample(try takeSample(question, by: request.deadline))
    case .holders(let search): .holders(findHolders(search, by: request.deadline))
    }
  }

  /// Closes the recording: from now on every one of its looks must be there.
  package mutating func finish() throws(RecorderError) {
    if unwritten != nil { _ = findHolders(HolderSearch(), by: .never) }
    try recorder?.finish()
  }

  private mutating func takeSample(
    _ request: SampleRequest, by deadline: BootInstant
  ) throws(HostError) -> Sample {
    if unwritten != nil { _ = findHolders(HolderSearch(), by: deadline) }
    let sample = try source.takeSample(request, by: deadline)
    if recorder == nil {
      do {
        recorder = try start()
      } catch {
        throw HostError(error.description)
      }
    }
    unwritten = sample
    return sample
  }

  private mutating func findHolders(
    _ search: HolderSearch, by deadline: BootInstant
  ) -> HolderReport {
    if let sample = unwritten {
      unwritten = nil
      var widest = recorder?.search(for: sample) ?? HolderSearch(everyHolderIn: sample)
      widest.likely = search.likely
      widest.hunts = search.hunts
      widest.records += search.records
      let report = source.findHolders(widest, by: deadline)
      write(RecordedSample(sample: sample, report: report))
      newest = report
    }
    guard let newest else { return HolderReport() }
    var report = RecordedAnswer.report(newest, search)
    // Only whoever still looks can prove them by looking again.
    report.unprovedDeadSockets = newest.unprovedDeadSockets
    return report
  }

  /// A look that cannot be written is judged all the same.
  private mutating func write(_ look: RecordedSample) {
    guard incompleteBecause == nil, var recorder else { return }
    // The only owner, or every look would copy all that redaction remembers.
    self.recorder = nil
    do {
      if case .stopped(let reason) = try recorder.append(look) { incompleteBecause = reason }
    } catch {
      incompleteBecause = error.description
    }
    self.recorder = recorder
  }
}
