// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A conversation with the inspector of a Node that runs: which of its sockets the peer has ended,
/// and which functions listen to them. As Node keeps both, this is also known of sockets that were
/// stuck before anybody watched.
///
/// A function is told by its place in the source and never by its text: two handlers may read
/// alike.
package struct NodeInspection {
  /// A socket whose end the program was told of.
  package struct Socket: Hashable, Sendable {
    package var peer: Endpoint
    package var localPort: UInt16
    /// Whether the program was told of the end; otherwise it has not read so far.
    package var hasEnded: Bool
    /// What listens to it, of the program's own: the event and the function.
    package var listeners: [Listener]
  }

  package struct Listener: Hashable, Sendable {
    package var event: String
    package var function: StackFrame
  }

  private enum Question: Hashable {
    case scripts, handles, identity, listeners
    case functions
    case place(index: Int)
  }

  /// What is asked for at most: a call for each function.
  private static let mostFunctions = 20_000
  /// Of a name that an object has in the conversation: some 30 bytes.
  private static let longestObject = 256
  /// Of the names of all scripts: some 100 bytes each.
  private static let mostScriptBytes = 16 << 20
  /// Questions that wait for an answer at the same time: what is sent must not have to wait.
  private static let mostAtOnce = 64

  /// The process, as it counts itself in its own namespace.
  private let pid: Int32
  private var reader = WebSocketText()
  private var asked: [Int: Question] = [:]
  private var newest = 0
  private var scripts: [String: String] = [:]
  private var scriptBytes = 0
  private var described: [JSONTree] = []
  private var places: [Int: StackFrame] = [:]
  private var unasked: [(index: Int, object: String)] = []
  /// Whether all has been answered.
  package private(set) var isOver = false

  package init(pid: Int32) { self.pid = pid }

  /// What to ask first.
  package mutating func begin() -> [String] {
    // The scripts are told before this is answered.
    [
      ask(.identity, "Runtime.evaluate", #""expression":"process.pid","returnByValue":true"#),
      ask(.scripts, "Debugger.enable", ""),
    ]
  }

  /// What begins the conversation at this path.
  package static func greeting(path: String, port: UInt16) -> [UInt8] {
    // Only proxies care what the key is.
    Array(WebSocketText.request(path: path, port: port, key: "AAAAAAAAAAAAAAAAAAAAAA==").utf8)
  }

  /// A message, as it is sent.
  package static func frame(_ message: String) -> [UInt8] {
    WebSocketText.frame(message, mask: (0..<4).map { _ in UInt8.random(in: 0...255) })
  }

  /// Takes bytes as they come.
  ///
  /// - Returns: What to send next.
  /// - Throws: As ``take(_:)``, and where the other side ends it.
  package mutating func take(frames bytes: [UInt8]) throws(DecodeError) -> [String] {
    var next: [String] = []
    for message in try reader.take(bytes) { next += try take(message) }
    return next
  }

  /// What to say when nothing more is wanted: the debugger's door was opened for this only.
  package mutating func end() -> [String] {
    let close = #""expression":"require('inspector').close()","includeCommandLineAPI":true"#
    return [
      ask(nil, "Debugger.disable", ""),
      ask(nil, "Runtime.releaseObjectGroup", #""objectGroup":"closewatch""#),
      ask(nil, "Runtime.evaluate", close),
    ]
  }

  private mutating func ask(_ question: Question?, _ method: String, _ parameters: String) -> String
  {
    newest += 1
    asked[newest] = question
    return #"{"id":\#(newest),"method":"\#(method)","params":{\#(parameters)}}"#
  }

  /// Takes one answer or event.
  ///
  /// - Returns: What to ask next.
  /// - Throws: ``DecodeError`` when it is another process that answers, or none of what was asked.
  package mutating func take(_ message: [UInt8]) throws(DecodeError) -> [String] {
    let tree = try JSONTree(message)
    if tree["method"]?.text == "Debugger.scriptParsed", let script = tree["params"],
      let number = script["scriptId"]?.text, let url = script["url"]?.text
    {
      scriptBytes += number.utf8.count + url.utf8.count
      if scriptBytes <= Self.mostScriptBytes { scripts[number] = url }
    }
    guard let number = tree["id"]?.integer, let question = asked.removeValue(forKey: number)
    else { return [] }
    let result = tree["result"]
    switch question {
    case .identity: return try identify(result)
    case .scripts: return [ask(.handles, "Runtime.evaluate", Self.handles)]
    case .handles: return try listeners(result)
    case .listeners: return try describe(result)
    case .functions: return functions(result)
    case .place(let index): return place(of: index, result)
    }
  }

  private mutating func identify(_ result: JSONTree?) throws(DecodeError) -> [String] {
    guard let found = result?["result"]?["value"]?.integer, found == Int(pid) else {
      throw bad("process", "\(result?["result"]?["value"]?.integer ?? 0) instead of \(pid)")
    }
    return []
  }

  /// Sockets as text, and beside it the functions, as only the inspector knows where they are.
  private static let handles = """
    "objectGroup":"closewatch","expression":"(()=>{const functions=[],sockets=[];\
    for(const h of process._getActiveHandles()){\
    if(!h||typeof h.rawListeners!=='function'||!h.remotePort||h.destroyed)continue;\
    const own=[];for(const e of ['end','data','readable','close','error'])\
    for(const f of h.rawListeners(e)){const g=f.listener||f;\
    if(typeof g==='function'){own.push([e,functions.length,g.name||'']);functions.push(g)}}\
    sockets.push([h.remoteAddress,h.remotePort,h.localPort,!!h.readableEnded,own])}\
    return {sockets:JSON.stringify(sockets),functions}})()"
    """

  private mutating func listeners(_ result: JSONTree?) throws(DecodeError) -> [String] {
    guard let object = result?["result"]?["objectId"]?.text else {
      throw bad("handles", result?["exceptionDetails"]?["text"]?.text ?? "")
    }
    return [ask(.listeners, "Runtime.getProperties", properties(of: object))]
  }

  private mutating func describe(_ result: JSONTree?) throws(DecodeError) -> [String] {
    var functions: String?
    for property in result?["result"]?.list ?? [] {
      switch property["name"]?.text {
      case "sockets":
        let text = property["value"]?["value"]?.text ?? ""
        described = try JSONTree(Array(text.utf8)).list ?? []
      case "functions": functions = property["value"]?["objectId"]?.text
      default: break
      }
    }
    guard let functions else { throw bad("handles", "no functions") }
    return [ask(.functions, "Runtime.getProperties", properties(of: functions))]
  }

  private mutating func functions(_ result: JSONTree?) -> [String] {
    for property in result?["result"]?.list ?? [] {
      guard let index = property["name"]?.text.flatMap({ Int($0) }), index < Self.mostFunctions,
        let object = property["value"]?["objectId"]?.text,
        object.utf8.count <= Self.longestObject
      else { continue }
      unasked.append((index, object))
    }
    return (0..<Self.mostAtOnce).flatMap { _ in nextPlace() }
  }

  private mutating func nextPlace() -> [String] {
    guard let (index, object) = unasked.popLast() else {
      isOver = asked.isEmpty
      return []
    }
    return [ask(.place(index: index), "Runtime.getProperties", properties(of: object))]
  }

  private mutating func place(of index: Int, _ result: JSONTree?) -> [String] {
    for property in result?["internalProperties"]?.list ?? []
    where property["name"]?.text == "[[FunctionLocation]]" {
      guard let place = property["value"]?["value"], let script = place["scriptId"]?.text,
        let url = scripts[script], let line = place["lineNumber"]?.integer, line >= 0
      else { continue }
      let file = url.hasPrefix("file://") ? String(url.dropFirst(7)) : url
      places[index] = StackFrame(
        function: nil, file: file, line: line + 1,
        isOwn: OwnCode.isOwn(function: nil, source: file, path: ""))
    }
    return nextPlace()
  }

  /// What has been found: of as many sockets as all of it was answered.
  package var sockets: [Socket] {
    described.compactMap { parts in
      guard let parts = parts.list, parts.count == 5, let text = parts[0].text,
        let address = AddressText.parse(Array(text.utf8)[...]),
        let port = parts[1].integer.flatMap(UInt16.init(exactly:)),
        let localPort = parts[2].integer.flatMap(UInt16.init(exactly:)),
        let hasEnded = parts[3].truth, let listeners = parts[4].list
      else { return nil }
      return Socket(
        peer: Endpoint(address, port), localPort: localPort, hasEnded: hasEnded,
        listeners: listeners.compactMap(listener))
    }
  }

  private func listener(_ parts: JSONTree) -> Listener? {
    guard let parts = parts.list, parts.count == 3, let event = parts[0].text,
      let index = parts[1].integer, var function = places[index], function.isOwn
    else { return nil }
    function.function = parts[2].text.flatMap { $0.isEmpty ? nil : $0 }
    return Listener(event: event, function: function)
  }

  /// Where the conversation takes place: the path that an inspector names when it is asked for
  /// `/json`.
  package static func path(inAnswer answer: [UInt8]) -> String? {
    guard let start = answer.firstIndex(of: UInt8(ascii: "[")),
      let end = answer.lastIndex(of: UInt8(ascii: "]")), start < end,
      let url = (try? JSONTree(answer[start...end]))?.list?.first?["webSocketDebuggerUrl"]?.text,
      url.hasPrefix("ws://"), url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }),
      let slash = url.dropFirst(5).firstIndex(of: "/")
    else { return nil }
    return String(url[slash...])
  }

  private func properties(of object: String) -> String {
    let isShort = object.utf8.count <= Self.longestObject
    let isPlain = isShort && object.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 }
    return #""objectId":"\#(isPlain ? object : "")","ownProperties":true"#
  }

  private func bad(_ field: String, _ text: String) -> DecodeError {
    DecodeError.badField(table: "the inspector's answer", field: field, text: text)
  }
}
