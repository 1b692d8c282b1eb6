// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let tomcat = ProgramGuide(
    "tomcat", name: "Apache Tomcat",
    processes: ProcessNames(
      mains: ["org.apache.catalina.startup.Bootstrap"], units: ["tomcat"]),
    look: [
      "See what its workers wait for: many with one stack (a pool, a database, a lock).\n"
        + "jcmd {pid} Thread.print -l | grep -A12 -- '-exec-' | head -150",
      "See which place they wait for:\n"
        + "{netns}ss -Htnp state established | grep 'pid={pid},' | awk '{print $4}' |\n"
        + "sort | uniq -c | sort -rn | head",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "In the application: timeouts on its database pool and on every call it makes.",
        "asyncTimeout (30 s) ends forgotten asynchronous requests.",
        "StuckThreadDetectionValve with threshold=60 logs the stack of what is stuck.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "connectionTimeout (20 s in server.xml) and keepAliveTimeout of the Connector.",
        "maxConnections (8192) bounds them.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "maxConnections (8192) or maxThreads (200) is reached: find what the workers wait for.",
        "acceptCount (100) is the length of the queue behind them.",
      ]),
      .backends: ProgramAdvice(fix: [
        "The application's own pools: maxTotal, maxIdle, minEvictableIdle time, testOnBorrow.",
        "removeAbandonedOnBorrow and logAbandoned name the code that does not give back.",
      ]),
    ],
    sources: [
      "https://tomcat.apache.org/tomcat-10.1-doc/config/http.html",
      "https://tomcat.apache.org/tomcat-10.1-doc/config/valve.html",
      "https://tomcat.apache.org/tomcat-10.1-doc/jndi-datasource-examples-howto.html",
    ])
}
