// SPDX-License-Identifier: Apache-2.0

/// What is recorded for the fleet: sums over hosts that dashboards and people ask for often.
///
/// All take labels away (`without`) instead of naming those that stay: what a site adds to its
/// targets (`cluster`, `datacenter`) lives on.
enum FleetRecords {
  static let all = [
    RecordingRule(
      name: "instance_state:closewatch_sockets:sum",
      expression: "sum without (netns_class) (closewatch_sockets)",
      reason: "Sockets by state, of each host."),
    RecordingRule(
      name: "state:closewatch_sockets:sum",
      expression: "sum without (instance) (instance_state:closewatch_sockets:sum)",
      reason: "Sockets by state, of the fleet."),
    RecordingRule(
      name: "instance_owner:closewatch_owner_stuck_sockets:sum",
      expression: "sum without (state) (closewatch_owner_stuck_sockets)",
      reason: "Stuck sockets of each owner on each host, whatever the state."),
    RecordingRule(
      name: "owner_state:closewatch_owner_stuck_sockets:sum",
      expression: "sum without (instance) (closewatch_owner_stuck_sockets)",
      reason: """
        Stuck sockets by owner and state, of the fleet: one service leaks on all its hosts. What a
        host folds is in owner_kind rest.
        """),
    RecordingRule(
      name: "owner:closewatch_owner_stuck_sockets:sum",
      expression: "sum without (state) (owner_state:closewatch_owner_stuck_sockets:sum)",
      reason: "The worst owners of the fleet: topk(10, ...)."),
    RecordingRule(
      name: "state:closewatch_owner_stuck_sockets:sum",
      expression: """
        sum without (owner_kind, owner_name) (owner_state:closewatch_owner_stuck_sockets:sum)
        """,
      reason: "Stuck sockets by state, of the fleet."),
    RecordingRule(
      name: "instance:closewatch_owner_stuck_sockets:sum",
      expression: """
        sum without (owner_kind, owner_name) (instance_owner:closewatch_owner_stuck_sockets:sum)
        """,
      reason: "The worst hosts of the fleet."),
    RecordingRule(
      name: "rule_severity:closewatch_findings_firing:sum",
      expression: "sum without (instance) (closewatch_findings_firing)",
      reason: "Confirmed findings by rule and severity, of the fleet."),
    RecordingRule(
      name: "instance_owner:closewatch_owner_descriptors:ratio",
      expression: "closewatch_owner_open_descriptors / closewatch_owner_descriptor_limit",
      reason: "How full the descriptor table is, of the owner's process nearest to its limit."),
    RecordingRule(
      name: "instance_destination:closewatch_ephemeral_ports:ratio",
      expression: "closewatch_ephemeral_ports_used / closewatch_ephemeral_ports_capacity",
      reason: "Ephemeral ports in use to one destination."),
    RecordingRule(
      name: "instance_listen:closewatch_accept_queue:ratio",
      expression: "closewatch_accept_queue_sockets / (closewatch_accept_queue_limit + 1)",
      reason: "How full an accept queue is: it holds one more than the backlog."),
    RecordingRule(
      name: "owner_resource:closewatch_finding_exhaustion_seconds:min",
      expression: """
        min without (instance, finding, rule) (closewatch_finding_exhaustion_seconds)
        """,
      reason: "When the first of an owner's hosts runs out of something, at the present rate."),
  ]

  static let reason = """
    Sums over the fleet. The level before the first colon says which labels are left, beside those
    of your own.
    """
}
