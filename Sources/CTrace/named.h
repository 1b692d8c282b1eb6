// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <elfutils/libdwfl.h>

#include "Unwinder.h"

struct closewatch_unwinder {
  Dwfl *all;
  int process, count;
  const struct closewatch_code_file *files;
  long long *bias;
  /// The one that is being unwound.
  const struct closewatch_trace_stack *stack;
  /// Whether more of it was wanted than is ever copied.
  int is_too_long;
};

/// The number of the file that this address is of, or -1.
int closewatch_file_at(struct closewatch_unwinder *unwinder, unsigned long long address);
