// SPDX-License-Identifier: Apache-2.0

/// A file whose code is in the memory of a process.
public struct MappedCode: Hashable, Sendable {
  /// As the process sees it, also where it was replaced on disk since.
  public var path: String
  /// The first address of its code.
  public var start: UInt64
  /// One past the last.
  public var end: UInt64
  /// The piece of memory that leads to the file, as `/proc/PID/map_files` names it.
  public var link: String
  /// Where in the file ``start`` is.
  public var offset: UInt64

  /// Reads `/proc/PID/maps`, of which a line is
  /// `7f1c2a000000-7f1c2a024000 r-xp 00001000 08:01 1835 /usr/lib/libc.so.6`.
  ///
  /// Source: proc_pid_maps(5). Code that is in no file (made at run time) is left out.
  public static func all(in maps: String, most: Int = 1024) -> [MappedCode] {
    var found: [MappedCode] = []
    for line in maps.split(separator: "\n") {
      guard let code = read(line) else { continue }
      if let last = found.last, last.path == code.path, last.end <= code.start,
        code.offset >= last.offset, code.offset - last.offset == code.start - last.start
      {
        found[found.count - 1].end = code.end
      } else if found.count < most {
        found.append(code)
      }
    }
    return found
  }

  private static func read(_ line: Substring) -> MappedCode? {
    let fields = line.split(separator: " ", maxSplits: 5)
    guard fields.count == 6, fields[1].utf8.dropFirst(2).first == UInt8(ascii: "x") else {
      return nil
    }
    let range = fields[0].split(separator: "-")
    guard range.count == 2, let start = UInt64(range[0], radix: 16),
      let end = UInt64(range[1], radix: 16), start < end,
      let offset = UInt64(fields[2], radix: 16)
    else { return nil }
    var path = fields[5].drop { $0 == " " }
    guard path.first == "/" else { return nil }
    if path.hasSuffix(" (deleted)") { path.removeLast(10) }
    return MappedCode(
      path: String(path), start: start, end: end, link: String(fields[0]), offset: offset)
  }
}
