// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let squid = ProgramGuide(
    "squid", name: "Squid", processes: ProcessNames(names: ["squid", "squid3"]),
    look: [
      "See its descriptors, and how many are left:\n"
        + "curl -s http://127.0.0.1:{port}/squid-internal-mgr/info | grep -i 'file desc'",
      "See what it is connected to, descriptor by descriptor, with idle time:\n"
        + "curl -s http://127.0.0.1:{port}/squid-internal-mgr/filedescriptors | head -50",
      "Read its own log:\ntail -n 100 /var/log/squid/cache.log",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "read_timeout (15 min), request_timeout and client_idle_pconn_timeout (2 min): lower them.",
        "half_closed_clients off (the default): a client that half-closes is then treated as gone.",
        "client_lifetime (1 day) only as the last resort: it cuts live clients too.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "client_idle_pconn_timeout (2 min) ends idle clients; client_lifetime (1 day) all of them.",
        "read_timeout (15 min) ends silent tunnels (CONNECT).",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "write_timeout (15 min) ends a client that does not read."
      ]),
      .backends: ProgramAdvice(fix: [
        "server_idle_pconn_timeout (1 min) ends idle connections to servers.",
        "pconn_lifetime bounds the age of a connection that is idle.",
      ]),
      .connecting: ProgramAdvice(fix: [
        "connect_timeout (1 min) and forward_timeout (4 min) bound attempts.",
        "server_persistent_connections on (the default) reuses them.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "max_filedescriptors in squid.conf, with LimitNOFILE= of the unit; needs a restart."
      ]),
    ],
    sources: [
      "https://www.squid-cache.org/Doc/config/client_lifetime/",
      "https://www.squid-cache.org/Doc/config/half_closed_clients/",
      "https://www.squid-cache.org/Doc/config/read_timeout/",
      "https://www.squid-cache.org/Doc/config/server_idle_pconn_timeout/",
      "https://www.squid-cache.org/Doc/config/max_filedescriptors/",
      "https://wiki.squid-cache.org/Features/CacheManager/",
    ])
}
