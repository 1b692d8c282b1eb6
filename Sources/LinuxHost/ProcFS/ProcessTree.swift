// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables

/// The processes that descend from one, by what the kernel says of the children of each.
package enum ProcessTree {
  /// All but this process itself and the one that has started it, which look.
  ///
  /// A process that is made or passed on to another parent meanwhile can be missing: the next look
  /// has it. Source: proc_pid_children(5), which needs CONFIG_PROC_CHILDREN; without it the parents
  /// of all processes are read.
  ///
  /// - Parameter helpers: Others that are left out, with what descends from them.
  static func descendants(
    of root: Int32, besides helpers: [Int32] = [], procRoot: String = "/proc"
  ) -> [Int32] {
    let own = ([getpid(), getppid()] + helpers).filter { $0 != root }
    let parents = hasChildren(root, procRoot) ? nil : childrenByParent(procRoot)
    var found: [Int32] = []
    var seen = Set(own + [root])
    var rest = [root]
    while let pid = rest.popLast() {
      EyeStep.list.begin(on: pid)
      let children = parents.map { $0[pid] ?? [] } ?? children(of: pid, procRoot)
      for child in children where seen.insert(child).inserted {
        found.append(child)
        rest.append(child)
      }
    }
    return found
  }

  private static func hasChildren(_ pid: Int32, _ procRoot: String) -> Bool {
    access("\(procRoot)/\(pid)/task/\(pid)/children", R_OK) == 0
  }

  /// Those that its threads have started, and those that were passed on to it.
  private static func children(of pid: Int32, _ procRoot: String) -> [Int32] {
    numbers(in: "\(procRoot)/\(pid)/task").flatMap { thread -> [Int32] in
      let path = "\(procRoot)/\(pid)/task/\(thread)/children"
      guard let bytes = try? readFile(path) else { return [] }
      return bytes.split(separator: UInt8(ascii: " ")).compactMap { word in
        Int32(String(decoding: word, as: UTF8.self))
      }
    }
  }

  private static func childrenByParent(_ procRoot: String) -> [Int32: [Int32]] {
    var children: [Int32: [Int32]] = [:]
    for pid in numbers(in: procRoot) {
      guard let bytes = try? readFile("\(procRoot)/\(pid)/stat"), let stat = try? ProcStat(bytes)
      else { continue }
      children[stat.parent, default: []].append(pid)
    }
    return children
  }

  /// The numbers that name entries of a directory; none where it cannot be read.
  package static func numbers(in directory: String) -> [Int32] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var numbers: [Int32] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = Int32(name) { numbers.append(number) }
    }
    return numbers
  }
}
