// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let jetty = ProgramGuide(
    "jetty", name: "Eclipse Jetty",
    processes: ProcessNames(
      mains: [
        "start.jar", "org.eclipse.jetty.start.Main", "org.eclipse.jetty.xml.XmlConfiguration",
        "org.eclipse.jetty.runner.Runner",
      ], units: ["jetty"]),
    look: [
      "See what its workers wait for: many with one stack (a pool, a database, a lock).\n"
        + "jcmd {pid} Thread.print -l | grep -A12 -E '\"qtp[0-9]+-' | head -150",
      "See which place they wait for:\n"
        + "{netns}ss -Htnp state established | grep 'pid={pid},' | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "In the application: timeouts on its database pool and on every call it makes.",
        "jetty.threadPool.maxThreads (200): when all of them wait, more would too.",
        "Update to a supported branch: leaks of connections were fixed there.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "jetty.http.idleTimeout (30 s) ends idle clients.",
        "The connectionlimit module bounds their number.",
      ]),
      .slowClients: ProgramAdvice(fix: ["jetty.http.idleTimeout (30 s) ends blocked writes too."]),
      .fullQueue: ProgramAdvice(fix: [
        "jetty.threadPool.maxThreads (200) is reached: find what the workers wait for.",
        "jetty.http.acceptQueueSize is the length of the queue.",
      ]),
    ],
    sources: [
      "https://jetty.org/docs/jetty/12/operations-guide/protocols/index.html",
      "https://jetty.org/docs/jetty/12/operations-guide/modules/standard.html",
    ])
}
