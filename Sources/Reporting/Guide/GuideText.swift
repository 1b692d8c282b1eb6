// SPDX-License-Identifier: Apache-2.0

/// What to tell a person about one cause of one rule: the same words in triage, `explain`, the
/// journal catalog, the man page and the alert annotations.
///
/// ASCII only. Prose says `{pid}` where the reporter knows a value: ``GuidePlaceholder`` lists
/// them all, ``filled(with:)`` puts them in and ``spelledOut()`` names them.
package struct GuideText: Hashable, Sendable {
  /// A headline, at most 60 characters, no full stop.
  package var title: String
  /// What it means: at most three sentences and 300 characters.
  package var meaning: String
  /// What to do at 3 a.m., in this order. The first line of a step is a sentence; each line after
  /// it is a shell command to copy; one that ends in `|` goes on in the next line. No line is
  /// longer than 100 characters.
  package var now: [String]
  /// How to fix it for good, in the runtime that was asked for. Each entry is one line of at most
  /// 100 characters, or several joined by a line feed.
  package var fix: [String]
  /// What people try in vain.
  package var doesNotHelp: [Futile]

  /// A guide from its parts.
  package init(
    title: String, meaning: String, now: [String], fix: [String], doesNotHelp: [Futile]
  ) {
    self.title = title
    self.meaning = meaning
    self.now = now
    self.fix = fix
    self.doesNotHelp = doesNotHelp
  }

  /// Puts values in place of the placeholders.
  ///
  /// A step of ``now``, a ``fix`` or a ``Futile`` that needs a value which `values` does not have
  /// is dropped as a whole: half a command is worse than none. Titles and meanings have no
  /// placeholders.
  package func filled(with values: GuideValues) -> GuideText {
    filled(by: values.text(for:))
  }

  /// The same with the text that `value` has for a placeholder; nil drops what needs it.
  func filled(by value: (GuidePlaceholder) -> String?) -> GuideText {
    mapped { GuidePlaceholder.replaceAll(in: $0, by: value) }
  }

  /// Names the placeholders instead of filling them, `{pid}` as `PID`: for a man page or a catalog
  /// that speaks of no process in particular. Nothing is dropped.
  package func spelledOut() -> GuideText {
    mapped { GuidePlaceholder.replaceAll(in: $0, by: \.spelledOut) }
  }

  private func mapped(_ replace: (String) -> String?) -> GuideText {
    var result = self
    result.now = now.compactMap(replace)
    result.fix = fix.compactMap(replace)
    result.doesNotHelp = doesNotHelp.compactMap { futile in
      guard let what = replace(futile.what), let why = replace(futile.why) else { return nil }
      return Futile(what, why: why)
    }
    return result
  }
}

/// Something that people try and that does not help, with the mechanism that defeats it.
package struct Futile: Hashable, Sendable {
  /// The attempt, at most 100 characters: `Lowering net.ipv4.tcp_fin_timeout`.
  package var what: String
  /// Why the kernel does not care, at most 200 characters.
  package var why: String

  /// An attempt and the reason why it fails.
  package init(_ what: String, why: String) {
    self.what = what
    self.why = why
  }
}
