// SPDX-License-Identifier: Apache-2.0

package import KernelTables
package import Reporting

extension StacksReport {
  /// Groups that are told; the rest is counted.
  private static let shown = 8

  /// The page for a person.
  ///
  /// - Parameter runtime: Of some what they run is not on the stack that the kernel knows.
  package func text(
    of process: TraceTarget.Process, _ runtime: ProcessRuntime, _ style: TextStyle
  ) -> String {
    var page = TextPage(style: style)
    page.blank()
    page.paragraph(summary(process.title), .strong)
    for lock in locks where lock.waiting > 1 || lock.holder != nil { write(lock, to: &page) }
    for group in groups.prefix(Self.shown) { write(group, to: &page) }
    let rest = groups.dropFirst(Self.shown)
    if !rest.isEmpty {
      let threads = rest.reduce(0) { $0 + $1.threads.count }
      page.blank()
      let places = Quantity.count(rest.count, "other place")
      page.item("\(Quantity.count(threads, "thread")) in \(places)")
    }
    if let lack = Self.lack(runtime, process.pid) {
      page.blank()
      page.paragraph(lack)
    }
    return page.text
  }

  private func summary(_ process: String) -> String {
    let stop = stoppedSeconds < 0.001 ? "less than 1 ms" : Quantity.duration(stoppedSeconds)
    var words =
      "STACKS of \(UntrustedText.printable(process)) now:"
      + " \(Quantity.count(threadCount, "thread")), stopped one by one for \(stop) in all."
    if missed > 0 {
      words += " \(Quantity.count(missed)) more could not be stopped in time."
    }
    return words
  }

  private func write(_ lock: Lock, to page: inout TextPage) {
    page.blank()
    let who = lock.holder.map { "that thread \($0) holds" } ?? "whose holder is not known"
    let waits = lock.waiting == 1 ? "waits" : "wait"
    page.item("\(Quantity.count(lock.waiting, "thread")) \(waits) for a lock \(who)")
    guard let holder = lock.holder.flatMap(group(of:)) else { return }
    page.inner("it is \(Self.words(holder.wait))")
    if let path = CodePath(holder.frames) { page.inner("at \(path.line)") }
  }

  private func write(_ group: Group, to page: inout TextPage) {
    page.blank()
    let count = Quantity.count(group.threads.count, "thread")
    let name = UntrustedText.printable(group.name)
    page.item("\(count) (\(name) \(group.threads[0])): \(Self.words(group.wait))")
    guard let path = CodePath(group.frames) else { return page.inner("where is not known") }
    page.inner("at \(path.line)")
    if let lack = path.lack { page.inner(lack) }
  }

  private static func words(_ wait: StoppedThread.Wait?) -> String {
    switch wait {
    case nil: "not in a system call"
    case .lock: "waiting for a lock"
    case .wake: "waiting to be woken by another thread"
    case .events: "waiting for events on its descriptors"
    case .time: "sleeping"
    case .call(let number): "in system call \(number)"
    case .descriptor(let call, let fd, let peer):
      "in \(call)() on fd \(fd)" + (peer.map { ", to \($0)" } ?? "")
    }
  }

  /// What cannot be seen of a runtime, and how it is.
  private static func lack(_ runtime: ProcessRuntime, _ pid: Int32) -> String? {
    switch runtime {
    case .jvm: "Native calls only; for Java's own: jcmd \(pid) Thread.print -l"
    case .node: "Native calls only: JavaScript that waits is on no stack."
    case .go: "Kernel threads only: goroutines that wait are on none of their stacks."
    case .ruby, .php, .perl, .dotnet, .erlang:
      "Native calls only: the program's own are not read."
    default: nil
    }
  }
}
