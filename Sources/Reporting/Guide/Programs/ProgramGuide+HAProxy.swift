// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let haproxy = ProgramGuide(
    "haproxy", name: "HAProxy", processes: ProcessNames(names: ["haproxy"]),
    look: [
      "Save its own list of sessions (path of Debian's package):\n"
        + "echo 'show sess all' | socat stdio /run/haproxy/admin.sock",
      "Compare CurrConns with Maxconn, and see Idle_pct (its loop is full near 0):\n"
        + "echo 'show info' | socat stdio /run/haproxy/admin.sock",
      "See which backends are down or full (qcur, scur, status):\n"
        + "echo 'show stat' | socat stdio /run/haproxy/admin.sock | cut -d, -f1-5,18",
    ],
    advice: [
      .goneClients: timeouts,
      .idleClients: ProgramAdvice(fix: [
        "timeout client, server, http-keep-alive and tunnel: all of them set, none of them 0.",
        "option clitcpka finds clients that have vanished.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "timeout client and timeout client-fin end peers that do not read."
      ]),
      .halfClosed: ProgramAdvice(fix: [
        "timeout client-fin and timeout server-fin bound the wait: set both."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: [
          "Maxconn reached? The socket takes \"set maxconn global N\", up to that of the start."
        ],
        fix: [
          "maxconn of the process and of the frontend: beyond it, clients wait in the kernel.",
          "backlog in the frontend is the length of the queue; it follows maxconn by default.",
        ]),
      .backends: timeouts,
      .connecting: ProgramAdvice(fix: [
        "http-reuse safe (or always), and timeouts that let the server close first.",
        "timeout connect 3s, and a check on the server line.",
        "source with several addresses multiplies the ports.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "maxconn decides: haproxy derives its limit from it. Lower it or raise both."
      ]),
    ],
    sources: [
      "https://docs.haproxy.org/2.6/configuration.html",
      "https://docs.haproxy.org/2.6/management.html",
    ])

  private static let timeouts = ProgramAdvice(fix: [
    "Set timeout client, server, client-fin, server-fin and tunnel: they end half-closed sides.",
    "option abortonclose gives up requests whose client has left while they wait in a queue.",
    "Update to the last release of your branch: CLOSE_WAIT leaks were fixed there, repeatedly.",
    "After reloads: hard-stop-after ends the old process with its connections.",
  ])
}
