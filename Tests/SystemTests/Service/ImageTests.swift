// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The image, built from its recipe by buildah. Its base is the Debian of the other tests instead
/// of the one from the registry; everything after `FROM` is as it is shipped.
@Suite(
  .requires(
    .root, .networkNamespaces, .mountNamespaces, .debianPackage, .command("buildah"),
    .command("debootstrap"), .command("unshare")))
struct ImageTests {
  private static let root =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
  private static let base = "localhost/debian-of-the-tests"

  private let directory = TemporaryDirectory()

  /// Images and containers in a folder of the test's own, on any file system, and nothing but
  /// chroot(2) between a container and the host: it shares the processes and the network, as the
  /// DaemonSet wants it. What is mounted for one is seen by nobody else, so that nothing of the
  /// host is below the folder when that is removed.
  private var buildah: [String] {
    [
      "unshare", "--mount", "--", "env", "STORAGE_DRIVER=vfs", "BUILDAH_ISOLATION=chroot",
      "buildah", "--root", "\(directory.path)/images", "--runroot", "\(directory.path)/run",
    ]
  }

  @discardableResult
  private func must(_ words: String...) throws -> [String] {
    let run = try ChildProgram.run("sh", ["-c", "exec \"$@\" 2>&1", "sh"] + buildah + words)
    guard run.status == 0 else {
      throw ChildProgram.Failure("buildah \(words) ended with \(run.status): \(run.lines)")
    }
    return run.lines
  }

  @Test func `what the recipe builds runs with three capabilities and sees the host`() throws {
    try makeBase()
    try must(
      "build", "--file", "\(Self.root)/deploy/container/Containerfile", "--build-arg",
      "BASE=\(Self.base)", "--tag", "closewatch", BuiltPackage.folder)
    let config = try must(
      "inspect", "--type", "image", "--format",
      "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}{{println}}",
      "closewatch")
    #expect(config == ["0:0 [/usr/bin/closewatch] [daemon]"])
    try must("from", "--name", "pod", "closewatch")
    defer { _ = try? must("rm", "--all") }
    let version = try ChildProgram.run(BuiltPackage.program, ["--version"]).lines
    #expect(try must("run", "pod", "--", "/usr/bin/closewatch", "--version") == version)
    // CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE and CAP_SYS_ADMIN, and no other.
    let run = ["run"] + (try capabilities()) + ["pod", "--"]
    let held = try ChildProgram.run(
      "sh", ["-c", "exec \"$@\"", "sh"] + buildah + run + ["grep", "CapEff", "/proc/self/status"])
    #expect(held.lines == ["CapEff:\t0000000000280004"])

    let daemon = try RunningDaemon(
      settings: ScrapedDaemon.quick + ["rules.patience=2s"], through: buildah + run,
      path: "/usr/bin/closewatch")
    try daemon.waitFor("watching", seconds: 60)
    try Lab.with("close-wait", count: 7) { lab in
      _ = try daemon.waitFor(" firing", "SocketLab[\(lab.pid)]")
    }
    _ = daemon.stop()
  }

  /// For the registry's slim Debian the tree of the tests.
  private func makeBase() throws {
    let made = try ChildProgram(Self.root + "/Tests/Machine/tree", [])
    guard let tree = try made.readLine(within: 1500), made.end() == 0 else {
      throw ChildProgram.Failure("no tree; why is above")
    }
    try must("from", "--name", "base", "scratch")
    try must("add", "base", tree, "/")
    try must("commit", "--rm", "base", Self.base)
  }

  /// Flags that take away what a container has and give it what the DaemonSet does.
  private func capabilities() throws -> [String] {
    let held = try must(
      "run", "pod", "--", "sh", "-c", "setpriv --dump | sed -n 's/^Capability bounding set: //p'")
    let usual = held.joined().split(separator: ",").flatMap { name in
      ["--cap-drop", "CAP_" + name.uppercased()]
    }
    #expect(usual.count > 10, "\(held)")
    return usual
      + ["SYS_PTRACE", "DAC_READ_SEARCH", "SYS_ADMIN"].flatMap { ["--cap-add", "CAP_" + $0] }
  }
}
