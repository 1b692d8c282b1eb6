// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// Stops reading from publishers while a memory or disk alarm is on: on purpose.
  static let rabbitMQ = ProgramGuide(
    "rabbitmq", name: "RabbitMQ",
    processes: ProcessNames(
      names: ["rabbitmq-server"], mains: ["rabbit"], units: ["rabbitmq-server", "rabbitmq"]),
    look: [
      "See whether an alarm is on: then it does not read from publishers, on purpose.\n"
        + "rabbitmq-diagnostics alarms",
      "List its connections; state blocked or blocking is the alarm, flow is back-pressure:\n"
        + "rabbitmqctl list_connections pid peer_host peer_port state timeout send_pend",
      "See what it has: memory, disk, descriptors, queues with a backlog.\n"
        + "rabbitmq-diagnostics status\n"
        + "rabbitmqctl list_queues name messages consumers | sort -k2 -n | tail",
    ],
    advice: [
      .goneClients: ProgramAdvice(
        rescue: [
          "Memory alarm: start consumers or purge queues; to buy time raise the watermark live:\n"
            + "rabbitmqctl set_vm_memory_high_watermark 0.8",
          "Disk alarm: free disk space; rabbitmqctl set_disk_free_limit changes the limit live.",
          "One connection only: rabbitmqctl close_connection 'ITS PID' 'stuck', from that list.",
        ],
        fix: [
          "End the alarm: more consumers, bounded queues (max-length), more memory or disk.",
          "heartbeat = 60 in rabbitmq.conf, not 0: it finds vanished clients, once it reads again.",
          "vm_memory_high_watermark and disk_free_limit in rabbitmq.conf make the change last.",
        ]),
      .idleClients: ProgramAdvice(fix: [
        "heartbeat = 60 in rabbitmq.conf and in the clients; 0 turns it off (column timeout).",
        "One long connection for each client program, with channels: see who opens more by user.",
        "connection_max in rabbitmq.conf, or a limit for each vhost or user, bounds them.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "Consumers: a bounded prefetch (basic.qos), and acknowledge. consumer_timeout ends others.",
        "heartbeat finds those that vanished.",
      ]),
      .fullQueue: ProgramAdvice(fix: [
        "tcp_listen_options.backlog (128) is its length; num_acceptors.tcp processes empty it.",
        "Many short connections are what fills it: long ones with channels.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "LimitNOFILE= of the unit (65536 and more), then a restart: status shows what it uses."
      ]),
    ],
    sources: [
      "https://www.rabbitmq.com/docs/alarms",
      "https://www.rabbitmq.com/docs/heartbeats",
      "https://www.rabbitmq.com/docs/man/rabbitmqctl.8",
      "https://www.rabbitmq.com/docs/networking",
    ])
}
