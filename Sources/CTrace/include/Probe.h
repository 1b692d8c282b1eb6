// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel: loaded, asked, and gone with this process.
#pragma once
#include "TraceEvent.h"

struct closewatch_probe;

/// What it is to watch besides what it always does.
struct closewatch_probe_options {
  /// Who has accepted a connection, at the price of a look at every system call of the host.
  int tells_accepts;
  /// Where the end of a stream has no tracepoint of its own, to learn it at that price.
  int may_use_system_calls;
  /// To watch what a watched process starts, too.
  int follows;
};

/// What has become of an attempt to load them.
struct closewatch_probe_failure {
  /// errno; 0 where the kernel lacks something.
  int reason;
  /// What was attempted; the lacking thing where reason is 0.
  const char *attempt;
  /// The kernel's own words, as much as there is room for.
  char said[512];
};

/// Keeps what libbpf says for the one line that is said, from now on; null: keeps nothing.
void closewatch_probe_listen(struct closewatch_probe_failure *failure);

/// What is attempted where the kernel does not describe itself.
#define CLOSEWATCH_PROBE_NEEDS_TYPES "read /sys/kernel/btf/vmlinux"

/// Loads and attaches them; null when the kernel refuses.
struct closewatch_probe *closewatch_probe_load(
    const void *object, unsigned long size, struct closewatch_probe_options options,
    struct closewatch_probe_failure *failure);

/// Whether the kernel tells the end of a stream at a tracepoint of its own (Linux 6.3).
/// -1 and errno when it does not describe itself.
int closewatch_kernel_tells_receives(void);

/// Watches a process from now on. -1 and errno on failure.
int closewatch_probe_watch(
    struct closewatch_probe *probe, unsigned process,
    const struct closewatch_trace_watched *settings);

/// Says anew how to read a process that is watched. -1 and errno when it is not.
int closewatch_probe_renew(
    struct closewatch_probe *probe, unsigned process,
    const struct closewatch_trace_watched *settings);

/// Watches it no more.
void closewatch_probe_forget(struct closewatch_probe *probe, unsigned process);

/// What can be polled for something to have come.
int closewatch_probe_descriptor(const struct closewatch_probe *probe);

/// Takes what has come; `take` is called with each event, which has its stack where it has one.
/// The number of events, or -1 and errno.
int closewatch_probe_poll(
    struct closewatch_probe *probe, int milliseconds, void *context,
    void (*take)(void *context, const struct closewatch_trace_event *event, unsigned long size));

/// One of enum closewatch_trace_count.
unsigned long long closewatch_probe_count(
    const struct closewatch_probe *probe, enum closewatch_trace_count which);

/// How often the kernel did not run a program, because it was interrupted in the middle of it on
/// the same processor. Newer kernels let other threads run there meanwhile.
unsigned long long closewatch_probe_missed(const struct closewatch_probe *probe);

/// The newest read of a socket; 0 when there is none, or it was being written.
int closewatch_probe_newest_read(
    const struct closewatch_probe *probe, unsigned long long cookie,
    struct closewatch_trace_stop *stop);

/// Takes the programs out of the kernel.
void closewatch_probe_end(struct closewatch_probe *probe);
