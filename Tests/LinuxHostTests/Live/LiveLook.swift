// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import TestSupport

/// One look of the live host at a laboratory, and who holds what it saw.
struct LiveLook {
  private(set) var host = LiveHost()
  private(set) var sample: Sample
  private let request: SampleRequest

  init(
    at lab: Lab, _ source: SampleRequest.Source = .netlink, states: StateSet = .all
  ) throws(HostError) {
    var request = SampleRequest()
    request.namespaces = .only(String(lab.pid))
    request.source = source
    request.states = states
    self.request = request
    // What is found must not depend on what else runs on the machine that tests.
    host.holderBounds.milliseconds = 60_000
    host.holderBounds.deepMilliseconds = 60_000
    sample = try host.takeSample(request)
  }

  /// Takes a new sample in the same way.
  mutating func lookAgain() throws(HostError) {
    sample = try host.takeSample(request)
  }

  mutating func findHolders(_ search: HolderSearch) -> HolderReport {
    host.findHolders(search)
  }
}
