// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let kafka = ProgramGuide(
    "kafka", name: "Apache Kafka",
    processes: ProcessNames(mains: ["kafka.Kafka"], units: ["kafka"]),
    look: [
      "See which clients hold most connections:\n"
        + "{netns}ss -Htn '( sport = :{port} )' | awk '{print $5}' | sed 's/:[0-9]*$//' |\n"
        + "sort | uniq -c | sort -rn | head",
      "See whether its request threads are stuck (a slow disk, a full queue):\n"
        + "jcmd {pid} Thread.print -l | grep -A8 -E 'request-handler|network-thread' |\n"
        + "head -150",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "Network threads do not read while queued.max.requests (500) wait: find why they wait.",
        "num.io.threads and num.network.threads can be raised live with kafka-configs.sh --alter.",
        "connections.max.idle.ms (10 min) ends idle clients.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "connections.max.idle.ms (10 min) ends idle clients.",
        "max.connections and max.connections.per.ip bound them; kafka-configs.sh sets them live.",
        "Clients: one producer and one consumer for each program, closed at its end.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "num.network.threads (3) can be raised live with kafka-configs.sh --alter.",
        "socket.listen.backlog.size (50) is the length of the queue; it needs a restart.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "Log segments and connections both count: LimitNOFILE= of the unit at 100000 or more."
      ]),
    ],
    sources: [
      "https://kafka.apache.org/documentation/#brokerconfigs",
      "https://kafka.apache.org/documentation/#dynamicbrokerconfigs",
      "https://kafka.apache.org/documentation/#os",
    ])
}
