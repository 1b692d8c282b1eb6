// SPDX-License-Identifier: Apache-2.0
// A thread of another process, stopped for as long as it takes to copy its registers and its stack.
#pragma once
#include "TraceEvent.h"

/// What a system call waits for.
enum closewatch_wait {
  closewatch_wait_other,
  /// One descriptor.
  closewatch_wait_descriptor,
  /// Something on one of many descriptors.
  closewatch_wait_events,
  closewatch_wait_time,
  /// A lock, or to be woken by another thread.
  closewatch_wait_futex,
};

/// What a thread was doing when it was stopped.
struct closewatch_stopped_thread {
  /// Of the system call that it is in; -1 when it was in none.
  long long system_call;
  /// What that waits for.
  enum closewatch_wait wait;
  /// What a program calls it, where it waits for one descriptor; else null.
  const char *call;
  /// What it was given: the first is a descriptor, or the address of a lock.
  unsigned long long arguments[6];
  /// What pthread_self(3) says in it.
  unsigned long long identity;
  /// That was on its way to it when it stopped, and goes on with it; 0: none.
  int signal;
};

/// Stops a thread and copies where it is, without its interpreter's calls. It stays stopped until
/// closewatch_thread_release(), and goes on by itself when the calling thread ends: one that could
/// not be stopped would otherwise stop some time later. Those system calls that a debugger
/// interrupts (epoll_wait(2) is one) return EINTR. -1 and errno when it can't be stopped within so
/// many milliseconds.
int closewatch_thread_stop(
    int thread, int milliseconds, struct closewatch_stopped_thread *state,
    struct closewatch_trace_stack *stack);

/// Lets it go on.
void closewatch_thread_release(int thread, const struct closewatch_stopped_thread *state);
