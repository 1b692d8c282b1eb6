// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The files under `deploy/` that are installed beside the program.
struct PackagedFilesTests {
  @Test(.requires(.command("promtool")))
  func `the program says which version it is`() throws {
    let run = try #require(Command.run(["--version"]))
    #expect(run.status == 0)
    #expect(run.output.split(separator: ".").count == 3)
  }
}
