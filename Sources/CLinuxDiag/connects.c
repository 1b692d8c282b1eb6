// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "ConnectCounts.h"

int closewatch_copy_connect(
    const struct closewatch_connect_table *table, unsigned position,
    struct closewatch_connect *copy) {
  const struct closewatch_connect *entry = &table->entries[position % closewatch_connect_entries];
  if (__atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) != closewatch_connect_taken) return 0;
  memcpy(copy, entry, sizeof *copy);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  // Given to somebody else meanwhile: what was copied may be half of each.
  return __atomic_load_n(&entry->state, __ATOMIC_RELAXED) == closewatch_connect_taken &&
         entry->started == copy->started && entry->process == copy->process &&
         entry->first == copy->first;
}
