// SPDX-License-Identifier: Apache-2.0

import Diagnosis

extension LeftOut {
  /// That not all findings are here, and how bad the others are; nil when all are.
  var words: String? {
    worst.map { worst in
      "Too many findings: \(Quantity.count(count)) more were left out, the worst of severity "
        + "\(worst.name)."
    }
  }
}
