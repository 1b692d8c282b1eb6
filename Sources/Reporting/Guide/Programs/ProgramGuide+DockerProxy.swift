// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// Copies bytes between a published port and the container; a connection stays until both of its
  /// ends have closed.
  static let dockerProxy = ProgramGuide(
    "docker-proxy", name: "docker-proxy", processes: ProcessNames(names: ["docker-proxy"]),
    look: [
      "It only copies bytes. See which container is behind the port:\n"
        + "docker ps --filter publish={port}",
      "See what waits on its other side: SYN_SENT means that nothing answers in the container.\n"
        + "{netns}ss -tnpo | grep 'pid={pid},'",
      "See whether the program in the container still works:\n"
        + "docker ps -q --filter publish={port} | xargs -r docker logs --tail 50",
    ],
    advice: [
      .goneClients: container, .idleClients: container, .fullQueue: container, .backends: container,
      .connecting: container,
    ],
    restart: [
      "Restart the container behind the port. Not docker-proxy: without it, the port is closed.\n"
        + "docker ps -q --filter publish={port} | xargs -r docker restart"
    ],
    sources: [
      "https://docs.docker.com/reference/cli/dockerd/",
      "https://docs.docker.com/engine/network/packet-filtering-firewalls/",
    ])

  private static let container = ProgramAdvice(fix: [
    "Fix the program in the container: its sockets are the other half of these.",
    "\"userland-proxy\": false in /etc/docker/daemon.json takes docker-proxy out of the way.",
  ])
}
