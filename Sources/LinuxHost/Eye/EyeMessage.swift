// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// What goes between an eye and who asks it: a short frame, and with it the body in memory that
/// nobody can change any more. Nothing of a large answer goes through a socket.
struct EyeMessage: ~Copyable {
  enum Kind: UInt16 {
    case question = 1
    case answer, failure, outcomes, runtimes, containers
  }

  let kind: Kind
  /// That of the question, also in its answer.
  let id: UInt64
  let processorNanoseconds: UInt64
  private let body: UnsafeRawBufferPointer

  /// Both ends are one image; what is not this has nothing to do here.
  private static let mark: UInt32 = 0x6377_6579
  private static let version: UInt16 = 6
  private static let frameSize = 24
  /// More than any look: 2 million rows are 144 MB.
  private static let bodyMost = 1 << 30

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: body.baseAddress), body.count)
  }

  /// Sends one.
  static func send(
    _ kind: Kind, _ id: UInt64, over socket: Int32, processorNanoseconds: UInt64 = 0,
    _ write: (inout WireWriter) -> Void
  ) throws(SystemCallError) {
    let memory = try systemCall("memfd_create", on: "a message") { closewatch_shared_memory() }
    defer { close(memory) }
    var failure: SystemCallError?
    withoutActuallyEscaping({ (bytes: [UInt8]) in
      closewatch_mark_progress()
      do throws(SystemCallError) {
        if failure == nil { try Self.write(bytes, to: memory) }
      } catch {
        failure = error
      }
    }) { handOn in
      var writer = WireWriter(handOn: handOn)
      write(&writer)
      // Never empty: nothing cannot be mapped.
      writer.put(kind.rawValue)
      writer.finish()
    }
    if let failure { throw failure }
    _ = try systemCall("fcntl F_ADD_SEALS", on: "a message") { closewatch_seal(memory) }
    var frame = WireWriter()
    frame.put(mark)
    frame.put(version)
    frame.put(kind.rawValue)
    frame.put(id)
    frame.put(processorNanoseconds)
    let sent = try systemCall("sendmsg", on: "an eye's socket") {
      closewatch_send(socket, frame.bytes, UInt(frame.bytes.count), [memory], 1)
    }
    guard sent == frame.bytes.count else {
      throw SystemCallError("sendmsg", on: "an eye's socket", errno: EIO)
    }
  }

  private static func write(_ bytes: [UInt8], to memory: Int32) throws(SystemCallError) {
    var done = 0
    while done < bytes.count {
      done += try systemCall("write", on: "a message") {
        bytes.withUnsafeBytes {
          Glibc.write(memory, $0.baseAddress.map { $0 + done }, $0.count - done)
        }
      }
    }
  }

  /// Why there is no message.
  enum Trouble: Error {
    /// Nothing is there yet.
    case nothing
    /// The other end is closed.
    case closed
    /// What came is no message: why, in words.
    case garbage(String)
  }

  /// Receives one.
  init(over socket: Int32, waits: Bool) throws(Trouble) {
    var bytes = [UInt8](repeating: 0, count: Self.frameSize + 1)
    var memory: Int32 = -1
    var count: Int32 = 1
    let got = closewatch_receive(socket, &bytes, UInt(bytes.count), &memory, &count, waits ? 1 : 0)
    guard got >= 0 else { throw errno == EAGAIN ? .nothing : .closed }
    defer { if count > 0 { close(memory) } }
    if got == 0 { throw .closed }
    guard got == Self.frameSize, count == 1 else { throw .garbage("a frame of \(got) bytes") }
    let size = closewatch_sealed_size(memory)
    guard size > 0, size <= Self.bodyMost else { throw .garbage("a body that can change") }
    let frame: (kind: Kind, id: UInt64, nanoseconds: UInt64)
    do throws(DecodeError) {
      frame = try Self.read(Array(bytes.prefix(Self.frameSize)))
    } catch {
      throw .garbage("\(error)")
    }
    // Shared, memory sealed against writing cannot be mapped before Linux 6.7, not even to read it.
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, memory, 0), start != MAP_FAILED else {
      throw .garbage("a body that cannot be mapped")
    }
    kind = frame.kind
    id = frame.id
    processorNanoseconds = frame.nanoseconds
    body = UnsafeRawBufferPointer(start: start, count: size)
  }

  private static func read(
    _ bytes: [UInt8]
  ) throws(DecodeError) -> (kind: Kind, id: UInt64, nanoseconds: UInt64) {
    try WireReader.value(of: bytes) { reader throws(DecodeError) in
      let (mark, version) = (try reader.get(UInt32.self), try reader.get(UInt16.self))
      guard mark == Self.mark, version == Self.version else {
        throw reader.bad("version", "\(mark) \(version)")
      }
      let number = try reader.get(UInt16.self)
      guard let kind = Kind(rawValue: number) else { throw reader.bad("kind", "\(number)") }
      return (kind, try reader.get(), try reader.get())
    }
  }

  /// Reads the body to its end.
  func read<Value>(
    _ read: (inout WireReader) throws(DecodeError) -> Value
  ) throws(DecodeError) -> Value {
    var reader = WireReader(body)
    let value = try read(&reader)
    guard try reader.get(UInt16.self) == kind.rawValue else { throw reader.bad("end", "") }
    try reader.finish()
    return value
  }
}
