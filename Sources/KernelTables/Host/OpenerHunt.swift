// SPDX-License-Identifier: Apache-2.0

/// A wish to catch short-lived connections to one place while they are alive, to learn who opens
/// them: what is left of them in TIME_WAIT has no owner.
package struct OpenerHunt: Hashable, Sendable {
  package var namespace: NetnsID
  package var remote: Endpoint
  /// How long to try.
  package var milliseconds: Int

  package init(namespace: NetnsID, remote: Endpoint, milliseconds: Int) {
    self.namespace = namespace
    self.remote = remote
    self.milliseconds = milliseconds
  }
}

/// A process that had a descriptor on a connection to the place of a hunt.
package struct CaughtOpener: Hashable, Sendable {
  package var hunt: OpenerHunt
  package var process: ProcessID
  /// How many of its connections were caught.
  package var connections: Int

  package init(hunt: OpenerHunt, process: ProcessID, connections: Int) {
    self.hunt = hunt
    self.process = process
    self.connections = connections
  }
}
