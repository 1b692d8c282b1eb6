// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import KernelTables
import Reporting

/// One end of a connection as people type it: `192.0.2.1`, `192.0.2.1:443`, `:443`, `::1`,
/// `[::1]:443`; the port may be a list with ranges, `:443,8000-8100`.
enum PlaceArgument {
  static func parse(_ text: String) throws -> SocketFilter.Place {
    let (address, port) = split(text)
    var place = SocketFilter.Place(address: nil, ports: nil)
    if let address, !address.isEmpty, address != "*" {
      guard let parsed = parseAddress(address) else {
        throw UsageError("write ADDRESS, ADDRESS:PORT, [IPV6]:PORT or :PORT, with numbers")
      }
      place.address = parsed
    }
    if let port { place.ports = try parsePorts(port) }
    guard place.address != nil || place.ports != nil else {
      throw UsageError("write ADDRESS, ADDRESS:PORT, [IPV6]:PORT or :PORT, with numbers")
    }
    return place
  }

  /// `80`, `80,443,8000-8100`.
  static func parsePorts(_ text: String) throws -> PortSet {
    guard let ports = PortSet(text) else {
      throw UsageError(
        "'\(text)' is neither a port from 1 to 65535 nor a list such as 80,443,8000-8100")
    }
    return ports
  }

  private static func split(_ text: String) -> (address: String?, port: String?) {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let address = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      return (address, rest.hasPrefix(":") ? String(rest.dropFirst()) : rest.isEmpty ? nil : "?")
    }
    let colons = text.count { $0 == ":" }
    guard colons == 1, let colon = text.firstIndex(of: ":") else { return (text, nil) }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  private static func parseAddress(_ text: String) -> IPAddress? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      return IPAddress(ipv4: UInt32(bigEndian: four.s_addr))
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    return withUnsafeBytes(of: six) { bytes in
      IPAddress(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }
}
