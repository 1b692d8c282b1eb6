// SPDX-License-Identifier: Apache-2.0

/// Where the files of `Tests/Fixtures` are.
package enum Fixtures {
  package static let directory: String = {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Fixtures"
  }()
}
