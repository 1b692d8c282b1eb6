// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Names a network namespace so that a person can go there.
enum NamespaceWords {
  /// `netns blue (4026532201)`, `netns 4026531840 (this one)`, `netns 4026532201 (of pid 812)`.
  static func heading(_ namespace: NamespaceSample, unicode: Bool) -> String {
    let source = namespace.source == .procNetTCP ? ", read from /proc/net/tcp" : ""
    if let name = namespace.name {
      let shown = UntrustedText.printable(name, unicode: unicode)
      return "netns \(shown) (\(namespace.id.rawValue)\(source))"
    }
    if namespace.isOwn { return "netns \(namespace.id.rawValue) (this one\(source))" }
    if let pid = namespace.memberPID {
      return "netns \(namespace.id.rawValue) (of pid \(pid)\(source))"
    }
    return "netns \(namespace.id.rawValue)"
  }

  /// `blue`, or the number.
  static func short(_ id: NetnsID, name: String?, unicode: Bool) -> String {
    name.map { UntrustedText.printable($0, unicode: unicode) } ?? String(id.rawValue)
  }
}
