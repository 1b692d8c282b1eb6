// SPDX-License-Identifier: Apache-2.0

import Settings

/// The sections of closewatch(1) that a person has to write.
enum ManualProse {
  static let description = [
    """
    closewatch finds TCP sockets that should have been closed on a Linux host, and says who \
    holds them, why they are still open, since when, how fast they grow, what runs out, and what \
    to do. It needs no agent in the programs it looks at: it reads the kernel's socket tables \
    through sock_diag(7), and the descriptors of the processes in /proc.
    """,
    """
    A verdict rests on sockets that stay, not on counts: a burst that drains, an intended \
    half-close, an idle pool that does not grow, and TIME_WAIT by itself are not findings. What \
    could not be seen is stated beside the verdict. An age is exact, or it is said to be at least \
    that.
    """,
  ]

  static let fields: [(String, String)] = [
    (
      "the first line",
      """
      Severity, finding and owner: the systemd unit, else the container, else the program. \
      CRITICAL: something runs out within an hour. WARNING: act today. NOTICE: it can wait for \
      working hours.
      """
    ),
    ("held by", "The processes that hold the sockets, with the number of sockets of each."),
    ("opened by", "The process that opened them, where it is another one. Seen or inferred."),
    (
      "since",
      """
      The age of the oldest socket in this state. "at least" means that the kernel does not tell \
      more, or that closewatch saw it only from then on.
      """
    ),
    ("growth", "Sockets that come and stay, per second, with the range that fits the looks."),
    ("runs out", "The limit that is reached first at this growth, and when."),
    ("proof", "The kernel's numbers from which the cause follows."),
    ("examples", "Three of the sockets, with the descriptor to look for in lsof(8) or a debugger."),
    ("caveats", "What makes the verdict less sure."),
    (
      "root, because of",
      """
      What is probably behind it: a backend that it waits for, a limit of its own, or that it has \
      stopped reading on purpose; and the finding that it follows from. What follows from another \
      finding counts neither in the exit status nor in totals.
      """
    ),
    (
      "accepted, known",
      """
      Findings that rules.accept in closewatch.yaml(5) says are known: in one line, and not in the \
      exit status. Only the daemon reads that file: triage without it knows of none.
      """
    ),
    (
      "Recv-Q",
      """
      Bytes that the program has not read, and 1 for the FIN. In CLOSE_WAIT: 0, the end of \
      stream was taken; 1, only the FIN is unread; more, input is unread. In LISTEN: connections \
      that wait for accept(2).
      """
    ),
    ("Send-Q", "Bytes that the peer has not acknowledged. In LISTEN: the limit of the queue."),
  ]

  static let exitStatus: [(String, String)] = [
    ("0", "Nothing is wrong."),
    ("1", "There is something to act on."),
    ("2", "Bad usage, or nothing could be seen. One line on standard error says why."),
  ]

  static let environment: [(String, String)] = [
    ("NO_COLOR", "When set and not empty, no colour. --color overrides it."),
    ("LC_ALL, LC_CTYPE, LANG", "Without UTF-8 in the first that is set, the output is ASCII."),
    ("TERM", "dumb: no colour."),
    ("TZ", "The time zone of closewatch history, where it is not that of the host."),
    (
      "CLOSEWATCH_...",
      "Settings of the daemon, for example CLOSEWATCH_INTERVAL=5s: closewatch.yaml(5)."
    ),
  ]

  static let files: [(String, String)] = [
    (SettingsPlace.usualPath, "Settings of the daemon: closewatch.yaml(5)."),
    (
      "/run/log/journal, /var/log/journal",
      "The journal, in which the daemon keeps the history of its findings."
    ),
    ("/run/netns", "Names of network namespaces, as ip-netns(8) gives them."),
    ("/proc", "Processes, descriptors, namespaces and settings of the kernel."),
  ]

  static let settings = [
    """
    The file is YAML. Every key has a default that suits an untuned production host; what is left \
    out keeps it, and an empty file is valid. Unknown keys and wrong values are refused, with the \
    place and what was expected; the daemon then does not start, or keeps its settings when it was \
    told to reload them (SIGHUP, systemctl reload).
    """,
    """
    A variable of the environment overrides the file, and a flag (--set sampling.interval=5s) \
    overrides both. \(SettingsText.units)
    """,
    """
    It applies to the findings of the daemon: its journal, metrics and page, and triage where the \
    daemon answers. A command that looks by itself does not read it.
    """,
  ]

  static let overhead = [
    """
    One look is one dump for each network namespace in use: the kernel (6.18) takes about 0.6 to \
    0.9 microseconds for each socket, and 2 milliseconds on a quiet host. Finding the holders \
    costs 2 to 3 microseconds for each open descriptor of the processes that are searched, \
    likeliest first; an answer is kept while the socket lives.
    """,
    """
    The hash table of the kernel is shared by all namespaces, so the cost of a look is namespaces \
    times sockets. Namespaces without TCP sockets are skipped. Reading /proc/net/tcp instead \
    (--source proc) costs three to four times as much.
    """,
  ]

  static let caveats = [
    """
    One look cannot see growth, and cannot tell a socket that is stuck from one that is about to \
    be closed unless it is old: use triage --for 60s for a verdict.
    """,
    """
    /proc/net/tcp has no cookie, no age, no cgroup and no limit of an accept queue. Where \
    sock_diag is refused, it is read instead, and the output says so.
    """,
    """
    A socket for which no process was found may be in flight between processes, held by io_uring \
    or by the kernel, or by a process that may not be read. The reasons that apply are listed; \
    none is picked.
    """,
    """
    The cgroup of a socket is that of the process that made it; an accepted socket has that of \
    its listener. With socket activation that is systemd.
    """,
    """
    A network namespace that only a thread, an open descriptor or a mount outside of /run/netns \
    keeps alive is not found.
    """,
  ]

  static let security = [
    """
    Without privileges closewatch sees every socket of its own network namespace, and the \
    descriptors of its own user. CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH let it read the \
    descriptors of others, CAP_SYS_ADMIN besides lets it enter other network namespaces. \
    closewatch doctor says what is missing here.
    """,
    """
    No command changes anything on the host, except two: demo makes a network namespace for \
    itself, and release aborts connections when it is told to, and writes that to the journal. \
    Names that other programs chose are shown without control characters, and values are \
    put into a command to copy only where they cannot become one.
    """,
    """
    A recording is redacted unless --no-redact is given: addresses, users, containers, \
    namespaces and instances of units are numbered, and so are the names of this host and of its \
    users; arguments are left out.
    """,
  ]

  static let examples: [(String, [String])] = [
    ("Watch for a minute, then judge:", ["closewatch triage --for 60s"]),
    (
      "Who holds the sockets that have waited to be closed for a minute:",
      ["closewatch sockets --state close-wait --min-age 1m"]
    ),
    ("What a state means, and who can end it:", ["closewatch explain CLOSE_WAIT"]),
    ("What has fired since yesterday, and for how long:", ["closewatch history --since yesterday"]),
    (
      "Stopgap before a restart: abort what process 812 has not closed for an hour:",
      ["sudo closewatch release 812 --older-than 1h"]
    ),
    ("See a finding on a leak that is planted for it:", ["sudo closewatch demo"]),
    (
      "Keep the evidence before a restart:",
      ["closewatch record --for 30s leak", "closewatch triage --replay leak"]
    ),
  ]
}
