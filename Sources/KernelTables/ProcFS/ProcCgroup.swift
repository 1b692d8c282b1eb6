// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/cgroup`: the service manager's name for a process.
///
/// Source: cgroups(7); `proc_cgroup_show()` in kernel/cgroup/cgroup.c.
package struct ProcCgroup: Hashable, Sendable {
  /// The path in the cgroup2 hierarchy (line `0::`), which has the id that sockets carry; nil
  /// without that hierarchy.
  package var unifiedPath: String?
  /// The path that names the service: cgroup2's, or that of `name=systemd` where cgroup2 is
  /// mounted beside it and unused.
  package var path: String?
  /// The container's id, 64 hexadecimal digits, or its name where that is what the path has: from
  /// that path, else from any controller's.
  package var container: String?

  /// - Parameter bytes: The file, lines such as `0::/system.slice/nginx.service` and
  ///   `4:memory:/docker/<id>`.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    var systemdPath: String?
    var others: [String] = []
    for line in ProcessFile.lines(bytes) {
      let parts = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      let isHierarchy = parts.first.map { ProcessFile.decimal($0) as Int? != nil } ?? false
      guard parts.count == 3, isHierarchy, parts[2].first == UInt8(ascii: "/") else {
        throw .badField(
          table: "/proc/PID/cgroup", field: "line", text: ProcessFile.shown(line))
      }
      let path = Self.living(String(decoding: parts[2], as: UTF8.self))
      if parts[1].isEmpty {
        unifiedPath = path
      } else if parts[1].elementsEqual("name=systemd".utf8) {
        systemdPath = path
      } else {
        others.append(path)
      }
    }
    if let unifiedPath, unifiedPath != "/" {
      path = unifiedPath
    } else {
      path = systemdPath ?? unifiedPath
    }
    let candidates = [path, systemdPath].compactMap { $0 } + others
    container = candidates.lazy.compactMap(Self.container(in:)).first
  }

  /// The systemd unit in ``path``, as `systemctl` takes it (with its `\x2d`): `nginx.service`,
  /// `session-3.scope`, a user's own `app-browser.service`. Nil for a bare slice.
  package var unit: String? { path.flatMap(Self.unit(in:)) }

  /// The last component that names a service or scope. What a service made below itself
  /// (`/system.slice/a.service/worker`) still belongs to it, and what is in a container is no unit
  /// of this host, where another one may have its name.
  static func unit(in path: String) -> String? {
    let parts = path.split(separator: "/")
    let inside = parts.firstIndex { Self.container(named: $0) != nil || $0 == "payload" }
    // A pod below `containerd.service` has come to be there by a driver that was set wrongly.
    let isPod = PodIdentity(cgroup: path) != nil
    let units = parts.prefix(inside.map { $0 + 1 } ?? .max).filter {
      ($0.hasSuffix(".service") && $0.count > 8 && !isPod)
        || ($0.hasSuffix(".scope") && $0.count > 6)
    }
    guard var last = units.last else { return nil }
    // `init.scope` below a service is that service's own manager: `user@1000.service`.
    if last == "init.scope", units.count > 1 { last = units[units.count - 2] }
    // systemd puts `_` before a name that a kernel file could have (`cg_escape()`).
    return String(last.first == "_" ? last.dropFirst() : last)
  }

  /// The last component that names a container.
  static func container(in path: String) -> String? {
    path.split(separator: "/").reversed().lazy.compactMap(Self.container(named:)).first
  }

  /// The part of a path that no user and no container can have made: up to the first container.
  /// A user, and what runs in a container, may make cgroups of any name below their own.
  ///
  /// - Returns: nil where a user has made it.
  static func believed(_ path: String) -> Substring? {
    let parts = path.split(separator: "/")
    var end = parts.firstIndex { container(named: $0) != nil } ?? parts.count - 1
    if isNode(parts, at: end) {
      let inner = parts[(end + 1)...].firstIndex { container(named: $0) != nil }
      end = inner ?? parts.count - 1
    }
    let ours = parts.prefix(end + 1)
    if ours.contains(where: { $0 == "user.slice" || $0.hasPrefix("user@") }) { return nil }
    return path[..<(ours.last?.endIndex ?? path.endIndex)]
  }

  /// Whether Docker's container is a node of a cluster in itself, as kind and k3d make them.
  private static func isNode(_ parts: [Substring], at index: Int) -> Bool {
    let roots: Set<Substring> = ["kubelet.slice", "kubelet", "kubepods.slice", "kubepods"]
    guard index > 0, index + 1 < parts.count, roots.contains(parts[index + 1]) else { return false }
    let parent = parts[index - 1]
    return parent == "docker" || parent == "system.slice" && parts[index].hasPrefix("docker-")
  }

  /// What a component says that ends in a container's id (`docker-<id>.scope`, `crio-<id>.scope`,
  /// `cri-containerd-<id>.scope`, `kubepods-pod1.slice:cri-containerd:<id>`, `<id>`), or that is
  /// LXC's (`lxc.payload.<name>`) or machined's (`machine-<name>.scope`).
  private static func container(named component: Substring) -> String? {
    let isScope = component.hasSuffix(".scope")
    let name = isScope ? component.dropLast(6) : component
    // conmon watches over a container from outside.
    if name.hasPrefix("libpod-conmon-") || name.hasPrefix("crio-conmon-") { return nil }
    let prefix = isScope ? "machine-" : "lxc.payload."
    if name.hasPrefix(prefix), name.count > prefix.count {
      return unescaped(name.dropFirst(prefix.count))
    }
    let id = name.utf8.suffix(64)
    guard id.count == 64, id.allSatisfy(Self.isHexadecimal) else { return nil }
    let before = name.utf8.dropLast(64).last
    let isWhole = before == nil || before == UInt8(ascii: "-") || before == UInt8(ascii: ":")
    return isWhole ? String(Substring(id)) : nil
  }

  /// A name in a unit's: systemd writes a dash as `\\x2d` (systemd.unit(5), "String escaping").
  private static func unescaped(_ name: Substring) -> String {
    String(name).replacing("\\x2d", with: "-")
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
  }

  /// A removed cgroup is written with ` (deleted)` behind it.
  private static func living(_ path: String) -> String {
    path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
  }
}
