// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

@testable import Reporting

@Suite struct LandingPageTests {
  private func html(_ input: MetricsInput) -> String {
    String(decoding: LandingPage(input).bytes(), as: UTF8.self)
  }

  @Test func `it links to the metrics and lists the findings`() {
    let page = html(MetricsPageTests.host)
    #expect(page.contains("<a href=\"/metrics\">"))
    #expect(page.contains("<td>close-wait-leak<td>eof-unread<td>unit api.service<td>88"))
    #expect(page.contains("1 finding confirmed, 0 suspected"))
  }

  @Test func `it shows no process, no address and no socket`() {
    let page = html(MetricsPageTests.host)
    for secret in ["4711", "python3", "203.0.113.9", "192.0.2.1", "42720"] {
      #expect(!page.contains(secret), "\(secret)")
    }
  }

  @Test func `a name cannot become markup`() {
    var input = MetricsPageTests.host
    input.findings[0].owner = Owner(.program, "<script>alert('&\")</script>")
    let page = html(input)
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;alert(&#39;&amp;&quot;)&lt;/script&gt;"))
  }

  @Test func `before the first look it says so and claims nothing`() {
    let page = html(MetricsInput())
    #expect(page.contains("Not looked yet."))
    #expect(!page.contains("0 findings"))
  }
}
