// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
import Glibc
import KernelTables

/// The process that looks: it alone touches other processes, namespaces and the kernel's tables,
/// and it may be stuck there for ever without taking anybody along. It answers one question after
/// the other, and ends when nobody asks any more.
struct Eye {
  private let socket: Int32
  private var host: LiveHost

  /// Takes from who starts eyes, or is about to be one, what neither needs. Where the kernel has no
  /// such filter, there is one wall less.
  static func confineStarter() {
    _ = closewatch_no_new_privileges()
    _ = closewatch_confine(closewatch_keeper)
  }

  /// Serves until the other end is closed. In a process that was forked for it.
  ///
  /// - Parameters:
  ///   - page: Memory in which it says what it touches.
  static func serve(_ socket: Int32, page: Int32, _ makeHost: () -> LiveHost) -> Never {
    closewatch_name_process("closewatch-eye")
    let size = MemoryLayout<closewatch_mark>.size
    let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0)
    close(page)
    guard let start, start != MAP_FAILED else { _exit(1) }
    closewatch_mark_in(start.assumingMemoryBound(to: closewatch_mark.self))
    _ = closewatch_confine(closewatch_eye)
    var eye = Eye(socket: socket, host: makeHost())
    if eye.host.returnsMemory { ReturnedMemory.goesBackInTurns() }
    ReturnedMemory.staysInOneArena()
    while eye.answerNext() {
      EyeStep.rest.begin()
      if eye.host.returnsMemory { ReturnedMemory.goesBackNow() }
    }
    _exit(0)
  }

  /// - Returns: false when there is nobody to answer any more.
  private mutating func answerNext() -> Bool {
    guard let message = try? EyeMessage(over: socket, waits: true), message.kind == .question else {
      return false
    }
    let began = Clock.processSeconds
    guard
      let (avoidances, question) = try? message.read({ reader throws(DecodeError) in
        let avoidances = try reader.getArray { reader throws(DecodeError) in
          try EyeAvoidance(from: &reader)
        }
        return (avoidances, try EyeQuestion(from: &reader))
      })
    else { return false }
    let id = message.id
    _ = consume message
    switch question {
    case .host(let request):
      host.avoid(avoidances)
      do throws(HostError) {
        var answer: HostAnswer? = try host.answer(request)
        var leftOut: [ProcessID] = []
        if case .holders = answer { leftOut = host.overlaysLeftOut }
        return send(.answer, id, since: began) { writer in
          // The reader makes rows of its own, and there is memory for those of one of us only: a
          // row goes when it is written. Nobody else has them.
          writer.takesBack = ReturnedMemory.pagesGoBack
          answer?.write(to: &writer)
          answer = nil
          writer.put(leftOut) { $1.write(to: &$0) }
        }
      } catch {
        return send(.failure, id, since: began) { $0.put(error.description) }
      }
    case .overlays(let processes, let deadline):
      host.avoid(avoidances)
      let runtimes = host.readOverlays(of: processes, by: deadline)
      return send(.runtimes, id, since: began) { runtimes.write(to: &$0) }
    case .containers(let ids, let deadline):
      // It hung once, and is not of one process: there are names, or there are none.
      let isAvoided = avoidances.contains { $0.step == .containers }
      if !isAvoided { EyeStep.containers.begin() }
      let files = isAvoided ? ContainerFiles() : host.readContainers(ids, by: deadline)
      return send(.containers, id, since: began) { files.write(to: &$0) }
    case .release(let targets):
      host.avoid(avoidances)
      EyeStep.release.begin()
      let outcomes = SocketRelease(avoided: host.avoided).release(targets)
      return send(.outcomes, id, since: began) { $0.put(outcomes) { $1.write(to: &$0) } }
    }
  }

  private func send(
    _ kind: EyeMessage.Kind, _ id: UInt64, since began: Double,
    _ write: (inout WireWriter) -> Void
  ) -> Bool {
    EyeStep.answer.begin()
    let spent = max(0, Clock.processSeconds - began)
    let nanoseconds = UInt64(spent * 1e9)
    return
      (try? EyeMessage.send(
        kind, id, over: socket, processorNanoseconds: nanoseconds, write)) != nil
  }
}
