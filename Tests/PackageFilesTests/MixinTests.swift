// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The mixin, rendered by jsonnet and read by promtool.
@Suite(.requires(.command("jsonnet"), .command("promtool"), .command("python3")))
struct MixinTests {
  private static let deploy = "\(Fixture.root)/../../deploy"

  /// Renders with a configuration, and answers what a script finds in the folder.
  private static func render(_ config: String, _ script: String) throws -> [String] {
    let folder = TemporaryDirectory()
    folder.write("config.jsonnet", Array(config.utf8))
    let render = try ChildProgram.run(
      "\(deploy)/mixin/render", [folder.path, "\(folder.path)/config.jsonnet"])
    try #require(render.status == 0)
    for name in ["prometheusAlerts.json", "prometheusRules.json"] {
      let check = try ChildProgram.run("promtool", ["check", "rules", "\(folder.path)/\(name)"])
      #expect(check.status == 0, "\(check.lines)")
    }
    let run = try ChildProgram.run("python3", ["-c", script, folder.path, deploy])
    try #require(run.status == 0, "python3-yaml is needed; see above")
    return run.lines
  }

  @Test func `without settings the mixin is what ships`() throws {
    let lines = try Self.render(
      "{}",
      """
      import json, sys, yaml
      made, deploy = sys.argv[1:]
      def rules(*files):
        return sorted(json.dumps([group["name"], rule], sort_keys=True) for file in files
                      for group in yaml.safe_load(open(file))["groups"]
                      for rule in group["rules"])
      shipped = rules(deploy + "/prometheus/closewatch.rules.yml")
      print(len(shipped) > 30)
      print(shipped == rules(made + "/prometheusAlerts.json", made + "/prometheusRules.json"))
      for name in ("/closewatch-fleet.json", "/closewatch-host.json"):
        print(json.load(open(made + name)) == json.load(open(deploy + "/grafana" + name)))
      """)
    #expect(lines == ["True", "True", "True", "True"])
  }

  @Test func `a selector is on every series, and an alert can be changed or left out`() throws {
    let lines = try Self.render(
      """
      {
        job: 'sockets', selector: 'cluster="a"', runbookBase: 'https://r.example',
        alerts: { ClosewatchBackedOff: null, ClosewatchDown: { 'for': '7m' } },
      }
      """,
      """
      import json, re, sys
      made = sys.argv[1]
      exprs, alerts = [], {}
      for name in ("Alerts", "Rules"):
        for group in json.load(open(made + "/prometheus" + name + ".json"))["groups"]:
          for rule in group["rules"]:
            exprs.append(rule["expr"])
            if "alert" in rule: alerts[rule["alert"]] = rule
      for name in ("/closewatch-fleet.json", "/closewatch-host.json"):
        for panel in json.load(open(made + name))["panels"]:
          exprs += [target["expr"] for target in panel.get("targets", [])]
      # A sum has a colon in its name.
      series = [found for expr in exprs
                for found in re.findall(r"(?<![\\w:])closewatch_\\w+(?![\\w:]).{0,14}", expr)]
      print(len(series) > 60)
      print([one for one in series if '{cluster="a"' not in one])
      print("ClosewatchBackedOff" in alerts, alerts["ClosewatchDown"]["for"])
      print(alerts["ClosewatchDown"]["expr"])
      print(alerts["ClosewatchDown"]["annotations"]["runbook_url"])
      """)
    #expect(
      lines == [
        "True", "[]", "False 7m", #"up{job="sockets", cluster="a"} == 0"#,
        "https://r.example/closewatch.md#closewatchdown",
      ])
  }

  @Test func `an alert that there is not is named`() throws {
    let folder = TemporaryDirectory()
    folder.write("config.jsonnet", Array("{ alerts: { Closewatchdown: null } }".utf8))
    let run = try ChildProgram.run(
      "\(Self.deploy)/mixin/render", [folder.path, "\(folder.path)/config.jsonnet"])
    #expect(run.status != 0)
  }
}
