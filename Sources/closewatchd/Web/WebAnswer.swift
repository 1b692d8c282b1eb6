// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a request is answered with.
struct WebAnswer: Sendable {
  var status: HTTPResponseStatus
  var contentType: String
  var body: [UInt8]
  var headers: [(String, String)] = []
  /// Whether the connection ends with it.
  var closes = false

  init(_ status: HTTPResponseStatus, contentType: String, _ body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// One line of text.
  init(_ status: HTTPResponseStatus, _ line: String) {
    self.init(status, contentType: "text/plain; charset=utf-8", Array((line + "\n").utf8))
  }
}
