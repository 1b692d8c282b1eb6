// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost
import Tracing

/// What a runtime is asked itself, where that was wished for: its own code is on no stack that the
/// kernel knows.
struct RuntimeAsking {
  /// What may be done to the target.
  struct Wishes {
    var usesJcmd: Bool
    var usesInspector: Bool
  }

  private let wishes: Wishes
  private let seconds: Double
  private var recorders: [Int32: JavaRecorder] = [:]
  /// What could not be asked and why, and what may be asked for.
  private(set) var remarks: [String] = []

  init(_ wishes: Wishes, forSeconds seconds: Double) {
    self.wishes = wishes
    self.seconds = seconds
  }

  /// Before the watch: what has to be recorded while it lasts.
  mutating func begin(_ process: WatchedProcess) {
    let record = process.record
    if let lack = process.lack {
      remarks.append("process \(record.id.pid): only the native calls are known: \(lack)")
    }
    switch record.runtime {
    case .jvm where wishes.usesJcmd:
      do throws(HostError) {
        recorders[record.id.pid] = try JavaRecorder(process, forSeconds: seconds)
      } catch {
        remarks.append("the JVM \(record.id.pid) is not recorded: \(error)")
      }
    case .jvm:
      remarks.append(
        "Java's own calls are on no stack that the kernel knows: with --use-jcmd the JVM is asked"
          + " to record its reads of sockets")
    case .node where !wishes.usesInspector:
      remarks.append(
        "JavaScript's handlers are on no stack that the kernel knows: with --use-inspector Node is"
          + " asked who listens to its sockets")
    case .ruby, .php, .perl, .dotnet, .erlang:
      remarks.append(
        "process \(record.id.pid): of \(record.runtime.rawValue) only the native calls are known")
    default: break
    }
  }

  /// After the watch: puts what the runtimes say of these sockets into what was seen.
  mutating func finish(
    _ processes: [WatchedProcess], of stuck: [StuckSocket], _ book: inout EventBook,
    listening: (Int32) throws(HostError) -> Set<UInt16>
  ) {
    for process in processes {
      let pid = process.record.id.pid
      if let recorder = recorders.removeValue(forKey: pid) {
        finish(recorder, process, stuck, &book)
      }
      noteHandlers(process, stuck, &book)
      guard process.record.runtime == .node, wishes.usesInspector, !stuck.isEmpty else { continue }
      var door = NodeDoor(process)
      do throws(HostError) {
        note(try door.ask { () throws(HostError) in try listening(pid) }, stuck, &book)
      } catch {
        remarks.append("Node was not asked: \(error)")
      }
      if let remark = door.remark { remarks.append(remark) }
    }
  }

  private mutating func finish(
    _ recorder: JavaRecorder, _ process: WatchedProcess, _ stuck: [StuckSocket],
    _ book: inout EventBook
  ) {
    let pid = process.record.id.pid
    do throws(HostError) {
      let reads = try recorder.finish(of: Set(stuck.compactMap(\.peer)))
      if reads.unread > 0 {
        remarks.append("the recording of the JVM \(pid): \(reads.unread) reads were not understood")
      }
      guard process.numbers.count == 1 else {
        remarks.append(
          "the JVM \(pid) counts its threads otherwise than the kernel does: its recording is not"
            + " used")
        return
      }
      for socket in stuck {
        guard let cookie = socket.cookie, let peer = socket.peer else { continue }
        book.amend(cookie) { sighting in
          // The kernel has seen it read by this JVM: else it is the end of an older connection, or
          // of another's that looks alike.
          guard let end = sighting.end, end.process == pid else { return }
          let frames = reads.frames(atEndOf: peer, thread: Int(end.thread))
          if let path = CodePath(frames) { sighting.end?.path = path }
        }
      }
    } catch {
      remarks.append("the recording of the JVM \(pid) cannot be read: \(error)")
    }
  }

  /// Where nothing is left to read, a loop has read the end and has called who is to hear of it.
  private func noteHandlers(
    _ process: WatchedProcess, _ stuck: [StuckSocket], _ book: inout EventBook
  ) {
    let ended = stuck.filter { $0.state == .closeWait(unread: 0) }
    for (cookie, handler) in process.handlers(of: ended) {
      book.amend(cookie) { sighting in
        switch handler {
        case .listener(let listener): sighting.endListeners = [listener]
        case .task(let task): sighting.task = task
        }
      }
    }
  }

  private func note(
    _ known: [NodeInspection.Socket], _ stuck: [StuckSocket], _ book: inout EventBook
  ) {
    let byPlace = Dictionary(known.map { ([$0.peer.description, "\($0.localPort)"], $0) }) { $1 }
    for socket in stuck {
      guard let cookie = socket.cookie, let peer = socket.peer, let port = socket.localPort,
        let found = byPlace[[peer.description, "\(port)"]], found.hasEnded
      else { continue }
      // Who listens to its data need not have read it: nothing is said of those.
      let listeners = found.listeners.filter { $0.event == "end" }.map(\.function)
      book.amend(cookie) { $0.endListeners = listeners }
    }
  }
}
