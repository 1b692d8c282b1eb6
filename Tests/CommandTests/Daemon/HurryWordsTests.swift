// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Settings
import Testing

@testable import closewatchd

@Suite struct HurryWordsTests {
  private func finding(_ rule: RuleID, _ state: TCPState, ports: Bool, lifecycle: Lifecycle)
    -> Finding
  {
    var finding = Finding(
      id: "a", rule: rule, cause: .portsHeldOpen, lifecycle: lifecycle, severity: .critical,
      namespace: NetnsID(rawValue: 1), owner: Owner(.unit, "api.service"), state: state,
      sockets: 88)
    if ports {
      finding.forecast = Forecast(resource: .ephemeralPorts, used: 100, limit: 100)
      finding.culprits = [
        Culprit(
          ProcessRecord(id: ProcessID(pid: 1, startTicks: 1)), role: .holder, sockets: 88,
          attribution: .descriptor)
      ]
    }
    return finding
  }

  @Test func `nothing is called calm while a finding fires`() {
    func why(_ findings: Finding...) -> String { HurryWords.why(.unneeded, findings) }
    let leak = finding(.closeWaitLeak, .closeWait, ports: false, lifecycle: .firing)
    #expect(why(leak) == "CLOSE_WAIT does not grow fast any more")
    let ports = finding(.timeWaitPortExhaustion, .timeWait, ports: true, lifecycle: .firing)
    #expect(why(leak, ports) == "it is known who uses up the ports")
    var inferred = ports
    inferred.doubts = [.openerInferred]
    #expect(why(inferred) == "it is probably known who uses up the ports")
    inferred.culprits = []
    #expect(why(leak, inferred) == "who uses up the ports is not looked for any more")
    #expect(why() == "CLOSE_WAIT and the ports are calm again")
    let over = finding(.closeWaitLeak, .closeWait, ports: true, lifecycle: .resolved)
    #expect(why(over) == "CLOSE_WAIT and the ports are calm again")
  }

  @Test func `frequent looks that have taken their time do not say that it is over`() {
    let why = HurryWords.why(.hurriedEnough, [])
    #expect(
      why == "CLOSE_WAIT still grows fast, or ports still run out, but 3 min of frequent looks "
        + "have to do")
  }
}
