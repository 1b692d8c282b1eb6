// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Synchronization

/// Counts requests against a ``RateLimit``: a bucket that is full at the start.
final class RateLimiter: Sendable {
  private struct Bucket {
    var tokens: Double
    var filledAt: Double
  }

  private let limit: RateLimit
  private let bucket: Mutex<Bucket>

  init(_ limit: RateLimit, now: Double = Clock.monotonicSeconds) {
    self.limit = limit
    bucket = Mutex(Bucket(tokens: Double(limit.burst), filledAt: now))
  }

  /// Whether one more request is within the limit; it is counted then.
  func admit(now: Double = Clock.monotonicSeconds) -> Bool {
    bucket.withLock { bucket in
      let came = max(0, now - bucket.filledAt) / limit.intervalSeconds
      bucket.tokens = min(Double(limit.burst), bucket.tokens + came)
      bucket.filledAt = now
      guard bucket.tokens >= 1 else { return false }
      bucket.tokens -= 1
      return true
    }
  }

  /// Whole seconds after which one more will be admitted, for `Retry-After`.
  var retryAfter: Int { max(1, Int(min(limit.intervalSeconds, 3600).rounded(.up))) }
}
