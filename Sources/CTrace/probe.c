// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "Probe.h"

struct closewatch_probe {
  struct bpf_object *object;
  struct ring_buffer *ring;
  int watched, counts, reads;
  void *context;
  void (*take)(void *context, const struct closewatch_trace_event *event, unsigned long size);
};

// libbpf prints; what is of use of that is kept for the one line that is said.
static struct closewatch_probe_failure *kept;

static int keep(enum libbpf_print_level level, const char *format, va_list words) {
  if (level != LIBBPF_WARN || !kept || kept->said[0]) return 0;
  return vsnprintf(kept->said, sizeof kept->said, format, words);
}

void closewatch_probe_listen(struct closewatch_probe_failure *failure) {
  libbpf_set_print(keep);
  kept = failure;
}

static int pass_on(void *context, void *bytes, unsigned long size) {
  struct closewatch_probe *probe = context;
  if (size >= sizeof(struct closewatch_trace_event)) probe->take(probe->context, bytes, size);
  return 0;
}

static int has_type(struct btf *kernel, const char *name) {
  return btf__find_by_name_kind(kernel, name, BTF_KIND_TYPEDEF) > 0;
}

int closewatch_kernel_tells_receives(void) {
  struct btf *kernel = btf__load_vmlinux_btf();
  if (!kernel) return -1;
  int answer = has_type(kernel, "btf_trace_sock_recv_length");
  btf__free(kernel);
  return answer;
}

static void *fail(
    struct closewatch_probe *probe, struct closewatch_probe_failure *failure, int reason,
    const char *attempt) {
  failure->reason = reason;
  failure->attempt = attempt;
  kept = NULL;
  closewatch_probe_end(probe);
  return NULL;
}

static void choose_programs(
    struct bpf_object *object, struct closewatch_probe_options options, int tells_receives) {
  int by_call = !tells_receives && options.may_use_system_calls;
  struct bpf_map *constants = bpf_object__find_map_by_name(object, ".rodata");
  size_t size = 0;
  const void *initial = constants ? bpf_map__initial_value(constants, &size) : NULL;
  char values[64];
  if (initial && size <= sizeof values) {
    memcpy(values, initial, size);
    // The flag is the first constant in trace.bpf.c.
    values[0] = (char)by_call;
    bpf_map__set_initial_value(constants, values, size);
  }
  struct bpf_program *receive = bpf_object__find_program_by_name(object, "on_receive");
  struct bpf_program *returned = bpf_object__find_program_by_name(object, "on_return");
  bpf_program__set_autoload(receive, tells_receives);
  bpf_program__set_autoload(returned, by_call || options.tells_accepts);
  static const char *const following[] = {"on_fork", "on_execute", "on_end"};
  for (size_t i = 0; i < sizeof following / sizeof *following; i++) {
    struct bpf_program *program = bpf_object__find_program_by_name(object, following[i]);
    bpf_program__set_autoload(program, options.follows);
  }
  // 2 MB: a suite may start more processes than anybody would name.
  struct bpf_map *watched = bpf_object__find_map_by_name(object, "watched");
  if (options.follows) bpf_map__set_max_entries(watched, 8192);
}

static int attach_all(struct bpf_object *object) {
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    if (!bpf_program__autoload(program)) continue;
    // The link lives as long as this process, as its descriptor does.
    if (!bpf_program__attach(program)) return -1;
  }
  return 0;
}

struct closewatch_probe *closewatch_probe_load(
    const void *bytes, unsigned long size, struct closewatch_probe_options options,
    struct closewatch_probe_failure *failure) {
  memset(failure, 0, sizeof *failure);
  closewatch_probe_listen(NULL);
  struct closewatch_probe *probe = calloc(1, sizeof *probe);
  if (!probe) return fail(NULL, failure, ENOMEM, "keep what a trace needs");
  int tells_receives = closewatch_kernel_tells_receives();
  if (tells_receives < 0) return fail(probe, failure, errno, CLOSEWATCH_PROBE_NEEDS_TYPES);
  if (!tells_receives && !options.may_use_system_calls) {
    return fail(probe, failure, 0, "sock_recv_length");
  }
  closewatch_probe_listen(failure);
  probe->object = bpf_object__open_mem(bytes, size, NULL);
  if (!probe->object) return fail(probe, failure, errno, "read the programs");
  choose_programs(probe->object, options, tells_receives);
  int error = bpf_object__load(probe->object);
  if (error) return fail(probe, failure, -error, "load the programs into the kernel");
  if (attach_all(probe->object)) return fail(probe, failure, errno, "attach the programs");
  probe->watched = bpf_object__find_map_fd_by_name(probe->object, "watched");
  probe->counts = bpf_object__find_map_fd_by_name(probe->object, "counts");
  probe->reads = bpf_object__find_map_fd_by_name(probe->object, "reads");
  int events = bpf_object__find_map_fd_by_name(probe->object, "events");
  probe->ring = ring_buffer__new(events, pass_on, probe, NULL);
  if (!probe->ring) return fail(probe, failure, errno, "map what the programs tell");
  kept = NULL;
  return probe;
}

int closewatch_probe_watch(
    struct closewatch_probe *probe, unsigned process,
    const struct closewatch_trace_watched *settings) {
  return bpf_map_update_elem(probe->watched, &process, settings, BPF_ANY);
}

int closewatch_probe_renew(
    struct closewatch_probe *probe, unsigned process,
    const struct closewatch_trace_watched *settings) {
  return bpf_map_update_elem(probe->watched, &process, settings, BPF_EXIST);
}

void closewatch_probe_forget(struct closewatch_probe *probe, unsigned process) {
  bpf_map_delete_elem(probe->watched, &process);
}

int closewatch_probe_descriptor(const struct closewatch_probe *probe) {
  return ring_buffer__epoll_fd(probe->ring);
}

int closewatch_probe_poll(
    struct closewatch_probe *probe, int milliseconds, void *context,
    void (*take)(void *context, const struct closewatch_trace_event *event, unsigned long size)) {
  probe->context = context;
  probe->take = take;
  int count = ring_buffer__poll(probe->ring, milliseconds);
  if (count >= 0 || count == -EINTR) return count < 0 ? 0 : count;
  errno = -count;
  return -1;
}

unsigned long long closewatch_probe_count(
    const struct closewatch_probe *probe, enum closewatch_trace_count which) {
  unsigned key = which;
  unsigned long long number = 0;
  bpf_map_lookup_elem(probe->counts, &key, &number);
  return number;
}

unsigned long long closewatch_probe_missed(const struct closewatch_probe *probe) {
  unsigned long long missed = 0;
  struct bpf_program *program;
  bpf_object__for_each_program(program, probe->object) {
    struct bpf_prog_info about = {0};
    unsigned size = sizeof about;
    int descriptor = bpf_program__fd(program);
    if (descriptor < 0 || bpf_obj_get_info_by_fd(descriptor, &about, &size) != 0) continue;
    missed += about.recursion_misses;
  }
  return missed;
}

int closewatch_probe_newest_read(
    const struct closewatch_probe *probe, unsigned long long cookie,
    struct closewatch_trace_stop *stop) {
  if (bpf_map_lookup_elem(probe->reads, &cookie, stop) != 0) return 0;
  // It may have been copied while another read was written over it, or another socket's: then the
  // first copy has another cookie, or the second differs.
  struct closewatch_trace_stop *again = malloc(sizeof *again);
  int is_whole = again && stop->event.cookie == cookie &&
                 bpf_map_lookup_elem(probe->reads, &cookie, again) == 0 &&
                 memcmp(stop, again, sizeof *stop) == 0;
  free(again);
  return is_whole;
}

void closewatch_probe_end(struct closewatch_probe *probe) {
  if (!probe) return;
  ring_buffer__free(probe->ring);
  bpf_object__close(probe->object);
  free(probe);
}
