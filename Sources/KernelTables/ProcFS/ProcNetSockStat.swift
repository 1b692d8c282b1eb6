// SPDX-License-Identifier: Apache-2.0

/// `/proc/net/sockstat` and `/proc/net/sockstat6`:
///
///     TCP: inuse 101 orphan 0 tw 17 alloc 103 mem 2
///     TCP6: inuse 4
///
/// Source: `sockstat_seq_show()`, `sockstat6_seq_show()`.
package enum ProcNetSockStat {
  /// - Parameters:
  ///   - text: The text of `sockstat`.
  ///   - text6: The text of `sockstat6`; empty on a host without IPv6.
  /// - Throws: ``DecodeError/missing(table:field:)`` without the line `TCP:` or one of its numbers;
  ///   ``DecodeError/badField(table:field:text:)`` for a number that is none.
  package static func decode(
    sockstat text: [UInt8], sockstat6 text6: [UInt8]
  ) throws(DecodeError) -> SockStat {
    let table = "/proc/net/sockstat"
    guard let tcp = try values(of: "TCP:", in: text, table: table) else {
      throw .missing(table: table, field: "TCP")
    }
    func value(_ name: String) throws(DecodeError) -> Int {
      guard let value = tcp[name] else { throw .missing(table: table, field: name) }
      return value
    }
    var stat = SockStat()
    stat.inUse = try value("inuse")
    stat.orphans = try value("orphan")
    stat.timeWait = try value("tw")
    stat.allocated = try value("alloc")
    stat.memoryPages = try value("mem")
    if !text6.isEmpty {
      let table6 = "/proc/net/sockstat6"
      guard let inUse = try values(of: "TCP6:", in: text6, table: table6)?["inuse"] else {
        throw .missing(table: table6, field: "TCP6")
      }
      stat.inUse6 = inUse
    }
    return stat
  }

  private static func values(
    of prefix: String, in text: [UInt8], table: String
  ) throws(DecodeError) -> [String: Int]? {
    for line in TextFields.lines(text) {
      let fields = TextFields.fields(line)
      guard let first = fields.first, first.elementsEqual(prefix.utf8) else { continue }
      var values: [String: Int] = [:]
      var index = 1
      while index + 1 < fields.count {
        let name = TextFields.text(fields[index])
        values[name] = try TextFields.number(fields[index + 1], table: table, name: name)
        index += 2
      }
      return values
    }
    return nil
  }
}
