// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import KernelTables

/// What a reporter knows of one finding, to fill the placeholders of its guide. Typed, because the
/// result is pasted into a root shell: a name from another user's cgroup must not become a command.
package struct GuideValues: Hashable, Sendable {
  /// ``GuidePlaceholder/pid``.
  package var pid: Int32?
  /// ``GuidePlaceholder/fd``.
  package var fd: Int32?
  /// ``GuidePlaceholder/port``.
  package var port: UInt16?
  /// ``GuidePlaceholder/remotePort``.
  package var remotePort: UInt16?
  /// ``GuidePlaceholder/remote``.
  package var remote: Endpoint?
  /// A systemd unit. Only a `.service` is used, and not `user@UID.service`: a scope or a slice
  /// can't be restarted, and a user's manager takes all of that user's sessions with it. A name
  /// that begins with a dash would be an option.
  package var unit: String?
  /// A container's id. Anything but hexadecimal digits is not used.
  package var container: String?
  /// ``GuidePlaceholder/pod`` and ``GuidePlaceholder/podNamespace``.
  package var pod: String?
  package var podNamespace: String?
  /// ``GuidePlaceholder/opener``.
  package var opener: Int32?
  /// ``GuidePlaceholder/peer``.
  package var peer: Int32?
  /// ``GuidePlaceholder/backend`` and ``GuidePlaceholder/backendPID``.
  package var backend: Endpoint?
  package var backendPID: Int32?
  /// The limits of descriptors of ``pid``, for ``GuidePlaceholder/raisedLimit``.
  package var softLimit: UInt64?
  package var hardLimit: UInt64?
  /// The ephemeral ports of the finding's network namespace.
  package var portRange: ClosedRange<UInt16>?
  /// A process in the finding's network namespace; nil when that is the reader's own.
  package var namespaceMember: Int32?
  /// The name under `/run/netns`, used when no process is in it; nil when that is the reader's own.
  package var namespaceName: String?

  /// Nothing known: every step that needs a value is dropped.
  package init() {}

  /// Takes in what a process runs in: its container or, of a pod's, the pod.
  package mutating func take(placeOf process: ProcessRecord?) {
    guard let process, let id = process.containerID else { return }
    if process.pod == nil {
      container = ProcessRecord.containerName(id)
    } else {
      (pod, podNamespace) = (process.names.pod, process.names.namespace)
    }
  }

  /// Takes in what stands behind a finding. What has stopped reading is the finding's own process,
  /// unless its clients are told of.
  mutating func take(rootOf finding: Finding) {
    guard finding.root?.kind == .waitsForBackend || finding.localPort == nil else { return }
    backend = finding.root?.place
    backendPID = finding.root?.process?.id.pid
  }

  /// What `triage` takes to be narrowed to the process, safe to paste into a shell.
  package var target: String? {
    restartableUnit ?? pid.map(String.init) ?? port.map { ":\($0)" }
  }

  /// The text for a placeholder, safe to paste into a shell; nil when it is not known.
  package func text(for placeholder: GuidePlaceholder) -> String? {
    switch placeholder {
    case .pid: pid.map(String.init)
    case .fd: fd.map(String.init)
    case .port: port.map(String.init)
    case .remotePort: remotePort.map(String.init)
    case .remote: remote.map(\.description)
    case .remoteAddress: remote.map(\.address.description)
    case .unit: restartableUnit
    case .container: container.flatMap { Self.isHexadecimal($0) ? $0 : nil }
    case .pod: pod.flatMap(ContainerNames.name)
    case .podNamespace: podNamespace.flatMap(ContainerNames.name)
    case .opener: opener.map(String.init)
    case .peer: peer.map(String.init)
    case .backend: backend.map(\.description)
    case .backendPID: backendPID.map(String.init)
    case .raisedLimit: raisedLimit
    case .highestPort: portRange.flatMap { $0.lowerBound > 16384 ? "\($0.upperBound)" : nil }
    case .netns: namespacePrefix
    }
  }

  /// Up to the hard limit a process may be raised by its owner; above it by root, and no further
  /// than fs.nr_open, which is 1048576 by default.
  private var raisedLimit: String? {
    guard let softLimit, softLimit > 0, softLimit < 1_048_576 else { return nil }
    if let hardLimit, hardLimit > softLimit, hardLimit <= 1_048_576 { return "\(hardLimit):" }
    let more = min(softLimit * 4, 1_048_576)
    return hardLimit.map { $0 >= more } ?? false ? "\(more):" : "\(more):\(more)"
  }

  private var restartableUnit: String? {
    guard let unit, unit.hasSuffix(".service"), !unit.hasPrefix("user@"),
      !unit.hasPrefix("-")
    else { return nil }
    return Self.shellQuoted(unit)
  }

  private var namespacePrefix: String? {
    if let namespaceMember { return "nsenter -t \(namespaceMember) -n " }
    guard let namespaceName else { return "" }
    // A name like ../../etc is no name of a namespace.
    guard !namespaceName.contains("/") else { return nil }
    return Self.shellQuoted("/run/netns/\(namespaceName)").map { "nsenter --net=\($0) " }
  }

  /// Quotes `text` for a POSIX shell, or gives nil when it holds a character that should not reach
  /// a terminal.
  private static func shellQuoted(_ text: String) -> String? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
    if text.utf8.allSatisfy(isPlain) { return text }
    var quoted = "'"
    for character in text { quoted += character == "'" ? "'\\''" : String(character) }
    return quoted + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "-_.:@/".utf8.contains(byte)
    }
  }

  private static func isHexadecimal(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
