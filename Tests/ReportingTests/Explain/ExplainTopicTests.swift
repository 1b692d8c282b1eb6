// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct ExplainTopicTests {
  @Test(arguments: [
    "CLOSE_WAIT", "close-wait", "close_wait", "CLOSE-WAIT", "closewait", "TCP_CLOSE_WAIT",
    "tcp_close_wait",
  ])
  func `CLOSE_WAIT is found in any spelling`(_ word: String) {
    #expect(ExplainTopic.find(word) == .state(.closeWait))
  }

  @Test(arguments: [
    ("FIN-WAIT-2", TCPState.finWait2), ("fin_wait2", .finWait2), ("ESTAB", .established),
    ("CLOSED", .close), ("SYN-RCVD", .synRecv), ("SYN_RECEIVED", .synRecv),
    ("NEW_SYN_RECV", .synRecv), ("timewait", .timeWait), ("LISTENING", .listen),
  ])
  func `the names of ss, netstat and the RFC are found`(_ word: String, _ state: TCPState) {
    #expect(ExplainTopic.find(word) == .state(state))
  }

  @Test(arguments: [
    "tcp_fin_timeout", "net.ipv4.tcp_fin_timeout", "net/ipv4/tcp_fin_timeout",
    "/proc/sys/net/ipv4/tcp_fin_timeout", "fin_timeout", "TCP_FIN_TIMEOUT", "tcp-fin-timeout",
  ])
  func `a setting is found in any spelling`(_ word: String) throws {
    guard case .sysctl(let setting) = try #require(ExplainTopic.find(word)) else {
      Issue.record("\(word) is no setting")
      return
    }
    #expect(setting.name == "net.ipv4.tcp_fin_timeout")
  }

  @Test func `rules and causes are found by their ids`() {
    for rule in RuleID.allCases { #expect(ExplainTopic.find(rule.rawValue) == .rule(rule)) }
    #expect(ExplainTopic.find("Close_Wait_Leak") == .rule(.closeWaitLeak))
    #expect(ExplainTopic.find("data-unread") == .cause(.closeWaitLeak, .dataUnread))
    for cause in Cause.allCases { #expect(ExplainTopic.find(cause.rawValue) != nil, "\(cause)") }
  }

  @Test(arguments: ["", "tcp", "net.ipv4", "CLOSE_WIAT", "BOUND_INACTIVE", "UNKNOWN_0", "wait"])
  func `what has no page is not found`(_ word: String) {
    #expect(ExplainTopic.find(word) == nil)
  }

  @Test func `every word that is offered leads to a page of its own`() {
    let topics = ExplainTopic.words.compactMap(ExplainTopic.find)
    #expect(topics.count == ExplainTopic.words.count)
    #expect(Set(topics).count == topics.count)
  }
}
