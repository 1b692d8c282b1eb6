// SPDX-License-Identifier: Apache-2.0

import Console
import Reporting
import Testing

@Suite struct TriageQueryTests {
  @Test(arguments: [nil, "4711", ":8080", "web.service", "dev-disk\\x2d1&format=json %41ä日"])
  func `a query is read as it was written`(_ target: String?) throws {
    var query = TriageQuery()
    query.format = .markdown
    query.target = target
    query.style = TextStyle(colour: true, unicode: true, width: 132)
    query.utcOffsetSeconds = -3600
    query.showsAll = true
    query.isAskedElsewhere = true
    #expect(query.uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
    #expect(try TriageQuery(uri: query.uri) == query)
  }

  @Test func `what a later release asks for is left out`() throws {
    #expect(try TriageQuery(uri: "/triage?sound=loud&format=json").format == .json)
    #expect(try TriageQuery(uri: "/triage") == TriageQuery())
  }

  @Test(arguments: [
    "format=pdf", "width=1", "width=x", "width=99999999999999999999", "utc-offset=90000",
    "target=%4", "target=%zz", "target=%ff", "alone",
  ])
  func `what cannot be understood is refused by name`(_ field: String) throws {
    let error = try #require(throws: UsageError.self) { try TriageQuery(uri: "/triage?\(field)") }
    #expect(!error.description.isEmpty)
  }
}
