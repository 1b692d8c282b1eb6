// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport
import Testing

@Suite struct KnownNamesTests {
  @Test func `people, full host names and the own name are known, programs and accounts are not`() {
    let temporary = TemporaryDirectory()
    temporary.write(
      "passwd",
      Array(
        """
        root:x:0:0::/root:/bin/sh
        postgres:x:113:120::/var/lib/postgresql:/bin/bash
        alice:x:1000:1000::/home/alice:/bin/bash
        env:x:1001:1001::/home/env:/bin/bash
        nobody:x:65534:65534::/:/usr/sbin/nologin
        broken
        """.utf8))
    temporary.write(
      "hosts",
      Array(
        "127.0.0.1 localhost localhost.localdomain\n10.1.2.3\tdb7.acme.example redis # x.y\n".utf8))
    let names = KnownNames.ofThisHost(
      passwd: temporary.path + "/passwd", hosts: temporary.path + "/hosts",
      name: "web01.acme.example")
    // env(1) is a program everywhere.
    #expect(names.users == ["alice"])
    #expect(names.hosts == ["web01.acme.example", "web01", "db7.acme.example"])
  }

  @Test func `files that are not there have no names`() {
    let names = KnownNames.ofThisHost(passwd: "/nonexistent", hosts: "/nonexistent", name: "")
    #expect(names == KnownNames())
  }
}
