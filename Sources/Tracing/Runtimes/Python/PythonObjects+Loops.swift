// SPDX-License-Identifier: Apache-2.0

/// Whom an event loop calls for a socket: it reads for all of them, and whom it tells afterwards is
/// on no stack. asyncio's own loop and uvloop both keep their transports by descriptor.
extension PythonProcess {
  /// Who handles these descriptors, of those that a running loop has.
  package func handlers(
    of descriptors: Set<Int32>, in memory: some ProgramMemory
  ) -> [Int32: SocketSighting.Handler] {
    var objects = PythonObjects(self, in: memory)
    var found: [Int32: SocketSighting.Handler] = [:]
    for (descriptor, transport) in objects.transports(of: threadStates(in: memory))
    where descriptors.contains(descriptor) {
      found[descriptor] = objects.handler(ofTransport: transport)
    }
    return found
  }
}

extension PythonObjects {
  /// By their descriptors.
  mutating func transports(of threads: [UInt64]) -> [(descriptor: Int32, transport: UInt64)] {
    var found: [(descriptor: Int32, transport: UInt64)] = []
    var seen: Set<UInt64> = []
    for thread in threads {
      for loop in loops(of: thread) where seen.insert(loop).inserted {
        found += transports(ofLoop: loop)
      }
    }
    return found
  }

  /// The loop that runs in a thread: 3.11 and 3.12 have it among what threads have by name, and
  /// newer ones in the thread's state.
  private mutating func loops(of thread: UInt64) -> [UInt64] {
    // 304 bytes, and what one thread has besides.
    var found: [UInt64] = []
    for word in words(at: thread, count: 64) {
      guard let type = type(of: word) else { continue }
      if type.has(PythonType.isDictionary) {
        guard let value = value(of: "__asyncio_running_event_loop__", inDictionary: word) else {
          continue
        }
        // 3.11 has it in an object of its own.
        found += [value] + (isLoop(value) ? [] : references(of: value))
      } else {
        found.append(word)
      }
    }
    return found.filter { isLoop($0) }
  }

  private mutating func isLoop(_ object: UInt64) -> Bool {
    guard let type = type(of: object) else { return false }
    return line(of: type).contains { type in
      // uvloop's is no asyncio.AbstractEventLoop in its own C code.
      type.name == "AbstractEventLoop" || type.name == "uvloop.loop.Loop"
    }
  }

  private mutating func transports(
    ofLoop loop: UInt64
  ) -> [(descriptor: Int32, transport: UInt64)] {
    for reference in references(of: loop) {
      guard type(of: reference)?.name == "WeakValueDictionary",
        let data = attribute("data", of: reference)
      else { continue }
      var found: [(descriptor: Int32, transport: UInt64)] = []
      for (key, weak) in entries(ofDictionary: data) {
        guard let descriptor = descriptor(of: key),
          let transport = word(at: weak &+ PythonType.weaklyReferred)
        else { continue }
        found.append((descriptor, transport))
      }
      if !found.isEmpty { return found }
    }
    return []
  }

  /// nil where nobody of the program's own is known: one that is closed has no protocol any more.
  mutating func handler(ofTransport transport: UInt64) -> SocketSighting.Handler? {
    guard let outer = protocolOf(transport), let type = type(of: outer) else { return nil }
    // TLS is a protocol that has the program's, and need not tell it of the end.
    let isEncrypted = type.name.hasSuffix("SSLProtocol")
    guard let own = isEncrypted ? protocolOf(outer) : outer else { return nil }
    if !isEncrypted, let listener = endListener(of: own), listener.isOwn {
      return .listener(listener)
    }
    guard let task = task(of: own), task.path.lead.isOwn else { return nil }
    return .task(task)
  }

  private mutating func protocolOf(_ object: UInt64) -> UInt64? {
    for name in ["_app_protocol", "_protocol"] {
      if let found = attribute(name, of: object), isProtocol(found) { return found }
    }
    // uvloop's have it among what is C's.
    return references(of: object).first { isProtocol($0) }
  }

  private mutating func isProtocol(_ object: UInt64) -> Bool {
    guard let type = type(of: object) else { return false }
    return line(of: type).contains { $0.name == "BaseProtocol" }
  }

  /// What is called at the end of the stream.
  private mutating func endListener(of object: UInt64) -> StackFrame? {
    guard let type = type(of: object) else { return nil }
    for type in line(of: type) {
      if let function = member("eof_received", of: type) { return frame(ofFunction: function) }
    }
    return nil
  }
}
