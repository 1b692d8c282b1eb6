// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// The verdict on an owner: the page that `closewatch triage` writes.
extension TopState {
  /// Shows what these looks have come to.
  ///
  /// - Returns: What the daemon is to be asked, where one answers.
  mutating func openVerdict() -> Action {
    guard let picture, let owner = ownerInView else { return .none }
    let target = Self.target(of: owner, in: picture)
    let findings = picture.findings(of: owner)
    var report = TriageReport(
      findings: findings,
      census: TriageCensus(
        picture.census, patienceSeconds: picture.patienceSeconds, target: target,
        besides: findings, gaps: picture.gaps, wasReadAsRoot: place.isRoot),
      watchedSeconds: picture.census.watchedSeconds, source: .look(.notAsked(flag: "top")))
    report.target = target
    report.showsAll = true
    report.hostName = place.host
    report.utcOffsetSeconds = place.utcOffsetSeconds
    verdict = TriageText(report, style: pageStyle).text()
    verdictTarget = target?.description
    scroll = 0
    guard picture.past != nil, let target else { return .none }
    return .verdict(target: target.description)
  }

  /// The daemon has answered: it has seen more than these looks. By then the reader may be at
  /// another verdict.
  package mutating func show(verdict text: String, of target: String) {
    guard verdict != nil, target == verdictTarget else { return }
    verdict = text
  }

  /// How a page of text is written for this screen: emphasis is the screen's own.
  package var pageStyle: TextStyle {
    var style = place.style
    style.colour = false
    return style
  }

  private var ownerInView: Owner? {
    switch page {
    case .owners: chosenOwner?.owner
    case .sockets(let owner), .socket(let owner, _): owner
    }
  }

  /// What a triage of this owner is narrowed to; nil where no word names it alone.
  private static func target(of owner: Owner, in picture: TopPicture) -> TriageTarget? {
    if owner.kind == .unit { return .name(owner.name) }
    return picture.position(of: owner).flatMap { picture.owners[$0].onlyPID }.map { .pid($0) }
  }
}
