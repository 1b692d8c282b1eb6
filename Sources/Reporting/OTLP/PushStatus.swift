// SPDX-License-Identifier: Apache-2.0

/// What became of pushes to a collector.
package struct PushStatus: Sendable, Hashable {
  /// How a push ended.
  package enum Outcome: String, Sendable, CaseIterable {
    /// The collector has it.
    case accepted
    /// The collector does not want it, and would not want it again.
    case refused
    /// It was not reached, not in time, or asked to wait.
    case failed
  }

  package private(set) var counts: [Outcome: Int] = [:]
  /// Data points that were left out of pushes that were accepted.
  package private(set) var rejectedPoints = 0
  /// In seconds since 1970.
  package private(set) var lastAcceptedWallSeconds: Double?
  /// Where to and why the newest push did not succeed, in one line; nil when it did.
  package private(set) var failure: String?
  /// Since when none has succeeded, in seconds since 1970; nil while they do.
  package private(set) var failingSince: Double?

  package init() {}

  /// Counts a push.
  ///
  /// - Parameters:
  ///   - place: The collector.
  ///   - now: Seconds since 1970.
  package mutating func count(_ answer: CollectorAnswer, of place: String, at now: Double) {
    counts[answer.outcome, default: 0] += 1
    switch answer {
    case .accepted(let rejected, _):
      rejectedPoints += rejected
      lastAcceptedWallSeconds = now
      failure = nil
      failingSince = nil
    case .refused(let why), .failed(let why, _):
      failure = "\(place): \(why)"
      failingSince = failingSince ?? now
    }
  }
}

/// What a collector has answered to a push, or why there is no answer.
package enum CollectorAnswer: Hashable, Sendable {
  /// - Parameters:
  ///   - rejected: Data points that it left out.
  ///   - message: What it said about that; empty when it said nothing.
  case accepted(rejected: Int, message: String)
  case refused(String)
  /// - Parameter retryAfterSeconds: When it wants to be asked again, if it said so.
  case failed(String, retryAfterSeconds: Double? = nil)

  package var outcome: PushStatus.Outcome {
    switch self {
    case .accepted: .accepted
    case .refused: .refused
    case .failed: .failed
    }
  }

  /// The statuses after which OTLP/HTTP may be tried again.
  private static let temporary: Set<UInt> = [429, 502, 503, 504]
  /// The most of what a collector says that is repeated, in characters.
  private static let wordLimit = 200

  /// - Parameters:
  ///   - status: Of HTTP.
  ///   - reason: Its words.
  ///   - body: Its beginning.
  ///   - isProtobuf: Whether that is a message of OTLP.
  ///   - retryAfter: The header of that name.
  ///   - now: Seconds since 1970.
  package init(
    status: UInt, reason: String, body: [UInt8], isProtobuf: Bool, retryAfter: String?,
    at now: Double
  ) {
    let body = isProtobuf ? body[...] : []
    guard !(200..<300).contains(status) else {
      self = Self.accepted(body)
      return
    }
    // A status of google.rpc: its message is field 2.
    let said = Self.text(2, of: body)
    let words = "it answers \(status) \(reason)" + (said.isEmpty ? "" : ": \(said)")
    let line = UntrustedText.printable(words)
    self =
      Self.temporary.contains(status)
      ? .failed(line, retryAfterSeconds: retryAfter.flatMap { RetryAfter.seconds($0, at: now) })
      : .refused(line)
  }

  /// `ExportMetricsServiceResponse`, with its `ExportMetricsPartialSuccess` if there is one.
  private static func accepted(_ body: ArraySlice<UInt8>) -> CollectorAnswer {
    var response = ProtobufReader(body)
    var (rejected, message) = (0, "")
    while let field = response.next() {
      guard case .delimited(1, let partial) = field else { continue }
      var reader = ProtobufReader(partial)
      while let field = reader.next() {
        guard case .number(1, let count) = field else { continue }
        // More than a push has would be a claim that cannot be true.
        rejected = max(0, min(Int(truncatingIfNeeded: count), MetricsPage.Bounds().series))
      }
      message = text(2, of: partial)
    }
    return .accepted(rejected: rejected, message: message)
  }

  private static func text(_ wanted: Int, of message: ArraySlice<UInt8>) -> String {
    var reader = ProtobufReader(message)
    while let field = reader.next() {
      guard case .delimited(wanted, let bytes) = field else { continue }
      let text = UntrustedText.printable(
        String(decoding: bytes.prefix(4 * wordLimit), as: UTF8.self))
      return text.count > wordLimit ? text.prefix(wordLimit - 1) + "…" : text
    }
    return ""
  }
}

/// The header `Retry-After`: RFC 9110 10.2.3.
enum RetryAfter {
  /// The most that is waited for: a slip of a collector must not silence a host for good.
  static let most = 3600.0

  /// - Parameter now: Seconds since 1970.
  static func seconds(_ text: String, at now: Double) -> Double? {
    let text = UntrustedText.trimmed(text)
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return min(Double(text) ?? most, most)
    }
    return date(text).map { min(max(0, $0 - now), most) }
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT` in seconds since 1970.
  private static func date(_ text: String) -> Double? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let date = Int(words[1]), (1...31).contains(date),
      let month = UTCTime.months.firstIndex(of: String(words[2])), let year = Int(words[3]),
      (1970...9999).contains(year)
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]),
      (0...60).contains(clock[2])
    else { return nil }
    let day = UTCTime.day(year: year, month: month + 1, day: date)
    return Double(day * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
  }
}
