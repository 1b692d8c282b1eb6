// SPDX-License-Identifier: Apache-2.0

import CTrace
import Glibc
import KernelTables
import TraceProbe
import Tracing

/// The programs in the kernel, for as long as this lives.
final class KernelProbe {
  /// Whether it has to look at every system call of the host.
  let looksAtEveryCall: Bool
  private let probe: OpaquePointer

  /// - Parameters:
  ///   - tellsAccepts: Whether accept(2) is to be seen.
  ///   - follows: Whether what a watched process starts is watched, too.
  /// - Throws: ``BPFRefusal``: why this kernel, or who runs this, cannot.
  init(tellsAccepts: Bool, follows: Bool = false) throws(BPFRefusal) {
    let tellsReceives = closewatch_kernel_tells_receives() == 1
    looksAtEveryCall = tellsAccepts || !tellsReceives
    let object = TraceProbe.object
    var failure = closewatch_probe_failure()
    let options = closewatch_probe_options(
      tells_accepts: tellsAccepts ? 1 : 0, may_use_system_calls: 1, follows: follows ? 1 : 0)
    let loaded = object.withUnsafeBytes {
      closewatch_probe_load($0.baseAddress, UInt($0.count), options, &failure)
    }
    guard let loaded else { throw BPFRefusal(failure) }
    probe = loaded
  }

  deinit { closewatch_probe_end(probe) }

  /// Sees what this process does from now on.
  func watch(_ pid: Int32, layout: [UInt64]) throws(HostError) {
    var settings = Self.settings(layout)
    guard closewatch_probe_watch(probe, UInt32(pid), &settings) == 0 else {
      throw HostError("cannot watch more than 1,024 processes; name one of them")
    }
  }

  /// Reads the calls of one that is watched by another layout from now on.
  func renew(_ pid: Int32, layout: [UInt64]) {
    var settings = Self.settings(layout)
    // One that has ended is not to be watched again: its number can become another's.
    _ = closewatch_probe_renew(probe, UInt32(pid), &settings)
  }

  private static func settings(_ layout: [UInt64]) -> closewatch_trace_watched {
    var settings = closewatch_trace_watched()
    withUnsafeMutableBytes(of: &settings) { bytes in
      layout.prefix(closewatch_trace_layout_words).withUnsafeBytes {
        bytes.copyMemory(from: $0)
      }
    }
    return settings
  }

  /// To wait at for events.
  var descriptor: Int32 { closewatch_probe_descriptor(probe) }

  /// Sees nothing more of it: its number can become another's.
  func forget(_ pid: Int32) { closewatch_probe_forget(probe, UInt32(pid)) }

  /// Waits for events for so long, and gives each to `take`.
  func poll(milliseconds: Int32, _ take: (KernelEvent) -> Void) throws(HostError) {
    let count = withoutActuallyEscaping(take) { take in
      var take = take
      return withUnsafeMutablePointer(to: &take) { context in
        closewatch_probe_poll(probe, milliseconds, context) { context, event, size in
          guard let context, let event else { return }
          let take = context.assumingMemoryBound(to: ((KernelEvent) -> Void).self).pointee
          take(KernelEvent(event, size: Int(size)))
        }
      }
    }
    if count < 0 { throw HostError("cannot read what the programs in the kernel tell") }
  }

  func count(_ which: closewatch_trace_count) -> UInt64 { closewatch_probe_count(probe, which) }

  /// How often a program was not run, because another thread's run was in its way.
  private var missed: UInt64 { closewatch_probe_missed(probe) }

  /// What it has missed.
  var loss: TraceLoss {
    var loss = TraceLoss()
    loss.lost = count(closewatch_trace_lost)
    loss.interrupted = missed
    loss.refused = count(closewatch_trace_refused)
    loss.skipped = count(closewatch_trace_skipped)
    return loss
  }

  /// The newest read of a socket that brought something.
  func newestRead(of cookie: UInt64) -> KernelEvent? {
    let size = MemoryLayout<closewatch_trace_stop>.size
    let room = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    defer { room.deallocate() }
    let stop = room.bindMemory(to: closewatch_trace_stop.self, capacity: 1)
    guard closewatch_probe_newest_read(probe, cookie, stop) == 1 else { return nil }
    return room.withMemoryRebound(to: closewatch_trace_event.self, capacity: 1) {
      KernelEvent($0, size: size)
    }
  }
}

/// An event as the programs in the kernel tell it.
struct KernelEvent {
  let head: closewatch_trace_event
  /// struct closewatch_trace_stack; nil where there is none.
  let stack: [UInt8]?

  init(_ event: UnsafePointer<closewatch_trace_event>, size: Int) {
    head = event.pointee
    let whole = UnsafeRawBufferPointer(start: event, count: size)
    let start = MemoryLayout<closewatch_trace_stop>.offset(of: \.stack) ?? 0
    stack =
      size >= MemoryLayout<closewatch_trace_stop>.size
      ? Array(whole[start..<MemoryLayout<closewatch_trace_stop>.size]) : nil
  }
}
