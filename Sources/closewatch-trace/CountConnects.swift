// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinuxDiag
import CTrace
import Glibc
import KernelTables
import LinuxHost
import TraceProbe

/// Puts the program that counts connects into the kernel for the daemon, hands it the descriptors
/// over the socket that is this process' standard input, and ends.
struct CountConnects: ParsableCommand {
  static let word = ConnectCounter.word
  static let configuration = CommandConfiguration(
    commandName: word, abstract: "Counts connects for the daemon.", shouldDisplay: false)

  func run() throws {
    var status = stat()
    guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      throw HostError("\(Self.word) is for the daemon: set sampling.events to on")
    }
    let object = TraceProbe.connects
    var failure = closewatch_probe_failure()
    var descriptors: [Int32] = [-1, -1]
    let loaded = object.withUnsafeBytes { bytes in
      descriptors.withUnsafeMutableBufferPointer { ends in
        closewatch_counter_load(
          bytes.baseAddress, UInt(bytes.count), ends.baseAddress, ends.baseAddress.map { $0 + 1 },
          &failure)
      }
    }
    guard loaded == 0 else {
      return try send(BPFRefusal(failure, isService: true).reason, [])
    }
    try send(ConnectCounter.ready, descriptors)
  }

  private func send(_ words: String, _ descriptors: [Int32]) throws {
    let bytes = Array(words.utf8)
    _ = try systemCall("sendmsg", on: "the daemon") {
      closewatch_send(
        STDIN_FILENO, bytes, UInt(bytes.count), descriptors, Int32(descriptors.count))
    }
  }
}
