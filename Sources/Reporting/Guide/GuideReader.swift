// SPDX-License-Identifier: Apache-2.0

package import KernelTables

/// Who opened the connections, seen from the process that has them.
package enum ConnectionDirection: String, Hashable, Sendable, CaseIterable {
  /// They came through a listener: it is the server.
  case inbound
  /// It opened them: it is the client.
  case outbound
}

/// Who is spoken to: whoever writes the program, or whoever runs one that others wrote.
package enum GuideReader: Hashable, Sendable {
  /// Can change its code.
  case author
  /// Can change the settings of this program.
  case of(ProgramGuide)
  /// Can change the settings of an installed program that ``ProgramGuide`` does not know.
  case installed

  /// Who can change the program of this process.
  package init(_ process: ProcessRecord) {
    self =
      ProgramGuide.of(process).map(GuideReader.of) ?? (process.isInstalled ? .installed : .author)
  }
}
