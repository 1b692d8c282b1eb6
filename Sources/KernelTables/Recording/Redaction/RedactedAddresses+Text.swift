// SPDX-License-Identifier: Apache-2.0

extension RedactedAddresses {
  /// Text in which addresses may stand: `sshd 10.20.30.40:22`, `[fe80::1%eth0]`, `ip-10-20-30-40`,
  /// `::ffff:10.20.30.40`.
  struct Text {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The text with its addresses numbered, as those of the sockets are, and without their zones.
    func redacted(by addresses: inout RedactedAddresses) -> String {
      var result: [UInt8] = []
      var index = 0
      while index < bytes.count {
        guard let found = ipv6(at: index) ?? ipv4(at: index) else {
          result.append(bytes[index])
          index += 1
          continue
        }
        let text = addresses.redacted(found.address).description
        result += found.hasDashes ? text.replacing(".", with: "-").utf8 : text.utf8
        index = afterZone(found.end)
      }
      return String(decoding: result, as: UTF8.self)
    }

    private struct Found {
      var address: IPAddress
      var end: Int
      /// As in the names that clouds give to hosts: `ip-10-20-30-40`.
      var hasDashes = false
    }

    /// The longest IPv6 address that begins here.
    private func ipv6(at start: Int) -> Found? {
      let run = bytes[start...].prefix(45).prefix {
        Self.isHexadecimal($0) || ":.".utf8.contains($0)
      }
      guard run.count(where: { $0 == UInt8(ascii: ":") }) >= 2 else { return nil }
      // `Foo::bar` is the name of a module.
      let isAlone = start == 0 || !Self.isWord(bytes[start - 1])
      for end in stride(from: run.endIndex, to: start + 1, by: -1) {
        let text = bytes[start..<end]
        guard isAlone || text.contains(where: Self.isDigit), let address = Self.ipv6(text) else {
          continue
        }
        return Found(address: address, end: end)
      }
      return nil
    }

    private static func ipv6(_ text: ArraySlice<UInt8>) -> IPAddress? {
      guard text.contains(UInt8(ascii: ".")) else {
        return text.contains(UInt8(ascii: ":")) ? AddressText.parse(text) : nil
      }
      guard let colon = text.lastIndex(of: UInt8(ascii: ":")),
        let tail = AddressText.parse(text[(colon + 1)...])
      else { return nil }
      let groups = [tail.low >> 16 & 0xffff, tail.low & 0xffff].map { String($0, radix: 16) }
      return AddressText.parse(
        Array(text[...colon] + Array(groups.joined(separator: ":").utf8))[...])
    }

    /// The longest IPv4 address that begins here, with dots or with dashes.
    private func ipv4(at start: Int) -> Found? {
      var address: UInt32 = 0
      var index = start
      var separator: UInt8?
      for part in 0..<4 {
        if part > 0 {
          guard index < bytes.count, ".-".utf8.contains(bytes[index]),
            bytes[index] == separator ?? bytes[index]
          else { return nil }
          separator = bytes[index]
          index += 1
        }
        guard let (value, end) = byte(at: index, isLast: part == 3) else { return nil }
        address = address << 8 | value
        index = end
      }
      return Found(
        address: IPAddress(ipv4: address), end: index, hasDashes: separator == UInt8(ascii: "-"))
    }

    /// A number from 0 to 255 without a leading zero; of more digits the first ones, at the end.
    private func byte(at start: Int, isLast: Bool) -> (UInt32, Int)? {
      var value: UInt32 = 0
      var index = start
      while index < bytes.count, index < start + 3, Self.isDigit(bytes[index]) {
        let next = 10 * value + UInt32(bytes[index] - UInt8(ascii: "0"))
        if index > start, value == 0 || next > 255 { return isLast ? (value, index) : nil }
        value = next
        index += 1
      }
      return index > start ? (value, index) : nil
    }

    /// Behind `%eth0`: a zone names an interface of the host.
    private func afterZone(_ end: Int) -> Int {
      guard end < bytes.count, bytes[end] == UInt8(ascii: "%") else { return end }
      return bytes[(end + 1)...].firstIndex { !Self.isWord($0) && !".-_".utf8.contains($0) }
        ?? bytes.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
      isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
        || UInt8(ascii: "A")...UInt8(ascii: "F") ~= byte
    }

    private static func isWord(_ byte: UInt8) -> Bool {
      isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
        || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }
  }
}
