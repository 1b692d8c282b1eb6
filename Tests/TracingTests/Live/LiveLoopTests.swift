// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// Real traces of the loops of C, C++ and Rust, each with a handler that leaks and one that closes.
/// What is not installed is left out: `deploy/setup traces` installs it.
@Suite(.serialized, .requires(.root, .tracing, .command("gcc")))
struct LiveLoopTests {
  private static let rates = [(count: 6, gap: 700_000), (count: 600, gap: 5000)]

  /// A library with a loop.
  struct Library: CustomTestStringConvertible, Sendable {
    var name: String
    /// That is there when it is installed.
    var file: String
    /// Behind which the program and the compiler's own words come.
    var compiler: [String]
    var source = "loops.c"
    var ending: [String] = []
    var testDescription: String { name }
    var isInstalled: Bool { FileManager.default.fileExists(atPath: file) }
  }

  /// They read before they call anybody.
  static let reading = [
    Library(
      name: "libuv", file: "/usr/include/uv.h", compiler: ["gcc", "-O2", "-g", "-DLIBUV"],
      ending: ["-luv"]),
    Library(
      name: "libevent", file: "/usr/include/event2/event.h",
      compiler: ["gcc", "-O2", "-g", "-DLIBEVENT"], ending: ["-levent"]),
    Library(
      name: "GLib", file: "/usr/include/glib-2.0/gio/gio.h",
      compiler: [
        "gcc", "-O2", "-g", "-DGLIB", "-I/usr/include/glib-2.0",
        "-I/usr/lib/x86_64-linux-gnu/glib-2.0/include",
      ], ending: ["-lgio-2.0", "-lgobject-2.0", "-lglib-2.0"]),
    Library(
      name: "Boost.Asio", file: "/usr/include/boost/asio.hpp",
      compiler: ["g++", "-O2", "-g", "-pthread"], source: "loops.cpp"),
  ].filter(\.isInstalled)

  static let calling = [
    Library(
      name: "libev", file: "/usr/include/ev.h", compiler: ["gcc", "-O2", "-g", "-DLIBEV"],
      ending: ["-lev"])
  ].filter(\.isInstalled)

  private func trace(
    _ library: Library, in directory: TemporaryDirectory, _ rate: (count: Int, gap: Int)
  ) throws -> TracedReport {
    let program = "\(directory.path)/loops"
    let built = try ChildProgram.run(
      library.compiler[0],
      library.compiler.dropFirst() + ["-o", program, Self.source(library.source)] + library.ending)
    try #require(built.status == 0, "\(built.lines)")
    return try trace(program, rate)
  }

  private func trace(_ program: String, _ rate: (count: Int, gap: Int)) throws -> TracedReport {
    let server = try ChildProgram(program, [])
    let client = try TracedProgram()
    let port = try #require(try server.readLine())
    let trace = try RunningTrace("\(server.pid)")
    // Of some the end comes with the first byte, and of some alone.
    try client.send(to: port, count: rate.count, gap: rate.gap, "udrddu")
    return try trace.report()
  }

  private static func source(_ name: String) -> String {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(folder)/Programs/\(name)"
  }

  @Test(arguments: reading, rates)
  func `where a loop reads, nobody who closes is named, and not who began the loop`(
    library: Library, rate: (count: Int, gap: Int)
  ) throws {
    let report = try trace(library, in: TemporaryDirectory(), rate)
    #expect(report.stuck == rate.count / 2)
    #expect(report.unknown == 0)
    for group in report.groups {
      // Who has asked for a read that is made at once.
      #expect(["", "on_first", "Session::upload()"].contains(group.own.first ?? ""))
      #expect(!group.own.contains { $0.contains("ownload") })
    }
  }

  @Test(arguments: calling, rates)
  func `where a loop calls who reads, that is named`(
    library: Library, rate: (count: Int, gap: Int)
  ) throws {
    let report = try trace(library, in: TemporaryDirectory(), rate)
    #expect(report.stuck == rate.count / 2)
    #expect(report.leads == ["end-of-stream read_all": rate.count / 2])
    #expect(report.groups.allSatisfy { $0.own.starts(with: ["read_all", "on_upload"]) })
  }

  /// What cargo has from Debian's packages of crates.
  private static let crates = "/usr/share/cargo/registry"

  /// What the compiler is told of its names for linkers.
  private static let manglings: [String] = {
    let installed = (try? FileManager.default.contentsOfDirectory(atPath: crates)) ?? []
    let hasTokio = installed.contains { $0.hasPrefix("tokio-1") }
    return hasTokio ? ["", "-C symbol-mangling-version=v0"] : []
  }()

  @Test(.requires(.command("cargo")), arguments: manglings)
  func `a task of tokio that leaks is named, also where all of it is compiled into one`(
    mangling: String
  ) throws {
    let directory = TemporaryDirectory()
    let folder = directory.path
    let built = try ChildProgram.run(
      "sh",
      [
        "-c",
        """
        mkdir -p "$0/src" "$0/.cargo" && cp "$1" "$0/src/main.rs" && cd "$0" &&
        cat >Cargo.toml <<'END' &&
        [package]
        name = "loops"
        version = "0.1.0"
        edition = "2021"
        [dependencies]
        tokio = { version = "1", features = ["rt-multi-thread", "net", "io-util", "macros"] }
        [profile.release]
        debug = 1
        END
        cat >.cargo/config.toml <<END &&
        [source.crates-io]
        replace-with = "debian"
        [source.debian]
        directory = "$2"
        END
        RUSTFLAGS="$3" CARGO_TARGET_DIR="$0/target" \
        cargo build --quiet --release --offline
        """, folder, Self.source("loops.rs"), Self.crates, mangling,
      ])
    try #require(built.status == 0, "\(built.lines)")
    for rate in Self.rates {
      let report = try trace("\(folder)/target/release/loops", rate)
      #expect(report.stuck == rate.count / 2)
      // Newer compilers name all as they name the newer ones.
      let isNew = !mangling.isEmpty || report.names("loops::handle::{closure#0}")
      let closure = isNew ? "{closure#0}" : "{{closure}}"
      #expect(report.leads == ["end-of-stream loops::read_all::\(closure)": rate.count / 2])
      for group in report.groups {
        #expect(
          group.own == ["read_all", "handle_upload", "handle"].map { "loops::\($0)::\(closure)" })
        #expect(group.frames.first(where: \.own)?.line == 12)
      }
    }
  }
}
