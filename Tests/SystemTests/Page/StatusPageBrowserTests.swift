// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The status page of the built daemon in a real browser.
@Suite(.serialized, .requires(.command("chromium"))) struct StatusPageBrowserTests {
  /// A daemon that is quick enough for a test, with its page.
  private struct Served {
    var daemon: RunningDaemon
    var address: String

    init() throws {
      daemon = try RunningDaemon(
        settings: [
          "sampling.interval=200ms", "sampling.full-interval=1s", "sampling.cpu-budget=100%",
          "rules.patience=1s",
        ], web: ["--web.listen-address", "127.0.0.1:0"])
      let line = try daemon.waitFor("listening on 127.0.0.1:")
      guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
        throw ChildProgram.Failure("no port in: \(line)")
      }
      address = "http://127.0.0.1:\(port)/"
      try daemon.waitFor("watching")
    }
  }

  /// One page for all three: a leak has to be there for 20 s.
  @Test(.requires(.root, .networkNamespaces))
  func `a real leak is on a page that needs no script, fits each screen, and is drawn twice`()
    throws
  {
    let served = try Served()
    let browser = try Browser()
    defer { browser.close() }
    try Lab.with("close-wait", count: 13) { lab in
      try served.daemon.waitFor("firing", "SocketLab[\(lab.pid)]")
      try needsNoScript(browser, served.address, lab)
      try fitsEachScreen(browser, served.address)
      try isLightAndDark(browser, served.address)
    }
    #expect(served.daemon.stop().status == 0)
  }

  /// Nothing of the process is on it, either.
  private func needsNoScript(_ browser: Browser, _ address: String, _ lab: Lab) throws {
    try browser.open(address)
    // The host may have findings of its own.
    let text = try browser.value(
      of: """
        [...document.querySelectorAll('article')].map(card => card.textContent)
          .filter(text => text.includes('39 sockets in CLOSE_WAIT')).join(' ')
          .replace(/[\\n"\\\\]/g, ' ')
        """)
    #expect(text.contains("local port") && text.contains("stayed longer than"), "\(text)")
    let page = try browser.value(
      of: "document.documentElement.outerHTML.replace(/[\\n\"\\\\]/g, ' ')")
    for advice in ["Do now", "Permanent fix", "Does not help"] { #expect(page.contains(advice)) }
    // Each finding is one line that unfolds by itself, without a script.
    let folds = "document.querySelectorAll('details.finding > article').length"
    #expect(
      try browser.value(of: folds)
        == browser.value(of: "document.querySelectorAll('article').length"))
    #expect(!page.contains("SocketLab[") && !page.contains("/proc/\(lab.pid)"))
    for row in lab.rows { #expect(!page.contains("\(row.remote)"), "\(row.remote)") }
    #expect(try browser.value(of: "document.scripts.length") == "0")
    // It asks for nothing else, and the browser refuses nothing of it.
    #expect(browser.requests.filter { !$0.hasPrefix("data:") } == [address])
    #expect(browser.complaints == [])
    // The style sheet is in force: its hash is right.
    #expect(try browser.value(of: "getComputedStyle(document.body).maxWidth") == "1024px")
  }

  /// Nothing is wider than the screen.
  private func fitsEachScreen(_ browser: Browser, _ address: String) throws {
    for width in [320, 360, 390, 768, 1280] {
      try browser.open(address, Browser.View(width: width, height: 800))
      #expect(try browser.value(of: "innerWidth") == "\(width)")
      // A table may scroll within its own frame.
      let widest = try browser.value(
        of: """
          Math.max(document.documentElement.scrollWidth,
            ...[...document.body.querySelectorAll('*')].filter(e => !e.closest('.scroll,.defs'))
              .map(e => Math.floor(e.getBoundingClientRect().right)))
          """)
      #expect(Int(widest) ?? .max <= width, "\(widest) at \(width)")
    }
  }

  /// Light and dark are two pictures, and none is blank.
  private func isLightAndDark(_ browser: Browser, _ address: String) throws {
    var brightness: [String: Int] = [:]
    for scheme in ["light", "dark"] {
      try browser.open(address, Browser.View(scheme: scheme))
      let picture = try browser.picture()
      try browser.open("about:blank", Browser.View(runsScripts: true))
      let found = try browser.value(of: Self.look(at: picture)).split(separator: " ")
      try #require(found.count == 2)
      // A blank picture has one colour.
      #expect(Int(found[0]) ?? 0 > 50, "\(scheme): \(found[0]) colours")
      brightness[scheme] = Int(found[1])
    }
    #expect(brightness["light"] ?? 0 > 200, "\(brightness)")
    #expect(brightness["dark"] ?? 255 < 70, "\(brightness)")
  }

  /// A script that tells how many colours a picture has, and its mean brightness from 0 to 255.
  private static func look(at picture: String) -> String {
    """
    (async () => {
      const image = new Image();
      image.src = "data:image/png;base64,\(picture)";
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
      canvas.drawImage(image, 0, 0);
      const bytes = canvas.getImageData(0, 0, image.width, image.height).data;
      const colours = new Set();
      let sum = 0;
      for (let i = 0; i < bytes.length; i += 4) {
        colours.add(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
        sum += (bytes[i] + bytes[i + 1] + bytes[i + 2]) / 3;
      }
      return colours.size + " " + Math.round(sum / (bytes.length / 4));
    })()
    """
  }

  @Test func `it loads itself again, and not when asked not to`() throws {
    let served = try Served()
    let refreshing = try #require(try Curl.run("-D", "-", "-o", "/dev/null", served.address))
    #expect(refreshing.lowercased().contains("refresh: 30"))
    let still = try #require(
      try Curl.run("-D", "-", "-o", "/dev/null", served.address + "?refresh=off"))
    #expect(!still.lowercased().contains("refresh:"))
    for header in [
      "cache-control: no-store", "x-content-type-options: nosniff", "referrer-policy: no-referrer",
      "content-security-policy: default-src 'none'; style-src 'sha256-", "frame-ancestors 'none'",
    ] {
      #expect(refreshing.lowercased().contains(header), "\(header)")
      #expect(still.lowercased().contains(header), "\(header)")
    }
    #expect(served.daemon.stop().status == 0)
  }
}
