// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Why a file of a recording could not be had.
enum ReadingError: Error {
  case recording(RecordingError)
  case systemCall(SystemCallError)
}

/// Reads what the files of a recording say, up to the bounds.
struct RecordingReader {
  var directory: String
  var bounds: RecordingBounds
  private var files: RecordingFiles { RecordingFiles(directory: directory) }

  init(directory: String, bounds: RecordingBounds) {
    self.directory = directory
    self.bounds = bounds
  }

  func hostError(_ error: ReadingError) -> HostError {
    switch error {
    case .recording(let error): HostError("cannot replay \(directory): \(error)")
    case .systemCall(let error):
      HostError("cannot replay \(directory): \(error); check the path and its permissions")
    }
  }

  func header() throws(ReadingError) -> RecordingHeader {
    let limit = min(bounds.headerBytes, bounds.fileBytes)
    guard let bytes = try files.read(RecordingHeader.file, limit: limit) else {
      throw ReadingError.recording(.missingFile(RecordingHeader.file))
    }
    return try decode { () throws(RecordingError) in try RecordingHeader(bytes, bounds: bounds) }
  }

  /// The number of looks: as the header says, or as many as are there when it was interrupted.
  func looks(_ header: RecordingHeader) throws(ReadingError) -> Int {
    if let looks = header.looks { return looks }
    var count = 0
    while count < bounds.looks, files.hasFolder(RecordingHeader.folder(ofLook: count + 1)) {
      count += 1
    }
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

  func look(_ number: Int) throws(ReadingError) -> RecordedSample {
    let folder = RecordingHeader.folder(ofLook: number)
    var tables: [String: [UInt8]] = [:]
    // All looks together are no longer than this, so one is not.
    var left = bounds.totalBytes
    for name in RecordedSample.fileNames {
      tables[name] = try files.read(folder + name, limit: min(bounds.fileBytes, left))
      left -= tables[name]?.count ?? 0
    }
    return try decode { () throws(RecordingError) in
      try RecordedSample(files: tables, folder: folder, bounds: bounds)
    }
  }

  private func clock(ofLook number: Int) throws(ReadingError) -> BootInstant {
    let path = RecordingHeader.folder(ofLook: number) + RecordedSummary.table.file
    guard let bytes = try files.read(path, limit: bounds.fileBytes) else {
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
