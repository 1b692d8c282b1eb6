// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A headless Chromium with one tab, driven over the DevTools protocol.
///
/// The protocol's messages come over a pipe and are ended by NUL; tr(1) makes lines of them. Each
/// wait is bounded: a browser that hangs fails the test.
final class Browser {
  /// How a page is looked at.
  struct View {
    var width = 1280
    var height = 900
    /// `light` or `dark`.
    var scheme = "light"
    var runsScripts = false
  }

  private let program: ChildProgram
  private let profile = TemporaryDirectory()
  private var number = 0
  private var session = ""
  /// Messages that nobody waited for.
  private(set) var events: [String] = []

  /// Starts it. As root it needs `--no-sandbox`: the pages are the tests' own.
  init() throws {
    let script = """
      stdbuf -o0 tr '\\n' '\\0' | {
        chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
        --remote-debugging-pipe --disable-background-networking --no-first-run \
        --user-data-dir="$0" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1
      } | stdbuf -oL tr '\\0' '\\n'
      """
    program = try ChildProgram("sh", ["-c", script, profile.path])
    let target = try ask("Target.createTarget", #"{"url":"about:blank"}"#)
    let id = try Self.field("targetId", of: target)
    let attached = try ask("Target.attachToTarget", #"{"targetId":"\#(id)","flatten":true}"#)
    session = try Self.field("sessionId", of: attached)
    for domain in ["Page", "Network", "Runtime", "Log"] { _ = try ask("\(domain).enable") }
  }

  /// Ends it, and waits until it has ended.
  func close() {
    _ = try? ask("Browser.close", session: false)
    while (try? program.readLine(within: 20)) != nil {}
    program.end()
  }

  /// Opens a page and waits until it is loaded.
  func open(_ address: String, _ view: View = View()) throws {
    _ = try ask(
      "Emulation.setDeviceMetricsOverride",
      #"{"width":\#(view.width),"height":\#(view.height),"deviceScaleFactor":1,"mobile":false}"#)
    _ = try ask(
      "Emulation.setEmulatedMedia",
      #"{"features":[{"name":"prefers-color-scheme","value":"\#(view.scheme)"}]}"#)
    _ = try ask("Emulation.setScriptExecutionDisabled", #"{"value":\#(!view.runsScripts)}"#)
    events = []
    _ = try ask("Page.navigate", #"{"url":"\#(address)"}"#)
    try waitFor("Page.loadEventFired")
  }

  /// Waits for an event that has not been waited for.
  func waitFor(_ method: String, seconds: Double = 60) throws {
    let mark = #""method":"\#(method)""#
    if let index = events.firstIndex(where: { $0.contains(mark) }) {
      events.remove(at: index)
      return
    }
    while let line = try program.readLine(within: seconds) {
      if line.contains(mark) { return }
      events.append(line)
    }
    throw ChildProgram.Failure("the browser ended before \(method)")
  }

  /// What a JavaScript expression gives: a number, or text without quotes and backslashes.
  func value(of expression: String) throws -> String {
    let text = Self.quoted(expression)
    let answer = try ask(
      "Runtime.evaluate",
      #"{"expression":\#(text),"returnByValue":true,"awaitPromise":true}"#)
    return try Self.field("value", of: answer)
  }

  /// A picture of what is seen, as a PNG in Base64.
  func picture() throws -> String {
    try Self.field("data", of: ask("Page.captureScreenshot", #"{"format":"png"}"#))
  }

  /// The addresses that the page has asked for since it was opened.
  var requests: [String] {
    events.filter { $0.contains(#""method":"Network.requestWillBeSent""#) }
      .compactMap { event in
        guard let request = event.range(of: #""request":{"#) else { return nil }
        return try? Self.field("url", of: String(event[request.upperBound...]))
      }
  }

  /// What the browser has found wrong: style sheets refused, errors.
  var complaints: [String] {
    events.filter {
      $0.contains(#""method":"Log.entryAdded""#) || $0.contains(#""method":"Runtime.exception"#)
    }
  }

  // MARK: Protocol

  private func ask(
    _ method: String, _ parameters: String = "{}", session isSession: Bool = true
  ) throws -> String {
    number += 1
    let place = isSession && !session.isEmpty ? #","sessionId":"\#(session)""# : ""
    program.send(#"{"id":\#(number),"method":"\#(method)","params":\#(parameters)\#(place)}"#)
    while let line = try program.readLine(within: 60) {
      guard line.hasPrefix(#"{"id":\#(number),"#) else {
        events.append(line)
        continue
      }
      guard !line.contains(#""error":{"#), !line.contains(#""exceptionDetails":"#) else {
        throw ChildProgram.Failure("\(method) \(parameters): \(line)")
      }
      return line
    }
    throw ChildProgram.Failure("the browser ended before it answered \(method)")
  }

  /// The value of the first field of this name.
  private static func field(_ name: String, of json: String) throws -> String {
    guard let start = json.range(of: #""\#(name)":"#)?.upperBound else {
      throw ChildProgram.Failure("no \(name) in \(json.prefix(300))")
    }
    let rest = json[start...]
    return rest.first == "\""
      ? String(rest.dropFirst().prefix { $0 != "\"" })
      : String(rest.prefix { !",}".contains($0) })
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for character in text {
      switch character {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      default: out.append(character)
      }
    }
    return out + "\""
  }
}

extension String {
  /// Where `text` begins and ends in it.
  fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
