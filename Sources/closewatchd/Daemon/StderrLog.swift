// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import Logging
import Reporting

/// What the daemon says of itself: one line on standard error for each message.
///
/// Under systemd the line begins with `<4>`, which sd-daemon(3) takes for the priority.
struct StderrLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let isJournal: Bool

  init(level: Logger.Level) {
    logLevel = level
    isJournal = Self.isConnectedToJournal
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let more = metadata.merging(event.metadata ?? [:]) { _, new in new }
      .sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let text = UntrustedText.printable("\(event.message)\(more)")
    StandardError.raw(
      isJournal
        ? "<\(Self.priority(event.level))>\(text)\n" : "closewatch: \(event.level): \(text)\n")
  }

  /// Whether standard error is the journal's own socket: systemd.exec(5), `$JOURNAL_STREAM`.
  static let isConnectedToJournal: Bool = {
    guard let stream = getenv("JOURNAL_STREAM") else { return false }
    var status = stat()
    guard fstat(2, &status) == 0 else { return false }
    return String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
  }()

  /// syslog(3).
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
