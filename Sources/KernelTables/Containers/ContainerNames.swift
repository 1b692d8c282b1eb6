// SPDX-License-Identifier: Apache-2.0

/// What a runtime or the kubelet calls a container, and the pod it is in. Whoever starts containers
/// chooses these texts: none is taken that is not a name.
package struct ContainerNames: Hashable, Sendable {
  /// `app` in a pod, `web-1` of podman.
  package var container: String?
  package var pod: String?
  /// Of the pod.
  package var namespace: String?

  package init() {}

  package init(container: String?, pod: String? = nil, namespace: String? = nil) {
    self.container = container
    self.pod = pod
    self.namespace = namespace
  }

  package static let unknown = ContainerNames()

  /// The longest of Kubernetes' names (`DNS1123SubdomainMaxLength`), and of most runtimes'.
  package static let longest = 253

  /// Letters, digits, `-`, `_` and `.` after a letter or digit, as Kubernetes and all runtimes have
  /// it; nil for anything else.
  package static func name(_ text: some StringProtocol) -> String? {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= longest, isLetterOrDigit(first),
      bytes.allSatisfy({ isLetterOrDigit($0) || "-_.".utf8.contains($0) })
    else { return nil }
    return String(text)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  /// Reads the name of a link that the kubelet makes for every container, whatever its runtime:
  /// `POD_NAMESPACE_CONTAINER-ID.log` in `/var/log/containers`.
  ///
  /// Source: `LogSymlink()` and `legacyLogSymlink()` in pkg/kubelet/kuberuntime.
  ///
  /// - Returns: nil when it is not such a link of the container `id`.
  package init?(kubeletLink link: String, of id: String) {
    let tail = "-\(id).log"
    guard link.hasSuffix(tail) else { return nil }
    // None of the three can have an underscore.
    let parts = link.dropLast(tail.count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, let pod = Self.name(parts[0]), let namespace = Self.name(parts[1]),
      let container = Self.name(parts[2])
    else { return nil }
    self.init(container: container, pod: pod, namespace: namespace)
  }
}

/// A container by all that is known of it.
package struct ContainerIdentity: Hashable, Sendable {
  /// 64 hexadecimal digits, or the name that LXC and machined give it.
  package var id: String
  /// The path that it was read from.
  package var cgroup: String?
  package var names: ContainerNames

  package init(id: String, cgroup: String? = nil, names: ContainerNames = .unknown) {
    self.id = id
    self.cgroup = cgroup
    self.names = names
  }

  package var pod: PodIdentity? { cgroup.flatMap(PodIdentity.init(cgroup:)) }
}
