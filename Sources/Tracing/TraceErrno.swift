// SPDX-License-Identifier: Apache-2.0

/// What breaks a connection, by its name on Linux.
enum TraceErrno {
  static func name(_ errno: Int32) -> String { names[errno] ?? "errno \(errno)" }

  private static let names: [Int32: String] = [
    32: "EPIPE", 100: "ENETDOWN", 101: "ENETUNREACH", 104: "ECONNRESET", 107: "ENOTCONN",
    110: "ETIMEDOUT", 111: "ECONNREFUSED", 112: "EHOSTDOWN", 113: "EHOSTUNREACH",
  ]
}
