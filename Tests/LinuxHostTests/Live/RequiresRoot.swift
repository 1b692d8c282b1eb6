// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether this process may build network namespaces and read every process's descriptors.
let isRoot = geteuid() == 0
