// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A Java program of `Tests/TracingTests/Programs` that runs, unprepared.
final class JavaProgram {
  let child: ChildProgram

  init(_ name: String, in folder: TemporaryDirectory) throws {
    let sources = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let built = try ChildProgram.run(
      "javac", ["-d", folder.path, "/\(sources)/Programs/\(name).java"])
    guard built.status == 0 else {
      throw ChildProgram.Failure("javac \(name): \(built.lines.joined(separator: "; "))")
    }
    child = try ChildProgram("java", ["-Xint", "-cp", folder.path, name])
    guard try child.readLine() == "ready" else { throw ChildProgram.Failure("\(name) ended") }
  }
}
