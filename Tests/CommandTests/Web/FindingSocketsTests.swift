// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The sockets of a finding on the status page: behind a link, and behind a password.
@Suite(.serialized, .requires(.root, .networkNamespaces)) struct FindingSocketsTests {
  /// The password is `open-sesame`: bcrypt, of low cost.
  private static let users = """
    basic_auth_users:
      prometheus: '$2y$08$abcdefghijklmnopqrstuuxtqXMj0ezeGztE9iENg7O4lq6Wb2jUS'

    """
  private static let password = "Authorization: Basic cHJvbWV0aGV1czpvcGVuLXNlc2FtZQ==\r\n"

  private func start(_ web: [String]) throws -> (RunningDaemon, UInt16) {
    let daemon = try RunningDaemon(
      settings: [
        "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
        "rules.patience=1s", "rules.quiet=60s",
      ], web: ["--web.listen-address", "127.0.0.1:0"] + web)
    let line = try daemon.waitFor("listening on 127.0.0.1:")
    let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
    return (daemon, port)
  }

  private static func get(
    _ port: UInt16, _ path: String, _ header: String = ""
  ) throws -> WebClient.Answer {
    let client = try WebClient(port: port)
    client.send(
      "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(header)Connection: close\r\n\r\n")
    return try #require(client.answer(within: 60))
  }

  @Test func `with the password each socket is there, with its descriptor`() throws {
    let directory = TemporaryDirectory()
    directory.write("web.yaml", Array(Self.users.utf8))
    let (daemon, port) = try start(["--web.config.file", directory.path + "/web.yaml"])
    try Lab.with("close-wait", count: 31) { lab in
      _ = try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
      let page = try Self.get(port, "/", Self.password).text
      // Other tests leak beside this one.
      let links = page.matches(of: #/<a href="\.(/sockets\?finding=f[0-9a-f]+)">/#)
        .map { String($0.output.1) }
      let found = try links.map { ($0, try Self.get(port, $0, Self.password)) }
        .first { $0.1.text.occurrences("SocketLab[\(lab.pid)]") >= 31 }
      let (link, answer) = try #require(found, "\(links)")
      #expect(answer.status == 200)
      #expect(answer.text.contains("CLOSE_WAIT") && answer.text.contains("127.0.0.1:"))
      #expect(try Self.get(port, link).status == 401)
      #expect(try Self.get(port, "/sockets?finding=f0", Self.password).status == 404)
    }
    #expect(daemon.stop().status == 0)
  }

  @Test func `without a password there is neither link nor page`() throws {
    let (daemon, port) = try start([])
    try Lab.with("close-wait", count: 31) { lab in
      _ = try daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
      let page = try Self.get(port, "/").text
      #expect(page.contains("CLOSE_WAIT") && !page.contains("/sockets"))
      let id = try #require(page.firstMatch(of: #/id="(f[0-9a-f]+)"/#))
      let answer = try Self.get(port, "/sockets?finding=\(id.output.1)")
      #expect(answer.status == 404)
      #expect(!answer.text.contains("127.0.0.1"))
    }
    #expect(daemon.stop().status == 0)
  }
}

extension String {
  /// How often it has the other in it.
  fileprivate func occurrences(_ other: String) -> Int { ranges(of: other).count }
}
