// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

/// Severity means the same for every rule: by what is left, and for how long.
struct RuleSettingsSeverityTests {
  private let settings = RuleSettings()

  private func severity(
    _ used: Int, of limit: Int, perSecond: Double, _ resource: Forecast.Resource = .descriptors
  ) -> Severity {
    var forecast = Forecast(resource: resource, used: used, limit: limit)
    if perSecond > 0 { forecast.seconds = Double(max(0, limit - used)) / perSecond }
    return settings.severity(of: forecast)
  }

  @Test(arguments: [
    Forecast.Resource.descriptors, .ephemeralPorts, .acceptQueue, .timeWaitBuckets, .orphans,
    .tcpMemory,
  ])
  func `it never falls when more is used, less is there, or more comes`(
    resource: Forecast.Resource
  ) {
    let rates = [0, 1e-6, 1e-4, 0.01, 1, 100]
    for limit in [64, 1000, 65_536] {
      for used in stride(from: 0, through: limit + 10, by: max(1, limit / 50)) {
        for (index, rate) in rates.enumerated() {
          let now = severity(used, of: limit, perSecond: rate, resource)
          #expect(severity(used + limit / 50, of: limit, perSecond: rate, resource) >= now)
          #expect(severity(used, of: max(1, limit - 10), perSecond: rate, resource) >= now)
          if index + 1 < rates.count {
            #expect(severity(used, of: limit, perSecond: rates[index + 1], resource) >= now)
          }
        }
      }
    }
  }

  @Test func `what runs out within the hour is critical, whatever it is`() {
    #expect(severity(100, of: 129, perSecond: 0.1, .acceptQueue) == .critical)
    #expect(severity(100, of: 1024, perSecond: 1) == .critical)
    #expect(severity(1024, of: 1024, perSecond: 0) == .critical)
  }

  @Test func `what stands is a warning from half on, and a notice below`() {
    #expect(severity(1000, of: 1024, perSecond: 0) == .warning)
    #expect(severity(512, of: 1024, perSecond: 0) == .warning)
    #expect(severity(511, of: 1024, perSecond: 0) == .notice)
  }

  @Test func `what needs more than a week can wait`() {
    #expect(severity(100, of: 1_000_000, perSecond: 1) == .notice)
    #expect(severity(100, of: 500_000, perSecond: 1) == .warning)
  }
}
