// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxHost

/// The socket on which the daemon answers the other commands.
///
/// Who may connect is decided by the kernel, from the file's owner, group and mode: root, the
/// daemon's own user, and the members of a group. Asking for the peer's credentials as well would
/// add nothing: whoever has a connection was let in, or was handed it by one who was.
struct ControlSocket: Sendable {
  private static let mode: UInt32 = 0o660

  let bound: BoundUnixSocket

  /// Binds it.
  ///
  /// - Parameter path: The usual one if it can be had when nothing was said.
  /// - Throws: ``SystemCallError``: why there is none.
  init(path: String) throws(SystemCallError) {
    if path == ControlPlace.usualPath { ListeningSocket.makeDirectory(of: path) }
    bound = try ListeningSocket.bindUnix(
      path: path, mode: Self.mode, group: UserGroup.number(of: ControlPlace.group))
  }

  /// What a local command needs, and no more: it asks once, at once, and waits for the answer.
  static var limits: WebLimits {
    var limits = WebLimits()
    limits.connections = 32
    limits.requestSeconds = 2
    limits.idleSeconds = 2
    limits.responseSeconds = 10
    limits.shutdownSeconds = 1
    return limits
  }
}
