// SPDX-License-Identifier: Apache-2.0
// The program that counts connects: put into the kernel, and handed to who wants it there.
#pragma once
#include "Probe.h"

/// Loads and attaches it. Neither descriptor is kept here: with the last copy of `link` the program
/// is gone, and `table` is for mmap(2) alone.
/// -1 when the kernel refuses; `failure` says why.
int closewatch_counter_load(
    const void *object, unsigned long size, int *link, int *table,
    struct closewatch_probe_failure *failure);
