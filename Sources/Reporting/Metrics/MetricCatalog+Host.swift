// SPDX-License-Identifier: Apache-2.0

/// The metrics of the host's sockets.
extension MetricCatalog {
  // MARK: Sockets

  static let socketCount = MetricFamily(
    "closewatch_sockets", .gauge, labels: ["netns_class", "state"],
    help: "TCP sockets by state, as sock_diag shows them. netns_class is own (closewatch's network "
      + "namespace), named (under /run/netns) or other. established is of the newest full sample. "
      + fromSample)
  static let unaccepted = MetricFamily(
    "closewatch_unaccepted_sockets", .gauge, labels: ["netns_class"],
    help: "Connections in ESTABLISHED or CLOSE_WAIT that no accept() has taken yet. \(fromSample)")
  static let namespaceCount = MetricFamily(
    "closewatch_network_namespaces", .gauge, labels: ["netns_class"],
    help: "Network namespaces that were read. Those that were not are a gap. \(fromSample)")
  static let acceptQueue = MetricFamily(
    "closewatch_accept_queue_sockets", .gauge, labels: queueLabels,
    help: "Connections that wait for accept(), for the listeners with the fullest queues. Where "
      + "several share an address (SO_REUSEPORT), of the fullest one. \(fromSample)")
  static let acceptQueueLimit = MetricFamily(
    "closewatch_accept_queue_limit", .gauge, labels: queueLabels,
    help: "The backlog of the listener: the queue is full above it. Missing where the source does "
      + "not show it (/proc/net/tcp). \(fromSample)")
  static let listenersFolded = MetricFamily(
    "closewatch_accept_queues_folded", .gauge,
    help: "Listeners with emptier queues, left out of closewatch_accept_queue_*. \(fromSample)")
  static let portsUsed = MetricFamily(
    "closewatch_ephemeral_ports_used", .gauge, labels: routeLabels,
    help: "Local ports taken from one source address to one destination, TIME_WAIT that the kernel "
      + "would reuse left out; the fullest. At capacity, connect() fails with EADDRNOTAVAIL. "
      + fromSample)
  static let portsCapacity = MetricFamily(
    "closewatch_ephemeral_ports_capacity", .gauge, labels: routeLabels,
    help: "Local ports that connect() can choose from: ip_local_port_range without reserved and "
      + "listening ones. \(fromSample)")
  static let routesFolded = MetricFamily(
    "closewatch_ephemeral_port_destinations_folded", .gauge,
    help: "Destinations with fewer ports in use, left out of closewatch_ephemeral_ports_*. "
      + fromSample)
  static let inFlight = MetricFamily(
    "closewatch_descriptors_in_flight", .gauge,
    help: "Sockets on their way between processes (SCM_RIGHTS): nobody can be named as their "
      + "holder. \(fromSample)")

  private static let queueLabels = ["netns", "listen", "owner_kind", "owner_name"]
  private static let routeLabels = ["netns", "source", "destination"]

  static let sockets = [
    socketCount, unaccepted, namespaceCount, acceptQueue, acceptQueueLimit, listenersFolded,
    portsUsed, portsCapacity, routesFolded, inFlight,
  ]

  // MARK: Kernel

  static let listenOverflows = counter(
    "listen_overflows", "ListenOverflows: connections dropped at a full accept queue")
  static let listenDrops = counter(
    "listen_drops", "ListenDrops: connections dropped at a listener, for any reason")
  static let timeWaitOverflows = counter(
    "time_wait_overflows",
    "TCPTimeWaitOverflow: sockets closed without TIME_WAIT at tcp_max_tw_buckets")
  static let memoryAborts = counter(
    "aborts_on_memory", "TCPAbortOnMemory: connections reset for orphans or memory over the limit")
  static let timeoutAborts = counter(
    "aborts_on_timeout", "TCPAbortOnTimeout: connections given up after too many retransmissions")
  static let requestQueueDrops = counter(
    "request_queue_full_drops", "TCPReqQFullDrop: SYNs dropped at a full queue, without cookies")
  static let orphanSockets = MetricFamily(
    "closewatch_kernel_orphan_sockets", .gauge,
    help: "Sockets that no process holds any more, of the whole host: /proc/net/sockstat. "
      + fromSample)
  static let orphanLimit = MetricFamily(
    "closewatch_kernel_orphan_limit", .gauge,
    help: "tcp_max_orphans: above it the kernel resets. \(fromSample)")
  static let timeWaitSockets = MetricFamily(
    "closewatch_kernel_time_wait_sockets", .gauge, labels: ["netns"],
    help: "Sockets in TIME_WAIT, and in FIN_WAIT2 without a process: /proc/net/sockstat counts "
      + "them as one. \(fromSample)")
  static let timeWaitLimit = MetricFamily(
    "closewatch_kernel_time_wait_limit", .gauge, labels: ["netns"],
    help: "tcp_max_tw_buckets: at it the kernel skips TIME_WAIT. \(fromSample)")
  static let memoryPages = MetricFamily(
    "closewatch_kernel_tcp_memory_pages", .gauge,
    help: "Pages of memory that TCP uses, of the whole host: /proc/net/sockstat. \(fromSample)")
  static let memoryLimit = MetricFamily(
    "closewatch_kernel_tcp_memory_limit_pages", .gauge,
    help: "The third value of tcp_mem: above it TCP gets no memory. \(fromSample)")

  private static func counter(_ name: String, _ source: String) -> MetricFamily {
    MetricFamily(
      "closewatch_kernel_\(name)", .counter, labels: ["netns"],
      help: "\(source). Of own and named namespaces, and of others where it counts most; since "
        + "the namespace was made. \(fromSample)")
  }

  static let kernel = [
    listenOverflows, listenDrops, timeWaitOverflows, memoryAborts, timeoutAborts,
    requestQueueDrops, orphanSockets, orphanLimit, timeWaitSockets, timeWaitLimit, memoryPages,
    memoryLimit,
  ]
}
