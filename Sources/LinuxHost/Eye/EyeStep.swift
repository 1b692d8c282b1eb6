// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
package import KernelTables

/// What an eye is about to do that could wait in the kernel for ever. It says so before each one,
/// because afterwards it can't.
package enum EyeStep: UInt32, Hashable, Sendable, CaseIterable {
  case rest, answer
  case facts, list, release
  case descriptors, identity, arguments, program, socketName, proof, threads, rings, overlay
  case containers
  /// The second takes the lock of each socket, which its process can keep: see
  /// ``InetDiagRequest/asksDetails``.
  case tables, details
  /// Links that the kernel follows with a lock of the process (`exec_update_lock`, since 6.18),
  /// which it keeps in execve(2) as long as a file there does not let itself be closed.
  case namespaces, entry, mounts

  /// Says that this is next, in a process that was forked to look; elsewhere nobody listens.
  ///
  /// - Parameter user: Whose process or namespace it is, where that is known.
  /// - Parameter namespace: Where tables are read, their namespace.
  func begin(on pid: Int32 = 0, of user: UInt32? = nil, in namespace: NetnsID? = nil) {
    closewatch_mark_step(rawValue, pid, user ?? .max, namespace?.rawValue ?? 0)
  }

  /// Whether a look can do without it in some processes or namespaces. Without the others there is
  /// none.
  var isAvoidable: Bool { rawValue >= EyeStep.descriptors.rawValue }

  /// Whether it follows a link to a namespace of a process.
  var followsNamespace: Bool {
    switch self {
    case .namespaces, .entry, .mounts: true
    default: false
    }
  }

  /// The call, as it would follow a process.
  var call: String {
    switch self {
    case .rest: "waiting for a question"
    case .answer: "writing the answer"
    case .namespaces: "readlink of ns/net"
    case .entry: "setns"
    case .facts: "reading counters and settings"
    case .list: "listing processes"
    case .release: "SOCK_DESTROY"
    case .descriptors: "readlink of fd"
    case .identity: "reading stat, limits and cgroup"
    case .arguments: "reading cmdline"
    case .program: "open of exe"
    case .socketName: "getxattr of a descriptor"
    case .proof: "pidfd_getfd and close"
    case .threads: "readlink of task/TID/fd"
    case .rings: "reading fdinfo"
    case .overlay: "open of exe on an overlay"
    case .containers: "reading the names of containers"
    case .tables: "sock_diag"
    case .details: "sock_diag with tcp_info"
    case .mounts: "readlink of ns/mnt"
    }
  }

  /// What is missing where it was not done.
  var gap: Gap.Kind {
    switch self {
    case .program, .overlay: .runtimeUnread
    default: .callStuck
    }
  }
}

/// What looks stay away from, because it has not come back once: a step, for a user or in a
/// namespace, not in one process only. Whoever made one process that hangs has made two hundred.
package struct EyeAvoidance: Hashable, Sendable {
  package var step: EyeStep
  /// The process it hung on.
  package var pid: Int32
  /// Whose it was, process or network namespace; nil: not known yet.
  package var user: UInt32?
  /// The network namespace whose tables it hung on; nil: on none.
  package var namespace: NetnsID?
  /// Too many have hung: nobody's is safe.
  package var isEverywhere = false

  package init(step: EyeStep, pid: Int32) {
    self.step = step
    self.pid = pid
  }

  func write(to writer: inout WireWriter) {
    writer.put(step.rawValue)
    writer.put(pid)
    writer.put(user) { $0.put($1) }
    writer.put(namespace) { $0.put($1.rawValue) }
    writer.put(isEverywhere)
  }

  init(from reader: inout WireReader) throws(DecodeError) {
    let number = try reader.get(UInt32.self)
    guard let step = EyeStep(rawValue: number) else { throw reader.bad("step", "\(number)") }
    self.init(step: step, pid: try reader.get())
    user = try reader.getOptional { reader throws(DecodeError) in try reader.get() }
    namespace = try reader.getOptional { reader throws(DecodeError) in
      NetnsID(rawValue: try reader.get())
    }
    isEverywhere = try reader.getBool()
  }
}
