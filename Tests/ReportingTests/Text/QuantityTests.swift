// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1204, "1,204"), (1_000_000, "1,000,000"), (-12345, "-12,345"),
  ])
  func `thousands are set apart`(_ value: Int, _ text: String) {
    #expect(Quantity.count(value) == text)
  }

  @Test func `one is not plural`() {
    #expect(Quantity.count(1, "process", plural: "processes") == "1 process")
    #expect(Quantity.count(2, "process", plural: "processes") == "2 processes")
    #expect(Quantity.count(0, "socket") == "0 sockets")
  }

  @Test(arguments: [
    (0, "0 ms"), (0.35, "350 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (2.14, "2.1 s"),
    (9.94, "9.9 s"), (9.96, "10 s"), (26, "26 s"), (99.4, "99 s"), (99.6, "2 min"),
    (180, "3 min"), (3600, "60 min"), (5969, "99 min"), (5970, "1.7 h"), (86_400, "24 h"),
    (345_600, "4 d"), (.infinity, "unknown"),
  ])
  func `a duration has two or three figures and its unit`(_ seconds: Double, _ text: String) {
    #expect(Quantity.duration(seconds) == text)
  }

  @Test func `a range has one unit, that of its end`() {
    #expect(Quantity.duration(from: 2460, to: 3300) == "41-55 min")
    #expect(Quantity.duration(from: 30, to: 240) == "1-4 min")
    #expect(Quantity.duration(from: 60, to: 60) == "60 s")
  }

  @Test(arguments: [
    (3, "3.0/s"), (1234, "1,234/s"), (0.02, "1.2/min"), (0.0011, "4.0/h"), (0, "0.0/h"),
    (-0.6, "-0.6/s"),
  ])
  func `a rate is told in the unit in which it can be imagined`(_ rate: Double, _ text: String) {
    #expect(Quantity.rate(rate) == text)
  }

  @Test func `a rate says how sure it is`() {
    #expect(
      Quantity.rate(Rate(perSecond: 3, low: 2.8, high: 3.2)) == "3.0/s (2.8 to 3.2)")
    #expect(Quantity.rate(Rate(perSecond: 3, low: 3, high: 3)) == "3.0/s")
  }

  @Test func `an age says what it is`() {
    #expect(Quantity.age(Age(seconds: 12, bound: .exact)) == "12 s")
    #expect(Quantity.age(Age(seconds: 12, bound: .atLeast)) == "at least 12 s")
    #expect(Quantity.age(Age(seconds: 12, bound: .unknown)) == "unknown")
    #expect(Quantity.shortAge(Age(seconds: 12, bound: .atLeast)) == ">12 s")
  }

  @Test(arguments: [(512, "512 B"), (3_877_888, "3.9 MB"), (42_000, "42 kB")])
  func `bytes are decimal`(_ bytes: Int, _ text: String) {
    #expect(Quantity.bytes(bytes) == text)
  }
}
