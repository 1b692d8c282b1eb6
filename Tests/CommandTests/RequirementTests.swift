// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Skips are visible, and under `CI=true` they are failures.
@Suite(.requires(.command("sh")))
struct RequirementTests {
  @Test(arguments: Requirement.all)
  func `under CI nothing is missing, so no test skips`(requirement: Requirement) {
    guard Requirement.isContinuousIntegration, let missing = requirement.missing else { return }
    Issue.record("\(requirement) is missing, and CI must not skip a test: \(missing)")
  }

  @Test func `a test that misses something says what, why and what to do`() {
    let met = Requirement("root", missing: nil)
    let unmet = Requirement("the command ss", missing: "no ss on the PATH; run deploy/setup test")
    #expect(Requirement.reasonToSkip([met]) == nil)
    #expect(
      Requirement.reasonToSkip([met, unmet, unmet])
        == """
        needs the command ss (no ss on the PATH; run deploy/setup test), \
        the command ss (no ss on the PATH; run deploy/setup test)
        """)
  }

  @Test func `a command that does not exist is missing, and sh is not`() {
    let name = "no-such-command-2f1b"
    #expect(
      Requirement.command(name).missing == "no \(name) on the PATH; run deploy/setup test")
    #expect(Requirement.command("sh").missing == nil)
  }

  @Test func `CI is what the variable says, and neither its absence nor a no`() {
    for yes in ["true", "1", "TRUE", "yes"] { #expect(Requirement.isContinuousIntegration(yes)) }
    for no in [nil, "", "0", "false", "No"] { #expect(!Requirement.isContinuousIntegration(no)) }
  }
}
