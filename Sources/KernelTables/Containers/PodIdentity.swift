// SPDX-License-Identifier: Apache-2.0

/// A pod of Kubernetes as the kubelet writes it into the path of its cgroup: who it is without
/// asking anybody.
///
/// Source: `cgroup_manager_linux.go` and `helpers_linux.go` in pkg/kubelet/cm of kubernetes.
package struct PodIdentity: Hashable, Sendable {
  /// The class that the kubelet made of the pod's requests and limits, in the API's words.
  package enum ServiceClass: String, Hashable, Sendable, CaseIterable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"
  }

  /// `metadata.uid`: a UUID, or the 32 digits that a static pod has.
  package var uid: String
  package var serviceClass: ServiceClass

  package init(uid: String, serviceClass: ServiceClass) {
    self.uid = uid
    self.serviceClass = serviceClass
  }

  /// - Parameter cgroup: Such as `/kubepods/burstable/pod<uid>/<id>`,
  ///   `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice/...`, or either
  ///   of them further down.
  /// - Returns: nil outside of a pod, and where somebody else than the kubelet may have made it.
  package init?(cgroup: String) {
    // Most processes are in none, and every one is asked.
    guard cgroup.contains("kubepods"), let believed = ProcCgroup.believed(cgroup),
      let parents = believed.firstRange(of: "kubepods")
    else { return nil }
    // `:` is before the runtime's name where containerd was given systemd's name for a directory.
    let parts = believed[parents.lowerBound...].split { $0 == "/" || $0 == ":" }
    guard let index = parts.lastIndex(where: { Self.uid(in: $0) != nil }),
      let uid = Self.uid(in: parts[index])
    else { return nil }
    self.uid = uid
    // systemd has the class in the pod's own name, cgroupfs in that of the directory above.
    let named = parts[max(0, index - 1)...index]
    if named.contains(where: { Self.says("besteffort", $0) }) {
      serviceClass = .bestEffort
    } else if named.contains(where: { Self.says("burstable", $0) }) {
      serviceClass = .burstable
    } else {
      // It has no directory of its own.
      serviceClass = .guaranteed
    }
  }

  /// `pod<uid>` of cgroupfs, `kubepods-besteffort-pod<uid>.slice` of systemd, which takes no dash.
  private static func uid(in part: Substring) -> String? {
    let name = part.hasSuffix(".slice") ? part.dropLast(6) : part
    for length in [36, 32] where name.utf8.count >= length + 3 {
      let uid = name.suffix(length)
      let before = name.dropLast(length)
      guard before == "pod" || before.hasSuffix("-pod"), isUID(uid) else { continue }
      return String(uid).replacing("_", with: "-")
    }
    return nil
  }

  private static func isUID(_ text: Substring) -> Bool {
    let isUUID = text.utf8.count == 36
    return text.utf8.enumerated().allSatisfy { offset, byte in
      if isUUID, [8, 13, 18, 23].contains(offset) {
        return byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      }
      return (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
  }

  private static func says(_ word: String, _ part: Substring) -> Bool {
    part.split { $0 == "-" || $0 == "." }.contains { $0 == word }
  }
}
