// SPDX-License-Identifier: Apache-2.0

import KernelTables
import LinuxHost

/// `HostProbe all|NAMESPACE auto|netlink|proc`: one look of the live host and who holds what it
/// saw, as lines that a test can read. It exists because a test can't become another user.
@main
struct HostProbe {
  static func main() {
    var request = SampleRequest()
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let source = SampleRequest.Source(rawValue: arguments[2]) else {
      print("usage: HostProbe all|NAMESPACE auto|netlink|proc")
      return
    }
    request.source = source
    if arguments[1] != "all" { request.namespaces = .only(arguments[1]) }
    var host = LiveHost()
    do {
      let sample = try host.takeSample(request)
      let report = host.findHolders(HolderSearch(everyHolderIn: sample))
      show(sample)
      show(report)
    } catch {
      print("error \(error)")
    }
  }

  private static func show(_ sample: Sample) {
    for namespace in sample.namespaces {
      print("namespace id=\(namespace.id.rawValue) source=\(namespace.source.rawValue)")
    }
    for row in sample.sockets {
      print(
        "row netns=\(row.namespace.rawValue) state=\(row.state) inode=\(row.inode)"
          + " recvq=\(row.receiveQueue)")
    }
    for gap in sample.gaps { print("sample-gap kind=\(gap.kind.rawValue) count=\(gap.count)") }
  }

  private static func show(_ report: HolderReport) {
    for holder in report.holders {
      print("holder inode=\(holder.inode) pid=\(holder.process.pid) fd=\(holder.fd)")
    }
    for deadSocket in report.deadSockets {
      print("dead inode=\(deadSocket.inode) pid=\(deadSocket.process.pid) fd=\(deadSocket.fd)")
    }
    for gap in report.gaps { print("holder-gap kind=\(gap.kind.rawValue) count=\(gap.count)") }
    print("complete value=\(report.isComplete ? 1 : 0)")
  }
}
