// SPDX-License-Identifier: Apache-2.0

/// Names that redaction takes out wherever they stand: of people and of machines.
package struct KnownNames: Hashable, Sendable {
  package var hosts: [String]
  package var users: [String]

  package init(hosts: [String] = [], users: [String] = []) {
    self.hosts = hosts
    self.users = users
  }
}
