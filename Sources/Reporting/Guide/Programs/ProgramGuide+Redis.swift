// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// Redis, Valkey, KeyDB: one thread runs all commands, so one slow command stops everything.
  static let redis = ProgramGuide(
    "redis", name: "Redis or Valkey",
    processes: ProcessNames(names: [
      "redis-server", "redis-sentinel", "valkey-server", "valkey-sentinel", "keydb-server",
    ]),
    look: [
      "See whether it answers, and how many clients it has against maxclients:\n"
        + "redis-cli -p {port} info clients\nredis-cli -p {port} config get maxclients",
      "List its clients: idle (seconds), cmd, omem (output that waits), name.\n"
        + "redis-cli -p {port} client list | head -50",
      "See which commands were slow:\nredis-cli -p {port} slowlog get 10",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        rescue: [
          "If it answers BUSY: end the running script (works only if it has not written yet):\n"
            + "redis-cli -p {port} script kill"
        ],
        fix: [
          "It closes vanished clients by itself as soon as its thread is free: find what "
            + "blocks it.",
          "Slow commands (KEYS, big LRANGE, Lua), swapping, or a fork for saving: slowlog, latency "
            + "doctor.",
        ]),
      .idleClients: ProgramAdvice(
        rescue: [
          "Raise its own limit live, as far as its descriptors allow: config set maxclients N.",
          "Close clients that are idle for an hour, from now on (not those of pub/sub):\n"
            + "redis-cli -p {port} config set timeout 3600",
        ],
        fix: [
          "timeout (0: never) ends idle clients; tcp-keepalive (300) finds those that vanished.",
          "One bounded pool in each client program: see name and addr in client list.",
        ]),
      .slowClients: ProgramAdvice(fix: [
        "client-output-buffer-limit ends clients that do not read: set it for normal ones too.",
        "Subscribers that are too slow: see omem in client list.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "Its one thread accepts between two commands: find the slow one (slowlog, latency doctor).",
        "tcp-backlog (511) is the length of the queue; it needs a restart.",
      ]),
      .backends: ProgramAdvice(fix: [
        "Its own connections go to its primary, replicas, sentinels or cluster: info replication.",
        "repl-timeout (60 s) ends a dead link to the primary; in a cluster cluster-node-timeout.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "It lowers maxclients at its start when descriptors do not suffice: see its log.",
        "LimitNOFILE= of the unit above maxclients plus 32, then a restart.",
      ]),
    ],
    sources: [
      "https://redis.io/docs/latest/develop/reference/clients/",
      "https://redis.io/docs/latest/commands/client-list/",
      "https://redis.io/docs/latest/commands/script-kill/",
      "https://github.com/redis/redis/blob/unstable/redis.conf",
    ])
}
