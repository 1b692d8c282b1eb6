// SPDX-License-Identifier: Apache-2.0

import Testing
import Tracing

@Suite struct StackFrameTests {
  @Test func `what a program does not tell of a call stays unknown`() {
    let frame = StackFrame(function: nil)
    #expect(frame.file == nil)
    #expect(frame.line == nil)
  }
}
