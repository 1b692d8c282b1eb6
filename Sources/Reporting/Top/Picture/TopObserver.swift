// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Makes a picture of each look, and remembers what the pictures show over time.
package struct TopObserver: Sendable {
  private var curves: [Owner: TopCurve] = [:]
  private var closeWait = TopCurve()
  private var lives = SocketLives()
  private var serial = 0
  /// What the daemon knows; nil where none answers.
  package var past: DaemonPast?

  package init() {}

  /// The picture of a look that was judged; nil before the first one.
  ///
  /// - Parameters:
  ///   - watch: After ``Watch/judge()``.
  ///   - gaps: Of the look and the search for holders.
  package mutating func picture(
    of watch: Watch, gaps: [Gap], cost: TopPicture.Cost
  ) -> TopPicture? {
    guard let census = watch.census else { return nil }
    serial += 1
    lives.note(census)
    var survey = HostSurvey(census, patienceSeconds: watch.settings.patienceSeconds)
    survey.run()
    var picture = TopPicture(
      serial: serial, census: census, findings: watch.findings,
      gaps: SocketListing.merged(gaps), cost: cost,
      patienceSeconds: watch.settings.patienceSeconds, lives: lives, host: survey.picture)
    if serial == 1, let past {
      for point in past.closeWait where point.at < census.now {
        closeWait.add(point.sockets, at: point.at)
      }
    }
    picture.past = past
    closeWait.add(picture.states[.closeWait] ?? 0, at: census.now)
    picture.closeWait = closeWait
    picture.owners = survey.picture.owners.map { TopOwner($0, in: census) }
    listSockets(in: &picture, survey)
    noteFindings(in: &picture)
    draw(&picture, census)
    return picture
  }

  /// Adds the curves of the owners. One that was not there in the look before had nothing then.
  private mutating func draw(_ picture: inout TopPicture, _ census: Census) {
    var present: Set<Owner> = []
    for index in picture.owners.indices {
      let owner = picture.owners[index].owner
      var curve = curves[owner] ?? TopCurve()
      if curves[owner] == nil, let before = census.previousLookAt { curve.add(0, at: before) }
      curve.add(picture.owners[index].waiting, at: census.now)
      curves[owner] = curve
      present.insert(owner)
      picture.owners[index].curve = curve
      picture.owners[index].growth = curve.growth
    }
    curves = curves.filter { present.contains($0.key) }
  }

  /// A line for each socket, charged as the survey has charged it.
  private func listSockets(in picture: inout TopPicture, _ survey: HostSurvey) {
    let census = picture.census
    let limit = census.now.advanced(bySeconds: -picture.patienceSeconds)
    var charger = Charger(census)
    picture.sockets.reserveCapacity(census.sample.sockets.count)
    for (position, row) in census.sample.sockets.enumerated() {
      let connection = census.connection(at: position)
      let charge = charger.charge(row, opener: connection?.opener ?? -1)
      picture.sockets.append(
        TopSocket(
          position: Int32(position), isDead: false,
          wait: connection.map { Waiting(row, $0, limit: limit) } ?? .no,
          relation: charge.relation, owner: survey.position(ofProcess: charge.process),
          process: charge.process, fd: charge.fd,
          age: connection?.age(at: census.now) ?? .unknown))
    }
    picture.deadSockets = census.deadSockets.all.values.sorted { $0.inode < $1.inode }
    for (position, deadSocket) in picture.deadSockets.enumerated() {
      picture.sockets.append(
        TopSocket(
          position: Int32(position), isDead: true, wait: Waiting(deadSocket, limit: limit),
          relation: .holder, owner: survey.position(ofProcess: deadSocket.process),
          process: deadSocket.process, fd: deadSocket.fd,
          age: Age(seconds: census.now.seconds(since: deadSocket.since), bound: .atLeast)))
    }
  }

  /// Notes the worst finding of each owner; one whose owner has no socket now gets a line too.
  private func noteFindings(in picture: inout TopPicture) {
    var positions: [Owner: Int] = [:]
    for (position, owner) in picture.owners.enumerated() { positions[owner.owner] = position }
    for (number, finding) in picture.findings.enumerated() where finding.lifecycle != .resolved {
      let owner = TopPicture.key(finding.owner)
      let position = positions[owner] ?? picture.owners.count
      if position == picture.owners.count {
        positions[owner] = position
        picture.owners.append(TopOwner(OwnerAccount(owner), in: picture.census))
      }
      if picture.owners[position].finding == nil { picture.owners[position].finding = number }
    }
  }
}
