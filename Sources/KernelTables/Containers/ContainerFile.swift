// SPDX-License-Identifier: Apache-2.0

/// A file in which a runtime keeps what it calls containers.
package struct ContainerFile: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    /// The `config.json` of an OCI bundle, one for each container: containerd, CRI-O, podman.
    case bundle
    /// Docker's `config.v2.json`, one for each container.
    case docker
    /// `containers.json` of containers/storage, one for all: podman, CRI-O, buildah.
    case storage
  }

  package var kind: Kind
  package var bytes: [UInt8]

  package init(_ kind: Kind, _ bytes: [UInt8]) {
    self.kind = kind
    self.bytes = bytes
  }

  /// Annotations of a bundle, by who writes them, and labels of Docker's, which an adapter
  /// (cri-dockerd) sets for the kubelet.
  ///
  /// Source: `pkg/cri/annotations` of containerd; `pkg/annotations` of CRI-O;
  /// `pkg/kubelet/types/labels.go` of kubernetes; `pkg/labels` of nerdctl.
  private static let keys: [String: Place<ContainerNames, String?>] = [
    "io.kubernetes.cri.container-name": \.container,
    "io.kubernetes.cri.sandbox-name": \.pod,
    "io.kubernetes.cri.sandbox-namespace": \.namespace,
    "io.kubernetes.container.name": \.container,
    "io.kubernetes.pod.name": \.pod,
    "io.kubernetes.pod.namespace": \.namespace,
    "nerdctl/name": \.container,
  ]

  /// What a file of one container says of it.
  ///
  /// - Parameter isInPod: Whether the container's cgroup is one of the kubelet's. Elsewhere anybody
  ///   may annotate what he starts: no pod is believed.
  /// - Throws: ``DecodeError`` when it is not JSON.
  package func names(isInPod: Bool) throws(DecodeError) -> ContainerNames {
    var names = ContainerNames.unknown
    var own: String?
    try JSONTexts.read(bytes) { path, text in
      switch (kind, path.count) {
      case (.bundle, 2) where path[0] == "annotations":
        if let place = Self.keys[path[1]] { names[keyPath: place] = ContainerNames.name(text) }
      case (.docker, 3) where path[0] == "Config" && path[1] == "Labels":
        if let place = Self.keys[path[2]] { names[keyPath: place] = ContainerNames.name(text) }
      case (.docker, 1) where path[0] == "Name":
        // Docker writes `/web-1`.
        own = ContainerNames.name(text.first == "/" ? text.dropFirst() : text[...])
      default: break
      }
    }
    // A pod without its namespace is half a name.
    if isInPod, names.pod != nil, names.namespace != nil { return names }
    return ContainerNames(container: isInPod ? names.container ?? own : own ?? names.container)
  }

  /// What a file of all containers calls some of them.
  ///
  /// - Throws: ``DecodeError`` when it is not JSON.
  package func storedNames(of ids: Set<String>) throws(DecodeError) -> [String: String] {
    // By their place in the list: a name may come before its id.
    var wanted: [String: String] = [:]
    var named: [String: String] = [:]
    try JSONTexts.read(bytes) { path, text in
      if path.count == 2, path[1] == "id", ids.contains(text) { wanted[path[0]] = text }
      if path.count == 3, path[1] == "names", path[2] == "0" {
        named[path[0]] = ContainerNames.name(text)
      }
    }
    var found: [String: String] = [:]
    for (place, id) in wanted { found[id] = named[place] }
    return found
  }
}
