// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables
import Synchronization

/// A process that forks eyes when asked, and nothing else: it has one thread, keeps the rights that
/// the program was started with, and touches no other process. So the program itself can have
/// threads, and give its rights away.
package final class Keeper: Sendable {
  private let socket: Int32

  /// An eye that was forked.
  struct Forked {
    var pid: Int32
    var socket: Int32
    var page: Int32
  }

  private enum Order: UInt8 {
    case fork = 1
    case kill, list
  }

  /// Milliseconds. It does nothing that takes time.
  private static let patience: Int32 = 2000

  let pid: Int32

  private init(pid: Int32, socket: Int32) {
    self.pid = pid
    self.socket = socket
  }

  /// Keepers that are not needed any more, whose end nobody has taken note of.
  private static let dismissed = Mutex<[Int32]>([])

  deinit {
    close(socket)
    Self.dismissed.withLock { $0.append(pid) }
  }

  /// Takes note of the end of those that are not needed any more, so that no zombie is left to a
  /// container's first process, which may never ask. Waits for a moment, and not for one that is
  /// stuck.
  package static func takeNoteOfEnds() {
    for pid in dismissed.withLock({ $0 }) { awaitEnd { waitpid(pid, nil, WNOHANG) == 0 } }
  }

  private static func awaitEnd(_ isThere: () -> Bool) {
    for _ in 0..<500 {
      guard isThere() else { return }
      usleep(100)
    }
  }

  /// Forks it. To be called while this process has one thread.
  ///
  /// - Parameter makeHost: What an eye looks with; called in each.
  /// - Throws: ``HostError`` when there can be no other process.
  package static func start(
    _ makeHost: @escaping () -> LiveHost = { LiveHost() }
  ) throws(HostError) -> Keeper {
    do throws(SystemCallError) {
      let (near, far) = try socketPair()
      let pid = try systemCall("fork", on: "the process that looks") { closewatch_fork() }
      if pid == 0 {
        close(near)
        serve(far, makeHost)
      }
      close(far)
      return Keeper(pid: pid, socket: near)
    } catch {
      throw HostError("cannot start to look: \(error); raise the limit of processes")
    }
  }

  /// Two ends, neither of which is in the place of a standard descriptor.
  private static func socketPair() throws(SystemCallError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try systemCall("socketpair", on: "an eye") { socketpair(AF_UNIX, kind, 0, &ends) }
    for index in 0..<2 where ends[index] < 3 {
      let high = fcntl(ends[index], F_DUPFD_CLOEXEC, 3)
      close(ends[index])
      ends[index] = high
    }
    return (ends[0], ends[1])
  }

  /// Has an eye forked.
  func fork() throws(HostError) -> Forked {
    do throws(SystemCallError) {
      let page = try systemCall("memfd_create", on: "an eye's page") { closewatch_shared_memory() }
      var (near, far): (Int32, Int32) = (-1, -1)
      var isDone = false
      defer {
        close(far)
        if !isDone {
          close(page)
          close(near)
        }
      }
      _ = try systemCall("ftruncate", on: "an eye's page") {
        ftruncate(page, MemoryLayout<closewatch_mark>.size)
      }
      (near, far) = try Self.socketPair()
      let answer = try ask(.fork, 0, descriptors: [far, page])
      guard let pid = answer.first, pid > 0 else {
        throw SystemCallError("fork", on: "an eye", errno: -(answer.first ?? -EIO))
      }
      isDone = true
      return Forked(pid: pid, socket: near, page: page)
    } catch {
      throw HostError("cannot start to look: \(error)")
    }
  }

  /// Ends an eye, if it is one and can be ended.
  func kill(_ pid: Int32) { _ = try? ask(.kill, pid) }

  /// The eyes that have not ended; nil when that cannot be told.
  func living() -> [Int32]? { try? ask(.list, 0) }

  private func ask(
    _ order: Order, _ argument: Int32, descriptors: [Int32] = []
  ) throws(SystemCallError) -> [Int32] {
    let subject = "the process that starts eyes"
    // What came too late the last time.
    while receive(socket, waits: false) != nil {}
    var message = WireWriter()
    message.put(order.rawValue)
    message.put(argument)
    _ = try systemCall("sendmsg", on: subject) {
      closewatch_send(
        socket, message.bytes, UInt(message.bytes.count), descriptors, Int32(descriptors.count))
    }
    var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    let ready = try systemCall("poll", on: subject) { poll(&waiting, 1, Self.patience) }
    guard ready > 0 else { throw SystemCallError("recvmsg", on: subject, errno: ETIMEDOUT) }
    guard let answer = receive(socket, waits: false) else {
      throw SystemCallError("recvmsg", on: subject, errno: EPIPE)
    }
    return answer
  }

  /// Numbers that came; nil when none did.
  private func receive(_ socket: Int32, waits: Bool) -> [Int32]? {
    var numbers = [Int32](repeating: 0, count: 64)
    var none: Int32 = 0
    var unused: Int32 = -1
    let got = closewatch_receive(socket, &numbers, 256, &unused, &none, waits ? 1 : 0)
    return got > 0 ? Array(numbers.prefix(got / 4)) : nil
  }

  // MARK: In the keeper's process

  private static func serve(_ socket: Int32, _ makeHost: () -> LiveHost) -> Never {
    closewatch_detach(socket, socket)
    _ = closewatch_no_new_privileges()
    // Where there is no such filter, there is one wall less.
    _ = closewatch_confine(closewatch_keeper)
    closewatch_name_process("closewatch-keep")
    var children: [Int32] = []
    var bytes = [UInt8](repeating: 0, count: 8)
    while true {
      var descriptors: [Int32] = [-1, -1]
      var count: Int32 = 2
      let got = closewatch_receive(socket, &bytes, UInt(bytes.count), &descriptors, &count, 1)
      guard got > 0 else { break }
      reap(&children)
      let argument = bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: 1, as: Int32.self)
      }
      var answer: [Int32] = []
      switch Order(rawValue: bytes[0]) {
      case .fork where count == 2:
        let pid = closewatch_fork()
        if pid == 0 {
          close(socket)
          Eye.serve(descriptors[0], page: descriptors[1], makeHost)
        }
        if pid > 0 { children.append(pid) }
        answer = [pid > 0 ? pid : -errno]
      case .kill:
        if children.contains(argument) { Glibc.kill(argument, SIGKILL) }
        answer = [0]
      case .list: answer = Array(children.suffix(63)) + [0]
      case .fork, nil: answer = [-EINVAL]
      }
      for descriptor in descriptors.prefix(Int(count)) { close(descriptor) }
      _ = closewatch_send(socket, answer, UInt(answer.count * 4), nil, 0)
    }
    for child in children { Glibc.kill(child, SIGKILL) }
    awaitEnd {
      reap(&children)
      return !children.isEmpty
    }
    _exit(0)
  }

  private static func reap(_ children: inout [Int32]) {
    var status: Int32 = 0
    while true {
      let ended = waitpid(-1, &status, WNOHANG)
      guard ended > 0 else { return }
      children.removeAll { $0 == ended }
    }
  }
}
