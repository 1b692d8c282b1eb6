// SPDX-License-Identifier: Apache-2.0

/// What the operator of any installed program can do, where nothing is known of this one: look at
/// what it waits for, at its log and its limits, and never at code that is not his.
enum OperatorAdvice {
  /// What to look at first.
  static let look = [
    "See which place its own connections go to: a backend that it waits for stands out.\n"
      + "{netns}ss -Htnp | grep 'pid={pid},' | awk '{print $1, $5}' | sort | uniq -c |\n"
      + "sort -rn | head",
    "Read its own log:\njournalctl -n 100 --no-pager --unit={unit}",
    "A container's log:\ndocker logs --tail 100 {container}",
    "A pod's log:\nkubectl -n {pod-namespace} logs {pod} --tail 100",
    "See what each of its threads waits for, without touching it:\n"
      + "grep -H . /proc/{pid}/task/*/wchan",
  ]

  /// The settings that keep it from coming back.
  static func fix(_ trouble: ProgramTrouble) -> [String] {
    let known =
      "A known bug? See what its change log says was fixed since; update, or report it with a "
      + "recording (closewatch record)."
    return switch trouble {
    case .goneClients:
      [
        "In its configuration: timeouts on what it waits for (a backend, a lock, a disk), and on "
          + "requests. Most programs look at their client again only after that wait.",
        known,
      ]
    case .idleClients:
      [
        "In its configuration: the idle or keep-alive timeout of clients, and their maximum "
          + "number.",
        known,
      ]
    case .slowClients:
      [
        "In its configuration: the send or write timeout, and the maximum number of clients.",
        known,
      ]
    case .fullQueue:
      [
        "Its own limit of clients, workers or threads is probably reached, or they all wait: find "
          + "what they wait for, bound that wait, then raise the limit in its configuration.",
        known,
      ]
    case .backends:
      [
        "In its configuration: the idle timeout and size of its pool of connections to that "
          + "place; the timeout below that of the other end.",
        known,
      ]
    case .connecting:
      [
        "In its configuration: timeouts on connect and pauses between attempts; persistent "
          + "connections where it opens one for each request.",
        "Take places that do not answer out of its configuration.",
      ]
    case .halfClosed:
      [
        "In its configuration: the timeout of connections that linger or close.", known,
      ]
    case .descriptors:
      [
        "In its configuration: its maximum number of clients, below its limit of open files.",
        known,
      ]
    }
  }
}
