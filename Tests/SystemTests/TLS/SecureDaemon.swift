// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The packaged daemon with web settings, and what curl makes of it.
struct SecureDaemon {
  let daemon: RunningDaemon
  let port: UInt16

  /// - Parameter config: The text of the web settings; they lie beside the certificates.
  init(_ certificates: Certificates, config: String) throws {
    certificates.directory.write("web.yaml", Array(config.utf8))
    daemon = try RunningDaemon(
      settings: ["sampling.interval=200ms", "sampling.full-interval=1s"],
      web: [
        "--web.listen-address", "127.0.0.1:0", "--web.config.file", certificates.path("web.yaml"),
      ], path: BuiltPackage.program)
    let line = try daemon.waitFor("listening on 127.0.0.1:")
    port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
    try daemon.waitFor("watching")
  }

  /// What came of a request: curl's own exit status, the status of the answer (000: none), and what
  /// curl said.
  struct Outcome: Equatable {
    var exit: Int32
    var status: String
    var words: String
  }

  /// Asks for the metrics with curl.
  func ask(_ arguments: [String], scheme: String = "https") throws -> Outcome {
    let run = try ChildProgram.run(
      "sh",
      [
        "-c", "exec curl -sS --max-time 20 -o /dev/null -w '%{http_code}\\n' \"$@\" 2>&1", "curl",
        "\(scheme)://127.0.0.1:\(port)/metrics",
      ] + arguments)
    let status = run.lines.last { $0.count == 3 } ?? ""
    return Outcome(
      exit: run.status, status: status,
      words: run.lines.filter { $0 != status }.joined(separator: " "))
  }

  /// The serial number of the certificate that it shows.
  func serial() throws -> String? {
    try ChildProgram.run(
      "sh",
      [
        "-c",
        "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null "
          + "| openssl x509 -noout -serial",
      ]
    ).lines.first
  }
}
