// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let envoy = ProgramGuide(
    "envoy", name: "Envoy", processes: ProcessNames(names: ["envoy"]),
    look: [
      "Save its connection counters (fill in the address of its admin port):\n"
        + "curl -s 'http://127.0.0.1:9901/stats?filter=cx_'",
      "See which endpoints fail or are full (cx_active, rq_active, rq_timeout):\n"
        + "curl -s http://127.0.0.1:9901/clusters | grep -E 'cx_active|rq_active|health_flags'",
    ],
    advice: [
      .goneClients: timeouts,
      .idleClients: ProgramAdvice(fix: [
        "idle_timeout of the connection manager (1 h) and of the TCP proxy (1 h): lower them.",
        "max_connection_duration bounds the age of a connection.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "stream_idle_timeout and idle_timeout end peers that do not read."
      ]),
      .halfClosed: ProgramAdvice(fix: [
        "delayed_close_timeout and idle_timeout bound the wait."
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "The overload manager and connection_limit shed clients on purpose; see listener stats.",
        "A worker that is blocked accepts nothing: --concurrency, filters that wait (Lua, Wasm).",
      ]),
      .backends: timeouts,
      .connecting: ProgramAdvice(fix: [
        "connect_timeout of the cluster, and outlier detection or health checks.",
        "Keep upstream connections: no max_requests_per_connection of 1, HTTP/2 if you can.",
      ]),
    ],
    sources: [
      "https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts",
      "https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
    ])

  private static let timeouts = ProgramAdvice(fix: [
    "Set idle_timeout on the TCP proxy and stream_idle_timeout on HTTP: both end idle sides.",
    "The route's timeout (15 s) bounds the wait for an answer: not 0.",
    "Set idle_timeout of the cluster below the server's keep-alive time.",
  ])
}
