// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "MemoryCalls.h"

// Relocations are written to before they become read-only, but their segment is writable by its
// header: only segments that the loader never writes to are given back.
static int unmap(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t first = (uintptr_t)object->dlpi_addr + segment->p_vaddr;
    uintptr_t start = (first + page - 1) & ~(page - 1);
    uintptr_t end = (first + segment->p_filesz) & ~(page - 1);
    // Fails for the vDSO, which is no file; nothing depends on it.
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void closewatch_unmap_code(void) { dl_iterate_phdr(unmap, NULL); }
