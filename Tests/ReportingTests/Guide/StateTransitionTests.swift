// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct StateTransitionTests {
  @Test func `every state can be reached and left`() {
    for state in TCPState.shown {
      #expect(!StateTransition.into(state).isEmpty, "\(state)")
      #expect(!StateTransition.out(of: state).isEmpty, "\(state)")
      #expect(StateLore.of(state) != nil, "\(state)")
    }
  }

  @Test func `only the program here moves CLOSE_WAIT`() {
    let movers = Set(StateTransition.out(of: .closeWait).map(\.mover))
    #expect(movers == [.program])
  }

  @Test func `what has no timer in its description has none in its steps`() {
    for state in TCPState.shown {
      let hasTimer = StateTransition.out(of: state).contains { $0.mover == .timer }
      #expect(StateLore.of(state)?.timer.hasPrefix("none") == !hasTimer, "\(state)")
    }
  }

  @Test func `nothing comes after TIME_WAIT, and only closing leads to it`() {
    #expect(StateTransition.out(of: .timeWait).allSatisfy { $0.to == nil })
    #expect(Set(StateTransition.into(.timeWait).map(\.from)) == [.finWait1, .finWait2, .closing])
  }

  @Test func `a rule's states, settings and summary are there and known`() {
    let names = Set(SysctlGuide.settings.map(\.name))
    for rule in RuleID.allCases {
      #expect(RuleSummary.line(rule).count <= 50, "\(rule)")
      #expect(names.isSuperset(of: RuleSummary.sysctls(rule)), "\(rule)")
    }
    let discussed = Set(RuleID.allCases.flatMap(RuleSummary.sysctls))
    let alone = [
      "ip_local_reserved_ports", "tcp_abort_on_overflow", "tcp_keepalive_intvl",
      "tcp_keepalive_probes", "tcp_retries2", "tcp_tw_recycle",
    ]
    #expect(names.subtracting(discussed) == Set(alone.map { "net.ipv4." + $0 }))
  }
}
