// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// A host of a script at one moment of its story.
package struct ScriptedHost: Host {
  package let script: HostScript
  package let second: Double

  package init(_ script: HostScript, at second: Double) {
    self.script = script
    self.second = second
  }

  package func answer(_ request: HostRequest) throws(HostError) -> HostAnswer {
    switch request.question {
    case .sample: return .sample(script.sample(at: second))
    case .holders(let search):
      if script.isShortOfTime { throw HostError("the look did not finish: it took too long") }
      return .holders(script.report(to: search, at: second))
    }
  }
}
