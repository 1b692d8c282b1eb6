// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// Has a limit of connections of its own (`-c`, 1024) and takes no further ones when it is
  /// reached.
  static let memcached = ProgramGuide(
    "memcached", name: "memcached", processes: ProcessNames(names: ["memcached"]),
    look: [
      "Compare curr_connections with max_connections (asks from inside: needs a free connection):\n"
        + "{netns}timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; "
        + "printf \"stats\\r\\n\" >&3; cat <&3'",
      "List its clients: a few programs with hundreds each have a pool without a bound.\n"
        + "{netns}ss -Htn '( sport = :{port} )' | awk '{print $5}' | sed 's/:[0-9]*$//' |\n"
        + "sort | uniq -c | sort -rn | head",
    ],
    advice: [
      .idleClients: idle,
      .goneClients: idle,
      .fullQueue: ProgramAdvice(fix: [
        "Its own limit -c (1024) is reached: it accepts again when a client leaves. Raise -c in "
          + "/etc/memcached.conf and restart; the cache is then empty. It can't be raised live.",
        "-o idle_timeout=600 ends idle clients; bound the clients' pools to -c in total.",
        "-b (1024) is only the length of the queue: it does not help at the limit -c.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "-c is what bounds it: it sets its limit of open files from it. Raise -c and restart."
      ]),
    ],
    sources: [
      "https://docs.memcached.org/serverguide/configuring/",
      "https://docs.memcached.org/protocols/basic/",
      "https://github.com/memcached/memcached/blob/master/doc/protocol.txt",
    ])

  private static let idle = ProgramAdvice(fix: [
    "-o idle_timeout=600 (off by default) ends clients that are idle for so many seconds.",
    "Bound the pools of the clients: all of them together stay below -c (1024 by default).",
  ])
}
