// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import LinuxHost
import Reporting

/// Asks the daemon over its control socket.
struct DaemonClient {
  /// For an answer. A daemon that works answers in milliseconds, and says within a second that it
  /// is busy; one that is stopped is not worth waiting for.
  private static let patienceSeconds = 1.5
  /// For one that says it is busy. On a host in trouble a look takes long, and one of our own would
  /// take as long and know less.
  private static let busySeconds = 10.0
  /// Bytes of an answer, at most: more than the daemon sends.
  private static let limit = 16 << 20

  let path: String

  /// What came of it.
  enum Outcome {
    case answer(ControlAnswer)
    case none(WithoutDaemon)
  }

  /// - Parameter isWaiting: Called once when the daemon is busy and is asked again.
  func ask(_ uri: String, isWaiting: () -> Void = {}) -> Outcome {
    let limit = Clock.monotonicSeconds + Self.busySeconds
    var isFirst = true
    while true {
      let outcome = askOnce(uri)
      guard case .answer(let answer) = outcome, answer.isBusy else { return outcome }
      guard Clock.monotonicSeconds < limit else { return .none(.silent(Self.line(answer.body))) }
      if isFirst { isWaiting() }
      isFirst = false
      // When too many ask, the answer comes at once.
      usleep(100_000)
    }
  }

  private func askOnce(_ uri: String) -> Outcome {
    let question = "GET \(uri) HTTP/1.1\r\nHost: closewatch\r\nConnection: close\r\n\r\n"
    do throws(UnixExchange.Failure) {
      let bytes = try UnixExchange.ask(
        path, Array(question.utf8), within: Self.patienceSeconds, limit: Self.limit)
      guard let answer = ControlAnswer(bytes) else {
        return .none(.silent("what listens on \(shownPath) is not a closewatch daemon"))
      }
      if answer.status >= 500, !answer.isBusy { return .none(.silent(Self.line(answer.body))) }
      return .answer(answer)
    } catch {
      return .none(reason(error))
    }
  }

  private var shownPath: String { UntrustedText.printable(path, unicode: false) }

  private func reason(_ failure: UnixExchange.Failure) -> WithoutDaemon {
    switch failure {
    case .absent: .absent(path: path)
    case .denied: .denied
    case .refused(let error):
      .silent(
        error.isQueueFull
          ? "too many others are asking it" : "nobody listens on \(shownPath): it has ended")
    case .late: .silent("not within \(Quantity.duration(Self.patienceSeconds))")
    case .tooLong: .silent("more than \(Quantity.bytes(Self.limit))")
    case .failed(let error): .silent(error.reason)
    }
  }

  /// The line that an answer consists of.
  static func line(_ body: [UInt8]) -> String {
    let text = String(decoding: body, as: UTF8.self)
    return UntrustedText.printable(UsageError.oneLine(text), unicode: false)
  }
}
