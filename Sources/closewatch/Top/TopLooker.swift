// SPDX-License-Identifier: Apache-2.0

import Console
import Diagnosis
import KernelTables
import LinuxHost
import Reporting
import Synchronization

/// Takes look after look on a thread of its own, so that a look that takes long never keeps a key
/// waiting.
final class TopLooker: Sendable {
  /// What there is to know at the moment.
  struct News: Sendable {
    /// The newest picture, once; nil when it was taken already.
    var picture: TopPicture?
    /// Why the newest look failed.
    var failure: String?
    /// The daemon's verdict that was asked for, once.
    var verdict: Verdict?
    /// When the look began that is being taken.
    var lookingSince: BootInstant?
  }

  /// What the daemon says of a target.
  struct Verdict: Sendable {
    var target: String
    var text: String
  }

  /// The question for what the daemon has seen, which has a thread of its own: a daemon that is
  /// busy keeps no look waiting.
  private struct PastQuestion {
    var isAsking = false
    /// The newest answer; nil: none.
    var answer: DaemonPast?
  }

  private let pastQuestion = Mutex(PastQuestion())
  private let news = Mutex(News())
  private let intervalSeconds: Mutex<Double>
  private let wakeUp: WakePipe
  private let settings: RuleSettings
  /// Asks the daemon what it has seen; nil: it is not asked.
  private let askPast: (@Sendable () -> DaemonPast?)?
  /// Seconds between two questions: its findings change no faster.
  private static let pastSeconds = 30.0

  /// - Parameter settings: Of the rules; how long a finding must have ended follows the interval.
  init(
    settings: RuleSettings, intervalSeconds: Double,
    askPast: (@Sendable () -> DaemonPast?)? = nil
  ) throws(SystemCallError) {
    self.settings = settings
    self.askPast = askPast
    self.intervalSeconds = Mutex(intervalSeconds)
    wakeUp = try WakePipe()
  }

  /// Starts to look.
  ///
  /// - Parameter screen: Rung whenever there is news.
  func start(
    _ host: sending any Host, _ request: SampleRequest, screen: WakePipe
  ) throws(SystemCallError) {
    var looks = Looks(host: host, request: request)
    try BackgroundThread.start("looking") { self.run(&looks, screen) }
  }

  /// What is new since it was last asked for.
  func takeNews() -> News {
    news.withLock { news in
      defer {
        news.picture = nil
        news.failure = nil
        news.verdict = nil
      }
      return news
    }
  }

  /// Asks the daemon for a verdict: a daemon that is busy keeps no key waiting.
  func ask(
    _ daemon: DaemonClient, _ uri: String, of target: String, screen: WakePipe
  ) throws(SystemCallError) {
    try BackgroundThread.start("asking") {
      guard case .answer(let answer) = daemon.ask(uri), answer.status == 200 else { return }
      let text = String(decoding: answer.body, as: UTF8.self)
      self.news.withLock { $0.verdict = Verdict(target: target, text: text) }
      screen.ring()
    }
  }

  /// Looks at another pace from now on.
  func setPace(_ seconds: Double) {
    intervalSeconds.withLock { $0 = seconds }
    wakeUp.ring()
  }

  private func run(_ looks: inout Looks, _ screen: WakePipe) {
    var askedAt: BootInstant?
    while true {
      let began = Clock.boot
      news.withLock { $0.lookingSince = began }
      if let askPast, began.seconds(since: askedAt ?? began) >= Self.pastSeconds || askedAt == nil {
        startAsking(askPast)
        askedAt = began
      }
      let outcome = looks.take(judgedBy: pacedSettings) { pastQuestion.withLock { $0.answer } }
      news.withLock { news in
        news.lookingSince = nil
        switch outcome {
        case .success(let picture):
          news.picture = picture
          news.failure = nil
        case .failure(let error): news.failure = error.description
        }
      }
      screen.ring()
      if looks.isAtEnd { return }
      rest(since: began)
    }
  }

  /// What it answers is for the look that ends next.
  private func startAsking(_ askPast: @escaping @Sendable () -> DaemonPast?) {
    let isFree = pastQuestion.withLock { question in
      defer { question.isAsking = true }
      return !question.isAsking
    }
    guard isFree else { return }
    do throws(SystemCallError) {
      try BackgroundThread.start("past") {
        let answer = askPast()
        self.pastQuestion.withLock { $0 = PastQuestion(answer: answer) }
      }
    } catch {
      // Without a thread nothing is known of it, and it is asked again when it is due.
      pastQuestion.withLock { $0 = PastQuestion() }
    }
  }

  private var pacedSettings: RuleSettings {
    var settings = settings
    // What a few looks in a row no longer show has ended.
    settings.quietSeconds = max(10, 2.5 * intervalSeconds.withLock { $0 })
    return settings
  }

  /// Waits until the next look is due. One that took long is followed by a rest as long: never more
  /// than half of one processor.
  private func rest(since began: BootInstant) {
    let ended = Clock.boot
    let took = ended.seconds(since: began)
    while true {
      let due = max(intervalSeconds.withLock { $0 }, 2 * took)
      let left = due - Clock.boot.seconds(since: began)
      guard left > 0 else { return }
      wakeUp.wait(atMost: left)
    }
  }

  /// One look after the other on a host. Used by one thread at a time.
  private struct Looks {
    var host: any Host
    var policy = Turn.Policy()
    var watch: Watch?
    var observer = TopObserver()

    init(host: any Host, request: SampleRequest) {
      self.host = host
      policy.request = request
    }

    /// A recording has been shown to its end.
    var isAtEnd: Bool { (host as? RecordedHost)?.remainingLooks == 0 }

    /// - Parameter past: What the daemon has answered by the end of the look.
    mutating func take(
      judgedBy settings: RuleSettings, past: () -> DaemonPast?
    ) -> Result<TopPicture?, HostError> {
      let began = Clock.monotonicSeconds
      let cpuBegan = Clock.threadSeconds
      var watch = self.watch ?? Watch(settings: settings)
      self.watch = nil
      watch.change(to: settings)
      defer { self.watch = watch }
      do throws(HostError) {
        policy.deadline = Clock.commandDeadline
        let turn = try watch.take(on: &host, policy)
        // What another process has done for it, this thread's clock does not count.
        let cost = TopPicture.Cost(
          wallSeconds: Clock.monotonicSeconds - began,
          cpuSeconds: Clock.threadSeconds - cpuBegan + turn.hostCPUSeconds)
        observer.past = past()
        return .success(observer.picture(of: watch, gaps: turn.gaps, cost: cost))
      } catch {
        return .failure(error)
      }
    }
  }
}
