// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Debian package that `deploy/release` has built. `deploy/test` says which one it is, so that
/// no test takes one that was left behind by another day.
package enum BuiltPackage {
  /// The path of the .deb; nil when there is none.
  package static let path: String? = getenv("CLOSEWATCH_PACKAGE").map { String(cString: $0) }
    .flatMap { $0.hasPrefix("/") && access($0, R_OK) == 0 ? $0 : nil }

  /// The folder of the .deb.
  package static var folder: String {
    (path ?? "").split(separator: "/").dropLast().map { "/" + $0 }.joined()
  }

  /// The name of the .deb in its folder.
  package static var name: String {
    (path ?? "").split(separator: "/").last.map(String.init) ?? "no-package"
  }

  /// A file of the package, as it is installed: `usr/bin/closewatch`. deploy/package unpacks the
  /// .deb beside it.
  package static func file(_ path: String) -> String { "\(folder)/unpacked/\(path)" }

  /// The command of the package, without debugging information.
  package static var program: String { file("usr/bin/closewatch") }

  /// The daemon of the package, with TLS.
  package static var daemon: String { file("usr/libexec/closewatch/closewatchd") }
}
