// SPDX-License-Identifier: Apache-2.0

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
    /// Those of a process and of the processes that descend from it.
    case ofDescendants(of: Int32)
  }

  package var states = StateSet.all
  package var source = Source.auto
  package var namespaces = Namespaces.all

  package init() {}
}
