// SPDX-License-Identifier: Apache-2.0

import KernelTables
import Testing

@testable import LinuxHost

@Suite struct MainProgramTests {
  @Test(
    arguments: [
      // Debian's Tomcat, Kafka's and ZooKeeper's start scripts, a module, a jar, an argument file.
      (
        "java -Djava.util.logging.config.file=/etc/x -classpath /a.jar:/b.jar "
          + "-Dcatalina.base=/var/lib/tomcat10 org.apache.catalina.startup.Bootstrap start",
        "org.apache.catalina.startup.Bootstrap"
      ),
      ("java -Xmx1G -server -cp /opt/kafka/libs/* kafka.Kafka server.properties", "kafka.Kafka"),
      (
        "java --add-modules=jdk.net -m "
          + "org.elasticsearch.server/org.elasticsearch.bootstrap.Elastic",
        "org.elasticsearch.server/org.elasticsearch.bootstrap.Elastic"
      ),
      ("java --add-opens java.base/java.io=ALL-UNNAMED -jar /srv/app.jar --password=x", "app.jar"),
      ("java @/etc/jvm.options org.example.Main", "org.example.Main"),
      ("java -version", nil), ("java", nil), ("java -jar", nil), ("java -cp x", nil),
    ] as [(String, String?)])
  func `of a JVM's arguments only the class or the jar is taken`(
    line: String, main: String?
  ) {
    let arguments = line.split(separator: " ").map(String.init)
    #expect(MainProgram.name(.jvm, arguments: arguments) == main)
  }

  @Test func `of an Erlang node's arguments the first module is taken`() {
    let rabbit =
      "/usr/lib/erlang/erts-13.1.5/bin/beam.smp -W w -- -root /usr/lib/erlang -home /x -- "
      + "-noshell -noinput -s rabbit boot -boot start_sasl -setcookie secret"
    let arguments = rabbit.split(separator: " ").map(String.init)
    #expect(MainProgram.name(.erlang, arguments: arguments) == "rabbit")
    #expect(MainProgram.name(.erlang, arguments: ["beam.smp", "-s"]) == nil)
  }

  @Test(arguments: ProcessRuntime.allCases)
  func `no other program is asked for its arguments`(runtime: ProcessRuntime) {
    let isAsked = [.jvm, .erlang].contains(runtime)
    #expect(MainProgram.isAsked(of: runtime) == isAsked)
    let words = ["python3", "-s", "secret", "-jar", "secret.jar"]
    #expect((MainProgram.name(runtime, arguments: words) != nil) == isAsked)
  }
}
