// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Reporting

@Suite struct StatusStyleTests {
  @Test(.requires(.command("openssl")))
  func `the policy allows the style sheet that is in the page, by its hash`() throws {
    let page = String(decoding: StatusPage(StatusHost.quiet).bytes(), as: UTF8.self)
    let start = try #require(page.firstRange(of: "<style>")).upperBound
    let end = try #require(page.firstRange(of: "</style>")).lowerBound
    let directory = TemporaryDirectory()
    directory.write("sheet.css", Array(page[start..<end].utf8))
    let run = try ChildProgram.run(
      "sh",
      ["-c", "openssl dgst -sha256 -binary \"$0\" | openssl base64", directory.path + "/sheet.css"])
    #expect(run.lines == [StatusStyle.hash])
    #expect(StatusPage.contentSecurityPolicy.contains("style-src 'sha256-\(StatusStyle.hash)'"))
  }

  /// Red, green and blue of the variables of one scheme.
  private func colours(_ scheme: String) -> [String: [Double]] {
    let sheet = "\(StatusStyle.sheet)"
    let part = sheet.split(separator: "@media", maxSplits: 1).map(String.init)
    let text = scheme == "light" ? part[0] : part[1].split(separator: "}}").map(String.init)[0]
    var found: [String: [Double]] = [:]
    for piece in text.split(separator: ";") {
      guard let colon = piece.lastIndex(of: ":"), let dashes = piece.firstRange(of: "--")
      else { continue }
      var digits = piece[piece.index(after: colon)...].filter { $0.isHexDigit }
      if digits.count == 3 { digits = String(digits.flatMap { [$0, $0] }) }
      guard digits.count == 6, let number = UInt32(digits, radix: 16) else { continue }
      let name = String(piece[dashes.upperBound..<colon])
      found[name] = [16, 8, 0].map { Double(number >> UInt32($0) & 0xff) / 255 }
    }
    return found
  }

  /// WCAG 2.2: relative luminance.
  private func luminance(_ colour: [Double]) -> Double {
    let linear = colour.map { value -> Double in
      guard value > 0.04045 else { return value / 12.92 }
      // To the power of 2.4 without a library: the fifth root of the twelfth power.
      let base = (value + 0.055) / 1.055
      let twelfth = (0..<12).reduce(1.0) { product, _ in product * base }
      return (0..<60).reduce(1.0) { root, _ in
        let fourth = root * root * root * root
        return (4 * root + twelfth / fourth) / 5
      }
    }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }

  @Test(arguments: ["light", "dark"])
  func `text has a contrast of 4.5 to what it stands on`(scheme: String) throws {
    let colours = colours(scheme)
    for text in ["ink", "quiet", "link", "critical", "warning", "notice", "pending", "calm"] {
      for ground in ["bg", "card", "code"] {
        let pair = [
          luminance(try #require(colours[text], "\(text)")),
          luminance(try #require(colours[ground], "\(ground)")),
        ].sorted()
        let contrast = (pair[1] + 0.05) / (pair[0] + 0.05)
        #expect(contrast >= 4.5, "\(scheme): \(text) on \(ground) has \(contrast)")
      }
    }
  }
}
