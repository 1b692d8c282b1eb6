// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// Apache httpd: a worker for each request, which looks at its client only while it writes.
  static let apacheHTTPD = ProgramGuide(
    "apache", name: "Apache httpd", processes: ProcessNames(names: ["apache2", "httpd"]),
    look: [
      "See what its workers do (needs mod_status): many W in the scoreboard are waiting for "
        + "something.\n"
        + "curl -s 'http://127.0.0.1/server-status?auto'",
      "See which place its own connections wait for:\n"
        + "{netns}ss -Htnp state established | grep -E '\"(apache2|httpd)\"' | "
        + "awk '{print $4}' |\nsort | uniq -c | sort -rn | head",
      "Check its error log: \"server reached MaxRequestWorkers\", proxy timeouts.\n"
        + "grep -hE 'MaxRequestWorkers|proxy:error' /var/log/apache2/error.log | tail",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "ProxyTimeout (or timeout= of ProxyPass) bounds how long a worker waits for its backend.",
        "Timeout (60 s, Debian 300 s) bounds each read and write; RequestReadTimeout requests.",
        "php: timeouts in php-fpm (request_terminate_timeout); mod_php: max_execution_time.",
        "MaxConnectionsPerChild and GracefulShutdownTimeout end old workers.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "KeepAliveTimeout (5 s) ends idle clients; MaxKeepAliveRequests bounds one connection.",
        "event instead of prefork or worker: an idle client then costs no worker.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "Timeout (60 s, Debian 300 s) ends a client that does not read."
      ]),
      .fullQueue: ProgramAdvice(
        rescue: [
          "MaxRequestWorkers reached? Raise it as far as memory and ServerLimit allow, then:\n"
            + "apachectl configtest && apachectl graceful"
        ],
        fix: [
          "Find what the workers wait for first: more of them would wait for the same backend.",
          "MaxRequestWorkers (and ServerLimit, which needs a restart) fitted to memory.",
          "ListenBacklog (511) is the length of the queue.",
        ]),
      .backends: ProgramAdvice(fix: [
        "ProxyPass: ttl= below the backend's keep-alive time, max= bounds each child's pool."
      ]),
      .connecting: ProgramAdvice(fix: [
        "ProxyPass: connectiontimeout=3 bounds an attempt, retry= the pause after a failure.",
        "Reuse: no disablereuse=on, and enablereuse=on for FastCGI.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "Each virtual host's log files count too: one log for all, or LimitNOFILE= of the unit.",
        "Debian: APACHE_ULIMIT_MAX_FILES in /etc/apache2/envvars; then a restart.",
      ]),
    ],
    sources: [
      "https://httpd.apache.org/docs/2.4/mod/core.html",
      "https://httpd.apache.org/docs/2.4/mod/mod_proxy.html",
      "https://httpd.apache.org/docs/2.4/mod/mpm_common.html",
      "https://httpd.apache.org/docs/2.4/mod/mod_status.html",
    ])
}
