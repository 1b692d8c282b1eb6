// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Logging
import Synchronization

/// The web settings of now: the file is read again whenever it has changed.
///
/// A file that cannot be read or understood changes nothing: the settings before it stay in force
/// (a half-written file must not open the door), the log says so, and a metric.
final class WebConfigSource: Sendable {
  /// Settings in force, with what was made of them.
  struct Current: Sendable {
    var config: WebConfig
    /// nil: no user names are asked for.
    var auth: BasicAuth?
    /// nil: plain HTTP.
    var tls: WebTLS?
    /// nil: no limit.
    var limiter: RateLimiter?

    /// Plain HTTP, for everybody who can connect.
    init() { config = WebConfig() }

    /// - Parameter older: What was in force before. Its limiter goes on to count when the limit is
    ///   the same: else a file that is written often would be a way around it.
    init(_ config: WebConfig, after older: Current = Current()) throws(SettingsErrors) {
      self.config = config
      auth = config.users.isEmpty ? nil : BasicAuth(hashes: config.users)
      limiter =
        config.rateLimit == older.config.rateLimit
        ? older.limiter : config.rateLimit.map { RateLimiter($0) }
      tls = try config.tls.map { settings throws(SettingsErrors) in try WebTLS(settings) }
    }
  }

  private struct State {
    var current: Current
    var versions: [FileVersion?]
    var isGood = true
  }

  private let path: String?
  private let logger: Logger
  private let read: Reading
  private let state: Mutex<State>

  /// How the file is read: tests come in between.
  typealias Reading = @Sendable (String) throws(SettingsErrors) -> WebConfig

  /// - Parameter path: nil: no file, everything as it is without one.
  /// - Throws: ``SettingsErrors`` when the file is not usable: at the start there is nothing older.
  init(
    path: String?, logger: Logger,
    read: @escaping Reading = { path throws(SettingsErrors) in
      try WebConfigReader.read(path: path)
    }
  ) throws(SettingsErrors) {
    self.path = path
    self.logger = logger
    self.read = read
    let before = Self.versions([path])
    let config = try path.map(read) ?? WebConfig()
    let versions = before + Self.versions(ofFilesIn: config)
    let current = try Current(config)
    for remark in current.config.remarks { logger.notice("\(remark)") }
    state = Mutex(State(current: current, versions: versions, isGood: true))
  }

  /// Without a file: everybody who can connect may see the pages.
  init(logger: Logger) {
    path = nil
    read = { _ in WebConfig() }
    self.logger = logger
    state = Mutex(State(current: Current(), versions: []))
  }

  /// The settings in force.
  var current: Current {
    guard let path else { return state.withLock { $0.current } }
    return state.withLock { state in
      let before = Self.versions([path])
      let versions = before + Self.versions(ofFilesIn: state.current.config)
      guard versions != state.versions else { return state.current }
      state.versions = versions
      do throws(SettingsErrors) {
        let said = Set(state.current.config.remarks)
        let config = try read(path)
        // Those from before each file was read: what is written meanwhile is read the next time.
        let versions = before + Self.versions(ofFilesIn: config)
        state.current = try Current(config, after: state.current)
        state.versions = versions
        state.isGood = true
        logger.notice("read \(path) again")
        for remark in state.current.config.remarks where !said.contains(remark) {
          logger.notice("\(remark)")
        }
      } catch {
        state.isGood = false
        for error in error.errors { logger.error("\(error); the web settings stay as they were") }
      }
      return state.current
    }
  }

  /// Whether the newest read succeeded.
  var isGood: Bool { state.withLock { $0.isGood } }

  /// Of the files that the settings name.
  private static func versions(ofFilesIn config: WebConfig) -> [FileVersion?] {
    guard let tls = config.tls else { return [] }
    return versions([tls.certificate, tls.key, tls.clientAuthorities].map { $0?.path })
  }

  /// nil for a file that is not there.
  private static func versions(_ paths: [String?]) -> [FileVersion?] {
    paths.compactMap { $0 }.map { try? FileVersion(path: $0) }
  }
}
