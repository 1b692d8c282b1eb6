// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A Java program of `Tests/TracingTests/Programs` that runs, unprepared.
final class JavaProgram {
  let child: ChildProgram

  /// - Parameter runner: What executes it.
  init(_ name: String, in folder: TemporaryDirectory, by runner: [String] = ["env"]) throws {
    let sources = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let built = try ChildProgram.run(
      "javac", ["-d", folder.path, "/\(sources)/Programs/\(name).java"])
    guard built.status == 0 else {
      throw ChildProgram.Failure("javac \(name): \(built.lines.joined(separator: "; "))")
    }
    child = try ChildProgram(
      runner[0], runner.dropFirst() + ["java", "-Xint", "-cp", folder.path, name])
    guard try child.readLine() == "ready" else { throw ChildProgram.Failure("\(name) ended") }
  }
}
