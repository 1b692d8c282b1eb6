// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// What a look should read.
package struct SampleRequest: Hashable, Sendable {
  /// `auto` takes `sock_diag` and falls back to `/proc/net/tcp{,6}` where it is refused.
  package enum Source: String, Hashable, Sendable, CaseIterable {
    case auto, netlink, proc
  }

  package enum Namespaces: Hashable, Sendable {
    case all
    /// A name under `/run/netns`, a pid, or a path to a namespace file.
    case only(String)
  }

  package var states = StateSet.all
  package var source = Source.auto
  package var namespaces = Namespaces.all

  package init() {}
}

/// A machine: the one closewatch runs on, or a recorded one. The daemon's turn, `triage` and a
/// replayed recording are the same few lines on a different `Host`.
package protocol Host {
  /// Takes one look at the TCP tables.
  mutating func takeSample(_ request: SampleRequest) throws(HostError) -> Sample

  /// Finds the processes that hold sockets of `sample`, which must be the newest one taken.
  mutating func findHolders(_ search: HolderSearch, in sample: Sample) -> HolderReport
}

/// Why a look could not be taken at all. What could merely not be seen in full is a ``Gap``.
package struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was attempted, on what, and what to do: one line.
  package var description: String
  package init(_ description: String) { self.description = description }
}
