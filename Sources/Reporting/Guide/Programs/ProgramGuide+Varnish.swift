// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let varnish = ProgramGuide(
    "varnish", name: "Varnish", processes: ProcessNames(names: ["varnishd", "cache-main"]),
    look: [
      "See its threads: sess_queued and sess_dropped rise when none is free.\n"
        + "varnishstat -1 -f 'MAIN.threads*' -f 'MAIN.sess_*' -f 'MAIN.backend_*'",
      "See which backends are sick, then how many connections each has:\n"
        + "varnishadm backend.list\nvarnishstat -1 -f 'VBE.*.conn'",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        rescue: threads,
        fix: [
          "first_byte_timeout and between_bytes_timeout (60 s) bound the wait for a backend.",
          "A health probe and .max_connections of the backend keep a dead one from taking all.",
        ]),
      .idleClients: ProgramAdvice(fix: [
        "timeout_idle (5 s) ends idle clients; pipe_timeout (60 s) those in pipe mode.",
        "varnishadm param.set changes both live; -p in the unit makes it last.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "send_timeout (600 s) and idle_send_timeout (60 s) end clients that do not read."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: threads,
        fix: [
          "thread_pool_max (5000 for each pool) fits the clients; -p in the unit makes it last.",
          "listen_depth (1024) is the length of the queue; it needs a restart.",
        ]),
      .backends: ProgramAdvice(fix: [
        "backend_idle_timeout (60 s) below the backend's own keep-alive time."
      ]),
      .connecting: ProgramAdvice(fix: [
        "connect_timeout (3.5 s) bounds an attempt; a health probe takes a dead backend out."
      ]),
    ],
    sources: [
      "https://varnish-cache.org/docs/trunk/reference/varnishd.html",
      "https://varnish-cache.org/docs/trunk/reference/varnish-counters.html",
      "https://varnish-cache.org/docs/trunk/reference/varnish-cli.html",
    ])

  private static let threads = [
    "No thread left? Raise the maximum live: varnishadm param.set thread_pool_max N."
  ]
}
