// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files under `Tests/Fixtures`, opened where they lie in the source tree: nothing is copied.
package enum Fixture {
  /// The folder of all fixtures.
  package static let root: String = {
    // .../Tests/TestSupport/Fixture.swift
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Fixtures"
  }()

  /// A fixture that is not there, or not what its name says.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// The bytes of one file.
  ///
  /// - Parameter path: From ``root``, for example `hostile/sockstat/no-alloc.txt`.
  /// - Throws: ``Failure`` when there is no such file.
  package static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen("\(root)/\(path)", "re") else {
      throw Failure(description: "there is no fixture \(path)")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let got = fread(&chunk, 1, chunk.count, file)
      if got == 0 { break }
      bytes += chunk[..<got]
    }
    return bytes
  }

  /// The bytes that a file of annotated hex means: two digits a byte, `#` begins a comment.
  package static func hex(_ path: String) throws -> [UInt8] {
    var result: [UInt8] = []
    for line in try bytes(path).split(separator: UInt8(ascii: "\n")) {
      let code = line.prefix { $0 != UInt8(ascii: "#") }
      for word in code.split(separator: UInt8(ascii: " ")) {
        guard word.count == 2, let byte = UInt8(String(decoding: word, as: UTF8.self), radix: 16)
        else {
          throw Failure(
            description: "\(path): '\(String(decoding: word, as: UTF8.self))' is no byte")
        }
        result.append(byte)
      }
    }
    return result
  }

  /// The names of the files of one folder, sorted.
  package static func names(in folder: String) throws -> [String] {
    guard let directory = opendir("\(root)/\(folder)") else {
      throw Failure(description: "there is no folder \(folder) of fixtures")
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
