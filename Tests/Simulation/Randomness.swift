// SPDX-License-Identifier: Apache-2.0

/// A seeded generator (SplitMix64) with the distributions that arrivals and stays have: the same
/// numbers on every machine.
package struct Randomness: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// Each order of magnitude as likely as the next.
  mutating func spread(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound * power(range.upperBound / range.lowerBound, unit())
  }

  mutating func chance(_ share: Double) -> Bool { unit() < share }

  mutating func pick<Element>(_ choices: [Element], or other: Element) -> Element {
    choices.isEmpty ? other : choices[integer(0...(choices.count - 1))]
  }

  /// Time to the next of events that come independently at a mean distance.
  mutating func exponential(mean: Double) -> Double { -mean * logarithm(1 - unit()) }

  /// The instants of independent events in a span of time, in order.
  mutating func arrivals(perSecond rate: Double, from start: Double, to end: Double) -> [Double] {
    guard rate > 0 else { return [] }
    var instants: [Double] = []
    var at = start + exponential(mean: 1 / rate)
    while at < end {
      instants.append(at)
      at += exponential(mean: 1 / rate)
    }
    return instants
  }

  private mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}

/// The natural logarithm, without a C library: halving into [0.7, 1.4) and a series for atanh. Of a
/// normal number; every arrival asks for one.
func logarithm(_ x: Double) -> Double {
  guard x > 0 else { return -745 }
  let bits = x.bitPattern
  var exponent = Double(Int(bits >> 52) - 1023)
  var significand = Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
  if significand > 1.414_213_562_373_095_1 {
    significand /= 2
    exponent += 1
  }
  let z = (significand - 1) / (significand + 1)
  let square = z * z
  // The odd parts of one, from the 21st: what follows is below the last digit.
  var sum = 1.0 / 21
  sum = sum * square + 1.0 / 19
  sum = sum * square + 1.0 / 17
  sum = sum * square + 1.0 / 15
  sum = sum * square + 1.0 / 13
  sum = sum * square + 1.0 / 11
  sum = sum * square + 1.0 / 9
  sum = sum * square + 1.0 / 7
  sum = sum * square + 1.0 / 5
  sum = sum * square + 1.0 / 3
  sum = sum * square + 1
  return exponent * 0.693_147_180_559_945_3 + 2 * z * sum
}

/// `base` to the power of `share`, for a share of 0 to 1, by its binary digits.
func power(_ base: Double, _ share: Double) -> Double {
  var result = 1.0
  var root = base.squareRoot()
  var rest = share
  for _ in 0..<30 {
    rest *= 2
    if rest >= 1 {
      result *= root
      rest -= 1
    }
    root = root.squareRoot()
  }
  return result
}
