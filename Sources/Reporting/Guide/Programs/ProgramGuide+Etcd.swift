// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let etcd = ProgramGuide(
    "etcd", name: "etcd", processes: ProcessNames(names: ["etcd"]),
    look: [
      "See whether its members answer (with your --cert, --key, --cacert where TLS is on):\n"
        + "etcdctl --endpoints=127.0.0.1:{port} endpoint status -w table",
      "See which place its own connections wait for: a dead endpoint behind a gateway or proxy.\n"
        + "{netns}ss -Htnp | grep '\"etcd\"' | awk '{print $1, $5}' | sort | uniq -c |\n"
        + "sort -rn | head",
      "Check its log: slow disk, lost leader, unreachable peers.\n"
        + "journalctl -n 200 --no-pager --unit={unit}",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "etcd gateway, grpc-proxy: take dead endpoints out of --endpoints; clients wait for them.",
        "--grpc-keepalive-interval (2 h) and --grpc-keepalive-timeout (20 s) find vanished "
          + "clients.",
        "Update to the last release of your branch: watches that outlive their client were fixed.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "--grpc-keepalive-interval (2 h) and --grpc-keepalive-timeout (20 s) end vanished clients.",
        "Clients: one client for each program, closed with Close(); leases and watches share it.",
      ]),
      .connecting: ProgramAdvice(fix: [
        "etcd gateway: take the dead endpoint out of --endpoints (--retry-delay is 1 min).",
        "A dead member: etcdctl member remove, once the others have a quorum.",
      ]),
    ],
    sources: [
      "https://etcd.io/docs/v3.5/op-guide/configuration/",
      "https://etcd.io/docs/v3.5/op-guide/gateway/",
      "https://etcd.io/docs/v3.5/op-guide/runtime-configuration/",
    ])
}
