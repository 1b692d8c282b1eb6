// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

/// A look of the command's own and the memory of the daemon give the same page of the same host.
@Suite struct TriageCensusTests {
  private let host: ListedHost = {
    var host = ListedHost()
    // What the daemon does not know of a process, it does not count.
    host.process(4712, "python3")
    return host
  }()

  /// What the daemon remembers after it has seen the host once.
  private func watch() -> Watch {
    var watch = Watch(settings: RuleSettings())
    var search = watch.advance(with: host.sample)
    search.completeness = .everyHolder
    watch.attribute(host.report, to: search)
    return watch
  }

  private func page(_ census: TriageCensus) -> String {
    let report = TriageReport(
      findings: [], census: census, watchedSeconds: 0, source: .look(.denied))
    return TriageText(report, style: TextStyle()).text()
  }

  private func own(_ target: TriageTarget?) -> TriageCensus {
    let narrow = target?.narrowed(host.sample, host.report)
    let (sample, report) = narrow ?? (host.sample, host.report)
    var listing = SocketListing(sample, report) { _ in .unknown }
    listing.wasReadAsRoot = true
    return TriageCensus(listing, besides: [])
  }

  @Test(arguments: [
    nil, TriageTarget.pid(812), .pid(4711), .unit("nginx.service"), .port(80), .port(443),
  ])
  func `both say the same of the whole host and of a target`(_ target: TriageTarget?) throws {
    let census = try #require(watch().census)
    let remembered = TriageCensus(census, target: target, besides: [], gaps: [])
    #expect(page(try #require(remembered)) == page(own(target)))
  }

  @Test func `what is not known is nil`() throws {
    let census = try #require(watch().census)
    for target in [TriageTarget.pid(1), .unit("web"), .port(9)] {
      #expect(TriageCensus(census, target: target, besides: [], gaps: []) == nil)
      let known = TriageCensus(
        census, target: target, besides: [FoundLeak.closeWait()], gaps: [])
      #expect(known != nil, "a finding is something that is known")
    }
  }

  @Test func `established connections that a cheap look does not read are remembered`() throws {
    var watch = watch()
    var cheap = host.sample
    cheap.takenAt = BootInstant(seconds: 1010)
    cheap.states = .allButEstablished
    cheap.sockets.removeAll { $0.state == .established }
    let search = watch.advance(with: cheap)
    watch.attribute(host.report, to: search)
    let census = try #require(watch.census)
    let all = try #require(TriageCensus(census, target: nil, besides: [], gaps: []))
    #expect(page(all).contains("ESTABLISHED 2"))
    let nginx = try #require(TriageCensus(census, target: .pid(812), besides: [], gaps: []))
    #expect(page(nginx).contains("ESTABLISHED 1"))
  }
}
