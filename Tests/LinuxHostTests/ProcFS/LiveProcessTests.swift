// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is tested on processes that are forked from this one runs one after the other: a child
/// inherits every descriptor that any test has open.
@Suite(.serialized, .requires(.root, .networkNamespaces))
enum LiveProcessTests {}
