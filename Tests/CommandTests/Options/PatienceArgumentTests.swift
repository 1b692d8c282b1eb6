// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

@testable import closewatch

@Suite struct PatienceArgumentTests {
  @Test func `triage and history take a rule by the name that it had in 0.1`() throws {
    #expect(try PatienceArgument.parseRule("closed-fd-leak") == .deadSocketLeak)
    #expect(try PatienceArgument.parse("closed-fd-leak=5s").rule == .deadSocketLeak)
  }
}
