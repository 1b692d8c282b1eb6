// SPDX-License-Identifier: Apache-2.0

import Testing

/// What is tested on processes that are forked from this one runs one after the other: a child
/// inherits every descriptor that any test has open.
@Suite(
  .serialized, .enabled(if: HolderLab.isPossible, "needs root: makes network namespaces"))
enum LiveProcessTests {}
