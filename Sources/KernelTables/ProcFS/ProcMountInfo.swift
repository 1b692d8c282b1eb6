// SPDX-License-Identifier: Apache-2.0

/// The mounts that a process sees, from `/proc/PID/mountinfo`.
///
/// Source: proc_pid_mountinfo(5); `show_mountinfo()` in fs/proc_namespace.c. The kernel writes it
/// from memory: no file system is asked, so that one that has stopped answering does no harm.
package struct ProcMountInfo: Hashable, Sendable {
  private struct Mount: Hashable {
    var id: UInt64
    /// Without the slash at its end, so that of the root it is empty.
    var point: [UInt8]
    var kind: String
  }

  private let mounts: [Mount]

  /// - Parameter bytes: The file, with lines
  ///   `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
  package init(_ bytes: [UInt8]) throws(DecodeError) {
    let table = "/proc/PID/mountinfo"
    var mounts: [Mount] = []
    for line in TextFields.lines(bytes) {
      let fields = TextFields.fields(line)
      // Between the options and the type there are as many optional fields as the kernel likes.
      guard fields.count > 6,
        let end = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
        end + 1 < fields.count
      else { throw .missing(table: table, field: "type") }
      var point = Self.unescaped(fields[4])
      if point.last == UInt8(ascii: "/") { point.removeLast() }
      mounts.append(
        Mount(
          id: try TextFields.number(fields[0], table: table, name: "mount ID"), point: point,
          kind: TextFields.text(fields[end + 1])))
    }
    self.mounts = mounts
  }

  /// The type of the file system that is mounted under a number, such as `ext4`; nil when there is
  /// no such mount here.
  package func kind(ofMount id: UInt64) -> String? { mounts.first { $0.id == id }?.kind }

  /// The types of all file systems that a path leads through, those included that are mounted over.
  package func kinds(along path: [UInt8]) -> Set<String> {
    Set(
      mounts.lazy.filter { mount in
        path.starts(with: mount.point)
          && (path.count == mount.point.count || path[mount.point.count] == UInt8(ascii: "/"))
      }.map(\.kind))
  }

  /// Blanks, tabs, line ends and backslashes are written as three octal digits: `\040`.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    guard field.contains(UInt8(ascii: "\\")) else { return Array(field) }
    var text: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"),
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        text.append(code)
        rest = rest.dropFirst(3)
      } else {
        text.append(byte)
      }
    }
    return text
  }
}
