// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import KernelTables
import LinuxHost
import Reporting

/// The files that a run writes its report to.
struct RunFileOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Also write a report as JUnit XML.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Also write a report as JSON.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Also write a report as SARIF 2.1.0.", valueName: "file"))
  var sarif: String?

  func validate() throws {
    let paths = [junit, json, sarif].compactMap { $0 }
    if paths.contains("") { throw ValidationError("a file to write needs a name") }
    guard Set(paths).count == paths.count else {
      throw ValidationError("two reports cannot be written to one file")
    }
  }
}

/// These files, open since before the command has started.
struct RunFiles {
  private let junit: WholeFile?
  private let json: WholeFile?
  private let sarif: WholeFile?

  /// - Throws: ``HostError`` for one that cannot be written.
  init(_ options: RunFileOptions) throws(HostError) {
    junit = try Self.open(options.junit)
    json = try Self.open(options.json)
    sarif = try Self.open(options.sarif)
  }

  private static func open(_ path: String?) throws(HostError) -> WholeFile? {
    guard let path else { return nil }
    do throws(SystemCallError) {
      return try WholeFile(path)
    } catch {
      throw HostError("cannot write the report \(path): \(error); the command was not run")
    }
  }

  /// - Parameter status: The exit status, which those that come later have, too: who asked for a
  ///   report must not take its absence for a good one.
  /// - Returns: What could not be written, in words.
  func write(_ report: RunReport, exitStatus status: inout Int32) -> [String] {
    let contents: [(WholeFile?, (Int32) -> [UInt8])] = [
      (junit, { _ in RunJUnit(report).bytes() }), (json, report.json), (sarif, report.sarif),
    ]
    var unwritten: [String] = []
    for case (let file?, let bytes) in contents {
      do throws(SystemCallError) {
        try file.write(bytes(status))
      } catch {
        unwritten.append("cannot write the report \(file.path): \(error)")
        if status == ExitStatus.fine { status = ExitStatus.blind }
      }
    }
    return unwritten
  }
}
