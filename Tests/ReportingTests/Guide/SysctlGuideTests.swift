// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables
import Reporting
import Testing

@Suite struct SysctlGuideTests {
  @Test func `settings are sorted by name, none twice, within their lengths`() {
    let names = SysctlGuide.settings.map(\.name)
    #expect(names == names.sorted() && Set(names).count == names.count)
    for setting in SysctlGuide.settings {
      #expect(setting.does.count <= 250 && setting.doesNot.count <= 250, "\(setting.name)")
      #expect((setting.does + setting.doesNot).utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }
  }

  /// A guide that enters a namespace to set something must not do so for a setting of the host.
  @Test func `guides enter a namespace exactly for settings that it has of its own`() {
    let settings = SysctlGuide.settings
    for rule in RuleID.allCases {
      for cause in RuleGuide.causes(of: rule) {
        let text = RuleGuide.guide(for: rule, cause: cause, runtime: .unknown)
        let commands = text.now.flatMap { $0.split(separator: "\n").dropFirst() }
        for command in commands where command.contains("sysctl ") {
          for setting in settings where command.contains(setting.name) {
            #expect(command.hasPrefix("{netns}") == setting.isPerNamespace, "\(command)")
          }
        }
      }
    }
  }
}
