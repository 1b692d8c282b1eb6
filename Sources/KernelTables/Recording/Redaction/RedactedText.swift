// SPDX-License-Identifier: Apache-2.0

/// Takes ids, names and addresses out of unit names, cgroup paths and the words of gaps.
struct RedactedText: Sendable {
  private var runs: [String: Int] = [:]
  private var groups: [String: Int] = [:]
  private var instances: [String: Int] = [:]

  /// A container's id, or any text, with its long hexadecimal numbers numbered.
  ///
  /// A UUID, or a run of at least 12 hexadecimal digits, keeps its length and becomes
  /// `000000000001000000000001...`: its first 12 digits, which is what tools show of a
  /// container's id, tell it apart.
  mutating func hexadecimal(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      guard Self.isDigit(scalars[index]) else {
        result.append(scalars[index])
        index += 1
        continue
      }
      var end = scalars[index...].firstIndex { !Self.isDigit($0) } ?? scalars.count
      // `pod` before a UUID ends in a hexadecimal digit that is not part of it.
      let start = max(index, end - 8)
      if end - index >= 12 {
        result.append(contentsOf: numbered(scalars[index..<end]))
      } else if Self.isUUID(scalars[start...].prefix(36)) {
        result.append(contentsOf: scalars[index..<start])
        end = start + 36
        result.append(contentsOf: numbered(scalars[start..<end]))
      } else {
        result.append(contentsOf: scalars[index..<end])
      }
      index = end
    }
    return String(result)
  }

  /// Whether these are 8-4-4-4-12 hexadecimal digits, with dashes or (systemd) underscores.
  private static func isUUID(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
    text.count == 36
      && text.enumerated().allSatisfy { offset, scalar in
        [8, 13, 18, 23].contains(offset) ? scalar == "-" || scalar == "_" : isDigit(scalar)
      }
  }

  private mutating func numbered(_ run: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    let key = String(String.UnicodeScalarView(run.filter(Self.isDigit)))
    let number = runs[key] ?? runs.count + 1
    runs[key] = number
    let digits = Array(String(number, radix: 16).unicodeScalars)
    let block = Array(repeating: "0" as Unicode.Scalar, count: max(0, 12 - digits.count)) + digits
    var position = 0
    return run.map { scalar in
      guard Self.isDigit(scalar) else { return scalar }
      defer { position += 1 }
      return block[position % block.count]
    }
  }

  /// A unit keeps its name but for long hexadecimal numbers, uids (`user@1000.service`) and its
  /// instance: what is behind the `@` names a user, a peer or a path as often as not.
  mutating func unit(_ name: String, users: inout RedactedUsers) -> String {
    for prefix in ["user@", "user-", "user-runtime-dir@"] where name.hasPrefix(prefix) {
      let rest = name.dropFirst(prefix.count)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      if let number = UInt32(digits) {
        return prefix + String(users.number(number)) + rest.dropFirst(digits.count)
      }
    }
    guard let at = name.firstIndex(of: "@"), let dot = name.lastIndex(of: "."), at < dot else {
      return hexadecimal(name)
    }
    let instance = String(name[name.index(after: at)..<dot])
    if instance.isEmpty { return hexadecimal(name) }
    let number = instances[instance] ?? instances.count + 1
    instances[instance] = number
    return hexadecimal(String(name[...at])) + "instance-\(number)" + name[dot...]
  }

  /// A cgroup path keeps its slices, services and scopes; other directories are numbered.
  mutating func cgroup(_ path: String, users: inout RedactedUsers) -> String {
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      let isUnit = [".slice", ".service", ".scope"].contains { part.hasSuffix($0) }
      parts.append(isUnit || part.isEmpty ? unit(String(part), users: &users) : group(String(part)))
    }
    return parts.joined(separator: "/")
  }

  private mutating func group(_ name: String) -> String {
    let redacted = hexadecimal(name)
    if redacted != name, redacted.unicodeScalars.allSatisfy(Self.isRunScalar) { return redacted }
    let number = groups[name] ?? groups.count + 1
    groups[name] = number
    return "group-\(number)"
  }

  /// The words of a gap: paths in `/proc` and `/sys`, plain words, numbers and the kernel's reason
  /// stay; all else is `[redacted]`.
  static func detail(_ text: String, namespaceNames: [String: String]) -> String {
    var words: [String] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      words.append(detailWord(String(word), namespaceNames: namespaceNames))
    }
    return words.joined(separator: " ")
  }

  private static func detailWord(_ word: String, namespaceNames: [String: String]) -> String {
    let punctuation: Set<Character> = [":", ",", ";", ".", "(", ")", "'"]
    let head = String(word.prefix { punctuation.contains($0) })
    let tail = String(
      String(word.dropFirst(head.count).reversed().prefix { punctuation.contains($0) }).reversed())
    let core = String(word.dropFirst(head.count).dropLast(tail.count))
    if core.isEmpty { return word }
    let prefix = "/run/netns/"
    if core.hasPrefix(prefix), let name = namespaceNames[String(core.dropFirst(prefix.count))] {
      return head + prefix + name + tail
    }
    if let name = namespaceNames[core] { return head + name + tail }
    let isQuoted = head.contains("'") || tail.contains("'")
    return !isQuoted && isHarmless(core) ? word : head + "[redacted]" + tail
  }

  /// Whether a word names nobody: letters only, digits only, an errno, a path of `/proc` or `/sys`.
  private static func isHarmless(_ word: String) -> Bool {
    let plain = word.unicodeScalars.allSatisfy {
      "a"..."z" ~= $0 || "A"..."Z" ~= $0 || $0 == "_" || $0 == "-" || $0 == "'"
    }
    let number = word.unicodeScalars.allSatisfy { "0"..."9" ~= $0 } && word.count <= 10
    return plain || number || isKernelPath(word)
  }

  private static func isKernelPath(_ word: String) -> Bool {
    guard word.hasPrefix("/proc/") || word.hasPrefix("/sys/") else { return false }
    let isPlain = word.unicodeScalars.allSatisfy {
      "a"..."z" ~= $0 || "0"..."9" ~= $0 || $0 == "_" || $0 == "-" || $0 == "/"
    }
    // `/proc/PID/root` and `cwd` lead out of /proc, and cgroup paths carry names.
    let leads = ["root", "cwd", "cgroup"]
    return isPlain && !word.split(separator: "/").dropLast().contains { leads.contains(String($0)) }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    "0"..."9" ~= scalar || "a"..."f" ~= scalar || "A"..."F" ~= scalar
  }

  private static func isRunScalar(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || scalar == "-" || scalar == "_"
  }
}
