// SPDX-License-Identifier: Apache-2.0

/// Takes from looks what could name people, machines or networks, and keeps what the rules look
/// at: which values are equal, loopback, states, queues, ages, root or not.
///
/// One value redacts all looks of a recording: the same address becomes the same address in all
/// of them. Numbers are given in the order of first appearance.
package struct Redaction: Sendable {
  private var addresses = RedactedAddresses()
  private var names: RedactedNames
  private var texts = RedactedText()
  private var users = RedactedUsers()
  private var containers = RedactedContainers()
  private var namespaceNames: [String: String] = [:]
  private var images: [UInt64: UInt64] = [:]

  /// - Parameter names: What the host and its users are called.
  package init(_ names: KnownNames = KnownNames()) { self.names = RedactedNames(names) }

  /// The look as it may be handed on. Rows keep their order.
  package mutating func redacted(_ look: RecordedSample) -> RecordedSample {
    var look = look
    look.sample.host.bootID = nil
    look.sample.host.kernelRelease = look.sample.host.kernelRelease.map { plain($0) }
    for index in look.sample.namespaces.indices {
      let name = look.sample.namespaces[index].name
      look.sample.namespaces[index].name = name.map { namespaceName($0) }
    }
    for index in look.sample.sockets.indices {
      redact(&look.sample.sockets[index])
    }
    for index in look.report.processes.indices {
      redact(&look.report.processes[index])
    }
    for index in look.report.caught.indices {
      let remote = look.report.caught[index].hunt.remote.address
      look.report.caught[index].hunt.remote.address = addresses.redacted(remote)
    }
    for index in look.sample.connects.indices {
      let (remote, command) = (
        look.sample.connects[index].remote, look.sample.connects[index].command
      )
      look.sample.connects[index].remote.address = addresses.redacted(remote.address)
      look.sample.connects[index].command = plain(names.cut(command))
    }
    for index in look.sample.gaps.indices {
      look.sample.gaps[index].detail = detail(look.sample.gaps[index].detail)
    }
    for index in look.report.gaps.indices {
      look.report.gaps[index].detail = detail(look.report.gaps[index].detail)
    }
    return look
  }

  /// A process as it may be handed on.
  package mutating func redacted(_ process: ProcessRecord) -> ProcessRecord {
    var process = process
    redact(&process)
    return process
  }

  /// A name in a program's code.
  package mutating func redacted(name: String) -> String { plain(name) }

  /// The path of a source file, without its folders.
  package mutating func redacted(path: String) -> String { plain(Self.baseName(path)) }

  private mutating func redact(_ row: inout SocketRow) {
    row.localAddress = addresses.redacted(row.localAddress)
    row.remoteAddress = addresses.redacted(row.remoteAddress)
    row.uid = users.number(row.uid)
  }

  private mutating func redact(_ process: inout ProcessRecord) {
    process.arguments = nil
    process.imageID = image(process.imageID)
    // Where packages install says nothing of anybody.
    if !process.isInstalled { process.executable = process.executable.map(Self.baseName) }
    process.executable = process.executable.map { plain($0) }
    process.command = plain(names.cut(process.command))
    process.main = process.main.map { plain($0) }
    process.uid = process.uid.map { users.number($0) }
    process.unit = process.unit.map { plain(texts.unit($0, users: &users)) }
    process.container = process.container.map { texts.hexadecimal(plain($0)) }
    process.names = containers.redacted(process.names)
    process.cgroup = process.cgroup.map { plain(texts.cgroup($0, users: &users)) }
  }

  /// The real address would tell an attacker where the memory of a running program lies.
  private mutating func image(_ id: UInt64) -> UInt64 {
    if id == 0 { return 0 }
    let number = images[id] ?? UInt64(images.count) + 1
    images[id] = number
    return number
  }

  private mutating func namespaceName(_ name: String) -> String {
    if let known = namespaceNames[name] { return known }
    let redacted = "netns-\(namespaceNames.count + 1)"
    namespaceNames[name] = redacted
    return redacted
  }

  private mutating func detail(_ text: String) -> String {
    plain(RedactedText.detail(text, namespaceNames: namespaceNames))
  }

  /// Any text, without the names of the host and its users and without addresses.
  private mutating func plain(_ text: String) -> String {
    RedactedAddresses.Text(names.redacted(text)).redacted(by: &addresses)
  }

  /// `/opt/customer/bin/worker (deleted)` is `worker (deleted)`.
  private static func baseName(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "")
  }
}

/// 0 stays root; everybody else is 1001, 1002, ...
struct RedactedUsers: Sendable {
  private var known: [UInt32: UInt32] = [:]

  mutating func number(_ uid: UInt32) -> UInt32 {
    if uid == 0 { return 0 }
    let number = known[uid] ?? 1001 + UInt32(truncatingIfNeeded: known.count)
    known[uid] = number
    return number
  }
}

/// Containers are called after products, and namespaces after customers and teams: `pod-1`,
/// `namespace-1`, `container-1`.
struct RedactedContainers: Sendable {
  private var known: [String: [String: String]] = [:]

  mutating func redacted(_ names: ContainerNames) -> ContainerNames {
    ContainerNames(
      container: names.container.map { numbered($0, "container") },
      pod: names.pod.map { numbered($0, "pod") },
      namespace: names.namespace.map { numbered($0, "namespace") })
  }

  private mutating func numbered(_ name: String, _ kind: String) -> String {
    if let redacted = known[kind]?[name] { return redacted }
    let redacted = "\(kind)-\((known[kind]?.count ?? 0) + 1)"
    known[kind, default: [:]][name] = redacted
    return redacted
  }
}
