// SPDX-License-Identifier: Apache-2.0

/// The names that guide texts may use in braces. No other name may stand in braces in a guide.
package enum GuidePlaceholder: String, Hashable, Sendable, CaseIterable {
  /// The process to act on: the holder, or the listener where nobody holds the sockets.
  case pid
  /// A descriptor of ``pid`` on one of the sockets.
  case fd
  /// The local port, when the sockets have one in common (server side).
  case port
  /// The remote port, when they have one in common (client side).
  case remotePort = "remote-port"
  /// The commonest remote address and port, as an ss filter takes it: `192.0.2.7:443`, `[::1]:80`.
  case remote
  /// The commonest remote address alone, as ping(8) takes it.
  case remoteAddress = "remote-address"
  /// The systemd service, quoted for a shell.
  case unit
  /// The container's id, where it is in no pod: the kubelet would undo what is done to it.
  case container
  /// The pod, and its namespace in Kubernetes.
  case pod
  case podNamespace = "pod-namespace"
  /// The process that opened the connections, when it is not ``pid``.
  case opener
  /// The process with the other end of the connections, when it is on this host.
  case peer
  /// What the program waits for, as an ss filter takes it, and the process there.
  case backend
  case backendPID = "backend-pid"
  /// A higher limit of descriptors for ``pid``, as prlimit(1) takes it: `4096:` up to the hard
  /// limit, `4096:4096` above it.
  case raisedLimit = "raised-limit"
  /// The last of the ephemeral ports, where they begin above 16384.
  case highestPort = "highest-port"
  /// A command prefix that enters the network namespace of the finding, with a space at its end:
  /// `nsenter -t 812 -n `. Empty in the namespace of the reader, so it never drops a line.
  case netns

  /// How the placeholder is written where no value is meant: `{remote-port}` as `REMOTE_PORT`.
  /// The prefix ``netns`` is left out.
  package var spelledOut: String {
    switch self {
    case .pid: "PID"
    case .fd: "FD"
    case .port: "PORT"
    case .remotePort: "REMOTE_PORT"
    case .remote: "ADDRESS:PORT"
    case .remoteAddress: "ADDRESS"
    case .unit: "UNIT"
    case .container: "CONTAINER"
    case .pod: "POD"
    case .podNamespace: "NAMESPACE"
    case .opener: "OPENER_PID"
    case .peer: "PEER_PID"
    case .backend: "BACKEND:PORT"
    case .backendPID: "BACKEND_PID"
    case .raisedLimit: "LIMIT:LIMIT"
    case .highestPort: "HIGHEST_PORT"
    case .netns: ""
    }
  }

  /// Replaces every `{name}` of a known name.
  ///
  /// - Returns: nil when `value` has no text for one of the names in `text`. A brace that does not
  ///   enclose a known name is left as it is: shell and code use braces too.
  package static func replaceAll(
    in text: String, by value: (GuidePlaceholder) -> String?
  ) -> String? {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      let after = rest.index(after: open)
      guard let close = rest[after...].firstIndex(of: "}"),
        let name = GuidePlaceholder(rawValue: String(rest[after..<close]))
      else {
        result.append("{")
        rest = rest[after...]
        continue
      }
      guard let text = value(name) else { return nil }
      result += text
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }
}
