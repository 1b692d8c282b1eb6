// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// The collector of `Tests/Collector`, running, and the requests that it has got.
final class Collector {
  /// A request, as opentelemetry-proto has decoded it.
  struct Request: Decodable {
    struct Point: Decodable {
      var attributes: [String: String]
      /// As Python writes the number.
      var value: String
      /// Nanoseconds since 1970; 0: none.
      var start: UInt64
      var time: UInt64
    }
    struct Metric: Decodable {
      var name: String
      var unit: String
      var help: String
      var kind: String
      var monotonic: Bool?
      var temporality: String?
      var points: [Point]
    }
    struct Scope: Decodable {
      var name: String
      var version: String
      var metrics: [Metric]
    }
    struct Resource: Decodable {
      var attributes: [String: Attribute]
      var scopes: [Scope]
    }
    enum Attribute: Decodable, Hashable {
      case text(String)
      case number(Int)

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int.self) {
          self = .number(number)
        } else {
          self = .text(try value.decode(String.self))
        }
      }
    }

    /// Seconds on the monotonic clock.
    var at: Double
    var answer: String
    var path: String
    var headers: [String: String]
    var resources: [Resource]

    var metrics: [Metric] { resources.flatMap(\.scopes).flatMap(\.metrics) }
  }

  private let program: ChildProgram
  let port: UInt16
  var url: String { "http://127.0.0.1:\(port)" }

  /// - Parameters:
  ///   - answers: As `collector.py` has them, one for each request; the last one for all others.
  ///   - options: Its flags.
  init(_ answers: [String], options: [String] = []) throws {
    program = try ChildProgram(
      "\(Requirement.collectorTools)/bin/python",
      ["\(Fixture.root)/../Collector/collector.py"] + options + answers)
    port = try #require(try program.readLine(within: 30).flatMap { UInt16($0) })
  }

  /// The next request.
  func request(within seconds: Double = 30) throws -> Request {
    let line = try #require(try program.readLine(within: seconds))
    return try JSONDecoder().decode(Request.self, from: Data(line.utf8))
  }

  /// Ends it: nobody listens at its port any more.
  func end() { program.end() }
}
