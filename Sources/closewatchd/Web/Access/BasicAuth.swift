// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Synchronization

/// Checks user names and passwords against bcrypt hashes.
///
/// bcrypt is slow on purpose: a password that was proved once is known again by a salted hash that
/// takes under a millisecond, and is forgotten when the file of hashes changes.
final class BasicAuth: Sendable {
  /// A user name and a password, as a request has them.
  struct Credentials: Hashable, Sendable {
    var user: String
    var password: String
  }

  private struct Proof {
    var salt: String
    var digest: String
  }

  private let hashes: [String: String]
  private let proofs = Mutex<[String: Proof]>([:])
  /// What an unknown user is compared with, so that the time does not tell who exists.
  private let decoy: String

  /// - Parameter hashes: The bcrypt hash of each user's password.
  init(hashes: [String: String]) {
    self.hashes = hashes
    decoy =
      hashes.values.max { (PasswordHash.cost($0) ?? 0) < (PasswordHash.cost($1) ?? 0) }
      ?? "$2b$10$....................................................."
  }

  /// Whether these were right before. Quick.
  func isKnown(_ credentials: Credentials) -> Bool {
    guard let proof = proofs.withLock({ $0[credentials.user] }),
      let digest = PasswordHash.quick(credentials.password, salt: proof.salt)
    else { return false }
    return PasswordHash.isEqual(Array(digest.utf8), Array(proof.digest.utf8))
  }

  /// Whether these are right. Slow: not for the event loop.
  func verify(_ credentials: Credentials) -> Bool {
    guard let hash = hashes[credentials.user] else {
      _ = PasswordHash.matches(credentials.password, decoy)
      return false
    }
    guard PasswordHash.matches(credentials.password, hash) else { return false }
    let salt = PasswordHash.salt()
    if let digest = PasswordHash.quick(credentials.password, salt: salt) {
      proofs.withLock { $0[credentials.user] = Proof(salt: salt, digest: digest) }
    }
    return true
  }
}

extension BasicAuth.Credentials {
  /// - Parameter header: The value of `Authorization`.
  /// - Returns: nil when it is not of the scheme Basic or cannot be read.
  init?(header: String) {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic",
      let bytes = Base64.decode(parts[1].filter { $0 != " " }),
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let user = String(validating: bytes[..<colon], as: UTF8.self),
      let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
    else { return nil }
    self.init(user: user, password: password)
  }
}

/// Base64 with padding (RFC 4648, 4).
enum Base64 {
  /// - Returns: nil when `text` is not Base64.
  static func decode(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.count % 4 == 0 else { return nil }
    let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var out: [UInt8] = []
    var bits: UInt32 = 0
    for (index, byte) in bytes.dropLast(padding).enumerated() {
      guard let value = value(of: byte) else { return nil }
      bits = bits << 6 | UInt32(value)
      // Every character after the first of four completes a byte.
      let rest = index % 4
      if rest > 0 { out.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * rest))) }
    }
    return out
  }

  private static func value(of byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
