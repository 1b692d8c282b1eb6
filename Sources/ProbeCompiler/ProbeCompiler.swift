// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Compiles one file for the kernel's virtual machine, and writes the object as Swift:
/// `ProbeCompiler CLANG SOURCE OUTPUT TYPE`. A tool of the build, never
/// installed.
@main
enum ProbeCompiler {
  static func main() {
    let words = CommandLine.arguments
    guard words.count == 5 else { fail("usage: ProbeCompiler CLANG SOURCE OUTPUT TYPE") }
    let object = words[3] + ".o"
    compile(words[2], with: words[1], into: object)
    guard let file = fopen(words[3], "w") else { fail("cannot write \(words[3])") }
    let text = "enum \(words[4]) {\n  static let hexadecimal = \"\(hexadecimal(object))\"\n}\n"
    fputs(text, file)
    if fclose(file) != 0 { fail("cannot write \(words[3])") }
  }

  private static func compile(_ source: String, with clang: String, into object: String) {
    // -g: the layouts that libbpf compares with the running kernel's are in the debug information.
    let words = [
      clang, "-target", "bpf", "-O2", "-g", "-Wall", "-Werror", "-c", source, "-o", object,
    ]
    var pid: pid_t = 0
    guard posix_spawn(&pid, clang, nil, nil, words.map { strdup($0) } + [nil], environ) == 0 else {
      fail("cannot execute \(clang)")
    }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    // What is wrong, the compiler has said.
    if status != 0 { exit(1) }
  }

  private static func hexadecimal(_ path: String) -> String {
    guard let file = fopen(path, "r") else { fail("cannot read \(path)") }
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    while case let byte = fgetc(file), byte >= 0 {
      text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    fclose(file)
    return String(decoding: text, as: UTF8.self)
  }

  private static func fail(_ line: String) -> Never {
    let bytes = Array((line + "\n").utf8)
    write(STDERR_FILENO, bytes, bytes.count)
    exit(1)
  }
}
