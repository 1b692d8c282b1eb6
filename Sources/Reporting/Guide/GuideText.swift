// SPDX-License-Identifier: Apache-2.0

import KernelTables

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
  /// What to look at, in this order. The first line of a step is a sentence; each line after it is
  /// a shell command to copy; one that ends in `|` goes on in the next line. No line is longer
  /// than 100 characters.
  package var look: [String]
  /// What saves the service without mending it, in the form of ``look``: out of the balancer, room
  /// for more, a fresh start.
  package var rescue: [String]
  /// The permanent fix, in the runtime that was asked for. Each entry is one line of at most
  /// 100 characters, or several joined by a line feed.
  package var fix: [String]
  /// What people try in vain.
  package var doesNotHelp: [Futile]
  /// Whether time is short: see ``GuideQuestion/isUrgent``.
  package var isUrgent = false

  /// A guide from its parts.
  package init(
    title: String, meaning: String, look: [String], rescue: [String] = [], fix: [String],
    doesNotHelp: [Futile]
  ) {
    self.title = title
    self.meaning = meaning
    self.look = look
    self.rescue = rescue
    self.fix = fix
    self.doesNotHelp = doesNotHelp
  }

  /// What to do at 3 a.m., in this order: what saves the service comes first when time is short,
  /// and the proof is kept first when it is not.
  package var now: [String] { isUrgent ? rescue + look : look + rescue }

  /// The first steps, for where there is no room for all. Of what saves the service nothing is
  /// left out when time is short.
  package var firstSteps: ArraySlice<String> { now.prefix(isUrgent ? max(3, rescue.count) : 3) }

  /// Puts values in place of the placeholders.
  ///
  /// A step, a ``fix`` or a ``Futile`` that needs a value which `values` does not have
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

  /// The same for sockets of MPTCP, with those of TCP among them.
  ///
  /// Measured on Linux 6.18 with iproute2 6.1: `ss -t` shows their subflows, which stay
  /// ESTABLISHED, and lsof the state of one of these; `ss -K` leaves them as they are. With `-t`
  /// beside `-M`, ss puts a column before the others. So what counts ESTABLISHED, or all that a
  /// process has, is left as it is: `-M` alone would hide everything else.
  var forMPTCP: GuideText {
    let vain = ["ss -K", "ss -tnoi", GuideStep.release, GuideStep.one]
    func steps(_ steps: [String]) -> [String] {
      steps.filter { step in !vain.contains(where: step.contains) }.map {
        let step = $0.replacing("ss -t", with: "ss -tM")
        let isOfMore = step.contains("state established") || step.contains("ss -Htnp | grep")
        return isOfMore ? step : step.replacing("ss -Ht", with: "ss -HM")
      }
    }
    var result = self
    (result.look, result.rescue) = (steps(look), steps(rescue))
    return result
  }

  /// The same for descriptors in a table: lsof reads one that a thread has of its own with `-K`
  /// only, and they are in that thread's folder alone. Without `-a` that lists all of the host.
  func reading(_ table: SocketHolder.Table) -> GuideText {
    guard case .thread(let tid) = table else { return self }
    return mapped {
      $0.replacing("lsof -nP -a", with: "lsof -K -nP -a")
        .replacing("/proc/{pid}/fd", with: "/proc/{pid}/task/\(tid)/fd")
    }
  }

  /// The same where a signal has stopped the process: its code has nothing to do with it.
  ///
  /// - Parameter isAside: Whether clients connect to it, which can go elsewhere.
  func ofStopped(isAside: Bool) -> GuideText {
    GuideText(
      title: title,
      meaning: """
        A signal has stopped the process (state T): it accepts, reads and closes nothing until it \
        gets SIGCONT. What has piled up is dealt with then.
        """,
      look: [
        "See whether it is a job of a terminal (one in the background that reads is stopped):\n"
          + "ps -o pid,ppid,stat,tty,lstart,args -p {pid}",
        GuideStep.letGoOn("it", pid: "{pid}"),
      ],
      rescue: isAside ? [GuideStep.balancer] : [],
      fix: ["Find who stops it: a script that sends SIGSTOP, a debugger, a shell's job control."],
      doesNotHelp: [
        Futile("SIGTERM", why: "A stopped process gets it when it goes on, and not before.")
      ])
  }

  private func mapped(_ replace: (String) -> String?) -> GuideText {
    var result = self
    result.look = look.compactMap(replace)
    result.rescue = rescue.compactMap(replace)
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
