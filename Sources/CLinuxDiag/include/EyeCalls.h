// SPDX-License-Identifier: Apache-2.0
// Calls for processes that share one image: to fork them, to talk with them, to confine them.
#pragma once

/// What a process is about to touch, in memory that it shares with the one that waits for it.
struct closewatch_mark {
  /// One more at each step.
  unsigned long long steps;
  unsigned step;
  int pid;
  /// Who the process belongs to; ~0 when not known.
  unsigned user;
  /// The network namespace whose tables are read; 0 when none are.
  unsigned name_space;
};

/// fork(2); the Glibc module forbids it, because a child of a program with threads may do next to
/// nothing. For programs that have one thread.
int closewatch_fork(void);

/// Waits until a child has ended, and takes note of it: pidfd_open(2), poll(2), waitpid(2).
/// Where there is no pidfd_open(2) it asks again and again.
/// @param milliseconds How long at most; a child may be stuck in the kernel.
/// @return 0 when it is still there.
int closewatch_await_end(int child, int milliseconds);

/// How many threads this process has; 0 when that cannot be read.
int closewatch_thread_count(void);

/// Memory for others, empty: memfd_create(2). -1 and errno on failure.
int closewatch_shared_memory(void);

/// Makes it so that nobody can change it any more: F_ADD_SEALS.
int closewatch_seal(int memory);

/// Its size when nobody can change it any more, else -1.
long closewatch_sealed_size(int memory);

/// From now on this process says in `page` what it touches; without, nothing is said.
void closewatch_mark_in(struct closewatch_mark *page);

/// Says that something is touched. Costs a few nanoseconds.
void closewatch_mark_step(unsigned step, int pid, unsigned user, unsigned name_space);

/// Says that the newest step goes on.
void closewatch_mark_progress(void);

/// Reads what another process says, with the order of its writes.
unsigned long long closewatch_read_mark(
    const struct closewatch_mark *page, struct closewatch_mark *copy);

/// Sends one message with descriptors; -1 and errno on failure. Never a signal.
long closewatch_send(
    int socket, const void *bytes, unsigned long size, const int *descriptors, int count);

/// Receives one message. `count` is the room for descriptors, then how many came. -1 and errno on
/// failure; EAGAIN when nothing is there and `waits` is 0.
long closewatch_receive(
    int socket, void *bytes, unsigned long size, int *descriptors, int *count, int waits);

/// Processor time that another process has used, in nanoseconds; -1 when it is gone.
long long closewatch_processor_time(int pid);

/// Lets go of everything of the caller's: descriptors other than these two, terminal, session,
/// folder. Where the standard ones were is /dev/null, if there is one.
void closewatch_detach(int keep, int keepToo);

/// Has the kernel end this process when the thread that forked it ends: PR_SET_PDEATHSIG.
void closewatch_end_with_parent(void);

/// Names this process for ps(1) and top(1).
void closewatch_name_process(const char *name);

/// What was forked does not gain rights by execve(2) any more: PR_SET_NO_NEW_PRIVS.
int closewatch_no_new_privileges(void);

/// Whose calls are to be confined.
enum closewatch_role {
  closewatch_daemon,
  closewatch_keeper,
  closewatch_eye,
  /// Reads stacks and symbols from what is open already: everything else is refused.
  closewatch_reader,
};

/// Refuses with EPERM what this process never does: seccomp(2). An eye adds to what its keeper was
/// refused. After closewatch_no_new_privileges(). -1 and errno where there is no such filter.
int closewatch_confine(enum closewatch_role role);

/// Lets go of every descriptor but these, which are in ascending order.
void closewatch_keep_descriptors(const int *descriptors, int count);

/// What the process that called this has in its memory never gets to a disk: no core dumps.
void closewatch_never_dump(void);

/// Opens a regular file for reading, below a folder that takes the place of /, whatever its links
/// say: openat2(2). -1 and errno on failure.
int closewatch_open_within(int folder, const char *path);
