// SPDX-License-Identifier: Apache-2.0

import CLinuxDiag
package import KernelTables

/// The machine that closewatch runs on.
package struct LiveHost: Host {
  /// Where procfs is mounted.
  package let procRoot: String
  /// Where `ip netns` keeps names.
  package var namesDirectory = "/run/netns"
  /// `NETLINK_SOCK_DIAG`; tests take one that the kernel refuses.
  package var netlinkProtocol = NETLINK_SOCK_DIAG
  /// What one look may cost.
  package var bounds = SockDiagDump.Bounds()
  /// What one search for holders may cost.
  package var holderBounds: HolderFinder.Bounds {
    get { finder.bounds }
    set { finder.bounds = newValue }
  }

  private var finder: HolderFinder

  package init(procRoot: String = "/proc") {
    self.procRoot = procRoot
    finder = HolderFinder(procRoot: procRoot)
  }

  /// Reads the tables of every namespace asked for, on a thread of its own: the namespace of the
  /// calling thread never changes.
  ///
  /// - Throws: ``HostError`` when nothing could be read, when the namespace asked for is not there,
  ///   and when `sock_diag` alone was asked for and refused. Everything less is a ``Gap``.
  package mutating func takeSample(_ request: SampleRequest) throws(HostError) -> Sample {
    let look = TableLook(
      request: request, procRoot: procRoot, namesDirectory: namesDirectory,
      netlinkProtocol: netlinkProtocol, bounds: bounds)
    let result: Result<Sample, HostError>
    do throws(SystemCallError) {
      result = try LookThread.run {
        var look = look
        do throws(HostError) {
          return .success(try look.take())
        } catch {
          return .failure(error)
        }
      }
    } catch {
      throw HostError("cannot take a sample: \(error)")
    }
    return try result.get()
  }

  package mutating func findHolders(_ search: HolderSearch, in sample: Sample) -> HolderReport {
    finder.find(search, in: sample)
  }
}
