// SPDX-License-Identifier: Apache-2.0

/// What `/proc/PID/fdinfo/N` says about sockets that have no descriptor of their own.
///
/// Source: `io_uring_show_fdinfo()` in io_uring/fdinfo.c, `unix_show_fdinfo()` in
/// net/unix/af_unix.c.
package struct FdInfo: Hashable, Sendable {
  /// Sockets in the fixed-file table of an io_uring, by inode. Newer kernels (seen on 6.18) write
  /// `    1: socket:[166517]`.
  package var registeredSockets: [UInt64] = []
  /// TCP sockets in it that the kernel did not number: older kernels write `    1: TCP`.
  package var registeredUnnumbered = 0
  /// `scm_fds: 2`: descriptors that were sent to this unix socket and not yet received; nil without
  /// that line: of another kind of descriptor, or before Linux 5.6.
  package var descriptorsInFlight: Int?

  /// - Parameter bytes: The file of any kind of descriptor.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    let table = "/proc/PID/fdinfo"
    var isInUserFiles = false
    for line in ProcessFile.lines(bytes) {
      if line.first != UInt8(ascii: " ") {
        isInUserFiles = line.starts(with: "UserFiles:".utf8)
        if line.starts(with: "scm_fds:".utf8) {
          guard let text = ProcessFile.fields(line.dropFirst(8)).first else {
            throw .missing(table: table, field: "scm_fds")
          }
          descriptorsInFlight = try ProcessFile.number(text, table, "scm_fds")
        }
      } else if isInUserFiles {
        try add(line, table)
      }
    }
  }

  private mutating func add(_ line: ArraySlice<UInt8>, _ table: String) throws(DecodeError) {
    let fields = ProcessFile.fields(line)
    // An empty slot is left out, or `<none>`; a path can hold anything.
    guard let slot = fields.first, slot.last == UInt8(ascii: ":"), fields.count == 2 else { return }
    let name = fields[1]
    if name.elementsEqual("TCP".utf8) || name.elementsEqual("TCPv6".utf8) {
      registeredUnnumbered += 1
    } else if name.starts(with: "socket:".utf8) {
      guard case .socket(let inode) = try? SocketLink(Array(name)) else {
        throw .badField(table: table, field: "UserFiles", text: ProcessFile.shown(line))
      }
      registeredSockets.append(inode)
    }
  }
}
