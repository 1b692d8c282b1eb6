// SPDX-License-Identifier: Apache-2.0

import Console
import TestSupport
import Testing

/// The chart, rendered by Go's templates as Helm does it, and what is made from it.
@Suite(.requires(.command("go"), .command("python3"))) struct KubernetesTests {
  private static let kubernetes = "\(Fixture.root)/../../deploy/kubernetes"

  /// Every object of a rendering: its kind and name.
  private static func objects(values: String) throws -> [String] {
    let folder = TemporaryDirectory()
    folder.write("values.yaml", Array(values.utf8))
    let script = """
      import subprocess, sys, yaml
      text = subprocess.run(sys.argv[1:], check=True, stdout=subprocess.PIPE).stdout
      for one in yaml.safe_load_all(text): print(one["kind"], one["metadata"]["name"])
      """
    let run = try ChildProgram.run(
      "python3", ["-c", script, "\(kubernetes)/render", "\(folder.path)/values.yaml"])
    try #require(run.status == 0, "\(run.lines)")
    return run.lines
  }

  @Test func `the plain manifests are what the chart makes`() throws {
    let run = try ChildProgram.run("\(Self.kubernetes)/render", ["--check"])
    #expect(run.status == 0, "run deploy/kubernetes/render")
  }

  @Test func `each part that can be switched on is there when it is`() throws {
    let plain = ["ServiceAccount closewatch", "ConfigMap closewatch", "DaemonSet closewatch"]
    #expect(try Self.objects(values: "{}") == plain)
    let all = try Self.objects(
      values: """
        namespace: {create: true}
        podMonitor: {enabled: true}
        prometheusRule: {enabled: true, kubeStateMetrics: true}
        dashboards: {enabled: true}
        networkPolicy: {enabled: true}
        web: {configSecret: web, probes: {scheme: HTTPS}}
        """)
    #expect(
      all.sorted()
        == (plain + [
          "Namespace closewatch", "NetworkPolicy closewatch", "PodMonitor closewatch",
          "PrometheusRule closewatch", "PrometheusRule closewatch-pods",
          "ConfigMap closewatch-fleet", "ConfigMap closewatch-host",
        ]).sorted())
    #expect(all.first == "Namespace closewatch")
  }

  @Test func `who pushes names its pod, and the policy has to let it out`() throws {
    func rendered(_ egress: String) throws -> (status: Int32, lines: [String]) {
      let folder = TemporaryDirectory()
      let values = """
        settings: {otlp: {endpoint: "http://c:4318", resource-attributes: {a.b: c}}}
        otlp: {secret: tokens}
        networkPolicy: {enabled: true, egress: \(egress)}
        """
      folder.write("values.yaml", Array(values.utf8))
      let command = "exec \"$0\" \"$1\" 2>&1"
      return try ChildProgram.run(
        "sh", ["-c", command, "\(Self.kubernetes)/render", "\(folder.path)/values.yaml"])
    }
    let good = try rendered("[{ports: [{port: 4318}]}]")
    let attributes = good.lines.first { $0.contains("k8s.pod.name: $(POD_NAME)") }
    #expect(attributes?.hasSuffix(", a.b: c}\"") == true, "\(attributes ?? "none")")
    for line in ["secretName: tokens", "value: /etc/closewatch-otlp/headers", "- port: 4318"] {
      #expect(good.lines.contains { $0.hasSuffix(line) }, "\(line)")
    }
    let bad = try rendered("[]")
    #expect(bad.status != 0)
    #expect(bad.lines.contains { $0.contains("networkPolicy.egress has to allow") })
  }

  @Test func `the chart has the version of the program`() throws {
    let lines = try #require(readBytes("\(Self.kubernetes)/chart/Chart.yaml"))
    let text = String(decoding: lines, as: UTF8.self)
    #expect(text.contains("\nversion: \(BuildInfo.version)\n"))
    #expect(text.contains("\nappVersion: \(BuildInfo.version)\n"))
  }

  @Test func `values are checked, and one that is misspelt is refused`() throws {
    let script = """
      import json, sys, yaml, jsonschema
      values = yaml.safe_load(open(sys.argv[1] + "/values.yaml"))
      check = jsonschema.Draft7Validator(json.load(open(sys.argv[1] + "/values.schema.json")))
      print(len(list(check.iter_errors(values))))
      # Each key of each table, under another name.
      for key, value in values.items():
        print(key, len(list(check.iter_errors({key + "x": value}))))
        closed = key not in ("settings", "annotations", "labels", "nodeSelector",
                             "updateStrategy", "resources")
        if isinstance(value, dict) and closed:
          for inner in value:
            print(key, len(list(check.iter_errors({key: {inner + "x": value[inner]}}))))
      """
    let run = try ChildProgram.run("python3", ["-c", script, "\(Self.kubernetes)/chart"])
    try #require(run.status == 0, "python3-jsonschema and python3-yaml are needed; see above")
    #expect(run.lines.first == "0")
    #expect(run.lines.count > 30)
    for line in run.lines.dropFirst() { #expect(line.hasSuffix(" 1"), "\(line)") }
  }
}
