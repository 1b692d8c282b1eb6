// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
package import KernelTables

/// A process that forks eyes when asked, and nothing else: it has one thread, keeps the rights that
/// the program was started with, and touches no other process. So the program itself can have
/// threads, and give its rights away: the daemon does both, `top` the first.
package final class Keeper: EyeStarter {
  private let socket: Int32

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

  deinit {
    close(socket)
    EndedChildren.add([pid])
  }

  /// Forks it. To be called while this process has one thread.
  ///
  /// - Parameter makeHost: What an eye looks with; called in each.
  /// - Throws: ``HostError`` when there can be no other process.
  package static func start(
    _ makeHost: @escaping () -> LiveHost = { LiveHost() }
  ) throws(HostError) -> Keeper {
    do throws(SystemCallError) {
      let (near, far) = try ForkedEye.socketPair()
      let pid = try systemCall("fork", on: "the process that looks") { closewatch_fork() }
      if pid == 0 {
        close(near)
        serve(far, makeHost)
      }
      close(far)
      return Keeper(pid: pid, socket: near)
    } catch {
      throw HostError(cannotStart: error)
    }
  }

  package func fork() throws(HostError) -> ForkedEye {
    try ForkedEye.make { far, page throws(SystemCallError) in
      let answer = try ask(.fork, 0, descriptors: [far, page])
      guard let pid = answer.first, pid > 0 else {
        throw SystemCallError("fork", on: "an eye", errno: -(answer.first ?? -EIO))
      }
      return pid
    }
  }

  package func kill(_ pid: Int32) { _ = try? ask(.kill, pid) }

  package func living() -> [Int32]? { try? ask(.list, 0) }

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
    // Who counts connects has been started: nobody loads programs into the kernel any more.
    _ = closewatch_keep_capabilities(~ConnectCounter.rights)
    Eye.confineStarter()
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
    EndedChildren.takeNote(of: children)
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
