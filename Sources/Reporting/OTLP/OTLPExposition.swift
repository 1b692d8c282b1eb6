// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// Who says the numbers: the resource of OTLP.
package struct OTLPResource: Sendable {
  private var attributes: [(key: String, value: Value)]

  private enum Value {
    case text(String)
    case number(Int64)
  }

  /// - Parameters:
  ///   - host: The name of the host. It also is the instance: there is one closewatch on a host,
  ///     and a receiver that makes Prometheus' labels calls it so.
  ///   - more: As set; each replaces one of the same key.
  package init(host: String, version: String, pid: Int32, more: [String: String] = [:]) {
    let own: [(key: String, value: Value)] = [
      ("service.name", .text("closewatch")), ("service.version", .text(version)),
      ("service.instance.id", .text(host)), ("host.name", .text(host)), ("os.type", .text("linux")),
      ("process.pid", .number(Int64(pid))),
      ("process.executable.name", .text("closewatchd")),
    ]
    attributes =
      own.filter { more[$0.key] == nil }
      + more.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }
  }

  func write(to message: inout ProtobufWriter) {
    for attribute in attributes {
      message.message(1) { pair in
        pair.text(1, attribute.key)
        pair.message(2) { value in
          switch attribute.value {
          case .text(let text): value.text(1, LabelValue.safe(text))
          case .number(let number): value.number(3, number)
          }
        }
      }
    }
  }
}

/// The series of a page as the request that OTLP/HTTP posts: `ExportMetricsServiceRequest`.
///
/// Source of the numbers of fields: opentelemetry-proto 1, `metrics.proto` and `common.proto`.
struct OTLPExposition: ExpositionForm {
  /// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
  private static let cumulative: Int64 = 2

  private let resource: OTLPResource
  private let version: String
  /// In nanoseconds since 1970.
  private let now: UInt64
  private let start: UInt64
  private let boot: UInt64
  private var metrics = ProtobufWriter()
  /// The family whose samples are collected, what it is called there, and they.
  private var family: MetricFamily?
  private var convention: OTLPNames.Convention?
  private var points = ProtobufWriter()

  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - start: When closewatch began, the same.
  ///   - boot: Since when the kernel counts. Both never change while it runs: to a receiver another
  ///     start would be a counter that began again.
  init(resource: OTLPResource, version: String, at now: Double, start: Double, boot: Double) {
    self.resource = resource
    self.version = version
    self.now = Self.nanoseconds(now)
    self.start = Self.nanoseconds(start)
    self.boot = Self.nanoseconds(boot)
  }

  mutating func sample(
    _ family: MetricFamily, _ labels: [String], _ value: Double, created: Double?
  ) {
    if family.name != self.family?.name {
      finishFamily()
      self.family = family
      convention = OTLPNames.convention(for: family)
    }
    let (now, since) = (now, isSum(family) ? created.map(Self.nanoseconds) ?? first(family) : 0)
    points.message(1) { point in
      point.fixed(2, since)
      point.fixed(3, now)
      point.double(4, value)
      for attribute in OTLPNames.attributes(of: family, labels) {
        point.message(7) { pair in
          pair.text(1, attribute.key)
          pair.message(2) { $0.text(1, attribute.value) }
        }
      }
    }
  }

  mutating func finish() -> [UInt8] {
    finishFamily()
    var request = ProtobufWriter()
    request.message(1) { resourceMetrics in
      resourceMetrics.message(1) { resource.write(to: &$0) }
      resourceMetrics.message(2) { scopeMetrics in
        scopeMetrics.message(1) { scope in
          scope.text(1, "closewatch")
          scope.text(2, version)
        }
        scopeMetrics.append(metrics)
      }
    }
    return request.bytes
  }

  private mutating func finishFamily() {
    guard let family else { return }
    let (convention, isSum, points) = (convention, isSum(family), points)
    metrics.message(2) { metric in
      // What a gauge of Prometheus is called; the name of an info metric ends in _info.
      metric.text(1, convention?.name ?? (family.kind == .info ? family.sampleName : family.name))
      metric.text(2, family.help)
      metric.text(3, convention?.unit ?? OTLPNames.unit(of: family))
      metric.message(isSum ? 7 : 5) { data in
        data.append(points)
        guard isSum else { return }
        data.number(2, Self.cumulative)
        data.number(3, family.kind == .counter ? 1 : 0)
      }
    }
    self.points = ProtobufWriter()
    self.family = nil
  }

  private func isSum(_ family: MetricFamily) -> Bool {
    family.kind == .counter || convention?.isSum == true
  }

  /// Since when a sum counts that does not say so: a counter of the kernel since the boot, for
  /// before its namespace was made there was nothing to count; an amount of closewatch's own since
  /// its start.
  private func first(_ family: MetricFamily) -> UInt64 { family.kind == .counter ? boot : start }

  private static func nanoseconds(_ seconds: Double) -> UInt64 {
    // In microseconds: more than a double holds of such a number.
    UInt64(max(0, (seconds * 1e6).rounded())) * 1000
  }
}

extension MetricsPage {
  /// The same series as the body of a push.
  ///
  /// - Parameter now: Seconds since 1970.
  package func request(of resource: OTLPResource, at now: Double) -> [UInt8] {
    let start = snapshot.startedWallSeconds ?? now
    let boot = start - (snapshot.startedAt?.seconds(since: BootInstant(seconds: 0)) ?? 0)
    return bytes(
      as: OTLPExposition(
        resource: resource, version: snapshot.version, at: now, start: start, boot: boot))
  }
}
