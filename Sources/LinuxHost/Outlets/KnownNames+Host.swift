// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

extension KnownNames {
  /// What this host and its people are called. A name that a program has too stays: without the
  /// names of programs a recording says nothing.
  package static func ofThisHost(
    passwd: String = "/etc/passwd", hosts: String = "/etc/hosts", name: String = HostName.current
  ) -> KnownNames {
    let own = [name, String(name.prefix { $0 != "." })]
    return KnownNames(
      hosts: unique(own + fullNames(in: text(of: hosts))),
      users: unique(people(in: text(of: passwd))))
  }

  /// The most names that are looked for.
  private static let most = 10_000

  private static func text(of path: String) -> Substring {
    String(decoding: (try? readFile(path)) ?? [], as: UTF8.self)[...]
  }

  /// Accounts below 1000 belong to packages, and 65534 is nobody.
  private static func people(in passwd: Substring) -> [String] {
    passwd.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count > 2, let uid = UInt32(fields[2]), uid >= 1000, uid != 65534 else {
        return nil
      }
      return String(fields[0])
    }
  }

  /// Names with a domain; those without are words like `db` and `redis`.
  private static func fullNames(in hosts: Substring) -> [String] {
    hosts.split(separator: "\n").flatMap { line in
      line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.dropFirst()
        .filter { $0.contains(".") && !$0.hasPrefix("localhost.") }.map(String.init)
    }
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.prefix(most).filter { name in
      !name.isEmpty && name != "localhost" && seen.insert(name).inserted && !isProgram(name)
    }
  }

  private static func isProgram(_ name: String) -> Bool {
    if name.contains("/") { return false }
    return ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].contains {
      access($0 + name, F_OK) == 0
    }
  }
}
