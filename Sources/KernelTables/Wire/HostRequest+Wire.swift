// SPDX-License-Identifier: Apache-2.0

extension HostRequest {
  package func write(to writer: inout WireWriter) {
    writer.put(deadline.nanoseconds)
    switch question {
    case .sample(let request):
      writer.put(0 as UInt8)
      request.write(to: &writer)
    case .holders(let search):
      writer.put(1 as UInt8)
      search.write(to: &writer)
    }
  }

  package init(from reader: inout WireReader) throws(DecodeError) {
    let deadline = BootInstant(nanoseconds: try reader.get())
    switch try reader.get(UInt8.self) {
    case 0: self.init(.sample(try SampleRequest(from: &reader)), by: deadline)
    case 1: self.init(.holders(try HolderSearch(from: &reader)), by: deadline)
    case let kind: throw reader.bad("question", "\(kind)")
    }
  }
}

extension SampleRequest {
  fileprivate func write(to writer: inout WireWriter) {
    writer.put(states.rawValue)
    writer.put(case: source)
    switch namespaces {
    case .all: writer.put(0 as UInt8)
    case .only(let name):
      writer.put(1 as UInt8)
      writer.put(name)
    case .ofDescendants(let pid):
      writer.put(2 as UInt8)
      writer.put(pid)
    }
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    self.init()
    states = StateSet(rawValue: try reader.get())
    source = try reader.getCase("source", of: Source.allCases)
    switch try reader.get(UInt8.self) {
    case 0: namespaces = .all
    case 1: namespaces = .only(try reader.getText())
    case 2: namespaces = .ofDescendants(of: try reader.get())
    case let kind: throw reader.bad("namespaces", "\(kind)")
    }
  }
}

extension HolderSearch {
  fileprivate func write(to writer: inout WireWriter) {
    writer.put(ancestor ?? 0)
    writer.put(helpers) { $0.put($1) }
    writer.put(inodes) { $0.put($1) }
    writer.put(wantsEverySocket)
    writer.put(completeness == .everyHolder)
    switch deadSockets {
    case .none: writer.put(0 as UInt8)
    case .everywhere: writer.put(1 as UInt8)
    case .of(let pids):
      writer.put(2 as UInt8)
      writer.put(pids) { $0.put($1) }
    }
    writer.put(likely) { $0.put($1) }
    writer.put(records) { $0.put($1) }
    writer.put(detail == .full)
    writer.put(arguments)
    writer.put(hunts) { $1.write(to: &$0) }
  }

  fileprivate init(from reader: inout WireReader) throws(DecodeError) {
    self.init()
    let ancestor: Int32 = try reader.get()
    self.ancestor = ancestor == 0 ? nil : ancestor
    helpers = try reader.getPIDs()
    let count = try reader.getCount(ofAtLeast: 8)
    inodes.reserveCapacity(count)
    for _ in 0..<count { inodes.insert(try reader.get()) }
    wantsEverySocket = try reader.getBool()
    completeness = try reader.getBool() ? .everyHolder : .firstHolder
    switch try reader.get(UInt8.self) {
    case 0: deadSockets = .none
    case 1: deadSockets = .everywhere
    case 2: deadSockets = .of(try reader.getPIDs())
    case let kind: throw reader.bad("dead sockets", "\(kind)")
    }
    likely = try reader.getPIDs()
    records = try reader.getPIDs()
    detail = try reader.getBool() ? .full : .identity
    arguments = try reader.getBool()
    hunts = try reader.getArray { reader throws(DecodeError) in
      try OpenerHunt(from: &reader)
    }
  }
}

extension WireReader {
  fileprivate mutating func getPIDs() throws(DecodeError) -> [Int32] {
    try getArray { reader throws(DecodeError) in try reader.get() }
  }
}

extension OpenerHunt {
  func write(to writer: inout WireWriter) {
    writer.put(namespace.rawValue)
    writer.put(remote.address.high)
    writer.put(remote.address.low)
    writer.put(remote.port)
    writer.put(milliseconds)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    let namespace = NetnsID(rawValue: try reader.get())
    let address = IPAddress(high: try reader.get(), low: try reader.get())
    let remote = Endpoint(address, try reader.get())
    self.init(namespace: namespace, remote: remote, milliseconds: try reader.get())
  }
}
