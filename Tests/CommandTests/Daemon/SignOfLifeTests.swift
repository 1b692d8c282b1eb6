// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import closewatchd

@Suite struct SignOfLifeTests {
  @Test func `a loop is stuck when it is silent for longer than the bound, and no sooner`() {
    let life = SignOfLife(boundSeconds: 60, at: 1000)
    #expect(life.silence(at: 1060) == nil)
    #expect(life.silence(at: 1061) == 61)
    life.give(at: 1061)
    #expect(life.silence(at: 1121) == nil)
    #expect(life.silence(at: 1122) == 61)
    #expect(life.paceSeconds == 20)
  }

  @Test func `without a service manager the bound is that of the unit`() throws {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let unit = try #require(readBytes("/\(root)/deploy/systemd/closewatch.service"))
    let line = try #require(
      String(decoding: unit, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix("WatchdogSec=") })
    #expect(line == "WatchdogSec=\(Int(SignOfLife(at: 0).boundSeconds))s")
    #expect(SignOfLife(boundSeconds: 7, at: 0).boundSeconds == 7)
  }
}
