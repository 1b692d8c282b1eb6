// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "Counter.h"

static int fail(struct closewatch_probe_failure *failure, int reason, const char *attempt) {
  failure->reason = reason;
  failure->attempt = attempt;
  closewatch_probe_listen(NULL);
  return -1;
}

/// What libbpf makes of the program's variables: the one map of an object that has no other.
static int table_of(struct bpf_object *object) {
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    if (strstr(bpf_map__name(map), ".bss")) return bpf_map__fd(map);
  }
  errno = ENOENT;
  return -1;
}

int closewatch_counter_load(
    const void *bytes, unsigned long size, int *link, int *table,
    struct closewatch_probe_failure *failure) {
  memset(failure, 0, sizeof *failure);
  closewatch_probe_listen(failure);
  if (closewatch_kernel_tells_receives() < 0) {
    return fail(failure, errno, CLOSEWATCH_PROBE_NEEDS_TYPES);
  }
  struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
  if (!object) return fail(failure, errno, "read the program");
  int error = bpf_object__load(object);
  if (error) return fail(failure, -error, "load the program into the kernel");
  struct bpf_program *program = bpf_object__next_program(object, NULL);
  struct bpf_link *attached = program ? bpf_program__attach(program) : NULL;
  if (!attached) return fail(failure, errno, "attach the program");
  *link = bpf_link__fd(attached);
  *table = table_of(object);
  if (*table < 0) return fail(failure, errno, "find the table of the program");
  closewatch_probe_listen(NULL);
  return 0;
}
