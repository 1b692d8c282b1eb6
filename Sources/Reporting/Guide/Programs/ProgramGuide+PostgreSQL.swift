// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// One process for each client. While a statement runs or waits, nothing looks at its client.
  static let postgreSQL = ProgramGuide(
    "postgresql", name: "PostgreSQL", processes: ProcessNames(names: ["postgres", "postmaster"]),
    look: [
      "Count what its sessions wait for (as the superuser of the cluster):\n"
        + "sudo -u postgres psql -p {port} -c "
        + "'select wait_event, count(*) from pg_stat_activity group by 1'",
      "Many wait for a lock? List who blocks them:\n"
        + "sudo -u postgres psql -p {port} -c "
        + "'select pg_blocking_pids(pid) from pg_locks where not granted'",
      "See which sessions keep a transaction open and do nothing:\n"
        + "echo \"select pid, xact_start, query from pg_stat_activity where state ~ 'idle in'\" |\n"
        + "sudo -u postgres psql -p {port}",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        rescue: [
          "End the session that blocks the others, with select pg_terminate_backend(its pid). "
            + "Those that waited go on and find their client gone."
        ],
        fix: [
          "client_connection_check_interval = 10s (from 14 on; default off) ends queries whose "
            + "client has gone. ALTER SYSTEM SET, then select pg_reload_conf().",
          "idle_in_transaction_session_timeout = 5min ends the sessions that keep locks; "
            + "lock_timeout and statement_timeout bound those that wait.",
          "Clients: give up a query with a cancel request, not by closing the connection.",
        ]),
      .idleClients: ProgramAdvice(fix: [
        "idle_session_timeout (14 and later) ends idle sessions; keep client pools below it.",
        "tcp_keepalives_idle, _interval and _count (seconds) find clients that have vanished.",
        "A pooler such as pgbouncer in front: many clients, few sessions.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "tcp_user_timeout (milliseconds) ends clients that acknowledge nothing.",
        "Clients: read results to their end, or fetch in parts from a cursor.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "The postmaster starts a process for each client: a slow fork or a saturated CPU stalls "
          + "accept.",
        "A pooler such as pgbouncer in front takes bursts of short connections.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "A backend keeps up to max_files_per_process files open (1000) and closes the oldest ones "
          + "by itself: a high number that does not grow is by design.",
        "Lower max_files_per_process, or raise LimitNOFILE= of the unit. Both need a restart.",
      ]),
    ],
    sources: [
      "https://www.postgresql.org/docs/current/monitoring-stats.html",
      "https://www.postgresql.org/docs/current/runtime-config-connection.html",
      "https://www.postgresql.org/docs/current/runtime-config-client.html",
      "https://www.postgresql.org/docs/current/runtime-config-resource.html",
      "https://www.postgresql.org/docs/current/functions-admin.html",
    ])
}
