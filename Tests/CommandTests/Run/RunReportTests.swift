// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// The tests by name, and the files that other programs read.
@Suite(.requires(.command("python3"))) struct RunReportTests {
  private static let suite = """
    for index in range(4):
        say('test tests/test_api.py::test_%d <&"\\x07\\u00e9%% ,' % index)
        client, server = pair(); client.close()
        if index % 2: kept.append(server)
        else: server.close()
    say('end')
    """

  /// Runs a few lines of Python on a report.
  private static func read(_ path: String, _ lines: String) throws -> [String] {
    let run = try ChildProgram.run("/usr/bin/python3", ["-c", lines, path])
    #expect(run.status == 0)
    return run.lines
  }

  @Test func `each leak is of the test in which it came, in every format`() throws {
    let suite = RunSuite(Self.suite)
    let run = try suite.run(
      [
        "--junit", suite.place("junit.xml"), "--json", suite.place("run.json"), "--sarif",
        suite.place("run.sarif"),
      ], environment: ["PATH=/usr/bin:/bin", "GITHUB_ACTIONS=true", "LANG=C.UTF-8"])
    #expect(run.status == 1)
    #expect(run.errors.contains("in test tests/test_api.py::test_1 <&\"?\u{e9}% ,\n"))
    #expect(run.errors.contains("in test tests/test_api.py::test_3 <&"))
    let annotations = run.errors.split(separator: "\n").filter { $0.hasPrefix("::") }
    #expect(annotations.count == 2)
    #expect(
      annotations.first?.hasPrefix(
        "::error file=tests/test_api.py,title=Socket left open::python3 suite") == true)
    #expect(annotations.first?.hasSuffix("::test_1 <&\"?\u{e9}%25 ,") == true)

    let cases = try Self.read(
      suite.place("junit.xml"),
      """
      import sys, xml.etree.ElementTree as tree
      root = tree.parse(sys.argv[1]).getroot()
      print(root.tag, root.get('tests'), root.get('failures'), root.get('errors'))
      for case in root.iter('testcase'):
          print(case.get('name').split('::')[1][:6], [child.get('type') for child in case])
      """)
    #expect(
      cases == [
        "testsuites 4 2 0", "test_0 []", "test_1 ['close-wait']", "test_2 []",
        "test_3 ['close-wait']",
      ])
    let left = try Self.read(
      suite.place("run.json"),
      """
      import json, sys
      run = json.load(open(sys.argv[1]))
      print(run['schema'], run['exit_status'], run['command_status'], run['tests'])
      for socket in run['left']:
          print(socket['test'].split('::')[1][:6], socket['kind'], socket['counts'],
                socket['inbound'], socket['process']['main'], socket['cookie'].isdigit())
      """)
    #expect(
      left == [
        "closewatch-run/1 1 0 4", "test_1 close-wait True True suite.py True",
        "test_3 close-wait True True suite.py True",
      ])
    let results = try Self.read(
      suite.place("run.sarif"),
      """
      import json, sys
      log = json.load(open(sys.argv[1]))
      print(log['version'], log['runs'][0]['tool']['driver']['name'])
      for result in log['runs'][0]['results']:
          place = result['locations'][0]
          print(result['ruleId'], result['level'],
                place['physicalLocation']['artifactLocation']['uri'],
                place['logicalLocations'][0]['fullyQualifiedName'].split('::')[1][:6])
      """)
    #expect(
      results == [
        "2.1.0 closewatch", "close-wait error tests/test_api.py test_1",
        "close-wait error tests/test_api.py test_3",
      ])
  }

  @Test func `over UDP, and without waiting, a test is named, too`() throws {
    let suite = RunSuite(
      """
      host, port = os.environ['CLOSEWATCH_RUN_UDP'].split(':')
      udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      udp.sendto(b'test over udp', (host, int(port))); time.sleep(0.6); leak_server()
      speaker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      speaker.connect(os.environ['CLOSEWATCH_RUN'])
      time.sleep(0.6); speaker.send(b'test without waiting\\n'); time.sleep(0.6); leak_server()
      speaker.send(b'nonsense'); speaker.send(b''); time.sleep(1.5)
      """)
    let run = try suite.run()
    #expect(run.status == 1)
    #expect(run.errors.contains("in test over udp\n"), "\(run.errors)")
    #expect(run.errors.contains("in test without waiting\n"), "\(run.errors)")
    #expect(run.errors.contains("2 messages on CLOSEWATCH_RUN not understood"), "\(run.errors)")
  }

  @Test func `that looks came late is said, on the report and in the file`() throws {
    let suite = RunSuite("")
    // Nobody looks while it stands still, and looks have begun by then.
    let script = "sleep 2; (sleep 2.5; kill -CONT $PPID) & kill -STOP $PPID; wait; sleep 0.5"
    let run = try RunSuite.run(["--json", suite.place("run.json")], ["sh", "-c", script])
    #expect(run.status == 0)
    let words = run.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // A busy machine may add to them.
    #expect(words.contains("came late"), "\(words)")
    let late = try Self.read(
      suite.place("run.json"),
      """
      import json, sys
      run = json.load(open(sys.argv[1]))
      print(run['late_looks'] >= 1, run['longest_between_looks_seconds'] >= 2)
      """)
    #expect(late == ["True True"])
  }

  @Test func `a report that cannot be written is refused before the command starts`() throws {
    let suite = RunSuite("open(os.path.dirname(sys.argv[0]) + '/ran', 'w')")
    for path in [suite.place("none/x.xml"), "/proc/nothing", suite.place(".")] {
      for option in ["--junit", "--json", "--sarif"] {
        let run = try suite.run([option, path])
        #expect(run.status == 2)
        #expect(run.errors.hasPrefix("closewatch: cannot write the report \(path): "))
        #expect(run.errors.hasSuffix("; the command was not run\n"))
      }
    }
    #expect(suite.read("ran") == nil)
  }

  @Test func `a report replaces an older one whole, and is there in any case`() throws {
    let suite = RunSuite("print(sorted(os.listdir(os.path.dirname(sys.argv[0]))))")
    let path = suite.place("run.json")
    #expect(try suite.run(["--json", path]).status == 0)
    let first = try #require(suite.read("run.json"))
    #expect(first.hasSuffix("}\n"))
    #expect(first.contains("\"exit_status\":0"))
    let second = try suite.run(["--json", path])
    // While it runs the old one is there, whole.
    #expect(second.output.contains("'run.json'"))
    #expect(try suite.run(["--json", "/dev/null"]).status == 0)
    #expect(try suite.run(["--json", "/dev/full"]).status == 2)
  }
}
