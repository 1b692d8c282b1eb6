// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import Settings
import TestSupport
import Testing

@testable import closewatchd

/// The commented file against the program.
@Suite struct SettingsTextTests {
  private static let path = "\(Fixture.root)/../../deploy/closewatch.yaml"

  @Test func `the file that is installed says the defaults`() throws {
    #expect(try SettingsReader.read(path: Self.path) == DaemonSettings())
  }

  @Test func `everything that can be set has a key, a reason and a variable of its own`() {
    let defaults = DaemonSettings()
    let parts = [
      ("sampling", Mirror(reflecting: defaults.sampling).children.count),
      ("rules", Mirror(reflecting: defaults.rules).children.count),
      ("journal", Mirror(reflecting: defaults.journal).children.count),
      ("otlp", Mirror(reflecting: defaults.otlp).children.count),
    ]
    for (section, count) in parts {
      #expect(SettingCatalog.keys.count { $0.section == section } == count, "\(section)")
    }
    for key in SettingCatalog.keys where key.name != "enabled" {
      // The reason is about this default and no other.
      #expect(key.reason.contains(key.text(defaults)), "\(key.path)")
    }
    #expect(Set(SettingCatalog.keys.map(\.variable)).count == SettingCatalog.keys.count)
    #expect(Set(SettingCatalog.keys.map(\.path)).count == SettingCatalog.keys.count)
  }

  @Test func `each key sets one value, which it then shows`() {
    for key in SettingCatalog.keys {
      var settings = DaemonSettings()
      let other = [
        "3m", "17", "37%", "false", "on", "proc", "2000", "[orphan-pressure, syn-recv-pileup]",
        "{close-wait-leak: 5m, fin-wait-2-owned: 90s}",
        "http://127.0.0.1:4318", "/etc/closewatch/otlp",
        "[{owner: a, rule: orphan-pressure, reason: b, c, until: 2027-01-31}]",
      ].first { text in
        var changed = DaemonSettings()
        return key.set(&changed, text) && changed != DaemonSettings()
      }
      guard let other else {
        Issue.record("\(key.path) takes no other value")
        continue
      }
      #expect(key.set(&settings, other))
      #expect(key.text(settings) == other, "\(key.path)")
      let changed = SettingCatalog.keys.filter { $0.text(settings) != $0.text(DaemonSettings()) }
      #expect(changed.map(\.path) == [key.path])
    }
  }
}
