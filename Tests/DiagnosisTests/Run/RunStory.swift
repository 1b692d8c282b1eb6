// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import TestSupport

/// A run on a scripted host: pid 50 is who watches, pid 100 the command. Looks are a quarter of a
/// second apart, the first before the command starts at second 0.
struct RunStory {
  static let watcher: Int32 = 50
  static let suite: Int32 = 100

  var host = HostScript()
  var order = RunOrder()
  var inherited: Set<UInt64> = []
  /// Tests by the second at which they begin.
  var tests: [(name: String, at: Double, isAwaited: Bool)] = []
  var ends = 6.0
  /// Between these seconds nothing runs, and nothing is looked at.
  var pause: Range<Double>?
  /// What becomes of a search's answer.
  var changed: (inout HolderReport, Double) -> Void = { _, _ in }

  init() {
    host.start("closewatch", pid: Self.watcher, from: -1)
    host.start("python3", pid: Self.suite, parent: Self.watcher)
  }

  func told() -> RunWatch {
    var watch = RunWatch(order, ancestor: Self.watcher, inherited: inherited)
    watch.advance(with: host.sample(at: -0.1))
    var second = 0.0
    var rest = tests[...]
    while second <= ends {
      while let test = rest.first, test.at <= second {
        rest = rest.dropFirst()
        // Half a millisecond from the sender to the look.
        watch.advance(
          with: host.sample(at: test.at + 0.0005),
          beginning: RunWatch.Beginning(
            test.name, at: HostScript.instant(test.at), isAwaited: test.isAwaited))
      }
      if let pause, pause.contains(second) {
        second = pause.upperBound
        watch.notBefore = HostScript.instant(second)
      }
      watch.advance(with: host.sample(at: second))
      let search = watch.search()
      var report = host.report(to: search, at: second)
      changed(&report, second)
      watch.attribute(report, to: search)
      second += 0.25
    }
    return watch
  }

  /// What counts.
  var counted: [LeftSocket] { told().left.filter { $0.excuse == nil } }
}

extension ScriptedSocket {
  /// The other end closes at some second, and nobody here does.
  static func leaked(to port: UInt16, by pid: Int32 = RunStory.suite, at second: Double) -> Self {
    .opened(to: port, by: pid).enters(.established, at: second - 0.1)
      .enters(.closeWait, at: second, unread: 1)
  }

  static func leaked(on port: UInt16, by pid: Int32 = RunStory.suite, at second: Double) -> Self {
    .accepted(on: port, by: pid).enters(.established, at: second - 0.1)
      .enters(.closeWait, at: second, unread: 1)
  }
}
