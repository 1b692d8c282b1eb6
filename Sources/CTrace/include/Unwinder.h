// SPDX-License-Identifier: Apache-2.0
// Stacks to calls, by libdw. For a process that may do nothing: it opens no file.
#pragma once
#include "TraceEvent.h"

struct closewatch_unwinder;

/// A file whose code the process runs, opened by somebody else.
struct closewatch_code_file {
  const char *path;
  /// The first address of it in the process, as its table of mappings says.
  unsigned long long start;
  /// One past the last.
  unsigned long long end;
  /// Where in the file `start` is.
  unsigned long long offset;
  int descriptor;
  /// Its debug information, when that is another file; else -1.
  int debug_descriptor;
};

/// Null when there is no memory. Files that can't be read are left out.
struct closewatch_unwinder *closewatch_unwinder_new(
    int process, const struct closewatch_code_file *files, int count);

void closewatch_unwinder_free(struct closewatch_unwinder *unwinder);

/// Why the calls beyond those that were found are not known.
enum closewatch_cut {
  closewatch_cut_nowhere,
  /// No file says how the code of the last one is left.
  closewatch_cut_untold,
  /// They lie beyond what was copied of the stack.
  closewatch_cut_too_long,
};

/// The addresses of the calls, the innermost first, each within the call: the number of them, 0
/// when not even the first is known.
int closewatch_unwind(
    struct closewatch_unwinder *unwinder, const struct closewatch_trace_stack *stack,
    unsigned long long *addresses, int room, enum closewatch_cut *cut);

/// A call by its names; null is unknown.
struct closewatch_named_call {
  const char *function;
  const char *source;
  /// Where the compiler was when it was given a relative `source`.
  const char *folder;
  int line;
  /// The number of its file in what closewatch_unwinder_new() was given; -1 when in none.
  int file;
};

/// What is called at an address: first what was compiled into it, then the function. Returns how
/// many. The names live as long as the unwinder.
int closewatch_name_address(
    struct closewatch_unwinder *unwinder, unsigned long long address,
    struct closewatch_named_call *calls, int room);

/// What an address in this file's code is above the one that the file says; -1 when not known.
long long closewatch_code_bias(const struct closewatch_unwinder *unwinder, int file);

/// The readable form of a C++ name (and of Rust's older ones), to be freed; null when it is none.
char *closewatch_demangle_cplusplus(const char *name);
