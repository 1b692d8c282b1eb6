// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A container in words, by the best that is known of it.
enum ContainerWords {
  /// `pod checkout-7f9c/payments (container app)`, `container web-1`, `container 0123456789ab`.
  ///
  /// - Parameter container: Its id, or its name where that is what its cgroup has.
  static func name(_ container: String, _ names: ContainerNames) -> String {
    if let pod = names.pod, let namespace = names.namespace {
      let inside = names.container.map { " (container \($0))" } ?? ""
      return "pod \(pod)/\(namespace)\(inside)"
    }
    return "container " + (names.container ?? ProcessRecord.containerName(container))
  }
}

extension Owner {
  /// What a container is called; of any other owner its name. Untrusted text.
  var title: String {
    guard kind == .container else { return name }
    return ContainerWords.name(container?.id ?? name, container?.names ?? .unknown)
  }
}

extension ProcessRecord {
  /// What its container is called; nil outside of one. Untrusted text.
  var containerTitle: String? { container.map { ContainerWords.name($0, names) } }
}

extension JSONWriter {
  /// What is known of a container and its pod beside its id; null where nothing is.
  mutating func members(_ names: ContainerNames, pod: PodIdentity?) {
    member("container_name", names.container)
    member("pod", names.pod)
    member("pod_namespace", names.namespace)
    member("pod_uid", pod?.uid)
    member("qos_class", pod?.serviceClass.rawValue)
  }
}
