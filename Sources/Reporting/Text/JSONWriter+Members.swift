// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import KernelTables

/// Members of an object: key and value in one call. What is not known is `null`.
extension JSONWriter {
  package mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
    key(name)
    integer(value)
  }

  package mutating func member(_ name: StaticString, _ value: (some FixedWidthInteger)?) {
    key(name)
    integer(orNull: value)
  }

  package mutating func member(_ name: StaticString, _ value: Double, decimals: Int = 3) {
    key(name)
    number(value, decimals: decimals)
  }

  package mutating func member(_ name: StaticString, _ value: Double?, decimals: Int = 3) {
    key(name)
    number(orNull: value, decimals: decimals)
  }

  package mutating func member(_ name: StaticString, _ text: String) {
    key(name)
    string(text)
  }

  package mutating func member(_ name: StaticString, _ text: String?) {
    key(name)
    string(orNull: text)
  }

  package mutating func member(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// `{"address":"192.0.2.1","port":443}`.
  mutating func member(_ name: StaticString, _ endpoint: Endpoint?) {
    key(name)
    if let endpoint { self.endpoint(endpoint) } else { null() }
  }

  /// `{"kind":"unit","name":"api.service"}`.
  mutating func member(_ name: StaticString, _ owner: Owner) {
    beginObject(name)
    member("kind", owner.kind.rawValue)
    member("name", owner.name)
    endObject()
  }

  package mutating func beginObject(_ name: StaticString) {
    key(name)
    beginObject()
  }

  package mutating func beginArray(_ name: StaticString) {
    key(name)
    beginArray()
  }
}
