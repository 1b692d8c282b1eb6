// SPDX-License-Identifier: Apache-2.0

/// How much a client can ask of the web server. Nothing it does can cost more than this.
struct WebLimits: Sendable {
  /// Connections open at a time; more wait in the kernel's backlog. 400: together with the
  /// daemon's own descriptors it stays below the usual soft limit of 1,024.
  var connections = 400
  /// From the first byte of a request (or from accept(), for the first one) to its last. 10 s: the
  /// default scrape_timeout; a client that needs longer has given up.
  var requestSeconds = 10.0
  /// Between two requests of one connection. 90 s: longer than the common scrape intervals.
  var idleSeconds = 90.0
  /// For the client to take an answer. 30 s: a page over a very slow line.
  var responseSeconds = 30.0
  /// One line of a header, and all of them.
  var headerLineBytes = 8192
  var headerBytes = 16_384
  var headerLines = 64
  /// A body is read and thrown away up to this, so that the client can see the answer. 64 kB.
  var bodyBytes = 65_536
  /// Requests of one connection before it is closed: nobody keeps one forever.
  var requests = 10_000
  /// The largest answer. 4 MB: some ten times the largest page.
  var responseBytes = 4 << 20
  /// After being told to stop: for answers that are on their way.
  var shutdownSeconds = 3.0
}
