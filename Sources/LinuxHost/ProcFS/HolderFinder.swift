// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Finds the processes that hold sockets. Not written yet: its answer says that nothing was seen.
package struct HolderFinder: Sendable {
  package init(procRoot: String) {}

  package mutating func find(_ search: HolderSearch, in sample: Sample) -> HolderReport {
    HolderReport()
  }
}
