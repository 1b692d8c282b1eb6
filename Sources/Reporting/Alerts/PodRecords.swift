// SPDX-License-Identifier: Apache-2.0

/// The names of pods by way of kube-state-metrics, for a cluster in which the daemon may not read
/// those that the kubelet leaves on the node.
enum PodRecords {
  /// What ``AlertTemplate/owner(_:)`` asks for beside the daemon's own names.
  static let named = "instance_owner:closewatch_owner_info:kube_pod"

  static let all = [
    RecordingRule(
      name: named,
      expression: """
        closewatch_owner_info{owner_kind="container", container_name=""}
        * on (container_id) group_left (container_name, pod_name, pod_namespace, pod_uid)
        max by (container_id, container_name, pod_name, pod_namespace, pod_uid) (
        \(renamed)
        )
        """,
      reason: """
        Which pod a container is that the daemon itself has no name of, by its id. The series of
        kube_pod_container_info have the labels that kube-state-metrics gives them: scrape it with
        honor_labels: true.
        """)
  ]

  static let reason = "Needs kube-state-metrics in the same Prometheus."

  /// Its labels under our names: `pod` and `namespace` are often those of the target.
  private static let renamed = [
    ("container_id", "container_id", "[^:]+://(.+)"), ("container_name", "container", "(.+)"),
    ("pod_name", "pod", "(.+)"), ("pod_namespace", "namespace", "(.+)"), ("pod_uid", "uid", "(.+)"),
  ].reduce("kube_pod_container_info{container_id!=\"\"}") { query, label in
    "label_replace(\(query), \"\(label.0)\", \"$1\", \"\(label.1)\", \"\(label.2)\")"
  }
}
