// SPDX-License-Identifier: Apache-2.0

extension HostAnswer {
  package func write(to writer: inout WireWriter) {
    switch self {
    case .sample(let sample):
      writer.put(0 as UInt8)
      sample.write(to: &writer)
    case .holders(let report):
      writer.put(1 as UInt8)
      report.write(to: &writer)
    }
  }

  package init(from reader: inout WireReader) throws(DecodeError) {
    switch try reader.get(UInt8.self) {
    case 0: self = .sample(try Sample(from: &reader))
    case 1: self = .holders(try HolderReport(from: &reader))
    case let kind: throw reader.bad("answer", "\(kind)")
    }
  }
}

extension Gap {
  package func write(to writer: inout WireWriter) {
    writer.put(case: kind)
    writer.put(count)
    writer.put(detail)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    let kind = try reader.getCase("gap", of: Kind.allCases)
    let count = try reader.getTally()
    self.init(kind, count: count, detail: try reader.getText())
  }
}

extension SampleCost {
  func write(to writer: inout WireWriter) {
    writer.put(wallMilliseconds)
    writer.put(cpuMilliseconds)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    self.init()
    wallMilliseconds = try reader.getDouble()
    cpuMilliseconds = try reader.getDouble()
  }
}

extension WireReader {
  /// Counts are added up later on: none is below 0.
  mutating func getTally() throws(DecodeError) -> Int {
    let count = try get(Int.self)
    guard count >= 0 else { throw bad("count", "\(count)") }
    return count
  }

  package mutating func getGaps() throws(DecodeError) -> [Gap] {
    try getArray { reader throws(DecodeError) in try Gap(from: &reader) }
  }
}

extension HolderReport {
  fileprivate func write(to writer: inout WireWriter) {
    writer.putHolders(holders)
    writer.put(deadSockets) { writer, dead in
      writer.put(dead.inode)
      dead.process.write(to: &writer)
      writer.put(dead.fd)
    }
    writer.put(unprovedDeadSockets)
    writer.put(caught) { writer, caught in
      caught.hunt.write(to: &writer)
      caught.process.write(to: &writer)
      writer.put(caught.connections)
    }
    writer.put(processes) { $1.write(to: &$0) }
    writer.put(descendants)
    writer.put(unreadable) { $1.write(to: &$0) }
    writer.put(descriptorsInFlight) { $0.put($1) }
    writer.put(isComplete)
    writer.put(gaps) { $1.write(to: &$0) }
    cost.write(to: &writer)
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    self.init()
    holders = try reader.getHolders()
    deadSockets = try reader.getArray { reader throws(DecodeError) in
      let inode = try reader.get(UInt64.self)
      let process = try ProcessID(from: &reader)
      return DeadDescriptor(inode: inode, process: process, fd: try reader.get())
    }
    unprovedDeadSockets = try reader.getTally()
    caught = try reader.getArray { reader throws(DecodeError) in
      let hunt = try OpenerHunt(from: &reader)
      let process = try ProcessID(from: &reader)
      return CaughtOpener(hunt: hunt, process: process, connections: try reader.getTally())
    }
    processes = try reader.getArray { reader throws(DecodeError) in
      try ProcessRecord(from: &reader)
    }
    descendants = try reader.getTally()
    unreadable = try reader.getArray { reader throws(DecodeError) in
      try ProcessRecord(from: &reader)
    }
    descriptorsInFlight = try reader.getOptional { reader throws(DecodeError) in
      try reader.getTally()
    }
    isComplete = try reader.getBool()
    gaps = try reader.getGaps()
    cost = try SampleCost(from: &reader)
  }
}

extension WireWriter {
  /// Holders of one process stand together, and name it once.
  package mutating func putHolders(_ holders: [SocketHolder]) {
    put(UInt64(holders.count))
    var previous: SocketHolder?
    for holder in holders {
      let isSame = holder.process == previous?.process && holder.table == previous?.table
      put(isSame)
      if !isSame {
        holder.process.write(to: &self)
        switch holder.table {
        case .process: put(0 as UInt8)
        case .ioUring: put(1 as UInt8)
        case .thread(let tid):
          put(2 as UInt8)
          put(tid)
        }
      }
      put(holder.inode)
      put(holder.fd)
      endElement()
      previous = holder
    }
  }
}

extension WireReader {
  package mutating func getHolders() throws(DecodeError) -> [SocketHolder] {
    let count = try getCount(ofAtLeast: 13)
    var holders: [SocketHolder] = []
    holders.reserveCapacity(count)
    var holder = SocketHolder(inode: 0, process: ProcessID(pid: 0, startTicks: 0), fd: 0)
    for index in 0..<count {
      if try !getBool() {
        holder.process = try ProcessID(from: &self)
        switch try get(UInt8.self) {
        case 0: holder.table = .process
        case 1: holder.table = .ioUring
        case 2: holder.table = .thread(try get())
        case let kind: throw bad("table", "\(kind)")
        }
      } else if index == 0 {
        throw bad("holder", "the first has no process")
      }
      holder.inode = try get()
      holder.fd = try get()
      holders.append(holder)
    }
    return holders
  }
}
