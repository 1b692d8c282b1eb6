// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// MariaDB and MySQL: a thread for each client, which looks at its client between two statements.
  static let mariaDB = ProgramGuide(
    "mariadb", name: "MariaDB or MySQL",
    processes: ProcessNames(names: ["mariadbd", "mysqld"]),
    look: [
      "See what its threads do, and for how long: Time, State, Info.\n"
        + "mysql -e 'show full processlist'",
      "See which transactions are open, and which wait for a lock:\n"
        + "mysql -e 'select * from information_schema.innodb_trx order by trx_started limit 20\\G'",
      "See how far it is from its own limit:\n"
        + "mysql -e \"show status like 'Threads_connected'; "
        + "show variables like 'max_connections'\"",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        rescue: [
          "End the transaction that holds the lock: mysql -e 'kill N', N its trx_mysql_thread_id."
        ],
        fix: [
          "MariaDB: idle_transaction_timeout ends those that keep locks, max_statement_time those "
            + "that wait.",
          "MySQL: max_execution_time bounds SELECT. Both: innodb_lock_wait_timeout (50 s).",
          "Clients: a timeout on every query, and KILL QUERY before the connection is closed.",
        ]),
      .idleClients: ProgramAdvice(fix: [
        "wait_timeout (28800 s) ends idle clients; set global changes it for new sessions.",
        "Keep the idle time of the clients' pools below wait_timeout, and their size bounded.",
        "max_connections (151) can be raised live: set global max_connections = N.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "net_write_timeout (60 s) ends clients that do not read their result."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: [
          "\"Too many connections\": raise its own limit live, set global max_connections = N."
        ],
        fix: [
          "back_log is the length of the queue; it needs a restart.",
          "Short connections: pools in the clients; MariaDB: thread_handling = pool-of-threads.",
          "MariaDB: extra_port lets an operator in when max_connections is reached.",
        ]),
      .descriptors: ProgramAdvice(fix: [
        "It needs max_connections plus table_open_cache files: open_files_limit must cover both.",
        "LimitNOFILE= of the unit bounds open_files_limit; both need a restart.",
      ]),
    ],
    sources: [
      "https://mariadb.com/kb/en/server-system-variables/",
      "https://mariadb.com/kb/en/information-schema-innodb_trx-table/",
      "https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html",
    ])
}
