// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import LinuxHost

/// `HostProbe all|NAMESPACE auto|netlink|proc`: one look of the live host and who holds what it
/// saw, as lines that a test can read. It exists because a test can't become another user.
///
/// `HostProbe eyes TRUSTED…`: the same through an eye, as each line on standard input says, each
/// answer ended by the line `end`. An eye reads the programs of the file systems named, too.
///
///     look [NAMESPACE]  looks, and names the sockets whose holders it wants
///     every             looks, and wants the holders of every socket
///     ahead             asks what `every` will ask, and does not wait
///
/// `HostProbe SECONDS`: does nothing for so long, as a program in Swift that others look at.
@main
struct HostProbe {
  static func main() {
    var request = SampleRequest()
    let arguments = CommandLine.arguments
    if arguments.dropFirst().first == "eyes" { return lookAgainAndAgain(arguments.dropFirst(2)) }
    if arguments.count == 2, let seconds = UInt32(arguments[1]) {
      sleep(seconds)
      return
    }
    guard arguments.count == 3, let source = SampleRequest.Source(rawValue: arguments[2]) else {
      print("usage: HostProbe all|NAMESPACE auto|netlink|proc")
      return
    }
    request.source = source
    if arguments[1] != "all" { request.namespaces = .only(arguments[1]) }
    look(LiveHost(), request, by: .never)
  }

  /// - Parameter arguments: Who forks eyes, `own` or `keeper`, and file systems that are trusted to
  ///   answer.
  private static func lookAgainAndAgain(_ arguments: ArraySlice<String>) {
    let host: EyeHost
    let trusted = Set(arguments.dropFirst())
    let makeHost = { @Sendable in
      var host = LiveHost()
      host.readFileSystems.formUnion(trusted)
      return host
    }
    do throws(HostError) {
      host = EyeHost(
        arguments.first == "keeper" ? try Keeper.start(makeHost) : OwnEyes(makeHost))
      host.stallSeconds = 1
      host.memorySeconds = 0
    } catch {
      print("error \(error)")
      return
    }
    var every = HolderSearch()
    every.wantsEverySocket = true
    while let line = readLine() {
      let deadline = Clock.commandDeadline
      switch line {
      case "ahead":
        host.askAhead([
          HostRequest(.sample(SampleRequest()), by: deadline),
          HostRequest(.holders(every), by: deadline),
        ])
      case "every": look(host, SampleRequest(), for: every, by: deadline)
      default:
        var request = SampleRequest()
        let words = line.split(separator: " ")
        if words.count == 2 { request.namespaces = .only(String(words[1])) }
        look(host, request, by: deadline)
      }
      print("end")
      fflush(nil)
    }
  }

  private static func look(
    _ host: some Host, _ request: SampleRequest, for search: HolderSearch? = nil,
    by deadline: BootInstant
  ) {
    var host = host
    do {
      let sample = try host.takeSample(request, by: deadline)
      let report = host.findHolders(
        search ?? HolderSearch(everyHolderIn: sample), by: deadline)
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
          + " recvq=\(row.receiveQueue) details=\(row.knowledge.contains(.tcpInfo) ? 1 : 0)")
    }
    for gap in sample.gaps {
      print("sample-gap kind=\(gap.kind.rawValue) count=\(gap.count) detail=\(gap.detail)")
    }
  }

  private static func show(_ report: HolderReport) {
    for holder in report.holders {
      print("holder inode=\(holder.inode) pid=\(holder.process.pid) fd=\(holder.fd)")
    }
    for deadSocket in report.deadSockets {
      print("dead inode=\(deadSocket.inode) pid=\(deadSocket.process.pid) fd=\(deadSocket.fd)")
    }
    for gap in report.gaps {
      print("holder-gap kind=\(gap.kind.rawValue) count=\(gap.count) detail=\(gap.detail)")
    }
    for process in report.processes {
      print("process pid=\(process.id.pid) runtime=\(process.runtime.rawValue)")
    }
    print("complete value=\(report.isComplete ? 1 : 0)")
  }
}
