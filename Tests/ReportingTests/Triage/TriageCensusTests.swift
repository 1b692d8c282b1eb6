// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// What a triage says beside its verdicts, of the whole host and of a target.
@Suite struct TriageCensusTests {
  private let host: ListedHost = {
    var host = ListedHost()
    // What is not known of a process is not counted.
    host.process(4712, "python3")
    return host
  }()

  private func page(_ target: TriageTarget?, of watch: Watch? = nil) throws -> String {
    let census = try #require(host.triageCensus(target, of: watch))
    let report = TriageReport(
      findings: [], census: census, watchedSeconds: 0, source: .look(.denied))
    return TriageText(report, style: TextStyle()).text()
  }

  @Test(arguments: [
    (nil, "7 sockets of 3 processes"),
    // Its sockets, and those that wait for its listener.
    (TriageTarget.pid(812), "3 sockets of 1 process"),
    (.pid(4711), "1 socket of 2 processes"),
    (.name("nginx"), "3 sockets of 1 process"),
    (.name("nginx.service"), "3 sockets of 1 process"),
    // Local or remote.
    (.port(443), "1 socket of 2 processes"),
    (.port(40_000), "1 socket of 2 processes"),
    (.port(80), "5 sockets of 1 process"),
  ])
  func `a target has its own sockets and those that wait for its listeners`(
    _ target: TriageTarget?, _ words: String
  ) throws {
    let page = try page(target)
    #expect(page.contains(" \(words)"), "\(page)")
  }

  @Test func `what is not known was not seen`() throws {
    for target in [TriageTarget.pid(1), .name("web"), .name("ngin"), .port(9)] {
      #expect(try #require(host.triageCensus(target)).hasSeen == false, "\(target)")
    }
    #expect(try #require(host.triageCensus(.port(443))).hasSeen)
  }

  @Test func `established connections that a cheap look does not read are remembered`() throws {
    var watch = host.watch
    var cheap = host.sample
    cheap.takenAt = BootInstant(seconds: 1010)
    cheap.states = .allButEstablished
    cheap.sockets.removeAll { $0.state == .established }
    let search = watch.advance(with: cheap)
    watch.attribute(host.report, to: search)
    #expect(try page(nil, of: watch).contains("ESTABLISHED 2"))
    #expect(try page(.pid(812), of: watch).contains("ESTABLISHED 1"))
  }

  @Test func `those that the newest whole look has not shown are not counted`() throws {
    var watch = host.watch
    func look(at second: Double, _ change: (inout Sample) -> Void) {
      var sample = host.sample
      sample.takenAt = BootInstant(seconds: second)
      change(&sample)
      sample.sockets.removeAll { $0.state == .established }
      let search = watch.advance(with: sample)
      watch.attribute(host.report, to: search)
    }
    look(at: 1010) { _ in }
    look(at: 1020) { $0.states = .allButEstablished }
    #expect(try !page(nil, of: watch).contains("ESTABLISHED"))
  }
}
