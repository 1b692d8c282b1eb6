// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A host of a fleet that is a node of a cluster, as far as a daemon can tell: a real containerd
/// with its folders where they always are, the links that the kubelet makes, a journal. All of it
/// is the host's own, and ends with it.
final class ContainerNode {
  let host: FleetHost
  private let folder: String
  /// cgroups that were made, innermost first: nobody else takes them away.
  private var groups: [String] = []
  private var podman: [String] = []
  private var running: [(namespace: String, id: String)] = []

  /// What keeps the machine's own files out of sight, and its own out of the machine's.
  private static let prepare = """
    for place in /var/log /var/lib/containerd /var/lib/containers; do \
    mkdir -p $place; mount -t tmpfs tmpfs $place; done; \
    mkdir -p /run/systemd/journal /run/log/journal /var/log/containers; \
    { /lib/systemd/systemd-journald 2>/dev/null & }
    """

  /// - Parameter folder: For the file system of the containers: one program.
  init(_ host: FleetHost, folder: String) throws {
    self.host = host
    self.folder = folder
    try host.run(Self.prepare)
    let source =
      "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
      + "/Machine/leak.c"
    let made = try host.run(
      "mkdir -p \(folder)/rootfs && gcc -static -O1 -o \(folder)/rootfs/leak \(source) 2>&1")
    guard made.isEmpty else { throw ChildProgram.Failure("gcc: \(made)") }
    // The plugin for the kubelet wants a network that nobody has here.
    try host.run(
      "printf 'version = 2\\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\\n' "
        + ">\(folder)/config.toml")
    try host.run("{ containerd -c \(folder)/config.toml >\(folder)/containerd.log 2>&1 & }")
    _ = try waitFor("containerd") {
      try host.run("ctr --connect-timeout 1s version 2>&1; tail -n 2 \(folder)/containerd.log")
    } until: {
      $0.contains { $0.hasPrefix("Server:") }
    }
  }

  /// Starts a container of a pod, which leaks.
  ///
  /// - Parameters:
  ///   - link: The name of the kubelet's link, before the id; nil: it makes none.
  ///   - annotations: What the runtime's own plugin would write into its bundle.
  func startPod(
    uid: String, id: String, link: String?, annotations: [String: String] = [:]
  ) throws {
    let group = "/kubepods/burstable/pod\(uid)/\(id)"
    let notes = annotations.map { "--annotation \($0.key)=\($0.value)" }.joined(separator: " ")
    let made = try host.run(
      "ctr -n k8s.io run -d --rootfs --net-host --cgroup \(group) \(notes) "
        + "\(folder)/rootfs \(id) /leak 2>&1; echo status $?")
    guard made.last == "status 0" else { throw ChildProgram.Failure("ctr: \(made)") }
    running.append(("k8s.io", id))
    groups += [group, "/kubepods/burstable/pod\(uid)"]
    if let link {
      try host.run("ln -s /var/log/pods/none /var/log/containers/\(link)-\(id).log")
    }
  }

  /// Starts a container of podman's, which leaks.
  ///
  /// - Returns: Its id.
  func startPodman(named name: String) throws -> String {
    // Limits of its own: without a right to raise them, those of the host are refused.
    let made = try host.run(
      "podman --runtime runc --cgroup-manager cgroupfs run -d --name \(name) --network host "
        + "--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --rootfs \(folder)/rootfs /leak "
        + "2>\(folder)/podman.log; cat \(folder)/podman.log >&2")
    guard let id = made.last, id.utf8.count == 64 else {
      throw ChildProgram.Failure("podman: \(made)")
    }
    podman.append(name)
    groups += ["/libpod_parent/libpod-\(id)", "/libpod_parent/conmon", "/libpod_parent"]
    return id
  }

  /// Ends all containers and takes away what they leave outside of the host.
  func end() throws {
    for (namespace, id) in running {
      try host.run("ctr -n \(namespace) task kill -s KILL \(id) 2>&1")
      try host.run("ctr -n \(namespace) task rm -f \(id) 2>&1")
      try host.run("ctr -n \(namespace) container rm \(id) 2>&1")
    }
    for name in podman {
      try host.run("podman --runtime runc --cgroup-manager cgroupfs rm -f -t 0 \(name) 2>&1")
    }
    podman = []
    for group in groups + ["/kubepods/burstable", "/kubepods"] {
      try host.run("rmdir /sys/fs/cgroup\(group) /sys/fs/cgroup/*\(group) 2>&1")
    }
    running = []
    groups = []
  }

  deinit { try? end() }
}
