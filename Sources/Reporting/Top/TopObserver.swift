// SPDX-License-Identifier: Apache-2.0

package import Diagnosis
package import KernelTables

/// Makes a picture of each look, and remembers what the pictures show over time.
package struct TopObserver: Sendable {
  private var curves: [Owner: TopCurve] = [:]
  private var closeWait = TopCurve()
  private var lives = SocketLives()
  private var serial = 0

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
    var picture = TopPicture(
      serial: serial, census: census, findings: watch.findings,
      gaps: SocketListing.merged(gaps), cost: cost,
      patienceSeconds: watch.settings.patienceSeconds, lives: lives)
    for row in census.sample.sockets {
      picture.states[row.state, default: 0] += 1
      if row.isUnaccepted, row.state == .closeWait { picture.unaccepted += 1 }
    }
    closeWait.add(picture.states[.closeWait] ?? 0, at: census.now)
    picture.closeWait = closeWait
    var survey = TopSurvey(picture)
    survey.run()
    picture = survey.picture
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
}

/// The pass over a census that charges every socket to its owner.
private struct TopSurvey {
  var picture: TopPicture
  private let census: Census
  private var charged: SocketOwners
  private let limit: BootInstant
  private var positions: [Owner: Int32] = [:]
  /// The position of the owner of each process.
  private var byProcess: [Int32: Int32] = [:]

  init(_ picture: TopPicture) {
    self.picture = picture
    census = picture.census
    charged = SocketOwners(picture.census)
    limit = picture.census.now.advanced(bySeconds: -picture.patienceSeconds)
  }

  mutating func run() {
    picture.sockets.reserveCapacity(census.sample.sockets.count)
    takeConnections()
    takeListeners()
    takeDeadSockets()
    takeFindings()
    for index in picture.owners.indices {
      for process in picture.owners[index].processes {
        guard let record = census.processes[process] else { continue }
        picture.owners[index].note(record)
        if picture.owners[index].processes.count == 1 {
          picture.owners[index].onlyPID = record.id.pid
          picture.owners[index].onlyCommand = record.command
        }
      }
    }
  }

  private mutating func takeConnections() {
    for connection in census.connections where connection.rowIndex >= 0 {
      let row = census.sample.sockets[Int(connection.rowIndex)]
      let process = charged.process(of: connection, row)
      add(
        TopSocket(
          position: connection.rowIndex, isDead: false,
          wait: TopSocket.Wait(connection, row, limit: limit), relation: process.relation,
          owner: position(process: process.index), process: process.index, fd: process.fd,
          age: connection.age(at: census.now)))
    }
  }

  private mutating func takeListeners() {
    for (position, row) in census.sample.sockets.enumerated() where row.state == .listen {
      let holder = census.holders.first(of: row.inode)
      let process = holder?.process ?? -1
      add(
        TopSocket(
          position: Int32(position), isDead: false, wait: .no,
          relation: holder == nil ? .nobody : .holder, owner: self.position(process: process),
          process: process, fd: holder?.fd ?? -1, age: .unknown))
    }
  }

  private mutating func takeDeadSockets() {
    picture.deadSockets = census.deadSockets.all.values.sorted { $0.inode < $1.inode }
    for (position, deadSocket) in picture.deadSockets.enumerated() {
      let isStuck = deadSocket.isInherited || deadSocket.since <= limit
      add(
        TopSocket(
          position: Int32(position), isDead: true, wait: isStuck ? .stuck : .waiting,
          relation: .holder, owner: self.position(process: deadSocket.process),
          process: deadSocket.process, fd: deadSocket.fd,
          age: Age(seconds: census.now.seconds(since: deadSocket.since), bound: .atLeast)))
    }
  }

  /// Notes the worst finding of each owner; one whose owner has no socket now gets a line too.
  private mutating func takeFindings() {
    for (number, finding) in picture.findings.enumerated() where finding.lifecycle != .resolved {
      let position = Int(self.position(of: TopPicture.key(finding.owner)))
      if picture.owners[position].finding == nil { picture.owners[position].finding = number }
    }
  }

  private mutating func add(_ socket: TopSocket) {
    if socket.wait == .stuck { picture.stuckStates.insert(picture.row(socket)?.state ?? .close) }
    picture.sockets.append(socket)
    picture.owners[Int(socket.owner)].add(socket)
  }

  private mutating func position(process: Int32) -> Int32 {
    if let position = byProcess[process] { return position }
    let position = position(of: charged.owner(process: process))
    byProcess[process] = position
    return position
  }

  private mutating func position(of owner: Owner) -> Int32 {
    if let position = positions[owner] { return position }
    let position = Int32(picture.owners.count)
    positions[owner] = position
    picture.owners.append(TopOwner(owner))
    return position
  }
}
