// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Writes looks into a new directory, one folder each.
///
/// A look is written beside its place and moved into it when it is whole, so a recording that is
/// interrupted replays what was completed. Files are for their owner only (0600).
package struct HostRecorder {
  /// What became of a look.
  package enum Outcome: Hashable, Sendable {
    case written
    /// It would have gone beyond a bound and was not written; the recording is closed, and says
    /// so in these words.
    case stopped(String)
  }

  package let directory: String
  package private(set) var header: RecordingHeader
  package private(set) var looks = 0
  /// Bytes of all looks so far.
  package private(set) var totalBytes = 0
  private let bounds: RecordingBounds
  private var redaction: Redaction
  /// Processes of earlier looks, so that one which let go of its sockets keeps its record.
  private var seenProcesses: Set<Int32> = []

  /// Makes the directory and starts the recording in it.
  ///
  /// - Parameters:
  ///   - directory: Must not exist, or be empty.
  ///   - names: What redaction takes out wherever it stands.
  /// - Throws: ``RecorderError``.
  package init(
    directory: String, closewatchVersion: String, redacted: Bool = true,
    order: RecordedOrder = RecordedOrder(), names: KnownNames = KnownNames(),
    bounds: RecordingBounds = RecordingBounds()
  ) throws(RecorderError) {
    self.directory = directory
    self.bounds = bounds
    redaction = Redaction(names)
    header = RecordingHeader()
    header.closewatchVersion = closewatchVersion
    header.isRedacted = redacted
    header.order = order
    try RecordingFolder.makeEmpty(directory)
    try RecorderError.wrap { () throws(SystemCallError) in
      try RecordingFolder.make(directory + "/looks")
    }
    try writeHeader()
  }

  /// The widest question about a look: every holder, dead sockets everywhere, the records of all
  /// processes that held a socket in an earlier look, and arguments when nothing is redacted.
  package func search(for sample: Sample) -> HolderSearch {
    var search = HolderSearch(everyHolderIn: sample)
    search.records = seenProcesses.sorted()
    search.arguments = !header.isRedacted
    return search
  }

  /// Writes one look.
  package mutating func append(_ look: RecordedSample) throws(RecorderError) -> Outcome {
    if header.stopped != nil { return .stopped(header.stopped ?? "") }
    seenProcesses.formUnion(look.report.processes.map(\.id.pid))
    let look = header.isRedacted ? redaction.redacted(look) : look
    if header.kernelRelease == nil, let release = look.sample.host.kernelRelease {
      header.kernelRelease = release
      try writeHeader()
    }
    let files = look.files()
    let size = files.reduce(0) { $0 + $1.bytes.count }
    if let reason = boundReached(by: files, size: size) {
      header.stopped = reason
      try finish()
      return .stopped(reason)
    }
    let folder = RecordingHeader.folder(ofLook: looks + 1).dropLast()
    let partial = "\(directory)/\(folder).partial"
    try RecorderError.wrap { () throws(SystemCallError) in
      try RecordingFolder.make(partial)
      for file in files {
        try RecordingFolder.write(file.bytes, to: "\(partial)/\(file.name)")
      }
      try RecordingFolder.move(partial, to: "\(directory)/\(folder)")
    }
    looks += 1
    totalBytes += size
    return .written
  }

  /// Closes the recording: from now on every one of its looks must be there.
  package mutating func finish() throws(RecorderError) {
    guard header.looks == nil else { return }
    header.looks = looks
    try writeHeader()
  }

  private func boundReached(by files: [RecordedSample.File], size: Int) -> String? {
    let look = looks + 1
    if look > bounds.looks { return "the bound of \(bounds.looks) looks was reached" }
    if totalBytes + size > bounds.totalBytes {
      return "look \(look) would bring the recording above its bound of "
        + "\(bounds.totalBytes) bytes"
    }
    for file in files where file.bytes.count > bounds.fileBytes || file.rows > bounds.rows {
      return "\(file.name) of look \(look) is above the bound of one file "
        + "(\(bounds.fileBytes) bytes, \(bounds.rows) rows)"
    }
    return nil
  }

  private func writeHeader() throws(RecorderError) {
    let files = [
      (RecordingHeader.readableFile, Array(header.readable.utf8)),
      (RecordingHeader.file, header.bytes),
    ]
    try RecorderError.wrap { () throws(SystemCallError) in
      for (name, bytes) in files {
        let partial = "\(directory)/\(name).partial"
        try RecordingFolder.write(bytes, to: partial)
        try RecordingFolder.move(partial, to: "\(directory)/\(name)")
      }
    }
  }
}

/// Why a recording could not be written. Its description is one line with the path and the fix.
package enum RecorderError: Error, Hashable, Sendable {
  /// The directory has something in it.
  case notEmpty(path: String)
  /// Its directory cannot be made.
  case notBegun(SystemCallError)
  case systemCall(SystemCallError)

  fileprivate static func wrap<Result>(
    _ body: () throws(SystemCallError) -> Result
  ) throws(RecorderError) -> Result {
    do {
      return try body()
    } catch {
      throw RecorderError.systemCall(error)
    }
  }
}

extension RecorderError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notEmpty(let path): "\(path) is not empty; name a directory that does not exist yet"
    case .notBegun(let error):
      "cannot write the recording: \(error); name a place in a directory that exists and can be "
        + "written"
    case .systemCall(let error): "cannot write the recording: \(error); what is whole replays"
    }
  }
}

/// The few calls a recording needs of the file system.
enum RecordingFolder {
  static func makeEmpty(_ path: String) throws(RecorderError) {
    do {
      try make(path)
    } catch {
      guard error.errno == EEXIST else { throw RecorderError.notBegun(error) }
      guard try RecorderError.wrap({ () throws(SystemCallError) in try isEmpty(path) }) else {
        throw RecorderError.notEmpty(path: path)
      }
    }
  }

  static func make(_ path: String) throws(SystemCallError) {
    _ = try systemCall("mkdir", on: path) { mkdir(path, 0o700) }
  }

  static func isEmpty(_ path: String) throws(SystemCallError) -> Bool {
    guard let directory = opendir(path) else {
      throw SystemCallError("opendir", on: path, errno: errno)
    }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { return false }
    }
    return true
  }

  /// Writes a new file, or the rest of one that an interruption left behind.
  static func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let fd = try systemCall("open", on: path) { open(path, flags, 0o600) }
    defer { close(fd) }
    var written = 0
    while written < bytes.count {
      written += try systemCall("write", on: path) {
        bytes.withUnsafeBytes { buffer in
          Glibc.write(fd, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        }
      }
    }
  }

  static func move(_ path: String, to target: String) throws(SystemCallError) {
    _ = try systemCall("rename", on: target) { rename(path, target) }
  }
}
