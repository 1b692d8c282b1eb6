// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What `deploy/release` puts beside the Debian package.
enum BuiltRelease {
  /// The names of the files beside the package that end like this.
  static func names(_ ending: String) throws -> [String] {
    try ChildProgram.run("ls", ["-1", BuiltPackage.folder]).lines.filter {
      $0.hasPrefix("closewatch-") && $0.hasSuffix(ending)
    }
  }

  static func rpm() throws -> String { try #require(try names(".rpm").first, "no RPM package") }

  static func tarball() throws -> String { try #require(try names(".tar.gz").first, "no tarball") }
}

/// The Debian package, the RPM package and the tarball, held to each other and to the list that
/// they are made of.
@Suite(.requires(.debianPackage, .command("rpm")))
struct ReleaseTests {
  private static let root =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

  /// A regular file of a package: what is in it, and its mode.
  private struct Content: Hashable {
    var sum: Substring
    var mode: Substring
  }

  /// The files below a folder, by their place.
  private static func tree(_ folder: String) throws -> [String: Content] {
    let script = "cd \"$0\" && find . -type f -printf '%m ' -exec sha256sum {} \\;"
    var found: [String: Content] = [:]
    for line in try ChildProgram.run("sh", ["-c", script, folder]).lines {
      // 644 SUM  ./usr/bin/closewatch
      let words: [Substring] = line.split(separator: " ")
      found[String(words[2].dropFirst())] = Content(sum: words[1], mode: words[0])
    }
    return found
  }

  private static func rpmFiles() throws -> [String: Content] {
    let lines = try ChildProgram.run(
      "rpm", ["-qp", "--dump", "\(BuiltPackage.folder)/\(try BuiltRelease.rpm())"]
    ).lines
    // path size mtime sum mode owner group isconfig isdoc rdev symlink
    let rows: [[Substring]] = lines.map { $0.split(separator: " ") }
    let files = rows.filter { $0[4].hasPrefix("0100") }
    for file in files { #expect(file[5] == "root" && file[6] == "root", "\(file)") }
    var found: [String: Content] = [:]
    for file in files { found[String(file[0])] = Content(sum: file[3], mode: file[4].suffix(3)) }
    return found
  }

  /// The places of the list that not all packages have.
  private static func placesOfSome() throws -> [String] {
    let list = String(decoding: try #require(readBytes("\(root)/deploy/contents")), as: UTF8.self)
    var places: [String] = []
    for line in list.split(separator: "\n") where !line.hasPrefix("#") && !line.hasPrefix("all ") {
      let words: [Substring] = line.split(separator: " ")
      places.append("/" + (try #require(words.last)))
    }
    return places
  }

  @Test func `the three have the same files, but those that the list gives to some`() throws {
    let folder = TemporaryDirectory()
    let unpacked = try ChildProgram.run(
      "tar",
      [
        "-xzf", "\(BuiltPackage.folder)/\(try BuiltRelease.tarball())", "-C", folder.path,
        "--strip-components=1",
      ])
    try #require(unpacked.status == 0)
    let tar = try Self.tree("\(folder.path)/files")
    let deb = try Self.tree("\(BuiltPackage.folder)/unpacked")
    let rpm = try Self.rpmFiles()
    let some = try Self.placesOfSome()
    #expect(some.count == 3, "\(some)")
    func common(_ files: [String: Content]) -> [String: Content] {
      files.filter { file in !some.contains { file.key.hasPrefix($0) } }
    }
    #expect(common(deb).count > 50)
    #expect(common(deb) == common(rpm))
    #expect(common(rpm) == common(tar))
    #expect(deb.count == common(deb).count + 2 && rpm.count == common(rpm).count + 1)
    #expect(rpm == tar)
    #expect(try ChildProgram.run("ls", [folder.path]).lines == ["README", "files", "install.sh"])
  }

  @Test func `what is below etc is settings to both package managers`() throws {
    let deb = try ChildProgram.run(
      "dpkg-deb", ["--info", "\(BuiltPackage.folder)/\(BuiltPackage.name)", "conffiles"]
    ).lines
    let rpm = try ChildProgram.run(
      "rpm", ["-qpc", "\(BuiltPackage.folder)/\(try BuiltRelease.rpm())"]
    ).lines
    #expect(deb.count == 2 && deb.allSatisfy { $0.hasPrefix("/etc/") })
    #expect(deb == rpm)
  }

  @Test func `the checksums are those of the three`() throws {
    let run = try ChildProgram.run(
      "sh", ["-c", "cd \"$0\" && sha256sum --check --strict SHA256SUMS", BuiltPackage.folder])
    #expect(run.status == 0)
    let wanted = [BuiltPackage.name, try BuiltRelease.rpm(), try BuiltRelease.tarball()]
    #expect(run.lines == wanted.map { "\($0): OK" })
    #expect(try BuiltRelease.names(".rpm").count == 1 && BuiltRelease.names(".gz").count == 1)
  }

  @Test func `the RPM package asks for what RHEL 9 has, and for its version of systemd`() throws {
    let needs = try ChildProgram.run(
      "rpm", ["-qpR", "\(BuiltPackage.folder)/\(try BuiltRelease.rpm())"]
    ).lines.filter { !$0.hasPrefix("rpmlib(") && !$0.hasPrefix("config(") }
    // Which versions of symbols: that of the daemon, which PackageTests reads.
    let names = Set(needs.map { String($0.prefix { $0 != "(" }) })
    #expect(
      names == [
        "/bin/sh", "ld-linux-x86-64.so.2", "libc.so.6", "libgcc_s.so.1", "libm.so.6",
        "libsystemd.so.0", "rtld", "systemd", "systemd >= 249",
      ])
  }

  @Test(.requires(.command("rpmlint")))
  func `rpmlint has nothing to say about it`() throws {
    let run = try ChildProgram.run(
      "rpmlint",
      [
        "--config", "\(Self.root)/deploy/rpm/rpmlint.toml",
        "\(BuiltPackage.folder)/\(try BuiltRelease.rpm())",
      ])
    #expect(run.status == 0)
    #expect(run.lines.filter { $0.contains(": E: ") || $0.contains(": W: ") } == [])
  }
}
