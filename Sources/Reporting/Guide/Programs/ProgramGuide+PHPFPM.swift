// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// A child for each request. A child that waits serves nobody, and looks at no client.
  static let phpFPM = ProgramGuide(
    "php-fpm", name: "PHP-FPM", processes: ProcessNames(names: ["php-fpm"]),
    look: [
      "Has it reached its limit of children? Its log says so: \"server reached pm.max_children\".\n"
        + "grep -h max_children /var/log/php*fpm*.log /var/log/php-fpm/error.log | tail -3",
      "See what its children wait for: their connections to a database or another service.\n"
        + "{netns}ss -Htnp state established | grep php-fpm | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
      "See where in the script: set request_slowlog_timeout = 5s and slowlog, reload, then "
        + "read it; or one child (slows it down while it runs):\n"
        + "timeout 5 strace -p {pid} -e trace=network,desc -s 64",
    ],
    advice: [
      .goneClients: overload, .fullQueue: overload,
      .idleClients: ProgramAdvice(fix: [
        "A child serves one connection: the web server in front decides how long it stays.",
        "request_terminate_timeout ends a request that lasts too long.",
      ]),
      .backends: ProgramAdvice(fix: [
        "default_socket_timeout and the timeouts of the database driver bound the waits.",
        "Persistent connections: one for each child; pm.max_requests recycles children.",
      ]),
      .connecting: ProgramAdvice(fix: [
        "Persistent connections to the database, or a pooler on this host between them.",
        "A timeout on connect: CURLOPT_CONNECTTIMEOUT, PDO::ATTR_TIMEOUT.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "rlimit_files in the pool, and pm.max_requests, which recycles children. Reload."
      ]),
    ],
    sources: [
      "https://www.php.net/manual/en/install.fpm.configuration.php",
      "https://www.php.net/manual/en/filesystem.configuration.php",
    ])

  private static let overload = ProgramAdvice(
    rescue: [
      "Raise pm.max_children in the pool as far as memory allows; a reload is enough. It helps "
        + "only if what the children wait for can take more of them."
    ],
    fix: [
      "Bound what the children wait for: timeouts on the database and on every call.",
      "request_terminate_timeout (off by default) ends a stuck request and frees its child.",
      "pm.max_children fitted to memory, pm.status_path to see it, slowlog always on.",
      "listen.backlog (511) only lets more clients wait, beyond their own patience.",
    ])
}
