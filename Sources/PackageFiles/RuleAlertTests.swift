// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Reporting

/// The tests for promtool that are the same for every rule: its alert fires with its finding, and
/// with nothing less. What is particular is in `findings.yml`, which is written by hand.
enum RuleAlertTests {
  static func text() -> String {
    """
    # SPDX-License-Identifier: Apache-2.0
    #
    # Written by `deploy/generate`. promtool test rules rules.yml: the alerts on what closewatch has
    # found, one for each rule. Each fires with the finding and not before, at the severity that the
    # finding has, and resolves five minutes after it is gone. A finding that is only pending alerts
    # nobody.

    rule_files:
      - ../closewatch.rules.yml
    evaluation_interval: 1m

    tests:
      - name: every rule fires with its finding, and resolves five minutes after
    \(input { series($0, $1, lifecycle: "firing", values: "_x5 1x10 stale") })
        promql_expr_test:
          - {expr: 'ALERTS{alertstate="firing"}', eval_time: 4m, exp_samples: []}
    \(alerts(at: "5m"))
    \(alerts(at: "20m"))
          - {expr: 'ALERTS{alertstate="firing"}', eval_time: 22m, exp_samples: []}

      - name: what is only suspected alerts nobody
    \(input { rule, _ in series(rule, "warning", lifecycle: "pending", values: "1x30") })
        promql_expr_test:
          - {expr: ALERTS, eval_time: 5m, exp_samples: []}
          - {expr: ALERTS, eval_time: 30m, exp_samples: []}

    """
  }

  /// Every rule, with one of the severities that a finding can have.
  private static let cases = zip(
    RuleCatalog.rules, RuleCatalog.rules.indices.map { ["warning", "critical", "notice"][$0 % 3] })

  private static func input(_ series: (any Rule.Type, String) -> String) -> String {
    let up = """
          interval: 1m
          input_series:
            - series: up{job="closewatch", instance="web-1:9776"}
              values: 1x30
      """
    return ([up] + cases.map(series)).joined(separator: "\n")
  }

  private static func series(
    _ rule: any Rule.Type, _ severity: String, lifecycle: String, values: String
  ) -> String {
    let name = rule.id.rawValue
    let cause = rule.causes[0].rawValue
    return """
            - series: closewatch_finding{job="closewatch", instance="web-1:9776", rule="\(name)",
                cause="\(cause)", finding="\(name)/unit:api.service/:80",
                owner_kind="unit", owner_name="api.service", severity="\(severity)",
                lifecycle="\(lifecycle)", netns="own", local_port="80"}
              values: \(values)
      """
  }

  private static func alerts(at time: String) -> String {
    let query = """
            - expr: count by (alertname, severity, area) (ALERTS{alertstate="firing"})
              eval_time: \(time)
              exp_samples:
      """
    let samples = cases.map { rule, severity in
      let name = AlertName.of(rule.id.rawValue)
      return """
                  - labels: '{alertname="\(name)", severity="\(severity)", area="sockets"}'
                    value: 1
        """
    }
    return ([query] + samples).joined(separator: "\n")
  }
}
