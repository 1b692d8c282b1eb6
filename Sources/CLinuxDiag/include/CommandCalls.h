// SPDX-License-Identifier: Apache-2.0
// Starting a program as if nobody had: its signals, its terminal and its children are its own.
#pragma once

/// Becomes the parent of what its descendants leave behind. -1 and errno on failure.
int closewatch_adopt_orphans(void);

/// Starts a program of the PATH, with the signal mask and dispositions that this process had when
/// it began; from then on passes signals on to it. Returns its pid, or -1 and errno when it could
/// not be executed.
///
/// pipe_was_ignored: whether SIGPIPE was ignored when this process began.
/// stops_at_exit: whether it, and each process that descends from it, is to stop when it ends,
/// while its descriptors are open: closewatch_take_note() tells. -1 and ENOTSUP when the kernel
/// refuses.
int closewatch_start(
    char *const arguments[], char *const environment[], int pipe_was_ignored, int stops_at_exit);

/// Whether a signal has come since there was nobody to pass it on to.
int closewatch_was_stopped(void);

/// Waits until a descriptor can be read, a child has ended, a signal has come, or the time is over.
void closewatch_rest(const int *descriptors, int count, int milliseconds);

enum {
  closewatch_nothing_ended,
  /// The one that closewatch_start() has started: *value is its wait status, and signals end the
  /// caller's wait from now on.
  closewatch_command_ended,
  /// *value is a thread that has stopped where it ends: closewatch_let_exit() lets it go on.
  closewatch_thread_exits,
  /// *value is a process that runs another program now: its other threads have gone.
  closewatch_process_executes,
};

/// Takes note of the next child that has ended, and of the next thread that is about to.
int closewatch_take_note(int *value);

/// Lets a thread end that has stopped there.
void closewatch_let_exit(int thread);

/// Has the kernel note when each datagram was sent.
int closewatch_date_datagrams(int socket);

/// Receives a datagram without waiting: its size, or -1 and errno. Its sender's address, of size 0
/// for one that has none, and how long ago it was sent; -1 when the kernel has not said.
long closewatch_receive_datagram(
    int socket, void *bytes, unsigned long size, void *address, unsigned *address_size,
    long long *nanoseconds_ago);
