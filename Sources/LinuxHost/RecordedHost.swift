// SPDX-License-Identifier: Apache-2.0

import Glibc
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
  private var newest: RecordedLook?

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
    let look: RecordedLook
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

/// Why a file of a recording could not be had.
private enum ReadingError: Error {
  case recording(RecordingError)
  case systemCall(SystemCallError)
}

/// Reads the files of a recording. It may come from anybody: only regular files are opened, and
/// only up to the bounds.
private struct RecordingReader {
  var directory: String
  var bounds: RecordingBounds

  func hostError(_ error: ReadingError) -> HostError {
    switch error {
    case .recording(let error): HostError("cannot replay \(directory): \(error)")
    case .systemCall(let error):
      HostError("cannot replay \(directory): \(error); check the path and its permissions")
    }
  }

  func header() throws(ReadingError) -> RecordingHeader {
    guard let bytes = try bytes(of: RecordingHeader.file) else {
      throw ReadingError.recording(.missingFile(RecordingHeader.file))
    }
    return try decode { () throws(RecordingError) in try RecordingHeader(bytes, bounds: bounds) }
  }

  /// The number of looks: as the header says, or as many as are there when it was interrupted.
  func looks(_ header: RecordingHeader) throws(ReadingError) -> Int {
    if let looks = header.looks { return looks }
    var count = 0
    while count < bounds.looks, hasLook(count + 1) { count += 1 }
    return count
  }

  func span(looks: Int) throws(ReadingError) -> ClosedRange<BootInstant>? {
    guard looks > 0 else { return nil }
    let first = try clock(ofLook: 1)
    let last = try clock(ofLook: looks)
    guard first <= last else {
      throw ReadingError.recording(
        .damagedCell(
          file: RecordingHeader.folder(ofLook: looks) + RecordedSummary.table.file, line: 1,
          column: "boot_clock_ns", text: String(last.nanoseconds),
          expected: "at or after the first look"))
    }
    return first...last
  }

  func look(_ number: Int) throws(ReadingError) -> RecordedLook {
    let folder = RecordingHeader.folder(ofLook: number)
    var files: [String: [UInt8]] = [:]
    for name in RecordedLook.fileNames {
      files[name] = try bytes(of: folder + name)
    }
    return try decode { () throws(RecordingError) in
      try RecordedLook(files: files, folder: folder, bounds: bounds)
    }
  }

  private func clock(ofLook number: Int) throws(ReadingError) -> BootInstant {
    let path = RecordingHeader.folder(ofLook: number) + RecordedSummary.table.file
    guard let bytes = try bytes(of: path) else {
      throw ReadingError.recording(.missingFile(path))
    }
    let blocks = try decode { () throws(RecordingError) in
      try RecordedSummary.table.readBlocks(bytes, path: path, bounds: bounds)
    }
    guard let summary = blocks.first else {
      throw ReadingError.recording(.truncated(file: path, rows: nil, promised: nil))
    }
    return summary.takenAt
  }

  private func hasLook(_ number: Int) -> Bool {
    var status = stat()
    return stat("\(directory)/\(RecordingHeader.folder(ofLook: number))", &status) == 0
  }

  /// - Returns: nil when there is no such file in the recording's directory.
  private func bytes(of file: String) throws(ReadingError) -> [UInt8]? {
    let path = "\(directory)/\(file)"
    do throws(SystemCallError) {
      var status = stat()
      _ = try systemCall("stat", on: path) { stat(path, &status) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw SystemCallError("read", on: path, errno: EINVAL)
      }
      // One byte more than allowed, so that the decoder sees that there is more.
      return try readFile(path, limit: bounds.fileBytes + 1)
    } catch {
      guard error.isVanished, isDirectory(directory) else { throw ReadingError.systemCall(error) }
      return nil
    }
  }

  private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func decode<Result>(
    _ body: () throws(RecordingError) -> Result
  ) throws(ReadingError) -> Result {
    do {
      return try body()
    } catch {
      throw ReadingError.recording(error)
    }
  }
}
