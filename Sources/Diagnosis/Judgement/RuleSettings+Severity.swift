// SPDX-License-Identifier: Apache-2.0

extension RuleSettings {
  /// How bad it is, by what runs out and when: the same for every rule.
  ///
  /// - `critical`: it has run out, does so within ``criticalHorizonSeconds``, or grows and has less
  ///   than a tenth left.
  /// - `notice`: nothing runs out within ``noticeHorizonSeconds``, and at least half is left.
  /// - `warning`: everything between, and what has no limit that is known.
  package func severity(of forecast: Forecast?) -> Severity {
    guard let forecast else { return .warning }
    let share = Double(forecast.used) / Double(max(1, forecast.limit))
    // Nothing stops without buckets: the kernel skips TIME_WAIT.
    let canExhaust = forecast.resource != .timeWaitBuckets
    if canExhaust, share >= exhaustedShare(of: forecast.resource) { return .critical }
    guard let seconds = forecast.seconds else { return share >= 0.5 ? .warning : .notice }
    if canExhaust, seconds <= criticalHorizonSeconds || share >= descriptorShareWarning {
      return .critical
    }
    return share >= 0.5 || seconds <= noticeHorizonSeconds ? .warning : .notice
  }

  /// From which share on a resource fails: not always the last of it.
  private func exhaustedShare(of resource: Forecast.Resource) -> Double {
    switch resource {
    case .ephemeralPorts: portShareCritical
    // The kernel resets before the last: a share of each processor's count is not added up yet.
    case .orphans, .tcpMemory: 0.9
    case .descriptors, .acceptQueue, .timeWaitBuckets: 1
    }
  }
}
