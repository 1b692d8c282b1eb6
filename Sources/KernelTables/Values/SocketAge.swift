// SPDX-License-Identifier: Apache-2.0
extension SocketRow {
  package func age(finTimeoutSeconds: Int) -> Age { Age(seconds: 0, bound: .unknown) }
}
