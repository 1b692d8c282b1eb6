// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import Reporting

@Suite struct ProgramGuideTests {
  /// A process as `/proc` shows it on Debian 12, or in the official container.
  private static func process(
    _ command: String, _ executable: String?, _ runtime: ProcessRuntime = .native,
    main: String? = nil, unit: String? = nil
  ) -> ProcessRecord {
    var process = ProcessRecord(id: ProcessID(pid: 7, startTicks: 1))
    process.command = command
    process.executable = executable
    process.runtime = runtime
    process.main = main
    process.unit = unit
    return process
  }

  @Test(
    arguments: [
      (process("postgres", "/usr/lib/postgresql/15/bin/postgres"), "postgresql"),
      (process("pgbouncer", "/usr/sbin/pgbouncer"), "pgbouncer"),
      (process("mariadbd", "/usr/sbin/mariadbd"), "mariadb"),
      (process("mysqld", "/usr/sbin/mysqld"), "mariadb"),
      // redis-server is a link to another name there.
      (process("redis-server", "/usr/bin/redis-check-rdb"), "redis"),
      (process("valkey-server", "/usr/local/bin/valkey-server"), "redis"),
      (
        process("beam.smp", "/usr/lib/erlang/erts-13.1.5/bin/beam.smp", .erlang, main: "rabbit"),
        "rabbitmq"
      ),
      (
        process(
          "beam.smp", "/usr/lib/erlang/bin/beam.smp", .erlang, unit: "rabbitmq-server.service"),
        "rabbitmq"
      ),
      (process("memcached", "/usr/bin/memcached"), "memcached"),
      (process("nginx", "/usr/sbin/nginx", .nginx), "nginx"),
      (process("haproxy", "/usr/sbin/haproxy", .haproxy), "haproxy"),
      (process("apache2", "/usr/sbin/apache2"), "apache"),
      (process("httpd", "/usr/local/apache2/bin/httpd"), "apache"),
      (process("php-fpm8.2", "/usr/sbin/php-fpm8.2", .php), "php-fpm"),
      (process("php-fpm", "/usr/local/sbin/php-fpm", .php), "php-fpm"),
      (process("lighttpd", "/usr/sbin/lighttpd"), "lighttpd"),
      (
        process("java", "/usr/bin/java", .jvm, main: "org.apache.catalina.startup.Bootstrap"),
        "tomcat"
      ),
      (process("java", "/usr/bin/java", .jvm, unit: "tomcat10.service"), "tomcat"),
      (process("java", "/usr/bin/java", .jvm, main: "start.jar"), "jetty"),
      (process("sshd", "/usr/sbin/sshd"), "sshd"),
      (process("sshd-session", "/usr/lib/openssh/sshd-session"), "sshd"),
      (process("squid", "/usr/sbin/squid"), "squid"),
      (process("cache-main", "/usr/sbin/varnishd"), "varnish"),
      (process("tinyproxy", "/usr/bin/tinyproxy"), "tinyproxy"),
      (process("mosquitto", "/usr/sbin/mosquitto"), "mosquitto"),
      (process("envoy", "/usr/local/bin/envoy", .envoy), "envoy"),
      (process("java", "/opt/jdk/bin/java", .jvm, main: "kafka.Kafka"), "kafka"),
      (
        process(
          "java", "/usr/bin/java", .jvm,
          main: "org.apache.zookeeper.server.quorum.QuorumPeerMain"),
        "zookeeper"
      ),
      (
        process(
          "java", "/usr/share/elasticsearch/jdk/bin/java", .jvm, unit: "elasticsearch.service"),
        "elasticsearch"
      ),
      (process("etcd", "/usr/local/bin/etcd", .go), "etcd"),
      (process("docker-proxy", "/usr/bin/docker-proxy", .go), "docker-proxy"),
      // Who may not read the link of the executable still sees the name.
      (process("postgres", nil, .unknown), "postgresql"),
    ])
  func `a program is known by the shape of its process`(process: ProcessRecord, id: String) {
    #expect(ProgramGuide.of(process)?.id == id)
  }

  @Test(arguments: [
    process("python3", "/usr/bin/python3.11", .python),
    process("java", "/usr/bin/java", .jvm, main: "com.example.Main", unit: "kafka.service"),
    process("java", "/usr/bin/java", .jvm),
    process("redis-cli", "/usr/bin/redis-cli"),
    process("nginxd", "/srv/nginxd"),
    process("httpd", "/bin/busybox"),
    process("node", "/usr/bin/node", .node, unit: "tomcat10.service"),
  ])
  func `any other process is none of them`(process: ProcessRecord) {
    #expect(ProgramGuide.of(process) == nil, "\(process.command)")
  }

  @Test func `each program has an id, names and the addresses of its documentation`() {
    #expect(Set(ProgramGuide.all.map(\.id)).count == ProgramGuide.all.count)
    for program in ProgramGuide.all {
      #expect(!program.look.isEmpty && !program.advice.isEmpty, "\(program.id)")
      #expect(!program.sources.isEmpty, "\(program.id)")
      #expect(program.sources.allSatisfy { $0.hasPrefix("https://") }, "\(program.id)")
      #expect(ProgramGuide.named(program.id) == program)
      for name in program.processes.names {
        #expect(ProgramGuide.named(name) == program, "\(name)")
      }
    }
    #expect(ProgramGuide.named("php-fpm8.2")?.id == "php-fpm")
    #expect(ProgramGuide.named("python3") == nil)
  }
}
