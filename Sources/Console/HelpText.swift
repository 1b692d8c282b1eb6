// SPDX-License-Identifier: Apache-2.0

/// The text of `--help`.
package enum HelpText {
  /// The parser prints examples before the options; people look for them at the end.
  package static func withExamplesLast(_ help: String) -> String {
    var blocks: [[Substring]] = [[]]
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { blocks.append([]) } else { blocks[blocks.count - 1].append(line) }
    }
    let isExample: ([Substring]) -> Bool = { block in
      block.first == "Examples:" || block.first == "Example:"
    }
    let ordered = blocks.filter { !$0.isEmpty && !isExample($0) } + blocks.filter(isExample)
    return ordered.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }
}
