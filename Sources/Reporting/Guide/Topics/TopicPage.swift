// SPDX-License-Identifier: Apache-2.0

/// A page of `explain` about a word that people bring: an error message, a column of ss, an option
/// of a socket, a question that every text about TCP asks.
///
/// ASCII only. Right for Linux; ``sources`` says where it is written.
package struct TopicPage: Hashable, Sendable {
  /// What it is best called by: kebab-case.
  package var id: String
  /// What else people type, and what stands in their logs.
  package var otherNames: [String]
  /// For lists: at most 50 characters.
  package var line: String
  /// What it means, in paragraphs.
  package var meaning: [String]
  /// What to look at and to do, in the form of ``GuideText/look``.
  package var steps: [String]
  /// What people try in vain.
  package var doesNotHelp: [Futile]
  /// The RFC, the manual page or the file of the kernel.
  package var sources: [String]
  /// Other words that have a page.
  package var related: [String]

  init(
    _ id: String, _ otherNames: [String], _ line: String, meaning: [String], steps: [String] = [],
    doesNotHelp: [Futile] = [], sources: [String], related: [String]
  ) {
    self.id = id
    self.otherNames = otherNames
    self.line = line
    self.meaning = meaning
    self.steps = steps
    self.doesNotHelp = doesNotHelp
    self.sources = sources
    self.related = related
  }

  /// All of them, in the order of the overview: errors, columns, options, questions.
  package static let all: [TopicPage] = [
    tooManyOpenFiles, cannotAssignAddress, addressInUse, connectionReset, connectionRefused,
    connectionTimedOut, synFlooding, orphan, queues, backlog, pending, severity,
    root, keepalive, linger, segments, timeWaitLength, halfClosed, finWait2Stays,
  ]

  /// The page that is called `word`.
  ///
  /// - Parameter word: In lower case, with `-` for blanks and underscores.
  static func named(_ word: String) -> TopicPage? { byName[word] }

  /// The page about a message that is somewhere in `text`: a line of a log.
  ///
  /// - Parameter text: In the form of ``named(_:)``.
  static func mentioned(in text: String) -> TopicPage? {
    // Names of one short word (`reset`, `persist`) stand in many lines that mean something else.
    phrases.first { text.contains($0.phrase) }?.page
  }

  private static let byName: [String: TopicPage] = Dictionary(
    all.flatMap { page in ([page.id] + page.otherNames.map(ExplainTopic.key)).map { ($0, page) } },
    uniquingKeysWith: { first, _ in first })

  private static let phrases: [(phrase: String, page: TopicPage)] =
    byName.map { (phrase: $0.key, page: $0.value) }
    .filter { isPhrase($0.phrase) }
    .sorted { ($0.phrase.utf8.count, $0.phrase) > ($1.phrase.utf8.count, $1.phrase) }

  /// `too-many-open-files`, `emfile`.
  private static func isPhrase(_ name: String) -> Bool {
    let words = name.split(separator: "-").count
    return words >= 3 || name.utf8.count >= 11 && words == 2
      || words == 1 && name.utf8.count >= 5 && name.hasPrefix("e")
  }
}
