// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Steps for `now` that several rules share.
enum GuideStep {
  /// Lists sockets of one state at the local or the remote port, whichever is known.
  ///
  /// - Parameter state: The name that ss takes, for example `close-wait`.
  static func list(_ state: String) -> [String] {
    [
      "List them, with process and timer:\n"
        + "{netns}ss -tnpo state \(state) '( sport = :{port} )'",
      "List those that it opened itself:\n"
        + "{netns}ss -tnpo state \(state) '( dport = :{remote-port} )'",
      one,
    ]
  }

  /// Lists what ss has not.
  static let listDead =
    "List them: lsof says \"protocol: TCP\" (or MPTCP) where a dead socket is. "
    + "ss can't show them.\n"
    + "{netns}lsof -nP -p {pid} | grep -E 'protocol: (MP)?TCP'"

  /// Shows one descriptor. Inside the namespace: from outside, lsof takes a living socket for a
  /// dead one, because it looks for it in its own namespace's table.
  static let one = "Look at one of them:\n{netns}lsof -nP -a -p {pid} -d {fd}"

  /// Ends the process and so frees everything that it holds.
  static let restart = [
    "Restart the service: frees every descriptor, cuts its live connections too:\n"
      + "systemctl restart -- {unit}",
    "If Docker runs it, restart the container instead:\ndocker restart {container}",
    "Delete the pod: its controller starts a new one:\n"
      + "kubectl -n {pod-namespace} delete pod {pod}",
  ]

  /// What is done about a consequence leaves its root as it is.
  static let consequence =
    "It follows from the finding under \"because of\": act on that one first."

  /// Ends what SIGSTOP has begun.
  static func letGoOn(_ process: String, pid: String) -> String {
    "Unless \(process) was stopped on purpose, let it go on:\nkill -CONT \(pid)"
  }

  /// New clients go elsewhere.
  static let balancer =
    "Take this host out of the load balancer: existing connections go on, new clients go elsewhere."

  /// Raises the limit of the running process.
  static let buyTime =
    "Buy time: raise the limit of open files of the running process:\n"
    + "prlimit --pid {pid} --nofile={raised-limit}"

  /// What the ports to a destination are taken by: TIME-WAIT, or what is open.
  static let countPorts =
    "Count the ports that are taken, by state, and see how many there are:\n"
    + "{netns}ss -Htan 'dst {remote}' | awk '{print $1}' | sort | uniq -c\n"
    + "{netns}sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports"

  /// More ephemeral ports, to every destination.
  static let morePorts =
    "Widen the range, if nothing listens or will listen from 16384 to where it begins:\n"
    + "{netns}ss -Hltn\n{netns}sysctl -w net.ipv4.ip_local_port_range='16384 {highest-port}'"

  /// Resets what has been in CLOSE_WAIT for long; only shows it before it is confirmed.
  static let release =
    "Or reset the old ones: wakes code that waits on them, frees memory, not descriptors:\n"
    + "closewatch release {pid} --older-than 5m"

  /// Names the code. What leaks while it watches is enough, and the program goes on.
  static let trace =
    "Name the code that leaves them open (as root, Linux 5.15 or newer):\n"
    + "closewatch trace {pid} --for 60s"

  /// How many descriptors, against the limit.
  static let descriptorRoom =
    "See how close it is to its limit of open files:\n"
    + "grep 'open files' /proc/{pid}/limits\n"
    + "ls /proc/{pid}/fd | wc -l"

  /// Aborts the connections so that whoever waits on them gets an error.
  ///
  /// Measured: blocked readers and writers in Go and Python, and Node's event loop, get
  /// ECONNABORTED and close; code that does not look at the socket keeps its descriptor.
  ///
  /// - Parameter state: The name that ss takes.
  static func abort(_ state: String, _ runtime: ProcessRuntime) -> [String] {
    let warning =
      runtime == .node
      ? "Or abort ALL that match. Node closes them; without an 'error' listener the process ENDS:"
      : "Or abort ALL that match: code that waits on one gets ECONNABORTED and can close it:"
    return [
      warning + "\n{netns}ss -K state \(state) '( sport = :{port} )'",
      warning + "\n{netns}ss -K state \(state) '( dport = :{remote-port} )'",
    ]
  }

  /// Whether packets find their way at all.
  static let path = [
    "See the route and the interface to the peer:\n{netns}ip route get {remote-address}",
    "See whether the peer accepts connections (no output: it does):\n"
      + "{netns}timeout 3 bash -c '</dev/tcp/{remote-address}/{remote-port}'",
  ]
}
