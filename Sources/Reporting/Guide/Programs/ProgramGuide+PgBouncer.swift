// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// One process with one event loop. Clients wait in it for a server connection.
  static let pgBouncer = ProgramGuide(
    "pgbouncer", name: "PgBouncer", processes: ProcessNames(names: ["pgbouncer"]),
    look: [
      "See who waits: cl_waiting and maxwait of each pool (as the user that pgbouncer runs as):\n"
        + "sudo -u postgres psql -h /var/run/postgresql -p {port} -U pgbouncer pgbouncer "
        + "-c 'show pools'",
      "List clients and servers with their state and wait:\n"
        + "sudo -u postgres psql -h /var/run/postgresql -p {port} -U pgbouncer pgbouncer "
        + "-c 'show clients'\n"
        + "sudo -u postgres psql -h /var/run/postgresql -p {port} -U pgbouncer pgbouncer "
        + "-c 'show servers'",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "Look at PostgreSQL behind it: a pool is full while its sessions wait there for a lock.",
        "query_wait_timeout (120 s) ends clients that wait for a server; query_timeout and "
          + "idle_transaction_timeout end what occupies the servers. RELOAD is enough.",
        "default_pool_size, or pool_mode = transaction, where the pool itself is too small.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "client_idle_timeout (0: off) ends idle clients; set it above that of their pools.",
        "max_client_conn bounds them; it needs as many descriptors (LimitNOFILE= of the unit).",
        "tcp_keepidle, tcp_keepintvl and tcp_keepcnt find clients that have vanished.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "tcp_user_timeout (milliseconds) ends clients that acknowledge nothing."
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "One process with one event loop: is its CPU full? so_reuseport = 1 allows several.",
        "listen_backlog (128) is the length of the queue; it needs a restart.",
      ]),
      .backends: ProgramAdvice(fix: [
        "server_idle_timeout (600 s) and server_lifetime (3600 s) end connections to PostgreSQL.",
        "server_check_delay and server_check_query find dead ones before they are used.",
      ]),
      .connecting: ProgramAdvice(fix: [
        "server_connect_timeout (15 s) bounds an attempt; server_login_retry the pause after it.",
        "min_pool_size and a longer server_idle_timeout keep servers instead of opening new ones.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "It needs max_client_conn plus its server connections: fit one to the other.",
        "LimitNOFILE= of the unit, then a restart.",
      ]),
    ],
    sources: ["https://www.pgbouncer.org/usage.html", "https://www.pgbouncer.org/config.html"])
}
