// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Reporting

/// `closewatch generate`: the files of a package that are made from the program itself.
struct Generate: ParsableCommand {
  /// What can be made.
  enum Product: String, CaseIterable, ExpressibleByArgument {
    /// `closewatch.catalog`, for journalctl -x.
    case catalog
    /// `closewatch.yaml`: every setting with its default and reason.
    case settings
  }

  static let configuration = CommandConfiguration(
    abstract: "Writes a file of the package to standard output: catalog, settings.",
    shouldDisplay: false)

  @Argument(help: "catalog or settings.")
  var product: Product

  func run() throws {
    switch product {
    case .catalog: try StandardOutput.write(JournalCatalog.text())
    case .settings: try StandardOutput.write(SettingsText.text())
    }
  }
}
