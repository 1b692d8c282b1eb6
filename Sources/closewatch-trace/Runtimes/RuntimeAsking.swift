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
  ///
  /// - Parameter lack: Why the calls of its interpreter are not read.
  mutating func begin(_ record: ProcessRecord, lack: String?) {
    if let lack {
      remarks.append("process \(record.id.pid): only the native calls are known: \(lack)")
    }
    switch record.runtime {
    case .jvm where wishes.usesJcmd:
      do throws(HostError) {
        recorders[record.id.pid] = try JavaRecorder(record, forSeconds: seconds)
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
    case .ruby, .php, .dotnet, .erlang:
      remarks.append(
        "process \(record.id.pid): of \(record.runtime.rawValue) only the native calls are known")
    default: break
    }
  }

  /// After the watch: puts what the runtimes say of these sockets into what was seen.
  mutating func finish(
    _ records: [ProcessRecord], of stuck: [StuckSocket], _ book: inout EventBook,
    listening: (Int32) throws(HostError) -> Set<UInt16>
  ) {
    for record in records {
      if let recorder = recorders.removeValue(forKey: record.id.pid) {
        finish(recorder, record, stuck, &book)
      }
      guard record.runtime == .node, wishes.usesInspector, !stuck.isEmpty else { continue }
      do throws(HostError) {
        let door = try NodeDoor(record) { () throws(HostError) in try listening(record.id.pid) }
        note(try door.ask(), stuck, &book)
      } catch {
        remarks.append("Node was not asked: \(error)")
      }
    }
  }

  private mutating func finish(
    _ recorder: JavaRecorder, _ record: ProcessRecord, _ stuck: [StuckSocket],
    _ book: inout EventBook
  ) {
    do throws(HostError) {
      let reads = try recorder.finish()
      for socket in stuck {
        guard let cookie = socket.cookie, let peer = socket.peer else { continue }
        book.amend(cookie) { sighting in
          // The kernel has seen it too: else it is the end of an older connection.
          guard let end = sighting.end else { return }
          let thread = isInOurNamespace(record) ? Int(end.thread) : nil
          let frames = reads.frames(atEndOf: peer, thread: thread)
          if let path = CodePath(frames) { sighting.end?.path = path }
        }
      }
    } catch {
      remarks.append("the recording of the JVM \(record.id.pid) cannot be read: \(error)")
    }
  }

  /// Whether it counts its threads as we do.
  private func isInOurNamespace(_ record: ProcessRecord) -> Bool {
    let bytes = (try? readFile("/proc/\(record.id.pid)/status", limit: 8192)) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("NSpid:") }
    return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).count == 2
  }

  private func note(
    _ known: [NodeInspection.Socket], _ stuck: [StuckSocket], _ book: inout EventBook
  ) {
    let byPlace = Dictionary(known.map { ([$0.peer.description, "\($0.localPort)"], $0) }) { $1 }
    for socket in stuck {
      guard let cookie = socket.cookie, let peer = socket.peer, let port = socket.localPort,
        let found = byPlace[[peer.description, "\(port)"]]
      else { continue }
      func path(_ events: Set<String>) -> CodePath? {
        CodePath(found.listeners.filter { events.contains($0.event) }.map(\.function))
      }
      book.amend(cookie) { sighting in
        if found.hasEnded, let path = path(["end"]) {
          sighting.end = .init(errno: 0, path: path)
        } else if !found.hasEnded, let path = path(["data", "readable"]) {
          sighting.wasRead = true
          sighting.lastRead = path
        }
      }
    }
  }
}
