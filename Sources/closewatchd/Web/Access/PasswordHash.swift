// SPDX-License-Identifier: Apache-2.0

import CCrypt
import Glibc

/// Hashes of passwords as crypt(5) writes them.
enum PasswordHash {
  /// Whether `text` is a bcrypt hash that this machine's libcrypt can check.
  static func isBcrypt(_ text: String) -> Bool {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].isEmpty, ["2a", "2b", "2y"].contains(parts[1]),
      let cost = Int(parts[2]), parts[2].utf8.count == 2, (4...31).contains(cost),
      parts[3].utf8.count == 53
    else { return false }
    return crypt_checksalt(text) != CRYPT_SALT_INVALID
  }

  /// The cost in a bcrypt hash: each step doubles the time, 10 takes some 50 ms.
  static func cost(_ hash: String) -> Int? {
    let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
    return parts.count == 4 ? Int(parts[2]) : nil
  }

  /// Whether `password` is the one that `hash` was made from. Takes as long as the hash wants.
  static func matches(_ password: String, _ hash: String) -> Bool {
    guard let found = digest(password, setting: hash) else { return false }
    return isEqual(Array(found.utf8), Array(hash.utf8))
  }

  /// A salted SHA-256 hash, at crypt's fewest rounds: under a millisecond. To know a password again
  /// that was proved before, without keeping it.
  static func quick(_ password: String, salt: String) -> String? {
    digest(password, setting: "$5$rounds=1000$\(salt)$")
  }

  /// A new salt of 16 characters.
  static func salt() -> String {
    let letters = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<16).map { _ in letters[Int.random(in: letters.indices, using: &random)] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Compares in a time that does not tell where the difference is.
  static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func digest(_ password: String, setting: String) -> String? {
    // crypt(3) ends a password at NUL: "a" must not match what was "a\0b".
    guard !password.utf8.contains(0), password.utf8.count < CRYPT_MAX_PASSPHRASE_SIZE
    else { return nil }
    // 32 kB: too much for the stack of a thread that may be small.
    let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
    data.initialize(to: crypt_data())
    defer {
      explicit_bzero(data, MemoryLayout<crypt_data>.size)
      data.deallocate()
    }
    guard let result = crypt_rn(password, setting, data, Int32(MemoryLayout<crypt_data>.size))
    else { return nil }
    return String(cString: result)
  }
}
