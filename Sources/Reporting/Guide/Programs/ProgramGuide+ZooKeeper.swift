// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let zooKeeper = ProgramGuide(
    "zookeeper", name: "Apache ZooKeeper",
    processes: ProcessNames(
      mains: [
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        "org.apache.zookeeper.server.ZooKeeperServerMain",
      ], units: ["zookeeper"]),
    look: [
      "See its connections by client (AdminServer; admin.serverPort is 8080 by default):\n"
        + "curl -s http://127.0.0.1:8080/commands/connections",
      "See requests that wait, and descriptors:\ncurl -s http://127.0.0.1:8080/commands/monitor",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "A session ends after its timeout, at most maxSessionTimeout (20 x tickTime).",
        "A slow disk under dataLogDir stalls all requests: see fsync warnings in its log.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "maxClientCnxns (60 for each address) and maxCnxns (all) bound them.",
        "Clients: one handle for each program, closed at its end.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "clientPortListenBacklog is the length of the queue; it needs a restart.",
        "A slow disk or long garbage collections stall it: see its log.",
      ]),
    ],
    sources: ["https://zookeeper.apache.org/doc/current/zookeeperAdmin.html"])
}
