// SPDX-License-Identifier: Apache-2.0

// The alerts, sums and dashboards that ship, as a monitoring mixin. They are read from the files
// beside, so that there is one place for them; what `_config` names is put in its place.
local expression = import 'expression.libsonnet';
local shipped = import 'rules.json';
local pods = import 'pods.json';

(import 'config.libsonnet') + {
  local config = self._config,
  local matchers = if config.selector == '' then [] else [config.selector],
  local replace(text) =
    std.foldl(
      function(text, pair) std.strReplace(text, pair[0], pair[1]),
      [
        ['job="closewatch"', std.join(', ', ['job="%s"' % config.job] + matchers)],
        ['https://runbooks.example/closewatch', config.runbookBase],
        ['https://grafana.example', config.grafanaBase],
      ],
      text
    ),
  local matched(text) = expression.match(replace(text), config.selector),
  local rule(shipped) = shipped {
    expr: matched(super.expr),
    [if std.objectHas(shipped, 'annotations') then 'annotations']:
      // Only these have an address in them; the long texts would take seconds.
      std.mapWithKey(
        function(name, text) if std.endsWith(name, '_url') then replace(text) else text,
        shipped.annotations
      ),
  },
  local changed(alert) = std.mergePatch(alert, std.get(config.alerts, alert.alert, {})),
  local isWanted(rule) =
    std.objectHas(rule, 'record') || std.get(config.alerts, rule.alert, {}) != null,
  local groups(kind) = [
    { name: group.name, rules: kept }
    for group in shipped.groups
    for kept in [[
      if kind == 'alert' then changed(rule(one)) else rule(one)
      for one in group.rules
      if std.objectHas(one, kind) && isWanted(one)
    ]]
    if kept != []
  ],

  // A name that no alert has would otherwise be a wish that nobody hears.
  local known = std.set([
    one.alert
    for group in shipped.groups
    for one in group.rules
    if std.objectHas(one, 'alert')
  ]),
  local unknown = std.setDiff(std.objectFieldsAll(config.alerts), known),
  prometheusAlerts+::
    if unknown != [] then error 'there is no alert %s; _config.alerts' % std.join(', ', unknown)
    else { groups+: groups('alert') },
  prometheusRules+:: {
    groups+: groups('record') + if !config.kubeStateMetrics then [] else [
      group { rules: [rule(one) for one in group.rules]}
      for group in pods.groups
    ],
  },

  local dashboard(shipped) = shipped {
    tags: config.dashboardTags,
    annotations+: { list: [one { expr: matched(one.expr) } for one in shipped.annotations.list] },
    panels: [
      panel {
        [if std.objectHas(panel, 'fieldConfig') then 'fieldConfig']:
          std.parseJson(replace(std.manifestJsonEx(panel.fieldConfig, ''))),
        [if std.objectHas(panel, 'targets') then 'targets']: [
          target { [if std.objectHas(target, 'expr') then 'expr']: matched(target.expr) }
          for target in panel.targets
        ],
      }
      for panel in shipped.panels
    ],
    templating+: {
      list: [
        variable {
          [if variable.type == 'query' then 'query']+: { query: matched(super.query) },
          [if variable.type == 'query' then 'definition']: matched(variable.definition),
        }
        for variable in shipped.templating.list
      ],
    },
  },
  grafanaDashboards+:: {
    'closewatch-fleet.json': dashboard(import '../grafana/closewatch-fleet.json'),
    'closewatch-host.json': dashboard(import '../grafana/closewatch-host.json'),
  },
}
