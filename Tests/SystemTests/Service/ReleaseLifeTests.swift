// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The RPM package and the tarball on machines of their own, from installation to the end.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .command("debootstrap"), .command("systemd-nspawn"),
    .command("curl")))
struct ReleaseLifeTests {
  /// Where the service's program is, by systemd.
  private static let program = "readlink /proc/$(systemctl show -P MainPID closewatch)/exe"

  @Test func `the RPM package keeps settings over an upgrade, and goes without a rest`() throws {
    let machine = try Machine("closewatch-rpm")
    try machine.mustRun("rpm --initdb; mkdir -p /etc/systemd/system-preset")
    // As RHEL and Fedora preset what they do not know.
    try machine.write("disable *", to: "/etc/systemd/system-preset/99-default.preset")
    let before = try machine.files()
    // Debian's libraries are in no database of rpm.
    try machine.mustRun("rpm -i --nodeps /mnt/\(try BuiltRelease.rpm())")
    #expect(try machine.property("UnitFileState") == "disabled")
    #expect(try machine.property("ActiveState") == "inactive")
    #expect(try machine.mustRun("getent group closewatch").count == 1)
    #expect(try machine.run("journalctl --list-catalog | grep -c closewatch").status == 0)
    try machine.mustRun("systemctl enable --now closewatch 2>&1")
    #expect(try machine.mustRun(Self.program) == ["/usr/libexec/closewatch/closewatchd"])

    try machine.write("sampling: {interval: 7s}", to: Machine.settings)
    let first = try machine.property("MainPID")
    // The same again is an upgrade to the scriptlets.
    try machine.mustRun("rpm -U --replacepkgs --nodeps /mnt/\(try BuiltRelease.rpm())")
    #expect(try machine.mustRun("cat \(Machine.settings)") == ["sampling: {interval: 7s}"])
    #expect(try machine.property("UnitFileState") == "enabled")
    #expect(try machine.property("ActiveState") == "active")
    #expect(try machine.property("MainPID") != first)

    try machine.mustRun("rpm -e closewatch")
    let saved = "\(Machine.settings).rpmsave"
    #expect(try machine.mustRun("cat \(saved)") == ["sampling: {interval: 7s}"])
    try machine.mustRun("rm -r /etc/closewatch")
    let rests = try machine.files().subtracting(before)
    #expect(rests == [])
    #expect(try machine.run("pgrep closewatch").lines == [])
    #expect(try machine.run("journalctl --list-catalog | grep closewatch").lines == [])
    try machine.wait(for: "systemctl list-units --all --no-legend 'closewatch*'") { $0.isEmpty }
  }

  @Test func `the tarball installs, upgrades and undoes itself`() throws {
    let machine = try Machine("closewatch-tarball")
    let before = try machine.files()
    try machine.mustRun("cd /root && tar -xzf /mnt/\(try BuiltRelease.tarball())")
    let script = "/root/closewatch-*/install.sh"
    try machine.mustRun(script)
    #expect(try machine.mustRun(Self.program) == ["/usr/local/libexec/closewatch/closewatchd"])
    #expect(try machine.property("UnitFileState") == "enabled")
    #expect(try machine.run("journalctl --list-catalog | grep -c closewatch").status == 0)
    #expect(
      try machine.mustRun("closewatch check-settings && systemctl reload closewatch").count == 1)

    // Settings stay, and what is shipped is put beside them; an older version's files go.
    try machine.write("sampling: {interval: 7s}", to: Machine.settings)
    let first = try machine.property("MainPID")
    try machine.mustRun(
      """
      echo old >/usr/local/share/closewatch/old
      echo "file - /usr/local/share/closewatch/old" >>/usr/local/share/closewatch/installed
      \(script)
      """)
    #expect(try machine.mustRun("cat \(Machine.settings)") == ["sampling: {interval: 7s}"])
    #expect(try machine.run("ls \(Machine.settings).new").status == 0)
    #expect(try machine.run("ls /usr/local/share/closewatch/old").status == 2)
    #expect(try machine.property("MainPID") != first)

    // By the script that is kept, once the folder is gone. What a person has written is left.
    let kept = "/usr/local/share/closewatch/install.sh"
    try machine.mustRun("cp -r /root/closewatch-* /opt/; rm -r /root/closewatch-*")
    #expect(
      try machine.mustRun("\(kept) --uninstall").first
        == "install.sh: \(Machine.settings) stays: it is not as it was installed "
        + "(--uninstall --purge would remove it)")
    #expect(try machine.mustRun("cat \(Machine.settings)") == ["sampling: {interval: 7s}"])
    #expect(try machine.run("pgrep closewatch").lines == [])
    // Settings that were found are not the script's to remove.
    let again = "/opt/closewatch-*/install.sh"
    try machine.mustRun("\(again) && \(again) --uninstall --purge")
    #expect(try machine.mustRun("cat \(Machine.settings)") == ["sampling: {interval: 7s}"])
    try machine.mustRun("rm -r /etc/closewatch && \(again) && rm /etc/closewatch/*.yaml")
    try machine.write("sampling: {interval: 7s}", to: Machine.settings)
    try machine.mustRun("\(again) --uninstall --purge; rm -r /opt/closewatch-*")
    let after = try machine.files()
    #expect(after.subtracting(before) == [], "files that were not there before")
    #expect(before.subtracting(after) == [], "files that are gone")
    #expect(try machine.run("grep closewatch /etc/group /etc/gshadow").lines == [])
    #expect(try machine.run("journalctl --list-catalog | grep closewatch").lines == [])
    try machine.wait(for: "systemctl list-units --all --no-legend 'closewatch*'") { $0.isEmpty }
  }
}

/// The script of the tarball in folders that stand for an image: nothing is started.
@Suite(.requires(.root, .debianPackage))
struct InstallScriptTests {
  private let folder = TemporaryDirectory()
  private var image: String { "\(folder.path)/image" }

  init() throws {
    let made = try ChildProgram.run(
      "sh",
      [
        "-c", "mkdir \"$0/image\" && tar -xzf \"$1\" -C \"$0\" --strip-components=1", folder.path,
        "\(BuiltPackage.folder)/\(try BuiltRelease.tarball())",
      ])
    try #require(made.status == 0)
  }

  private func install(_ words: String...) throws -> (status: Int32, lines: [String]) {
    try ChildProgram.run(
      "sh",
      ["-c", "exec \"$@\" 2>&1", "sh", "\(folder.path)/install.sh", "--root", image] + words)
  }

  private func files() throws -> [String] {
    try ChildProgram.run("find", [image, "-mindepth", "1", "-printf", "%P\n"]).lines.sorted()
  }

  @Test func `installed and uninstalled an image is as it was`() throws {
    #expect(try install().status == 0)
    let unit = try #require(readBytes("\(image)/usr/local/lib/systemd/system/closewatch.service"))
    let text = String(decoding: unit, as: UTF8.self)
    #expect(text.contains("ExecStart=/usr/local/libexec/closewatch/closewatchd $ARGS\n"))
    #expect(text.contains("ExecReload=/usr/local/bin/closewatch check-settings\n"))
    #expect(!text.contains("/usr/bin/closewatch") && !text.contains("/usr/libexec"))
    #expect(try install("--uninstall").status == 0)
    #expect(try files() == [])
    let again = try install("--uninstall")
    #expect(again.status == 2)
    #expect(again.lines.first?.hasPrefix("install.sh: nothing is installed") == true)
  }

  @Test func `the command alone brings no service and no settings`() throws {
    #expect(try install("--command-only").status == 0)
    let places = try files()
    #expect(places.contains("usr/local/bin/closewatch"))
    #expect(!places.contains { $0.hasPrefix("etc") || $0.contains("systemd/system") })
    #expect(!places.contains { $0.hasPrefix("usr/local/libexec") })
  }

  @Test func `what is of a package or of somebody else is not touched`() throws {
    for place in ["usr/bin/closewatch", "usr/local/bin/closewatch"] {
      let made = try ChildProgram.run(
        "sh", ["-c", "mkdir -p \"${0%/*}\" && echo other >\"$0\"", "\(image)/\(place)"])
      try #require(made.status == 0)
      let run = try install()
      #expect(run.status == 2)
      #expect(run.lines.first?.contains("/\(place)") == true, "\(run.lines)")
      #expect(try files().last == place)
      #expect(try ChildProgram.run("cat", ["\(image)/\(place)"]).lines == ["other"])
      try #require(try ChildProgram.run("rm", ["-r", "\(image)/usr"]).status == 0)
    }
  }

  @Test func `an installation that fails half-way takes away what it has put there`() throws {
    let made = try ChildProgram.run(
      "sh", ["-c", "mkdir -p \"$0\" && : >\"$0/man\"", "\(image)/usr/local/share"])
    try #require(made.status == 0)
    let run = try install()
    #expect(run.status != 0)
    #expect(run.lines.contains("install.sh: it has failed; taking away what was installed"))
    #expect(try files() == ["usr", "usr/local", "usr/local/share", "usr/local/share/man"])
  }
}
