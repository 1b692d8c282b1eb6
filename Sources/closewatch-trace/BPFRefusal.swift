// SPDX-License-Identifier: Apache-2.0

import CTrace
import Glibc
import KernelTables
import LinuxHost

/// Why no programs could be put into the kernel.
struct BPFRefusal: Error {
  /// In one line, whatever they were for.
  let reason: String

  /// - Parameter isService: A service is given its rights by its unit: to run it with sudo is no
  ///   advice.
  init(_ failure: closewatch_probe_failure, isService: Bool = false) {
    reason = RefusedLoad(failure: failure, isService: isService).reason
  }

  /// The same of a trace.
  var words: String { "cannot trace: \(reason)" }

  /// With what to do instead.
  var error: HostError {
    HostError(
      "\(words). To see where its threads are now, without a trace, run as root:"
        + " closewatch triage PID --stacks")
  }
}

private struct RefusedLoad {
  let failure: closewatch_probe_failure
  let isService: Bool

  var reason: String {
    if failure.reason == EPERM || failure.reason == EACCES {
      if geteuid() != 0, !isService {
        return "loading programs into the kernel needs root; run it with sudo"
      }
      if let mode = lockdown, mode != "none" {
        return "\(isService ? "the service" : "root") may not load programs into this kernel,"
          + " which is locked down (\(mode))"
      }
      let who = isService ? "the service" : "this root"
      return "\(who) may not load programs into the kernel; CAP_BPF and CAP_PERFMON are missing,"
        + " or a filter of system calls refuses bpf(2), as in a container"
    }
    if failure.reason == ENOENT, attempt == CLOSEWATCH_PROBE_NEEDS_TYPES {
      return "kernel \(kernel) does not describe itself: it is built without"
        + " CONFIG_DEBUG_INFO_BTF, or /sys is not mounted"
    }
    if isOld { return "kernel \(kernel) is older than Linux 5.15, which is the first that can" }
    let words = SystemCallError(attempt, on: "", errno: failure.reason).reason
    let said = withUnsafeBytes(of: failure.said) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let detail = said.split(separator: "\n").first.map { "; libbpf says: \($0)" } ?? ""
    return "kernel \(kernel) did not let it \(attempt): \(words)\(detail)"
  }

  private var attempt: String { failure.attempt.map { String(cString: $0) } ?? "load programs" }

  /// As uname -r says it.
  private var kernel: String {
    (try? readFile("/proc/sys/kernel/osrelease", limit: 256)).map {
      String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self)
    } ?? "of an unknown version"
  }

  private var isOld: Bool {
    let numbers = kernel.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) < (5, 15)
  }

  /// The word in brackets: `none [integrity] confidentiality`.
  private var lockdown: Substring? {
    guard let bytes = try? readFile("/sys/kernel/security/lockdown", limit: 256) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: "[").dropFirst().first?.split(separator: "]").first
      .map { Substring(String($0)) }
  }
}
