// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A small suite under `closewatch run`: Python, because it is everywhere and opens sockets in a
/// line each.
final class RunSuite {
  private let directory = TemporaryDirectory()
  let path: String

  /// What every suite can use: `pair()` gives the two ends of a connection, `say(words)` speaks to
  /// closewatch and waits for its answer, `kept` is what is never closed.
  private static let beginning = """
    import os, socket, struct, sys, time, signal
    kept = []
    listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(300)
    def pair():
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]
    def leak_server():
        client, server = pair(); client.close(); kept.append(server)
    def leak_client():
        client, server = pair(); server.close(); kept.append(client)
    def leak_dead():
        client, server = pair()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        time.sleep(0.7); client.close(); kept.append(server)
    def say(words):
        speaker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        speaker.bind(''); speaker.settimeout(20)
        speaker.sendto(words.encode(), os.environ['CLOSEWATCH_RUN'])
        assert speaker.recv(16) == b'ok\\n'

    """

  init(_ lines: String) {
    directory.write("suite.py", Array((Self.beginning + lines + "\n").utf8))
    path = directory.path + "/suite.py"
    // Another user is to run it.
    _ = try? ChildProgram.run("chmod", ["755", directory.path])
  }

  /// Where a report can be written.
  func place(_ name: String) -> String { directory.path + "/" + name }

  func read(_ name: String) -> String? {
    directory.read(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Runs it with a short grace, unless there is another one.
  func run(
    _ options: [String] = [], environment: [String] = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]
  ) throws -> Command.Outcome {
    let grace = options.contains("--grace") ? [] : ["--grace", "500ms"]
    let arguments = ["run"] + grace + options + ["--", "/usr/bin/python3", path]
    guard let run = Command.run(arguments, environment: environment) else {
      throw ChildProgram.Failure("closewatch run could not be started")
    }
    return run
  }

  /// Runs any command.
  static func run(
    _ options: [String], _ command: [String],
    environment: [String] = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]
  ) throws -> Command.Outcome {
    guard
      let run = Command.run(["run"] + options + ["--"] + command, environment: environment)
    else {
      throw ChildProgram.Failure("closewatch run could not be started")
    }
    return run
  }
}
