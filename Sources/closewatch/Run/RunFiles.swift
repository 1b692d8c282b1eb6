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

  /// - Returns: What could not be written, in words.
  func write(_ report: RunReport, exitStatus: Int32) -> [String] {
    let contents: [(WholeFile?, () -> [UInt8])] = [
      (junit, { RunJUnit(report).bytes() }),
      (json, { report.json(exitStatus: exitStatus) }),
      (sarif, { report.sarif(exitStatus: exitStatus) }),
    ]
    return contents.compactMap { file, bytes in
      guard let file else { return nil }
      do throws(SystemCallError) {
        try file.write(bytes())
        return nil
      } catch {
        return "cannot write the report \(file.path): \(error)"
      }
    }
  }
}
