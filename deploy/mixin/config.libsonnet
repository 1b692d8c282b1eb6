// SPDX-License-Identifier: Apache-2.0
{
  _config+:: {
    // The scrape job's name.
    job: 'closewatch',

    // Further matchers of every series, for a Prometheus that holds several fleets:
    // 'cluster=~"prod-.*"'.
    selector: '',

    // Where the runbooks of deploy/runbooks are served, and Grafana.
    runbookBase: 'https://runbooks.example/closewatch',
    grafanaBase: 'https://grafana.example',

    // What differs from the alert that ships, by its name: any of its fields, labels and
    // annotations merged, or null for an alert that is not wanted.
    //   { ClosewatchDown: { 'for': '10m', labels: { severity: 'critical' } },
    //     ClosewatchBackedOff: null }
    alerts: {},

    // Names of pods by way of kube-state-metrics, for daemons that may not read those that the
    // kubelet leaves on the node.
    kubeStateMetrics: false,

    // Tags of the dashboards.
    dashboardTags: ['closewatch'],
  },
}
