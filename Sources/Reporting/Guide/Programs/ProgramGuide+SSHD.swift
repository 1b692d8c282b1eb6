// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  /// A process for each client. By default it never asks whether a silent client still lives.
  static let sshd = ProgramGuide(
    "sshd", name: "OpenSSH sshd",
    processes: ProcessNames(names: ["sshd", "sshd-session", "sshd-auth"]),
    look: [
      "See whose sessions they are, and since when:\n"
        + "ps -o pid,ppid,user,lstart,args -C sshd,sshd-session",
      "See what it is set to (0: a silent client is never asked):\n"
        + "sshd -T | grep -iE 'clientalive|maxstartups|logingracetime|tcpkeepalive'",
    ],
    advice: [
      .goneClients: sessions, .idleClients: sessions, .slowClients: sessions,
      .fullQueue: ProgramAdvice(fix: [
        "MaxStartups (10:30:100) and LoginGraceTime (120 s) bound those that have not logged in.",
        "PerSourceMaxStartups bounds them for each address. A firewall keeps scanners away.",
      ]),
      .backends: ProgramAdvice(fix: [
        "These are forwarded connections (ssh -L, -R, -D): their two ends decide when they close.",
        "ChannelTimeout direct-tcpip=1h (OpenSSH 9.2) ends forwarded connections that are silent.",
      ]),
    ],
    restart: [
      "A restart of sshd ends no session. End one: kill its own sshd process, not the listener."
    ],
    sources: ["https://man.openbsd.org/sshd_config", "https://man.openbsd.org/sshd"])

  private static let sessions = ProgramAdvice(fix: [
    "ClientAliveInterval 60 and ClientAliveCountMax 3 end clients that no longer answer.",
    "ChannelTimeout and UnusedConnectionTimeout (OpenSSH 9.2 and later) end idle ones.",
    "A session's program may still wait for input that never comes: see its children.",
  ])
}
