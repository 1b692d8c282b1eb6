// SPDX-License-Identifier: Apache-2.0

import Glibc
package import KernelTables

/// Aborts connections in CLOSE_WAIT through `SOCK_DESTROY`: sock_diag(7). What the process holds
/// stays: a descriptor on a dead socket.
///
/// Each socket is looked at once more just before, because between the look that chose it and now
/// the process can have closed it, and its number been given to another.
package struct SocketRelease {
  /// One socket to release.
  package struct Target: Hashable, Sendable {
    package var row: SocketRow
    /// Where its process holds it.
    package var holders: [SocketHolder]

    package init(row: SocketRow, holders: [SocketHolder]) {
      self.row = row
      self.holders = holders
    }
  }

  /// What has become of one.
  package enum Outcome: Hashable, Sendable {
    case released
    /// It was closed, or its process has let go of it or ended, before it could be released.
    case goneMeanwhile
    case failed(SystemCallError)
  }

  private let procRoot: String
  private let namesDirectory: String
  private let avoided: AvoidedSteps

  package init(
    procRoot: String = "/proc", namesDirectory: String = "/run/netns",
    avoided: AvoidedSteps = AvoidedSteps()
  ) {
    self.avoided = avoided
    self.procRoot = procRoot
    self.namesDirectory = namesDirectory
  }

  /// Releases them one after the other.
  ///
  /// - Returns: The outcomes, in the order of `targets`.
  package func release(_ targets: [Target]) -> [Outcome] {
    var outcomes = [Outcome](repeating: .goneMeanwhile, count: targets.count)
    let survey: NetworkNamespaces
    do throws(SystemCallError) {
      survey = try NetworkNamespaces(
        procRoot: procRoot, namesDirectory: namesDirectory, avoided: avoided)
    } catch {
      return targets.map { _ in .failed(error) }
    }
    let byNamespace = Dictionary(grouping: targets.indices) { targets[$0].row.namespace }
    for (id, indexes) in byNamespace {
      // Nothing leads to it any more: its processes have ended, and its sockets with them.
      guard let namespace = survey.found.first(where: { $0.id == id }) else { continue }
      let results = release(indexes.map { targets[$0] }, in: namespace)
      for (index, outcome) in zip(indexes, results) { outcomes[index] = outcome }
    }
    return outcomes
  }

  private func release(_ targets: [Target], in namespace: NetworkNamespace) -> [Outcome] {
    do throws(SystemCallError) {
      return try LookThread.run {
        do throws(SystemCallError) {
          if !namespace.isOwn { try namespace.enter(procRoot: procRoot, avoided: avoided) }
          var socket = try SocketInquiry()
          return targets.map { release($0, &socket) }
        } catch {
          return targets.map { _ in error.isVanished ? .goneMeanwhile : .failed(error) }
        }
      }
    } catch {
      return targets.map { _ in .failed(error) }
    }
  }

  private func release(_ target: Target, _ inquiry: inout SocketInquiry) -> Outcome {
    do throws(SystemCallError) {
      guard let (row, interface) = try inquiry.find(target.row),
        row.state == .closeWait, row.inode == target.row.inode, row.cookie == target.row.cookie,
        target.holders.contains(where: stillHolds)
      else { return .goneMeanwhile }
      return try inquiry.destroy(row, interface: interface) ? .released : .goneMeanwhile
    } catch {
      return .failed(error)
    }
  }

  /// Whether the process is the one that was seen, and its descriptor leads to the socket.
  private func stillHolds(_ holder: SocketHolder) -> Bool {
    let name: String
    switch holder.table {
    case .process: name = "fd/\(holder.fd)"
    case .thread(let tid): name = "task/\(tid)/fd/\(holder.fd)"
    case .ioUring: return false
    }
    var gaps = GapTally()
    guard let directory = try? ProcessDirectory(procRoot: procRoot, pid: holder.process.pid),
      directory.identify(&gaps)?.startTicks == holder.process.startTicks,
      let link = try? directory.readLink(name)
    else { return false }
    return link == Array("socket:[\(holder.inode)]".utf8)
  }
}
