// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `closewatch.spdx.json` of the package, held to what is linked by the maps of the linker, to
/// Package.resolved, and to debian/copyright.
@Suite(.requires(.debianPackage, .command("python3")))
struct ComponentsTests {
  private static let root =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
  private static let programs = ["closewatch", "closewatchd", "closewatch-trace"]

  private static func text(_ path: String) throws -> String {
    String(decoding: try #require(readBytes(path), "\(path)"), as: UTF8.self)
  }

  /// Lines of a JSON file, made by a line of Python: `d` is the document.
  private static func json(_ path: String, _ line: String) throws -> [String] {
    let run = try ChildProgram.run(
      "python3", ["-c", "import json, sys; d = json.load(open(sys.argv[1]))\n\(line)", path])
    try #require(run.status == 0)
    return run.lines
  }

  private static let document = BuiltPackage.file("usr/share/doc/closewatch/closewatch.spdx.json")

  /// By program: what it is linked with in a way, as the document says.
  private static func related(_ kind: String) throws -> [String: Set<String>] {
    let lines = try json(
      document,
      """
      names = {p["SPDXID"]: p["name"] for p in d["packages"]}
      for r in d["relationships"]:
        if r["relationshipType"] == "\(kind)":
          print(names[r["spdxElementId"]], names[r["relatedSpdxElement"]])
      """)
    let pairs = lines.map { $0.split(separator: " ").map(String.init) }
    return Dictionary(pairs.map { ($0[0], [$0[1]]) }, uniquingKeysWith: { $0.union($1) })
  }

  /// What the map of a program has, by the folder of the package that each module is in and by the
  /// name of each archive.
  private static func linked(
    _ program: String
  ) throws -> (packages: Set<String>, archives: [String]) {
    let map = "\(BuiltPackage.folder)/parts/\(program).map"
    func found(_ pattern: String) throws -> [String] {
      try ChildProgram.run("sh", ["-c", "grep -oE \"$0\" \"$1\" | sort -u", pattern, map]).lines
    }
    let modules = try found("/[A-Za-z0-9_]+\\.build/").map { $0.dropFirst().dropLast(7) }
    #expect(modules.contains("KernelTables"))
    var packages: Set<String> = []
    // A module has an underscore where its folder has a dash.
    func isOwn(_ module: Substring) -> Bool {
      let folder = String(module.map { $0 == "_" ? "-" : $0 })
      return readDirectory("\(root)/Sources/\(folder)") != nil
    }
    for module in modules where !isOwn(module) {
      let folder = try ChildProgram.run(
        "sh", ["-c", "cd \"$0\" && ls -d */Sources/$1", "\(root)/.build/checkouts", "\(module)"]
      ).lines
      packages.insert(String(try #require(folder.first, "\(module)").prefix { $0 != "/" }))
    }
    let archives = try found("/[^ ()]+\\.a[(:]").map { String($0.dropLast()) }
    return (packages, archives)
  }

  private static func readDirectory(_ path: String) -> [String]? {
    let run = try? ChildProgram.run("sh", ["-c", "ls \"$0\" 2>/dev/null", path])
    return run?.status == 0 ? run?.lines : nil
  }

  /// The name that an archive of the toolchain or of Debian has in the document.
  private static func name(ofArchive path: String) -> String {
    if path.contains("/swift_static/") { return "swift-runtime" }
    if path.contains("/clang/") { return "compiler-rt" }
    let file = path.split(separator: "/").last ?? ""
    if file.hasPrefix("libstdc++") { return "libstdc++" }
    let names = [
      "libyaml": "libyaml", "libbpf": "libbpf", "libdw": "elfutils", "libelf": "elfutils",
      "libz.": "zlib-debian", "liblzma": "liblzma", "libbz2": "bzip2",
    ]
    if let known = names.first(where: { file.hasPrefix($0.key) }) { return known.value }
    if file.hasPrefix("libcrypt") { return "libxcrypt" }
    return file.hasPrefix("libgcc") ? "libgcc" : "glibc"
  }

  @Test(arguments: programs) func `what is linked into a program is in the document, and only that`(
    _ program: String
  ) throws {
    let (packages, archives) = try Self.linked(program)
    #expect(!archives.isEmpty)
    let linked = packages.union(archives.map(Self.name(ofArchive:)))
    #expect(try Self.related("STATIC_LINK")[program] == linked)
  }

  @Test func `what is loaded with the daemon is in the document, and the command loads nothing`()
    throws
  {
    let named = try ChildProgram.run("objdump", ["-p", BuiltPackage.daemon]).lines
    let needed = named.filter { $0.contains(" NEEDED ") }.map {
      String($0.split(separator: " ")[1])
    }
    let loaded = try Self.related("DYNAMIC_LINK")
    #expect(loaded["closewatchd"] == Set(needed))
    #expect(loaded["closewatch"] == nil)
  }

  @Test func `each package has the version and the commit of Package resolved`() throws {
    let pins = try Self.json(
      "\(Self.root)/Package.resolved",
      """
      for p in d["pins"]:
        place = p["location"].removesuffix(".git")
        print(p["identity"], p["state"]["version"],
          "git+" + place + ".git@" + p["state"]["revision"])
      """)
    let found = try Self.json(
      Self.document,
      """
      for p in d["packages"]: print(p["name"], p.get("versionInfo"), p["downloadLocation"])
      """)
    let packages = try Self.programs.reduce(into: Set<String>()) {
      $0.formUnion(try Self.linked($1).packages)
    }
    #expect(packages.count >= 9)
    for package in packages {
      let pin = pins.first { $0.hasPrefix(package + " ") }
      #expect(pin != nil && found.contains(pin ?? ""), "\(package)")
    }
    // Copies of others' code that no package manager knows of.
    for copied in ["boringssl", "llhttp", "zlib"] {
      let line = found.first { $0.hasPrefix(copied + " ") }
      #expect(line?.contains(" None ") == false, "\(copied)")
    }
  }

  @Test func `each part has its licence in debian copyright, and none that is not there`() throws {
    let parts = try Self.related("STATIC_LINK").values.reduce(into: Set<String>()) {
      $0.formUnion($1)
    }.union(try Self.related("CONTAINS").values.flatMap { $0 })
    let copyright = try Self.text("\(Self.root)/deploy/debian/copyright")
    let named = copyright.split(separator: "\n").filter { $0.hasPrefix("Files: ") }
      .flatMap { $0.dropFirst(7).split(separator: " ").map(String.init) }
    #expect(Set(named).subtracting(["*"]) == parts)
    #expect(named.count == Set(named).count)
  }

  @Test func `the document is what SPDX 2 3 asks for`() throws {
    let lines = try Self.json(
      Self.document,
      """
      print(d["spdxVersion"], d["dataLicense"], d["SPDXID"])
      ids = [p["SPDXID"] for p in d["packages"]]
      print(len(ids) == len(set(ids)))
      known = set(ids) | {"SPDXRef-DOCUMENT"}
      print(all(r[k] in known for r in d["relationships"]
        for k in ("spdxElementId", "relatedSpdxElement")))
      print(all(p[k] for p in d["packages"]
        for k in ("name", "downloadLocation", "licenseDeclared", "copyrightText")))
      """)
    #expect(lines == ["SPDX-2.3 CC0-1.0 SPDXRef-DOCUMENT", "True", "True", "True"])
  }
}
