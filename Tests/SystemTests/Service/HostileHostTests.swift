// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The installed service beside those who make the kernel hang under who looks at them. Each test
/// has a machine of its own: some of what hangs there cannot be ended from inside.
@Suite(
  .serialized,
  .requires(
    .root, .mountNamespaces, .debianPackage, .fuse, .command("debootstrap"),
    .command("systemd-nspawn"), .command("curl")))
struct HostileHostTests {
  @Test func `a file system that goes silent under a program costs nobody a look`() throws {
    let stage = try HostileStage("closewatch-silent")
    try stage.expectLooksGoOn()
    stage.silence()
    // It knows nothing of that program yet.
    try stage.inAMinute("systemctl restart closewatch")
    try stage.expectLooksGoOn()
    let own = try stage.ownLook()
    #expect(own.contains { $0.contains("leaky.service") }, "\(own)")
    // Only what is written on the overlay above it was asked for, last, and that alone is missing:
    // who holds its sockets is told all the same.
    for look in [own, try stage.machine.run("closewatch triage").lines] {
      let said = look.joined(separator: " ").split(separator: " ").joined(separator: " ")
      // Of the program, and of the server, which is in the same mount namespace: by the look that
      // hung, or by the next, which stays away from what that one hung on.
      #expect(
        said.contains(" not read: open of exe on an overlay is avoided for /proc/")
          || said.contains(" not read: open of exe on an overlay of process ")
            && said.contains(HostileStage.stuck),
        "\(look)")
      #expect(!said.contains("Not read, because"), "\(look)")
    }
    let holders = try stage.machine.run("closewatch sockets --state close-wait").lines
    #expect(holders.contains { $0.contains("SilentFiles[") || $0.contains("program[") })
    #expect(!holders.contains { $0.contains("holder not seen") }, "\(holders)")
    stage.files?.end()
    try stage.machine.wait(for: "pgrep -c closewatch-eye") { $0 == ["1"] }
    try stage.expectLooksGoOn()
  }

  @Test func `an eye that is stopped or killed in the middle is replaced, and nothing is lost`()
    throws
  {
    let machine = try Machine.withService("closewatch-eyes")
    try machine.startLeak("leaky", port: 8080)
    let namesLeak = { (page: [String]) in page.contains { $0.contains("leaky.service") } }
    try machine.waitForPage("a leak", namesLeak)
    let pid = try machine.property("MainPID")
    for signal in ["STOP", "KILL", "KILL", "STOP", "KILL"] {
      let eye = try #require(try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 }.first)
      try machine.mustRun("kill -\(signal) \(eye)")
      try machine.wait(for: "pgrep closewatch-eye") { $0.count == 1 && $0 != [eye] }
      try machine.waitForPage("a leak after \(signal)", namesLeak)
    }
    #expect(try machine.property("MainPID") == pid)
    #expect(try machine.property("NRestarts") == "0")
    #expect(try machine.page("/-/ready") != nil)
  }
}
