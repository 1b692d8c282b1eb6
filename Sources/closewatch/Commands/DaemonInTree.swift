// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// `closewatch daemon`, as the tree of commands shows it: ``OtherProgram`` is executed instead.
struct DaemonInTree: ParsableCommand {
  static let configuration = DaemonArguments.configuration

  @OptionGroup var arguments: DaemonArguments
}

/// `closewatch check-settings`, in the same way.
struct CheckSettingsInTree: ParsableCommand {
  static let configuration = CheckSettingsArguments.configuration

  @OptionGroup var arguments: CheckSettingsArguments
}

/// `closewatch trace`, in the same way.
struct TraceInTree: ParsableCommand {
  static let configuration = TraceArguments.configuration

  @OptionGroup var arguments: TraceArguments
}
