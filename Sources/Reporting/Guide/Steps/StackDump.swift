// SPDX-License-Identifier: Apache-2.0

import KernelTables

/// How to see what a process is doing, by its runtime: the proof to keep before it is restarted.
enum StackDump {
  /// Steps for `now`, the gentlest first. Each says when it slows, stops or ends the process.
  static func steps(_ runtime: ProcessRuntime) -> [String] {
    switch runtime {
    case .jvm:
      [
        "Save a thread dump, as the user of the JVM (twice, 10 s apart):\n"
          + "jcmd {pid} Thread.print -l",
        "No jcmd? Let the JVM print it to its own output; it keeps running:\nkill -QUIT {pid}",
      ]
    case .go:
      [
        "Save the goroutines, if it serves net/http/pprof (fill in its address):\n"
          + "curl -s 'http://127.0.0.1:6060/debug/pprof/goroutine?debug=2'",
        "No pprof? SIGQUIT prints all goroutines and ENDS the process. Use it as the restart:\n"
          + "kill -QUIT {pid}",
      ]
    case .python:
      [
        "Save the stacks of all threads (pip install py-spy; pauses it for milliseconds):\n"
          + "py-spy dump --pid {pid}"
      ]
    case .node:
      [
        "List what keeps it busy (opens its debugger on 127.0.0.1:9229; then type the line "
          + "below):\nnode inspect -p {pid}\nexec process.getActiveResourcesInfo()"
      ]
    case .ruby:
      ["Save the stack of the main thread (rbspy is a single binary):\nrbspy dump --pid {pid}"]
    case .php, .perl:
      ["See what a worker waits for (slows it down while it runs):\n" + watch]
    case .dotnet:
      [
        "Save the stacks (dotnet tool install -g dotnet-stack; as the user of the process):\n"
          + "dotnet-stack report -p {pid}"
      ]
    case .erlang:
      ["In the remote shell of the node, list its sockets and their owners:\ninet:i()."]
    default:
      [
        "See what each thread waits for, without touching it:\n"
          + "grep -H . /proc/{pid}/task/*/wchan",
        "Save the stacks (stops the process for as long as gdb reads, often seconds):\n"
          + "gdb -p {pid} -batch -ex 'thread apply all bt'",
      ]
    }
  }

  private static let watch = "timeout 5 strace -f -p {pid} -e trace=network,desc -s 64"
}
