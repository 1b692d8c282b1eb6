// SPDX-License-Identifier: Apache-2.0

extension ProgramGuide {
  static let elasticsearch = ProgramGuide(
    "elasticsearch", name: "Elasticsearch or OpenSearch",
    processes: ProcessNames(
      mains: [
        "org.elasticsearch.bootstrap.Elasticsearch",
        "org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch",
        "org.opensearch.bootstrap.OpenSearch",
      ], units: ["elasticsearch", "opensearch"]),
    look: [
      "See what its threads do (with -k https:// and -u where security is on):\n"
        + "curl -s 'http://127.0.0.1:9200/_nodes/_local/hot_threads'",
      "See which pools are full or reject:\n"
        + "curl -s 'http://127.0.0.1:9200/_cat/thread_pool?v&h=name,active,queue,rejected'",
      "See its HTTP clients, and descriptors:\n"
        + "curl -s 'http://127.0.0.1:9200/_nodes/_local/stats/http,process?pretty'",
    ],
    advice: [
      .goneClients: ProgramAdvice(fix: [
        "Long searches: search.default_search_timeout, and cancel tasks with the _tasks API.",
        "Memory pressure stops it: see the breakers in _nodes/stats/breaker and its GC log.",
      ]),
      .idleClients: ProgramAdvice(fix: [
        "Bound the pools of its clients and of the balancer: stats/http lists who they are.",
        "http.tcp.keep_alive, keep_idle, keep_interval and keep_count find vanished clients.",
      ]),
      .descriptors: ProgramAdvice(fix: [
        "LimitNOFILE= of the unit at 65535 or more: shards, segments and connections all count.",
        "Fewer shards and indices need fewer files.",
      ]),
    ],
    sources: [
      "https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-network.html",
      "https://www.elastic.co/guide/en/elasticsearch/reference/current/file-descriptors.html",

      "https://www.elastic.co/guide/en/elasticsearch/reference/current/tasks.html",
    ])
}
