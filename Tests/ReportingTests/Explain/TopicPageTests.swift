// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Testing

@testable import Reporting

@Suite struct TopicPageTests {
  @Test(arguments: [
    ("EMFILE", "too-many-open-files"), ("Too many open files", "too-many-open-files"),
    ("ENFILE", "too-many-open-files"), ("EADDRNOTAVAIL", "address-not-available"),
    ("cannot assign requested address", "address-not-available"),
    ("Address already in use", "address-already-in-use"), ("EADDRINUSE", "address-already-in-use"),
    ("recv-q", "recv-q"), ("Send-Q", "recv-q"), ("keepalive", "keepalive"),
    ("SO_KEEPALIVE", "keepalive"), ("backlog", "backlog"), ("pending", "pending"),
    ("RST", "connection-reset-by-peer"), ("broken pipe", "connection-reset-by-peer"),
    ("Connection reset by peer", "connection-reset-by-peer"), ("half-closed", "half-closed"),
    ("orphan", "orphan"), ("SYN flooding", "syn-flooding"), ("SO_LINGER", "linger"),
    ("three-way handshake", "handshake"), ("2MSL", "2msl"), ("ECONNREFUSED", "connection-refused"),
  ])
  func `the words that people bring have a page`(_ word: String, _ id: String) {
    guard case .page(let page) = ExplainTopic.find(word) else {
      Issue.record("\(word) has no page")
      return
    }
    #expect(page.id == id)
  }

  @Test func `ghosts are dead sockets here, and somaxconn is the setting`() {
    #expect(ExplainTopic.find("ghost") == .rule(.deadSocketLeak))
    #expect(ExplainTopic.find("can't identify protocol") == .state(.close))
    guard case .sysctl = ExplainTopic.find("somaxconn") else {
      Issue.record("somaxconn is no setting")
      return
    }
  }

  @Test(arguments: [
    ("accept4() failed (24: Too many open files)", "too-many-open-files"),
    ("TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.", "syn-flooding"),
    (
      "dial tcp 10.0.0.7:5432: connect: cannot assign requested address",
      "address-not-available"
    ),
    ("java.net.SocketException: Connection reset by peer", "connection-reset-by-peer"),
    ("Error: listen EADDRINUSE: address already in use :::3000", "address-already-in-use"),
  ])
  func `a message is found in a line of a log`(_ line: String, _ id: String) {
    guard case .page(let page) = ExplainTopic.find(in: PastedText(line), of: line) else {
      Issue.record("\(line) is about nothing")
      return
    }
    #expect(page.id == id)
  }

  @Test func `a line that says nothing of the kind is about nothing`() {
    for line in ["the queue of the reset button", "lorem ipsum", "please shutdown and acknowledge"]
    {
      #expect(ExplainTopic.find(in: PastedText(line), of: line) == nil, "\(line)")
    }
  }

  @Test func `no two pages have one name, and no name hides a state, a rule or a setting`() {
    let names = TopicPage.all.flatMap { [$0.id] + $0.otherNames.map(ExplainTopic.key) }
    #expect(Set(names).count == names.count)
    for page in TopicPage.all {
      for name in [page.id] + page.otherNames {
        #expect(ExplainTopic.find(name) == .page(page), "\(name)")
      }
    }
  }

  @Test func `every page names what else to read, and where it is written`() {
    for page in TopicPage.all {
      #expect(page.line.count <= 50 && !page.line.hasSuffix("."), "\(page.id)")
      #expect(!page.meaning.isEmpty && !page.sources.isEmpty && !page.related.isEmpty)
      for paragraph in page.meaning { #expect(paragraph.count <= 520, "\(page.id)") }
      for name in page.related {
        let topic = ExplainTopic.find(name)
        #expect(topic != nil && topic != .page(page), "\(page.id): \(name)")
      }
      let lines = page.steps.flatMap { $0.split(separator: "\n") }
      for line in lines { #expect(line.count <= 150, "\(page.id): \(line)") }
    }
  }
}
