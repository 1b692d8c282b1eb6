// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// A thread for each client, MaxClients of them; a client that has gone is noticed when the
  /// server answers.
  static let tinyproxy = ProgramGuide(
    "tinyproxy", name: "Tinyproxy", processes: ProcessNames(names: ["tinyproxy"]),
    look: [
      "Are all its threads taken? Compare their number with MaxClients (100 by default):\n"
        + "ls /proc/{pid}/task | wc -l\n"
        + "grep -E '^(MaxClients|Timeout)' /etc/tinyproxy/tinyproxy.conf",
      "See which place they wait for: a server that does not answer stands out.\n"
        + "{netns}ss -Htnp state established | grep '\"tinyproxy\"' | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "Timeout (600 s) is how long a silent connection may stay: lower it to what is needed.",
        "Each client that has gone keeps a thread until then; MaxClients of them and it accepts "
          + "nobody.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "Timeout (600 s) ends silent connections, of clients and to servers."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: [
          "MaxClients reached? Raise it in tinyproxy.conf and restart: the queue is then served."
        ],
        fix: [
          "MaxClients (100): one thread for each client. Fit it to the clients at peak.",
          "Find what its threads wait for: a server that hangs fills any number of them.",
        ]),
      .backends: ProgramAdvice(fix: ["Timeout (600 s) ends a silent connection to a server."]),
    ],
    sources: [
      "https://tinyproxy.github.io/", "https://manpages.debian.org/tinyproxy.conf.5",
    ])
}
