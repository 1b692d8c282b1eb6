// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// The client chooses the keepalive time; 0 means that the broker never gives it up.
  static let mosquitto = ProgramGuide(
    "mosquitto", name: "Mosquitto", processes: ProcessNames(names: ["mosquitto"]),
    look: [
      "See how many clients it counts itself (needs sys_interval, and access to $SYS):\n"
        + "mosquitto_sub -p {port} -t '$SYS/broker/clients/#' -v -W 12",
      "See in its log which keepalive (k) each client chose: k0 is never given up.\n"
        + "grep -h 'New client connected' /var/log/mosquitto/mosquitto.log | tail -20",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "It closes vanished clients by itself: one that stays is a bug or a blocked plugin or "
          + "bridge.",
        "Authentication plugins and name lookups block its one thread: see what it waits for.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "Give the devices a keepalive above 0: the broker drops them after 1.5 times that.",
        "max_keepalive bounds it for MQTT v5 clients; older ones decide by themselves.",
        "max_connections of the listener bounds their number.",
      ]),
      .slowClients: ProgramAdvice(fix: [
        "max_queued_messages and max_queued_bytes bound what waits for a slow subscriber."
      ]),
      .descriptors: ProgramAdvice(fix: [
        "LimitNOFILE= of the unit above the number of devices; max_connections below it."
      ]),
    ],
    sources: [
      "https://mosquitto.org/man/mosquitto-conf-5.html",
      "https://mosquitto.org/man/mosquitto-8.html",
    ])
}
