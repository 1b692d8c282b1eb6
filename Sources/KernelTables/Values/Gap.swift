// SPDX-License-Identifier: Apache-2.0

/// Something a look could not see. Printed beside every verdict, counted in the metrics.
///
/// A process that vanished in mid-scan is not a gap: what it held is gone too.
package struct Gap: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// `/proc/PID/fd` of a living process could not be listed or its links not read.
    case descriptorsUnreadable = "descriptors-unreadable"
    /// Other users' processes are hidden (`hidepid`).
    case processesHidden = "processes-hidden"
    /// A namespace was found and could not be entered, nor read through `/proc/PID/net`.
    case namespaceNotRead = "namespace-not-read"
    /// Processes whose namespace could not be told.
    case namespaceUnknown = "namespace-unknown"
    /// Living sockets of a process that no table shows: of a namespace that was not read, or that
    /// no process is in and no name leads to.
    case socketsUnlisted = "sockets-unlisted"
    /// `sock_diag` refused or broke off; the sample says what was used instead.
    case dumpRefused = "dump-refused"
    /// The kernel said that the table changed under the dump (NLM_F_DUMP_INTR).
    case dumpInterrupted = "dump-interrupted"
    /// A row or message that could not be decoded.
    case rowUndecodable = "row-undecodable"
    /// A bound of entries, bytes or time was reached; the rest was not read.
    case boundReached = "bound-reached"
    /// The source cannot know this: `/proc/net/tcp` has no cookie, age, cgroup or backlog limit.
    case sourceLimited = "source-limited"
    /// Whether MPTCP sockets wait to be closed was not read: their subflows, which the TCP table
    /// shows, stay ESTABLISHED.
    case mptcpUnread = "mptcp-unread"
    /// A file of `/proc` that should be there could not be read or decoded.
    case fileUnreadable = "file-unreadable"
    /// A call into the kernel that has not come back, and what is not read any more because of it.
    case callStuck = "call-stuck"
    /// What programs are written in was not read, because their files do not answer or are not
    /// asked any more. Who holds what is known all the same.
    case runtimeUnread = "runtime-unread"
    /// The kernel was to count connects, and does not.
    case connectsUncounted = "connects-uncounted"
    /// Connects since the look before for which there was no room in the kernel's table.
    case connectsLost = "connects-lost"
  }

  package var kind: Kind
  package var count: Int
  /// On what, and why, in words: `/proc/812/fd: Permission denied (EACCES)`.
  package var detail: String

  /// Whether who was not read may hold a socket that has no holder.
  package var hidesHolders: Bool {
    switch kind {
    case .descriptorsUnreadable, .processesHidden, .callStuck: true
    default: false
    }
  }

  package init(_ kind: Kind, count: Int = 1, detail: String) {
    self.kind = kind
    self.count = count
    self.detail = detail
  }
}
