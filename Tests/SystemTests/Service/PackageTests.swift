// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The life of the package: what is in it, installation, upgrade, purge.
@Suite(.serialized, .requires(.root, .debianPackage))
struct PackageTests {
  @Test func `both programs have the version of the package and need only what it depends on`()
    throws
  {
    let package = "\(BuiltPackage.folder)/\(BuiltPackage.name)"
    let version = try ChildProgram.run("dpkg-deb", ["-f", package, "Version"]).lines
    for program in [BuiltPackage.program, BuiltPackage.daemon] {
      #expect(try ChildProgram.run(program, ["--version"]).lines == version)
    }
    let depends = try #require(
      try ChildProgram.run("dpkg-deb", ["-f", package, "Depends"]).lines.first)
    // Names and versions that every Debian from 12 on has, and every Ubuntu from 22.04 on.
    let libraries = depends.split(separator: ",").map { String($0.drop { $0 == " " }) }
      .filter { $0.hasPrefix("lib") }
    #expect(libraries == ["libc6 (>= 2.34)", "libgcc-s1 (>= 4.2)", "libsystemd0"])
    // Nothing has to be there for the command, not even a loader.
    let headers = try ChildProgram.run("readelf", ["--program-headers", BuiltPackage.program]).lines
    #expect(!headers.isEmpty && !headers.contains { $0.contains("INTERP") }, "\(headers)")
    #expect(
      try Self.libraries(BuiltPackage.daemon)
        == ["libc.so.6", "libgcc_s.so.1", "libm.so.6", "libsystemd.so.0"])
  }

  /// By the library that versions them, what the symbols of a program ask for at most.
  private static let floors = ["GLIBC": [2, 34], "GCC": [4, 2, 0], "LIBSYSTEMD": [209]]

  @Test func `the daemon names no symbol that is newer than Ubuntu 22 04 and RHEL 9`() throws {
    let symbols = try ChildProgram.run("objdump", ["-T", BuiltPackage.daemon]).lines
      .filter { $0.contains("*UND*") }
    #expect(symbols.count > 300)
    var seen: Set<String> = []
    for symbol in symbols {
      // 0000000000000000      DF *UND*	0000000000000000 (GLIBC_2.34) pthread_create
      let words = symbol.split { $0 == " " || $0 == "\t" }
      let version = try #require(words.dropLast().last, "\(symbol)").filter { !"()".contains($0) }
      // Weak ones without a version are asked for and may be missing.
      guard version.contains("_") else { continue }
      let parts = version.split(separator: "_")
      let floor = try #require(Self.floors[String(parts[0])], "\(symbol)")
      let number = parts[1].split(separator: ".").compactMap { Int($0) }
      #expect(!floor.lexicographicallyPrecedes(number), "\(symbol)")
      seen.insert(String(parts[0]))
    }
    #expect(seen.isSuperset(of: ["GLIBC", "LIBSYSTEMD"]))
  }

  @Test func `the command names no symbol of a library, and is at most 24 MB`() throws {
    #expect(
      try ChildProgram.run("sh", ["-c", "objdump -T \"$0\" 2>&1", BuiltPackage.program]).lines
        .contains { $0.contains("not a dynamic object") })
    #expect(try #require(readBytes(BuiltPackage.program)).count <= 24_000_000)
  }

  /// On call it is copied to a host of which nothing else is known.
  @Test(.requires(.mountNamespaces))
  func `the command alone looks, records and judges in a root with nothing but procfs`() throws {
    let root = TemporaryDirectory()
    let script = """
      cp "$1" "$2" && mkdir "$2/proc" && mount --rbind /proc "$2/proc" && cd "$2"
      for words in 'sockets' 'record /looks' 'triage --replay /looks' 'doctor' \
        "release $$ --older-than 1h" 'explain TIME_WAIT'; do
        chroot . /closewatch $words >output 2>&1
        echo "$? $words: $(head -c 60 output | head -1)"
      done
      """
    let lines = try ChildProgram.run(
      "unshare", ["--mount", "sh", "-c", script, "sh", BuiltPackage.program, root.path]
    ).lines
    #expect(lines.count == 6, "\(lines)")
    // 0: nothing is wrong; 1: something to act on. 2 would be blind.
    for line in lines { #expect(line.hasPrefix("0 ") || line.hasPrefix("1 "), "\(line)") }
  }

  /// The libraries that a program names itself, without those that these need.
  private static func libraries(_ program: String) throws -> Set<String> {
    let loaded = try ChildProgram.run("ldd", [program]).lines
    #expect(!loaded.contains { $0.contains("not found") }, "\(loaded)")
    let named = try ChildProgram.run("objdump", ["-p", program]).lines
    return Set(
      named.filter { $0.contains(" NEEDED ") }.map { $0.split(separator: " ")[1] }
        .map(String.init)
    ).subtracting(["ld-linux-x86-64.so.2"])
  }

  @Test(arguments: [
    "man1/closewatch.1.gz", "man1/closewatch-daemon.1.gz", "man1/closewatch-top.1.gz",
    "man5/closewatch.yaml.5.gz",
  ])
  func `manual pages are where man looks`(_ page: String) throws {
    // closewatch-top comes with the command.
    let commands = try ChildProgram.run(BuiltPackage.program, ["--help"]).lines
    guard page != "man1/closewatch-top.1.gz" || commands.contains(where: { $0.contains("  top ") })
    else { return }
    #expect(readBytes(BuiltPackage.file("usr/share/man/\(page)")) != nil)
  }

  @Test func `every example is in it`() throws {
    let kept = try ChildProgram.run("ls", ["-1", "\(Fixtures.directory)/../../deploy/examples"])
      .lines
    #expect(kept.count >= 4)
    for name in kept {
      #expect(readBytes(BuiltPackage.file("usr/share/doc/closewatch/examples/\(name)")) != nil)
    }
  }

  @Test(.requires(.command("lintian")))
  func `lintian has nothing to say about it`() throws {
    let run = try ChildProgram.run(
      "lintian",
      [
        "--allow-root", "--no-cfg", "--tag-display-limit", "0", "--fail-on", "error,warning",
        "\(BuiltPackage.folder)/\(BuiltPackage.name)",
      ])
    #expect(run.status == 0)
    #expect(run.lines.filter { $0.hasPrefix("E:") || $0.hasPrefix("W:") } == [])
  }
}

/// The same on machines of their own.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .command("debootstrap"), .command("systemd-nspawn"),
    .command("curl")))
struct PackageLifeTests {
  @Test func `an upgrade from one program to two keeps settings, flags and history`() throws {
    let machine = try Machine("closewatch-upgrade")
    // As 0.1.0 had it: the unit starts the command, and there is nothing in libexec. This command
    // finds its daemon beside itself.
    try machine.mustRun(
      """
      set -e
      dpkg-deb -R /mnt/\(BuiltPackage.name) /root/old
      cd /root/old
      sed -i 's/^Version: .*/Version: 0.0.1/' DEBIAN/control
      mv usr/libexec/closewatch/closewatchd usr/bin && rm -r usr/libexec
      sed -i 's!libexec/closewatch/closewatchd$!bin/closewatchd!' DEBIAN/md5sums
      sed -i 's!^ExecStart=.*!ExecStart=/usr/bin/closewatch daemon $ARGS!' \
        usr/lib/systemd/system/closewatch.service
      dpkg-deb -Znone -b /root/old /root/old.deb
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends /root/old.deb
      """)
    try machine.write(Machine.impatient, to: Machine.settings)
    try machine.mustRun("systemctl restart closewatch")
    try machine.startLeak("before", port: 8080)
    try machine.wait(for: "closewatch history --unit before.service") {
      $0.contains { $0.contains("close-wait-leak") }
    }
    try machine.mustRun("systemctl stop before")
    let before = try machine.property("MainPID")
    try machine.write("sampling: {interval: 7s}", to: Machine.settings)
    try machine.mustRun("echo 'ARGS=\"--interval 3s\"' >>/etc/default/closewatch")
    try machine.mustRun(
      """
      set -e
      dpkg-deb -R /mnt/\(BuiltPackage.name) /root/next
      sed -i 's/^Version: .*/Version: 9.9.9/' /root/next/DEBIAN/control
      dpkg-deb -Znone -b /root/next /root/next.deb
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y /root/next.deb </dev/null
      """)
    #expect(
      try machine.mustRun("dpkg-query -W -f '${Version} ${Status}\\n' closewatch")
        == ["9.9.9 install ok installed"])
    #expect(try machine.mustRun("cat \(Machine.settings)") == ["sampling: {interval: 7s}"])
    #expect(try machine.property("ActiveState") == "active")
    #expect(try machine.property("MainPID") != before)
    #expect(
      try machine.mustRun("readlink /proc/$(systemctl show -P MainPID closewatch)/exe")
        == ["/usr/libexec/closewatch/closewatchd"])
    #expect(try machine.run("ls /usr/bin/closewatchd").status != 0)
    #expect(
      try machine.run("closewatch history --unit before.service").lines
        .contains { $0.contains("close-wait-leak") })
    try machine.wait(for: "systemctl show -P StatusText closewatch") {
      $0.contains { $0.contains("looking every 3.0 s") }
    }
  }

  @Test func `a service that was disabled stays so over an upgrade`() throws {
    let machine = try Machine("closewatch-disabled")
    try machine.install()
    try machine.mustRun("systemctl disable --now closewatch 2>/dev/null")
    try machine.mustRun(
      """
      set -e
      dpkg-deb -R /mnt/\(BuiltPackage.name) /root/next
      sed -i 's/^Version: .*/Version: 9.9.9/' /root/next/DEBIAN/control
      dpkg-deb -Znone -b /root/next /root/next.deb
      DEBIAN_FRONTEND=noninteractive apt-get -q install -y /root/next.deb </dev/null
      """)
    #expect(try machine.property("UnitFileState") == "disabled")
  }

  @Test func `a purge leaves nothing behind, after a life of the service`() throws {
    let machine = try Machine("closewatch-purge")
    let before = try machine.files()
    try machine.install()
    #expect(try machine.files().count > before.count + 10)
    try machine.write(Machine.impatient, to: Machine.settings)
    try machine.mustRun("systemctl restart closewatch; systemctl enable closewatch.socket 2>&1")
    try machine.startLeak("leaky", port: 8080)
    try machine.wait(for: "journalctl -q -o cat --no-pager -t closewatch CLOSEWATCH_EVENT=firing") {
      !$0.isEmpty
    }
    #expect(try machine.run("journalctl --list-catalog | grep -c closewatch").status == 0)
    // It must go also when it has failed.
    try machine.mustRun("systemctl kill -s KILL closewatch; systemctl stop leaky")

    try machine.mustRun("DEBIAN_FRONTEND=noninteractive apt-get -q purge -y closewatch </dev/null")
    try machine.mustRun("rm -r /opt/leak.pl")
    let after = try machine.files()
    #expect(after.subtracting(before) == [], "files that were not there before")
    let gone = before.subtracting(after)
    #expect(gone == [], "files that are gone")
    #expect(try machine.run("grep closewatch /etc/group /etc/passwd /etc/gshadow").lines == [])
    #expect(try machine.run("journalctl --list-catalog | grep closewatch").lines == [])
    // systemd forgets a unit some time after its last job, not at once.
    try machine.wait(for: "systemctl list-units --all --no-legend 'closewatch*'") { $0.isEmpty }
    #expect(try machine.run("systemctl list-unit-files --no-legend 'closewatch*'").lines == [])
    #expect(try machine.run("pgrep closewatch").lines == [])
  }
}
