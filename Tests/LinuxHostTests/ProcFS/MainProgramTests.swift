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

  @Test(
    arguments: [
      (.python, "python3.11 -u -X dev /srv/app.py --password=x", "app.py"),
      (.python, "/usr/bin/python3 -m http.server 8000", "http.server"),
      (.python, "python3 /usr/bin/gunicorn app:app", "gunicorn"),
      (.python, "python3 -c print('secret')", nil), (.python, "python3", nil),
      (.node, "node --require ./trace.js --max-old-space-size=512 dist/server.js", "server.js"),
      (.node, "node -e secret()", nil),
      (.ruby, "ruby -I lib -S puma -p 3000", "puma"),
      (.php, "php -S 127.0.0.1:8000 -t public router.php", "router.php"),
      (.perl, "/usr/bin/perl -wT -I lib /srv/pool.pl --password=x", "pool.pl"),
      (.perl, "perl -MLWP -Ilib -d:Trace app.pl", "app.pl"), (.perl, "perl -ne secret x.pl", nil),
      (.php, "php -r secret(); x.php", nil), (.native, "nginx -g x", nil),
    ] as [(ProcessRuntime, String, String?)])
  func `of an interpreter's arguments only the script or the module is taken`(
    runtime: ProcessRuntime, line: String, main: String?
  ) {
    let arguments = line.split(separator: " ").map(String.init)
    #expect(MainProgram.name(runtime, arguments: arguments) == main)
  }

  @Test(
    arguments: [
      (.python, ["-uc", "import x"], nil), (.python, ["-Ic", "secret", "x.py"], nil),
      (.python, ["-csecret", "x.py"], nil), (.python, ["-um", "http.server"], "http.server"),
      (.python, ["-mhttp.server", "1"], "http.server"), (.python, ["-", "secret"], nil),
      (.python, ["-Wonce::c", "-Xc", "-OO", "app.py"], "app.py"),
      (.ruby, ["-ne", "secret", "x.rb"], nil), (.ruby, ["-esecret", "x.rb"], nil),
      (.ruby, ["-rjson/ext", "-Ilibe", "-i.e", "-We", "app.rb"], "app.rb"),
      (.ruby, ["-wS", "puma"], "puma"), (.ruby, ["--encoding", "utf-8", "a.rb"], "a.rb"),
      (.php, ["-nr", "secret", "x.php"], nil), (.php, ["-rsecret", "x.php"], nil),
      (.php, ["-dlog_errors=1", "-nf", "app.php", "x"], "app.php"),
      (.php, ["--", "secret"], nil), (.php, ["--file=/srv/app.php", "x"], "app.php"),
      (.php, ["--run", "secret", "x.php"], nil),
      (.node, ["--eval=secret", "x.js"], nil), (.node, ["-pe", "secret"], nil),
      (.node, ["-stack-size=900", "app.js"], "app.js"),
      (.node, ["--env-file", "/srv/.env", "app.js"], "app.js"),
      (.node, ["--env-file=/srv/.env", "app.js"], "app.js"),
      (.node, ["--title", "web", "app.js"], "app.js"),
      (.node, ["--conditions", "dev", "app.js"], "app.js"),
      (.node, ["--inspect-port", "9230", "app.js"], "app.js"),
      (.jvm, ["-jar", "/srv/app.jar"], "app.jar"),
    ] as [(ProcessRuntime, [String], String?)])
  func `code in an option is never taken, however it is joined with others`(
    runtime: ProcessRuntime, options: [String], main: String?
  ) {
    #expect(MainProgram.name(runtime, arguments: ["program"] + options) == main)
  }

  @Test(arguments: ["a b", "a\nb", "token=x", "token=a/b", "a;b", ""])
  func `a word that is no name is not taken`(word: String) {
    #expect(MainProgram.name(.python, arguments: ["python3", "--new-option", word]) == nil)
    #expect(MainProgram.name(.python, arguments: ["python3", "-m", word]) == nil)
    #expect(MainProgram.name(.jvm, arguments: ["java", word]) == nil)
    #expect(MainProgram.name(.erlang, arguments: ["beam.smp", "-s", word]) == nil)
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
    let isAsked = [.jvm, .erlang, .python, .node, .ruby, .php, .perl].contains(runtime)
    #expect(MainProgram.isAsked(of: runtime) == isAsked)
    let words = ["program", "-s", "secret", "-jar", "secret.jar"]
    #expect((MainProgram.name(runtime, arguments: words) != nil) == isAsked)
  }
}
