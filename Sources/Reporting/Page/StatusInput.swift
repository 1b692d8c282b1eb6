// SPDX-License-Identifier: Apache-2.0

import Diagnosis

/// What the status page is written from.
package struct StatusInput: Sendable {
  package var snapshot: DaemonSnapshot
  /// Of this host; nil: not known.
  package var hostName: String?
  /// How long ago the newest sample was taken, at the time of the request.
  package var sampleAgeSeconds: Double?
  /// After how many seconds the page asks for itself again; nil: it does not.
  package var refreshSeconds: Int?

  /// Whether the sockets of a finding are behind a link: only for who may see addresses.
  package var linksSockets = false

  /// What is unfolded.
  package var folds = StatusFolds()

  package init(_ snapshot: DaemonSnapshot) { self.snapshot = snapshot }

  var firing: [Finding] {
    snapshot.findings.filter { $0.lifecycle == .firing && !$0.isAccepted }
  }
  var accepted: [Finding] {
    snapshot.findings.filter { $0.lifecycle == .firing && $0.isAccepted }
  }
  var pending: [Finding] { snapshot.findings.filter { $0.lifecycle == .pending } }
  var resolved: [Finding] { snapshot.findings.filter { $0.lifecycle == .resolved } }

  /// Whether the newest sample is so old that what the page says may no longer be true.
  var isStale: Bool {
    guard let age = sampleAgeSeconds else { return false }
    return age > snapshot.cost.freshSeconds
  }
}
