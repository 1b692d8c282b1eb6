// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// The reads of sockets that a JVM has recorded of itself (Java Flight Recorder), as
/// `jfr print --json --events jdk.SocketRead` tells them.
///
/// An event names the other end of the connection and the thread, but neither the descriptor nor
/// this end.
package struct JavaReads: Sendable {
  /// The settings of the recording: nothing else is in it. Those that a JVM comes with have it
  /// write down its environment and its properties, with whatever is secret in them. From JDK 25
  /// on it would leave out reads beyond 100 a second; older ones do not know that setting.
  package static let settings = """
    <?xml version="1.0" encoding="UTF-8"?>
    <configuration version="2.0">
      <event name="jdk.SocketRead">
        <setting name="enabled">true</setting>
        <setting name="stackTrace">true</setting>
        <setting name="threshold">0 ns</setting>
        <setting name="throttle">off</setting>
      </event>
    </configuration>

    """

  private struct End {
    var thread: Int?
    var time: String
    var frames: [StackFrame]
  }

  private var objects = JSONObjects(depth: 4)
  private let peers: Set<Endpoint>
  private var ends: [Endpoint: End] = [:]
  /// Reads that were recorded, of all kinds.
  package private(set) var count = 0
  /// Events that were not understood.
  private var misread = 0

  /// - Parameter peers: Other ends of connections: nothing is kept of others, of which a program
  ///   has as many as it likes.
  package init(of peers: Set<Endpoint>) { self.peers = peers }

  /// Events that were not understood, or were too large.
  package var unread: Int { misread + objects.skipped }

  /// Takes more of what `jfr` prints.
  package mutating func take(_ bytes: some Sequence<UInt8>) {
    for object in objects.take(bytes) {
      do throws(DecodeError) {
        try take(event: JSONTree(object))
      } catch {
        misread += 1
      }
    }
  }

  private mutating func take(event: JSONTree) throws(DecodeError) {
    guard event["type"]?.text == "jdk.SocketRead", let values = event["values"] else {
      throw DecodeError.missing(table: "a JFR event", field: "jdk.SocketRead")
    }
    count += 1
    // What broke a connection is thrown: then no bytes were read either.
    guard values["endOfStream"]?.truth == true || (values["bytesRead"]?.integer ?? 0) <= 0 else {
      return
    }
    guard let text = values["address"]?.text,
      let address = AddressText.parse(Array(text.utf8)[...]),
      let port = values["port"]?.integer.flatMap(UInt16.init(exactly:)),
      let start = values["startTime"]?.text
    else { throw DecodeError.missing(table: "a JFR event", field: "address") }
    // Seconds have as many digits behind the point as they need: without the Z they are in order.
    let time = String(start.prefix { $0 != "Z" })
    let peer = Endpoint(address, port)
    guard peers.contains(peer) else { return }
    if let known = ends[peer], known.time > time { return }
    ends[peer] = End(
      thread: values["eventThread"]?["osThreadId"]?.integer, time: time,
      frames: (values["stackTrace"]?["frames"]?.list ?? []).compactMap(Self.frame))
  }

  /// Where the program was told that the connection with this peer is over; empty when that is not
  /// known.
  ///
  /// - Parameter thread: That read it, as the kernel counts threads where the JVM is; nil when it
  ///   is not known. Another thread has read the end of an older connection with the same port.
  package func frames(atEndOf peer: Endpoint, thread: Int?) -> [StackFrame] {
    guard let end = ends[peer], thread == nil || end.thread == thread else { return [] }
    return end.frames
  }

  private static func frame(_ frame: JSONTree) -> StackFrame? {
    guard let method = frame["method"], let name = method["name"]?.text,
      let type = method["type"]?["name"]?.text
    else { return StackFrame(function: nil) }
    // What the JVM makes between a lambda and whoever calls it.
    if method["hidden"]?.truth == true { return nil }
    // It does not tell the source file: that need not have the name of the class.
    let function = String(type.map { $0 == "/" ? "." : $0 }) + "." + name
    let loader = method["type"]?["classLoader"]?["name"]?.text
    let isOfJDK = loader == "bootstrap" || loader == "platform"
    return StackFrame(
      function: function, line: frame["lineNumber"]?.integer.flatMap { $0 > 0 ? $0 : nil },
      isOwn: !isOfJDK && OwnCode.isOwn(function: function, source: nil, path: ""))
  }
}
