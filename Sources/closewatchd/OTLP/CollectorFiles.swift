// SPDX-License-Identifier: Apache-2.0

import LinuxHost
import Settings

/// The files that the settings of pushes name.
enum CollectorFiles {
  /// The headers of a file; none without a file.
  ///
  /// - Throws: ``SettingsError`` with the line, and without what is in it.
  static func headers(_ path: String) throws(SettingsError) -> [(name: String, value: String)] {
    guard !path.isEmpty else { return [] }
    let bytes: [UInt8]
    do throws(SystemCallError) {
      bytes = try readFile(path, limit: HeaderLines.largest + 1)
    } catch {
      let hint = error.isDenied ? "; the group closewatch must be able to read it" : ""
      throw SettingsError(place: path, problem: "\(error.call): \(error.reason)\(hint)")
    }
    do throws(HeaderLines.Mistake) {
      return try HeaderLines(bytes).headers
    } catch {
      throw SettingsError(
        place: error.line.map { "\(path):\($0)" } ?? path, problem: error.problem)
    }
  }

  /// What is wrong with the settings of pushes that only this build and these files can tell, each
  /// with the key that it is about.
  static func mistakes(of settings: OTLPSettings) -> [(key: String, problem: String)] {
    guard let endpoint = settings.endpoint else { return [] }
    var found: [(key: String, problem: String)] = []
    do throws(SettingsError) { _ = try headers(settings.headersFile) } catch {
      found.append(("otlp.headers-file", error.description))
    }
    guard endpoint.isSecure else { return found }
    guard CollectorTLS.isBuilt else {
      let problem =
        "this closewatch was built without TLS and cannot push over https; use the package, or "
        + "build it with --traits TLS"
      return found + [("otlp.endpoint", problem)]
    }
    do throws(SettingsError) {
      _ = try CollectorTLS(authorities: settings.authoritiesFile)
    } catch {
      found.append(("otlp.ca-file", error.description))
    }
    return found
  }
}
