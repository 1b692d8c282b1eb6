// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

@Suite struct RuntimeEvidenceTests {
  @Test(arguments: [
    ("/usr/lib/jvm/java-17/bin/java", ProcessRuntime.jvm), ("/usr/bin/node", .node),
    ("/usr/bin/python3.11", .python), ("/usr/bin/python", .python), ("/usr/bin/pypy3", .python),
    ("/usr/bin/perl", .perl), ("/usr/bin/perl5.36.0", .perl), ("/usr/bin/ruby3.1", .ruby),
    ("/usr/sbin/php-fpm8.2", .php), ("/usr/bin/php8.2", .php),
    ("/usr/sbin/nginx", .nginx), ("/usr/lib/erlang/erts-13/bin/beam.smp", .erlang),
    ("/usr/bin/dotnet", .dotnet), ("/usr/sbin/haproxy", .haproxy), ("envoy", .envoy),
  ])
  func `a runtime is known by the name of its program`(path: String, runtime: ProcessRuntime) {
    #expect(RuntimeEvidence.runtime(named: path) == runtime)
  }

  @Test(arguments: [
    "/usr/bin/pythonista", "/usr/bin/node_exporter", "/opt/javac", "/", "", "php-x",
  ])
  func `a name that only begins like one is none`(path: String) {
    #expect(RuntimeEvidence.runtime(named: path) == nil)
  }

  @Test func `a file that is no program has no sections`() throws {
    let sections = try #require(ElfSections(file: "/etc/passwd"))
    #expect(sections.names.isEmpty)
    #expect(ElfSections(file: "/nonexistent") == nil)
  }

  @Test func `the sections of a program are read`() throws {
    let sections = try #require(ElfSections(file: "/proc/self/exe"))
    #expect(sections.names.isSuperset(of: [".text", ".shstrtab"]))
    #expect(sections.names.contains { $0.hasPrefix("swift5_") })
  }
}
