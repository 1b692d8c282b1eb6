// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import KernelTables
import LinuxHost

/// Which machine to look at, and by what.
struct HostOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only this network namespace: a name under /run/netns, a pid, or a path.",
      valueName: "name|pid"))
  var netns: String?

  @Option(
    help: ArgumentHelp(
      "Where to read the socket tables: auto, netlink or proc.", valueName: "source"),
    transform: HostOptions.parseSource)
  var source = SampleRequest.Source.auto

  @Option(
    help: ArgumentHelp("Look at a recording instead of this machine.", valueName: "dir"))
  var replay: String?

  /// What every look asks for.
  var request: SampleRequest {
    var request = SampleRequest()
    request.source = source
    if let netns { request.namespaces = .only(netns) }
    return request
  }

  /// Whether it is no advice to run as root: it is root, or a recording, which shows no more to
  /// anybody.
  var isReadAsRoot: Bool { replay != nil || geteuid() == 0 }

  /// The machine: this one, or the recorded one.
  ///
  /// - Parameter hasThreads: Whether the command will have more than one thread.
  func open(hasThreads: Bool = false) throws(HostError) -> any Host {
    if let replay { return try RecordedHost(directory: replay) }
    return EyeHost(hasThreads ? try Keeper.start() : OwnEyes())
  }

  private static func parseSource(_ text: String) throws -> SampleRequest.Source {
    guard let source = SampleRequest.Source(rawValue: text.lowercased()) else {
      throw UsageError("choose auto, netlink or proc")
    }
    return source
  }
}
