// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A program that leaks, or only looks as if it did, recorded while it ran: what has to be said of
/// it, whatever the page looks like.
struct RecordedScenario: Sendable, CustomTestStringConvertible {
  /// Who has to be named, and as what.
  enum Culprit: Hashable, Sendable {
    case holder(String)
    case listener(String)
    case opener(String)
    /// A recording has no connection that was seen while it had a process.
    case nobody
  }

  /// What has to fire, as a warning at least, and nothing besides.
  struct Verdict: Hashable, Sendable {
    var rule: String
    var cause: String
    var culprit: Culprit
    var localPort: UInt16?
    var remotePort: UInt16?
  }

  var name: String
  /// nil: nothing may fire.
  var verdict: Verdict?
  /// From one look to the next.
  var interval = "8s"

  var testDescription: String { name }
  var directory: String { Self.folder + "/" + name }
  static let folder = Fixtures.directory + "/recordings/scenarios"

  /// A triage of the recording: the watch is as long as it, the patience half of that.
  func triage(_ options: String...) -> Command.Outcome? {
    Command.run(
      ["triage", "--replay", directory, "--patience", "12s", "--interval", interval] + options,
      environment: ["PATH=/usr/bin:/bin", "TZ=UTC"])
  }
}

extension RecordedScenario {
  static let all = leaks + pathologies + harmless

  /// Sockets that a program does not close, and never will.
  static let leaks = [
    leak("c_cgi_child_inherits", "inherited-by-child", .holder("sleep"), local: 18096),
    leak("c_epoll_partial_read", "data-unread", .holder("server"), local: 18095),
    leak("go_body_not_closed", "eof-unread", .holder("client"), remote: 19086),
    leak("go_proxy_no_halfclose", "eof-read-not-closed", .holder("proxy"), local: 18087),
    found(
      "go_ws_hub_stuck_burst", "close-wait-stuck", "eof-read-not-closed", .holder("hub"),
      local: 18088),
    leak("lighttpd_backend_hangs", "eof-unread", .holder("lighttpd"), local: 18301),
    leak("node_upgrade_no_end", "eof-read-not-closed", .holder("node"), local: 18089),
    leak("postgres_lock_waiters", "data-unread", .holder("postgres"), local: 18306),
    found(
      "py_curl_cffi_incident", "close-wait-stuck", "eof-unread", .holder("python"),
      remote: 18098),
    // How they died was before the looks, or between two of them.
    found(
      "py_dead_heartbeat_fds", "dead-socket-leak", "connection-dead", .holder("python"),
      local: 18085, interval: "4s"),
    found(
      "py_prefect_redis_loops", "established-idle-growth", "idle-never-closed",
      .holder("python"), remote: 16390),
    leak("py_redis_client_per_task", "eof-unread", .holder("python"), remote: 16379),
    leak("py_requests_stream_unread", "data-unread", .holder("python"), remote: 19080),
    leak("py_threads_eof_kept", "eof-read-not-closed", .holder("python"), local: 18080),
    leak("rb_nethttp_thread_managers", "eof-unread", .holder("ruby"), remote: 19085),
    leak("swift_echo_no_close", "eof-read-not-closed", .holder("server"), local: 18098),
  ]

  /// Sockets that pile up without a forgotten close.
  static let pathologies = [
    found(
      "c_accept_stall", "accept-queue-stall", "not-accepted", .listener("server"), local: 18094),
    found(
      "fin_wait1_zero_window", "fin-wait-1-pileup", "peer-never-reads", .listener("nginx"),
      local: 18104),
    found(
      "go_maxidle2_port_exhaustion", "time-wait-port-exhaustion",
      "time-wait-client-port-exhaustion", .opener("client"), remote: 19100),
    leak("java_threadpool_deadlock", "data-unread", .holder("java"), local: 18092),
    found(
      "last_ack_fin_dropped", "last-ack-pileup", "peer-vanished", .listener("python"),
      local: 18105),
    // Its queue is full because it has no descriptors left.
    found(
      "memcached_limit_remote", "descriptor-exhaustion", "descriptor-limit",
      .holder("memcached")),
    found(
      "nginx_upstream_noreuse_exhaust", "time-wait-port-exhaustion",
      "time-wait-client-port-exhaustion", .nobody, remote: 19101),
    found(
      "node_fin_wait2_owned", "fin-wait-2-owned", "peer-never-closes", .holder("node"),
      local: 18103),
    found(
      "phpfpm_overload_dead_queue", "accept-queue-stall", "not-accepted",
      .listener("php-fpm8.2"), local: 18318),
    leak("py_cheroot_keepalive_starves", "data-unread", .holder("python"), local: 18082),
    found(
      "syn_recv_lost_ack", "syn-recv-pileup", "handshake-never-completed", .listener("nginx"),
      local: 18106),
    found(
      "syn_sent_blackhole", "syn-sent-pileup", "connect-blackhole", .holder("node"),
      remote: 19107),
    found(
      "tw_bucket_overflow", "time-wait-bucket-overflow", "tcp-max-tw-buckets",
      .listener("nginx"), local: 19102),
  ]

  /// Pools, bursts, and servers that close first: nothing is wrong with them.
  static let harmless = [
    RecordedScenario(name: "n_deploy_burst"),
    RecordedScenario(name: "n_fin_wait2_orphans"),
    RecordedScenario(name: "n_half_close_nc"),
    RecordedScenario(name: "n_keepalive_clean", interval: "12s"),
    RecordedScenario(name: "n_libcurl_handles"),
    RecordedScenario(name: "n_mariadb_pool"),
    RecordedScenario(name: "n_nginx_server_tw"),
    RecordedScenario(name: "n_php_persistent_few"),
    RecordedScenario(name: "n_postgres_vfd_cache"),
    RecordedScenario(name: "n_redis_asyncio_pool"),
    RecordedScenario(name: "n_redis_workers_ramp_cap"),
    RecordedScenario(name: "n_slow_close_churn"),
    RecordedScenario(name: "n_sse_heartbeat"),
    RecordedScenario(name: "n_ssh_tunnel_quiet_report"),
    RecordedScenario(name: "n_tw_cron_moderate"),
    RecordedScenario(name: "n_upstream_closes_first_tw"),
    RecordedScenario(name: "n_urllib3_pool_plateau"),
  ]

  private static func leak(
    _ name: String, _ cause: String, _ culprit: Culprit, local: UInt16? = nil,
    remote: UInt16? = nil
  ) -> RecordedScenario {
    found(name, "close-wait-leak", cause, culprit, local: local, remote: remote)
  }

  private static func found(
    _ name: String, _ rule: String, _ cause: String, _ culprit: Culprit, local: UInt16? = nil,
    remote: UInt16? = nil, interval: String = "8s"
  ) -> RecordedScenario {
    RecordedScenario(
      name: name,
      verdict: Verdict(
        rule: rule, cause: cause, culprit: culprit, localPort: local, remotePort: remote),
      interval: interval)
  }
}
