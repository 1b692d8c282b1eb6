// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Closewatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "closewatch",
    abstract: "Finds TCP sockets that should have been closed.",
    version: "0.1.0")
}
