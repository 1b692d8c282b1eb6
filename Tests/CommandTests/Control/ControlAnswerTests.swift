// SPDX-License-Identifier: Apache-2.0

import Console
import Testing

@Suite struct ControlAnswerTests {
  private func read(_ text: String) -> ControlAnswer? { ControlAnswer(Array(text.utf8)) }

  private let good =
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nClosewatch-Exit: 1\r\nConnection: close\r\n\r\na\nb"

  @Test func `an answer of the daemon has a status, an exit status and a body`() throws {
    let answer = try #require(read(good))
    #expect(answer.status == 200)
    #expect(answer.exitStatus == 1)
    #expect(answer.body == Array("a\nb".utf8))
    #expect(!answer.isBusy)
    let busy = good.replacing("200 OK", with: "503 No\r\nRetry-After: 1")
    #expect(read(busy)?.isBusy == true)
  }

  @Test func `an answer that is cut anywhere is none`() {
    for length in 0..<good.utf8.count {
      #expect(ControlAnswer(Array(good.utf8.prefix(length))) == nil, "\(length)")
    }
  }

  @Test(arguments: [
    "", "\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "220 mail.example ESMTP\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nClosewatch-Exit: 7\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nClosewatch-Exit: 0\r\n\r\nab",
    "HTTP/1.1 two OK\r\nContent-Length: 0\r\nClosewatch-Exit: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\nClosewatch-Exit: 0\r\n\r\n",
  ])
  func `an answer of another program is none`(_ text: String) {
    #expect(read(text) == nil)
  }
}
