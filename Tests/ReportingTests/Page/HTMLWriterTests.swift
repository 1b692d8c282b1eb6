// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting

@Suite struct HTMLWriterTests {
  private func html(_ body: (inout HTMLWriter) -> Void) -> String {
    var page = HTMLWriter()
    body(&page)
    return String(decoding: page.bytes, as: UTF8.self)
  }

  @Test func `text and values of attributes are escaped, and cannot hide or reorder anything`() {
    let text = "<b a=\"1\" c='2'>&amp;\u{1b}[2J\u{202e}\u{0}\n"
    let safe = "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;?[2J???"
    #expect(html { $0.text(text) } == safe)
    #expect(
      html { $0.inline("a", .href(text), text: text) } == "<a href=\"\(safe)\">\(safe)</a>")
  }

  @Test func `every byte of text is either itself or escaped`() {
    for value in UInt32(0)..<0x250 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let written = html { $0.text(String(scalar)) }
      if "<>&\"'".unicodeScalars.contains(scalar) {
        #expect(written.hasPrefix("&") && written.hasSuffix(";"), "\(value)")
      } else if UntrustedText.isUnsafe(scalar) {
        #expect(written == "?", "\(value)")
      } else {
        #expect(written == String(scalar), "\(value)")
      }
    }
  }

  @Test func `elements hold what their bodies write`() {
    let page = html { page in
      page.element("ul", .class("a"), HTMLAttribute("hidden")) { page in
        page.element("li", text: "x")
      }
    }
    #expect(page == "<ul class=\"a\" hidden><li>x</li>\n</ul>\n")
  }
}
