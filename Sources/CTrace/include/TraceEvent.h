// SPDX-License-Identifier: Apache-2.0
// What the programs in the kernel tell the tracer. Both are compiled with this file, the programs
// without any header of the C library.
#pragma once

/// What has happened to a socket.
enum closewatch_trace_kind {
  /// The program asked for it: connect(2).
  closewatch_trace_connect = 1,
  /// The program took it: accept(2).
  closewatch_trace_accept = 2,
  /// A read has told the program that nothing more comes: it returned 0, or why it broke.
  closewatch_trace_end = 3,
  /// The newest read that brought bytes.
  closewatch_trace_read = 4,
  /// The kernel let go of it: it was closed. Has no stack.
  closewatch_trace_gone = 5,
  /// A process that is followed executes another program: no socket, no stack.
  closewatch_trace_executed = 6,
  /// Its last thread ends: no socket, no stack.
  closewatch_trace_ended = 7,
};

/// One of the events could not be told, and why. Each is the place of a number in the map `counts`.
enum closewatch_trace_count {
  /// There was no room on the way to the tracer.
  closewatch_trace_lost,
  /// As many sockets as there is room for are being followed.
  closewatch_trace_refused,
  /// More happened in a second than may be copied.
  closewatch_trace_skipped,
  /// Calls of connect(2).
  closewatch_trace_connected,
  /// Calls of accept(2) that gave a socket; only where they are watched.
  closewatch_trace_accepted,
  /// Sockets that were followed, and are closed.
  closewatch_trace_closed,
  /// Processes that could not be followed: as many as there is room for were.
  closewatch_trace_unfollowed,
  closewatch_trace_counts,
};

/// Of an interpreter's call: where its code is, and where in it.
struct closewatch_trace_call {
  unsigned long long code, instruction;
};

enum {
  /// Of the user's stack, from its pointer on.
  closewatch_trace_stack_bytes = 16384,
  /// It is copied in pieces of as many: by less than one the copy of a longer stack can be shorter.
  closewatch_trace_stack_step = 1024,
  /// As DWARF numbers them: of x86-64 16 registers and the return address.
  closewatch_trace_registers = 17,
  closewatch_trace_calls = 32,
  /// What a reader of an interpreter has to know of a process, in its own order.
  closewatch_trace_layout_words = 32,
};

/// Where a thread was: what a debugger would be told.
struct closewatch_trace_stack {
  unsigned long long registers[closewatch_trace_registers];
  /// Of the interpreter that the process is, the innermost first.
  struct closewatch_trace_call calls[closewatch_trace_calls];
  unsigned call_count;
  /// How many bytes could be read.
  unsigned length;
  unsigned char bytes[closewatch_trace_stack_bytes];
};

struct closewatch_trace_event {
  /// The socket: what ss calls sk.
  unsigned long long cookie;
  unsigned kind, process, thread;
  /// Of the call: 0 at the end of a stream, or a negative errno.
  int result;
};

/// The event of what has a stack.
struct closewatch_trace_stop {
  struct closewatch_trace_event event;
  struct closewatch_trace_stack stack;
};

/// What is in the map `watched` of each process that is.
struct closewatch_trace_watched {
  unsigned long long layout[closewatch_trace_layout_words];
};
