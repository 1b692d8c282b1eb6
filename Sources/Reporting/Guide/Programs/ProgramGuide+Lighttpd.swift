// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let lighttpd = ProgramGuide(
    "lighttpd", name: "lighttpd", processes: ProcessNames(names: ["lighttpd"]),
    look: [
      "See which place its own connections wait for: a backend that hangs stands out.\n"
        + "{netns}ss -Htnp state established | grep '\"lighttpd\"' | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
      "Check its error log: \"connection limit reached\", \"backend is overloaded\", timeouts.\n"
        + "tail -n 100 /var/log/lighttpd/error.log",
      "See its requests one by one (needs mod_status; fill in its address):\n"
        + "curl -s http://127.0.0.1/server-status?auto",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "mod_proxy and mod_fastcgi wait for a silent backend without a limit: in each host of "
          + "proxy.server set \"connect-timeout\", \"write-timeout\", \"read-timeout\" (seconds).",
        "Fix or restart the backend that does not answer: its clients leave, their requests stay.",
        "server.max-connections bounds all of them; both sides of a proxy cost a descriptor.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "server.max-keep-alive-idle (5 s) and server.max-read-idle (60 s) end idle clients."
      ]),
      .slowClients: ProgramAdvice(fix: [
        "server.max-write-idle (360 s) ends clients that do not read."
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "server.max-connections is reached: raise it with server.max-fds (twice as many), restart.",
        "Find first what its requests wait for: a backend without a timeout fills any number.",
        "server.listen-backlog (1024) is the length of the queue.",
      ]),
      .backends: ProgramAdvice(fix: [
        "\"connect-timeout\", \"write-timeout\", \"read-timeout\" in each host of proxy.server."
      ]),
      .connecting: ProgramAdvice(fix: [
        "\"connect-timeout\" in each host of proxy.server bounds an attempt.",
        "It opens one connection for each request to an HTTP backend: FastCGI over a Unix socket, "
          + "or a second address of the backend.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "server.max-fds sets its limit, server.max-connections at most half of it. Restart."
      ]),
    ],
    sources: [
      "https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ModProxy",
      "https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ConfigurationOptions",
      "https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ModStatus",
    ])
}
