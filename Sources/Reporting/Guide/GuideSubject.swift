// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// What a text of a guide is about: all that may change its words.
package struct GuideSubject: Hashable, Sendable {
  package var cause: Cause
  /// Of the program that has to change: for `inherited-by-child` that is the one that opened the
  /// sockets, not the child that holds them. It decides how stacks are seen, and the lasting fix.
  package var runtime: ProcessRuntime

  /// - Parameter runtime: Unknown where no program is meant in particular.
  package init(_ cause: Cause, runtime: ProcessRuntime = .unknown) {
    self.cause = cause
    self.runtime = runtime
  }

  package init(_ finding: Finding) {
    self.init(finding.cause, runtime: finding.runtime)
  }
}
