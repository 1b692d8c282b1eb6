// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Testing

@testable import Reporting

/// Entries put together to stories.
@Suite struct HistoryFoldTests {
  @Test func `beginning, steps and end of one firing are one story`() throws {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20, firedFor: 0)
    told.tell(.worsened, at: 1060, sockets: 40, firedFor: 60)
    told.tell(.worsened, at: 1200, sockets: 90, severity: .critical, firedFor: 200)
    told.tell(.resolved, at: 1500, sockets: 70, firedFor: 500)
    let story = try #require(told.history().stories.first)
    #expect(told.history().stories.count == 1)
    #expect(story.began == .told(1000))
    #expect(story.socketsAtBegin == 20)
    #expect(story.steps.map(\.sockets) == [40, 90])
    #expect(story.peak == 90 && story.last.sockets == 70)
    #expect(story.severity == .critical)
    #expect(story.ending == .resolved(at: 1500))
    #expect(story.firedSeconds(now: 9999) == 500)
    #expect(told.history().stillFiring == 0)
  }

  @Test func `what fires again is a story of its own, the newest first`() {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20)
    told.tell(.resolved, at: 1100, sockets: 20)
    told.tell(.firing, at: 2000, sockets: 30)
    told.tell(.firing, at: 1500, sockets: 5, id: "b")
    let stories = told.history().stories
    #expect(stories.map(\.began.seconds) == [2000, 1500, 1000])
    #expect(told.history().stillFiring == 2)
  }

  @Test func `a beginning that was not read is reckoned from the time that it fired`() throws {
    var told = ToldStory()
    told.tell(.worsened, at: 5000, sockets: 80, firedFor: 3600)
    let story = try #require(told.history(now: 5100).stories.first)
    #expect(story.began == .reckoned(1400))
    #expect(story.socketsAtBegin == nil)
    #expect(story.stepCount == 1)
    #expect(story.ending == .stillFiring)
    #expect(story.firedSeconds(now: 5100) == 3700)
  }

  @Test func `an end alone that says nothing of its time began before`() throws {
    var told = ToldStory()
    told.tell(.resolved, at: 5000, sockets: 80)
    let story = try #require(told.history().stories.first)
    #expect(story.began == .before(5000))
    #expect(story.ending == .resolved(at: 5000))
  }

  @Test func `a story without an end is told as firing only while someone could end it`() {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20)
    #expect(told.history().stories.map(\.ending) == [.stillFiring])
    #expect(told.history(gone: [77]).stories.map(\.ending) == [.untold(.writerGone(pid: 77))])
    #expect(told.history(boot: "b2").stories.map(\.ending) == [.untold(.rebooted)])
    told.fold.daemonStopped(at: 1010)
    told.fold.daemonStopped(at: 1020)
    #expect(
      told.history(boot: "b2", gone: [77]).stories.map(\.ending)
        == [.untold(.daemonStopped(at: 1010))])
    #expect(told.history().stories[0].firedSeconds(now: 2000) == nil)
    // A daemon that goes on with the story has not been stopped for good.
    told.tell(.worsened, at: 1030, sockets: 50, firedFor: 30)
    #expect(told.history().stories.map(\.ending) == [.stillFiring])
  }

  @Test func `a daemon that begins anew leaves the old story without an end`() {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20)
    told.tell(.firing, at: 3000, sockets: 40)
    #expect(
      told.history().stories.map(\.ending) == [.stillFiring, .untold(.reportedAgain(at: 3000))])
    told.boot = "b2"
    told.tell(.firing, at: 4000, sockets: 10)
    let endings = told.history(boot: "b2").stories.map(\.ending)
    #expect(endings == [.stillFiring, .untold(.rebooted), .untold(.reportedAgain(at: 3000))])
  }

  @Test func `the window keeps what reaches into it`() {
    var filter = HistoryFilter(since: 2000)
    filter.until = 3000
    var told = ToldStory(filter)
    told.tell(.firing, at: 1000, sockets: 1, id: "over before")
    told.tell(.resolved, at: 1999, sockets: 1, id: "over before")
    told.tell(.firing, at: 1000, sockets: 1, id: "over inside")
    told.tell(.resolved, at: 2001, sockets: 1, id: "over inside")
    told.tell(.firing, at: 1000, sockets: 1, id: "fires on")
    told.tell(.firing, at: 2500, sockets: 1, id: "inside")
    told.tell(.firing, at: 3001, sockets: 1, id: "later")
    let kept = Set(told.history().stories.map(\.last.findingID))
    #expect(kept == ["over inside", "fires on", "inside"])
  }

  @Test func `a unit is found with and without its suffix, and a rule by its name`() {
    var filter = HistoryFilter(since: 0)
    filter.unit = "web"
    filter.rule = .closeWaitLeak
    var told = ToldStory(filter)
    told.tell(.firing, at: 1, sockets: 1, id: "a", unit: "web.service")
    told.tell(.firing, at: 2, sockets: 1, id: "b", unit: "web")
    told.tell(.firing, at: 3, sockets: 1, id: "c", unit: "webx.service")
    #expect(told.history().stories.map(\.last.findingID) == ["b", "a"])
    filter.rule = .closeWaitStuck
    var other = ToldStory(filter)
    other.tell(.firing, at: 1, sockets: 1, id: "a", unit: "web.service")
    #expect(other.history().stories.isEmpty)
  }

  @Test func `a release is read back as it was written, the newest first`() throws {
    var told = ToldStory()
    told.release(at: 1000)
    told.release(at: 2000, sockets: 3, gone: 2, failed: 1, port: 8080, unit: nil)
    let releases = told.history().releases
    #expect(releases.map(\.at) == [2000, 1000])
    let newest = try #require(releases.first)
    #expect(newest.released == 3 && newest.gone == 2 && newest.failed == 1)
    #expect(newest.pid == 4711 && newest.command == "python3" && newest.unit == nil)
    #expect(newest.localPort == 8080 && newest.olderThanSeconds == 300)
    #expect(newest.uid == 0 && newest.loginUID == 1000)
    #expect(releases.last?.unit == "api.service" && releases.last?.localPort == nil)
    #expect(told.history().entries == 2 && told.history().stories.isEmpty)
  }

  @Test func `releases keep to the window, to the unit, and to rules about CLOSE_WAIT`() {
    func kept(_ change: (inout HistoryFilter) -> Void) -> [Double] {
      var filter = HistoryFilter(since: 2000)
      change(&filter)
      var told = ToldStory(filter)
      told.release(at: 1999)
      told.release(at: 2000)
      told.release(at: 3000, command: "worker", unit: nil)
      return told.history().releases.map(\.at)
    }
    #expect(kept { _ in } == [3000, 2000])
    #expect(kept { $0.until = 2500 } == [2000])
    #expect(kept { $0.unit = "api" } == [2000])
    #expect(kept { $0.unit = "worker" } == [3000])
    #expect(kept { $0.rule = .closeWaitStuck } == [3000, 2000])
    #expect(kept { $0.rule = .synSentPileup } == [])
  }

  @Test func `a flood of releases keeps to its bound of memory, and says so`() {
    var told = ToldStory()
    let count = 2 * HistoryFold.releasesKept + 500
    for index in 0..<count { told.release(at: Double(index), sockets: 1) }
    let history = told.history()
    #expect(history.releases.count == HistoryFold.releasesKept)
    #expect(history.droppedReleases == count - HistoryFold.releasesKept)
    #expect(history.releases.first?.at == Double(count - 1))
  }

  @Test func `an entry without sense is counted and costs nothing else`() {
    var told = ToldStory()
    told.tell(.firing, at: 1000, sockets: 20)
    told.fold.take(
      [JournalEntry.Field(name: "CLOSEWATCH_EVENT", value: "?")], at: 1, bootID: "b1", writer: nil)
    let history = told.history()
    #expect(history.stories.count == 1 && history.entries == 1)
    #expect(history.unreadable == 1)
    #expect(history.firstError == JournalFieldError(field: "CLOSEWATCH_EVENT", text: "?"))
    told.fold.takeRelease([JournalEntry.Field(name: "CLOSEWATCH_PID", value: "x")], at: 1)
    #expect(told.history().unreadable == 2 && told.history().releases.isEmpty)
  }

  @Test(arguments: ["9223372036854775807", "-1", "1e3"])
  func `a count that no host can have has no sense`(_ count: String) {
    #expect(FieldText.count(count) == nil)
    #expect(FieldText.count("4096") == 4096)
  }

  @Test func `what others have written is counted with who they are, three at most`() {
    var told = ToldStory()
    for user in ["1000", "65534", "65534", "7", "8", "9"] { told.fold.leaveOut(user: user) }
    let history = told.history()
    #expect(history.stories.isEmpty && history.foreign == 6)
    #expect(history.foreignUsers == ["1000", "65534", "7"])
  }

  @Test func `a flood of entries keeps to its bound of memory, and says so`() {
    var told = ToldStory()
    let count = 2 * HistoryFold.storiesKept + 500
    for index in 0..<count {
      told.tell(.resolved, at: Double(index), sockets: 1, id: "\(index)", firedFor: 1)
    }
    let history = told.history()
    #expect(history.stories.count == HistoryFold.storiesKept)
    #expect(history.dropped == count - HistoryFold.storiesKept)
    #expect(history.stories.first?.last.findingID == "\(count - 1)")
    for step in 0..<1000 { told.tell(.worsened, at: Double(count + step), sockets: 1, id: "s") }
    let longest = told.history().stories.first
    #expect(longest?.stepCount == 1000 && longest?.steps.count == FindingStory.stepsKept)
  }
}
