// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost

extension Sockets {
  /// Options that do not change what is looked at, but only how it is shown.
  private static let ofTheOutput: Set<String> = ["--json", "--wide", "--no-header"]

  /// What is asked where nothing is left out, and no unit is shown.
  static var everySocket: HolderSearch {
    var search = HolderSearch()
    search.wantsEverySocket = true
    search.detail = .identity
    return search
  }

  /// Lets an eye begin before the arguments are parsed, which takes as long as a tenth of the look
  /// at a small host. Only where each of them is known not to change what is looked at: nil
  /// elsewhere.
  static func eyesAhead(of arguments: ArraySlice<String>) -> EyeHost? {
    guard arguments.allSatisfy(ofTheOutput.contains) else { return nil }
    let eyes = EyeHost(OwnEyes())
    let deadline = Clock.commandDeadline
    eyes.askAhead([
      HostRequest(.sample(SampleRequest()), by: deadline),
      HostRequest(.holders(everySocket), by: deadline),
    ])
    return eyes
  }
}
