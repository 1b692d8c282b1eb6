// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Certificates of an authority that lives for one test: openssl, as an administrator would.
struct Certificates {
  let directory = TemporaryDirectory()

  /// The path of a file of these.
  func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// Makes `ca`, `server` (for 127.0.0.1), `client`, and a client `stranger` of another authority:
  /// each a `.pem` and a `.key`.
  init() throws {
    try openssl("req -x509 -nodes -days 2 -subj /CN=Test-CA \(Self.newKey("ca")) -out ca.pem")
    try openssl(
      "req -x509 -nodes -days 2 -subj /CN=Other-CA \(Self.newKey("other")) -out other.pem")
    try issue("server", by: "ca", serial: 1001)
    try issue("client", by: "ca", serial: 1002)
    try issue("stranger", by: "other", serial: 1003)
  }

  /// Makes a certificate for 127.0.0.1 or what is said instead, and its key.
  func issue(
    _ name: String, by authority: String, serial: Int, for subject: String = "IP:127.0.0.1"
  ) throws {
    directory.write("san.cnf", Array("subjectAltName=\(subject)\n".utf8))
    try openssl("req -nodes -subj /CN=\(name) \(Self.newKey(name)) -new -out \(name).csr")
    try openssl(
      "x509 -req -days 2 -in \(name).csr -CA \(authority).pem -CAkey \(authority).key "
        + "-set_serial \(serial) -extfile san.cnf -out \(name).pem")
  }

  private static func newKey(_ name: String) -> String {
    "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout \(name).key"
  }

  private func openssl(_ arguments: String) throws {
    let run = try ChildProgram.run(
      "sh", ["-c", "cd \"$0\" && openssl \(arguments) 2>&1", directory.path])
    guard run.status == 0 else {
      throw ChildProgram.Failure("openssl \(arguments): \(run.lines)")
    }
  }
}
