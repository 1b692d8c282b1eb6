// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// A finding's guide for a page that anyone may read: the owner, the ports and numbers stand in it,
/// processes, descriptors and addresses only by name (`PID`, `ADDRESS`).
struct PublicGuide {
  private let finding: Finding
  private let isOwnNamespace: Bool

  /// - Parameter isOwnNamespace: Whether the finding is in closewatch's own network namespace.
  init(_ finding: Finding, isOwnNamespace: Bool) {
    self.finding = finding
    self.isOwnNamespace = isOwnNamespace
  }

  var text: GuideText {
    var known = GuideValues()
    known.port = finding.localPort
    known.remotePort = finding.remotePort
    if finding.owner.kind == .unit { known.unit = finding.owner.name }
    if finding.owner.kind == .container {
      let container = finding.owner.container
      if container?.pod == nil { known.container = finding.owner.name }
      (known.pod, known.podNamespace) = (container?.names.pod, container?.names.namespace)
    }
    return finding.guide.filled(by: { placeholder in
      known.text(for: placeholder).flatMap { placeholder == .netns ? nil : $0 }
        ?? (isMeant(placeholder) ? spelledOut(placeholder) : nil)
    })
  }

  /// Whether closewatch knows a value that the page does not tell.
  private func isMeant(_ placeholder: GuidePlaceholder) -> Bool {
    let main = finding.culprits.first { $0.role == .holder || $0.role == .listener }
    let opener = finding.culprits.first { $0.role == .opener }
    switch placeholder {
    case .netns, .highestPort: return true
    case .pid: return main != nil || opener != nil
    case .fd: return finding.examples.contains { $0.holder != nil }
    case .opener: return main != nil && opener != nil
    case .peer: return finding.culprits.contains { $0.role == .peer }
    case .backend: return finding.root?.place != nil
    case .backendPID: return finding.root?.process != nil
    case .remote, .remoteAddress: return !finding.peers.isEmpty
    case .raisedLimit: return (main ?? opener)?.process.descriptorSoftLimit != nil
    case .port, .remotePort, .unit, .container, .pod, .podNamespace: return false
    }
  }

  private func spelledOut(_ placeholder: GuidePlaceholder) -> String {
    placeholder == .netns && !isOwnNamespace ? "nsenter -t PID -n " : placeholder.spelledOut
  }
}
