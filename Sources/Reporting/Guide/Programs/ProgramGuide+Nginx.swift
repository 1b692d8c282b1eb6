// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let nginx = ProgramGuide(
    "nginx", name: "nginx", processes: ProcessNames(names: ["nginx", "openresty", "angie"]),
    look: [
      "Check its error log: upstream timed out, worker_connections are not enough, too many "
        + "files.\n"
        + "tail -n 200 /var/log/nginx/error.log",
      "See which place its own connections wait for: a backend that hangs stands out.\n"
        + "{netns}ss -Htnp state established | grep '\"nginx\"' | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
      "Old workers after a reload keep their connections: \"is shutting down\".\n"
        + "ps -o pid,lstart,args -C nginx",
      "Read the configuration that is on disk, with all its includes:\nnginx -T",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        look: [
          "See what the worker does (slows it down while it runs):\n"
            + "timeout 5 strace -f -p {pid} -e trace=network,desc -s 64"
        ],
        fix: [
          "proxy_read_timeout, proxy_connect_timeout (60 s) end requests whose backend is silent; "
            + "also fastcgi_, uwsgi_ and grpc_read_timeout. proxy_ignore_client_abort stays off.",
          "send_timeout and keepalive_timeout end forgotten clients.",
          "worker_shutdown_timeout ends old workers with their connections after a reload.",
          "Third-party or Lua code must not wait without a timeout. With neither: update nginx.",
        ]),
      .idleClients: ProgramAdvice(fix: [
        "keepalive_timeout (75 s) ends idle clients; proxy_read_timeout tunnels and WebSockets.",
        "limit_conn bounds what one client may hold; so_keepalive=on in listen finds vanished "
          + "ones.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "send_timeout 30s and reset_timedout_connection on: the kernel then keeps nothing of it.",
        "limit_conn and proxy_max_temp_file_size bound what slow readers cost.",
      ]),
      .halfClosed: ProgramAdvice(fix: [
        "lingering_timeout and lingering_time bound the wait; both have defaults."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: [
          "worker_connections reached? Raise it in nginx.conf; a reload starts new workers:\n"
            + "nginx -t && systemctl reload nginx"
        ],
        fix: [
          "worker_connections (512) counts both sides of a proxy; worker_rlimit_nofile above it.",
          "A worker that waits accepts nothing: disk (aio threads), Lua, or a module that blocks.",
          "listen ... backlog=N is the length of the queue (511).",
        ]),
      .backends: ProgramAdvice(fix: [
        "proxy_read_timeout and proxy_send_timeout bound a request; proxy_next_upstream retries.",
        "upstream: keepalive_timeout (60 s) below the backend's own idle time.",
      ]),
      .connecting: ProgramAdvice(fix: [
        "upstream: keepalive 64; location: proxy_http_version 1.1 and "
          + "proxy_set_header Connection \"\". All three are needed for reuse.",
        "proxy_connect_timeout 3s; max_fails and fail_timeout take a dead backend out.",
        "Several proxy_bind addresses multiply the ports.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "worker_rlimit_nofile: two per proxied connection, above 2 x worker_connections. Reload."
      ]),
    ],
    sources: [
      "https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
      "https://nginx.org/en/docs/http/ngx_http_core_module.html",
      "https://nginx.org/en/docs/http/ngx_http_upstream_module.html",
      "https://nginx.org/en/docs/ngx_core_module.html",
    ])
}
