// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The recipe of the image and the DaemonSet, held to the package and to the unit.
@Suite(.requires(.debianPackage, .command("python3"))) struct ContainerTests {
  private static let deploy =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/deploy"

  private static func lines(_ path: String) throws -> [String] {
    let bytes = try #require(readBytes(path), "\(path)")
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The DaemonSet by PyYAML: `path.to.value=text` for each leaf, lists by number.
  private static func daemonSet() throws -> [String: String] {
    let script = """
      import sys, yaml
      def leaves(value, path):
        if isinstance(value, dict):
          for key, item in value.items(): leaves(item, path + [str(key)])
        elif isinstance(value, list):
          for key, item in enumerate(value): leaves(item, path + [str(key)])
        else: print(".".join(path) + "=" + str(value).replace("\\n", " "))
      found = [x for x in yaml.safe_load_all(open(sys.argv[1])) if x["kind"] == "DaemonSet"]
      leaves(found[0]["spec"]["template"], [])
      """
    let run = try ChildProgram.run(
      "python3", ["-c", script, "\(deploy)/kubernetes/closewatch.yaml"])
    try #require(run.status == 0, "python3-yaml is missing or the file is not YAML; see above")
    return Dictionary(
      run.lines.compactMap { line in
        line.firstIndex(of: "=").map {
          (String(line[..<$0]), String(line[line.index(after: $0)...]))
        }
      }, uniquingKeysWith: { first, _ in first })
  }

  private static func list(_ path: String, in leaves: [String: String]) -> [String] {
    leaves.filter { $0.key.hasPrefix(path + ".") }.map(\.value).sorted()
  }

  /// The last value of a directive of the unit.
  private static func directive(_ name: String) throws -> String {
    let unit = try lines("\(deploy)/systemd/closewatch.service")
    return String(try #require(unit.last { $0.hasPrefix(name + "=") }).dropFirst(name.count + 1))
  }

  @Test func `the DaemonSet may do and use what the unit may, and looks at the node`() throws {
    let set = try Self.daemonSet()
    let container = "spec.containers.0"
    let context = "\(container).securityContext"
    let unit = try Self.directive("CapabilityBoundingSet").split(separator: " ")
      .map { String($0.dropFirst(4)) }.sorted()
    #expect(Self.list("\(context).capabilities.add", in: set) == unit)
    #expect(Self.list("\(context).capabilities.drop", in: set) == ["ALL"])
    #expect(set["\(context).allowPrivilegeEscalation"] == "False")
    #expect(set["\(context).readOnlyRootFilesystem"] == "True")
    #expect(set["\(context).privileged"] == "False")
    #expect(set["\(container).resources.limits.memory"] == (try Self.directive("MemoryMax")) + "i")
    #expect(set["\(container).resources.limits.cpu"] == "500m")
    #expect(try Self.directive("CPUQuota") == "50%")
    #expect(set["spec.hostPID"] == "True")
    #expect(set["spec.hostNetwork"] == "True")
    #expect(set["metadata.annotations.prometheus.io/port"] == "9776")
    #expect(set["\(container).ports.0.containerPort"] == "9776")
    // A daemon that sees nothing says so, which only a running one can.
    #expect(set["\(container).startupProbe.httpGet.path"] == "/-/healthy")
    #expect(set["\(container).livenessProbe.httpGet.path"] == "/-/healthy")
    #expect(set["\(container).readinessProbe.httpGet.path"] == "/-/ready")
    // Each mount has its volume.
    let mounts = set.filter { $0.key.contains(".volumeMounts.") && $0.key.hasSuffix(".name") }
    let volumes = set.filter { $0.key.hasPrefix("spec.volumes.") }
      .filter { $0.key.split(separator: ".").count == 4 && $0.key.hasSuffix(".name") }
    #expect(Set(mounts.values) == Set(volumes.values))
    #expect(mounts.count == 6)
    let version = try ChildProgram.run(BuiltPackage.program, ["--version"]).lines.first
    #expect(set["\(container).image"] == "closewatch:\(version ?? "")")
  }

  @Test func `the base of the image has what the package depends on, and the daemon is run there`()
    throws
  {
    let recipe = try Self.lines("\(Self.deploy)/container/Containerfile")
    #expect(!recipe.contains { $0.contains("apt-get") })
    #expect(recipe.contains("RUN [\"/usr/bin/closewatch\", \"daemon\", \"--version\"]"))
    let depends = try ChildProgram.run(
      "dpkg-deb", ["-f", "\(BuiltPackage.folder)/\(BuiltPackage.name)", "Depends"]
    ).lines.joined()
    let needed = depends.split(separator: ",").map { entry in
      String(entry.drop { $0 == " " }.prefix { $0 != " " })
    }
    // apt depends on all of them but systemd, of which a container needs nothing.
    #expect(needed == ["libc6", "libgcc-s1", "libsystemd0", "systemd"])
    for copied in recipe where copied.hasPrefix("COPY --from=package") {
      let source = copied.split(separator: " ")[2].dropFirst("/package/".count)
      let found = try ChildProgram.run("test", ["-e", BuiltPackage.file(String(source))])
      #expect(found.status == 0, "\(source) is not in the package")
    }
  }

  @Test(
    .requires(
      .root, .mountNamespaces, .command("debootstrap"), .command("systemd-nspawn"),
      .command("curl")))
  func `as the DaemonSet starts it, it sees who holds a socket of another user`() throws {
    let set = try Self.daemonSet()
    let capabilities = Self.list("spec.containers.0.securityContext.capabilities.add", in: set)
      .map { "CAP_" + $0 }.joined(separator: " ")
    let arguments = Self.list("spec.containers.0.args", in: set).sorted { $0 < $1 }
    #expect(arguments == ["--web.listen-address=$(NODE_ADDRESS):9776", "daemon"])
    let machine = try Machine("closewatch-pod")
    // Root without a user database of its own, no more capabilities, a read-only disk.
    try machine.mustRun(
      """
      dpkg-deb --extract /mnt/\(BuiltPackage.name) /opt/package
      systemd-run -q --unit=pod -p "CapabilityBoundingSet=\(capabilities)" -p NoNewPrivileges=yes \
        -p ProtectSystem=strict -p MemoryMax=256M /opt/package/usr/bin/closewatch daemon \
        --web.listen-address=127.0.0.1:9776 --set rules.patience=2s --set sampling.interval=500ms \
        --set sampling.full-interval=1s
      """)
    try machine.startLeak("leaky", port: 8080)
    try machine.startLeak("hidden", port: 8081, "--uid=daemon -p PrivateNetwork=yes")
    for unit in ["leaky", "hidden"] {
      try machine.wait(for: "journalctl -q -o cat --no-pager CLOSEWATCH_UNIT=\(unit).service") {
        $0.contains { $0.contains("close-wait-leak firing") }
      }
    }
    #expect(try machine.page("/-/ready") != nil)
    #expect(try machine.page("/-/healthy") != nil)
  }
}
