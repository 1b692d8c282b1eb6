// SPDX-License-Identifier: Apache-2.0

/// What people call the kernel's errors.
///
/// Source: errno(3); `errno-base.h` and `errno.h` in include/uapi/asm-generic, which x86 and arm
/// share.
package enum ErrnoName {
  /// `ECONNRESET`; `errno 71` for one that is not told here.
  package static func of(_ errno: Int32) -> String { names[errno] ?? "errno \(errno)" }

  private static let names: [Int32: String] = [
    1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 9: "EBADF", 11: "EAGAIN",
    12: "ENOMEM", 13: "EACCES", 16: "EBUSY", 17: "EEXIST", 19: "ENODEV", 20: "ENOTDIR",
    21: "EISDIR", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 27: "EFBIG", 28: "ENOSPC", 30: "EROFS",
    32: "EPIPE", 34: "ERANGE", 36: "ENAMETOOLONG", 40: "ELOOP", 61: "ENODATA", 74: "EBADMSG",
    93: "EPROTONOSUPPORT", 95: "EOPNOTSUPP", 97: "EAFNOSUPPORT", 98: "EADDRINUSE", 100: "ENETDOWN",
    101: "ENETUNREACH", 104: "ECONNRESET", 105: "ENOBUFS", 107: "ENOTCONN", 110: "ETIMEDOUT",
    111: "ECONNREFUSED", 112: "EHOSTDOWN", 113: "EHOSTUNREACH", 116: "ESTALE", 122: "EDQUOT",
  ]
}
