// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What the parser of arguments knows of a program's commands: `--experimental-dump-help`, JSON.
/// Its library has these types too, but does not offer them to other packages.
struct ParserDump: Decodable {
  /// The format that is read here.
  static let version = 0

  var serializationVersion: Int
  var command: Command

  /// A program or one of its commands.
  struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool
    var arguments: [Argument]?
    var subcommands: [Command]?

    /// Those that `--help` shows, but `help` itself.
    var shown: [Command] {
      (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }
  }

  /// An argument, option or flag.
  struct Argument: Decodable {
    enum Kind: String, Decodable {
      case positional, option, flag
    }

    /// `--help` or `-h`.
    struct Name: Decodable {
      enum Kind: String, Decodable {
        case long, short, longWithSingleDash
      }

      var kind: Kind
      var name: String

      var typed: String { (kind == .long ? "--" : "-") + name }
    }

    var kind: Kind
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var preferredName: Name?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var abstract: String?

    private var value: String { "<\(valueName ?? "value")>" }

    /// All its names with its value: `-h, --help`, `--older-than <time>`, `<pid>`.
    var tag: String {
      let all = (names ?? []).map(\.typed).joined(separator: ", ")
      switch kind {
      case .positional: return value
      case .option: return "\(all) \(value)"
      case .flag: return all
      }
    }

    /// As it stands in a synopsis: `--older-than <time>`, `[<pid>]`.
    var synopsis: String {
      let name = preferredName.map { kind == .option ? "\($0.typed) \(value)" : $0.typed } ?? value
      let one = isRepeating ? "\(name)..." : name
      return isOptional ? "[\(one)]" : one
    }
  }

  /// - Throws: ``GeneratorError`` when the parser has changed what it writes.
  init(json: String) throws {
    do {
      self = try JSONDecoder().decode(ParserDump.self, from: Data(json.utf8))
    } catch {
      throw GeneratorError("the dump of the parser can't be read: \(error)")
    }
    guard serializationVersion == Self.version else {
      throw GeneratorError(
        "the dump of the parser has version \(serializationVersion); this reads \(Self.version)")
    }
  }
}
