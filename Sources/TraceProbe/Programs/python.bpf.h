// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Calls of CPython, read from the memory of the process that is running it: only where they are.
// What they are named is found out afterwards.
#pragma once

/// The order of a CPython's layout. Sources/Tracing writes it, in PythonProcess+Reader.swift.
enum python_layout {
  /// Where the address of the first interpreter is; 0 where there is no CPython.
  python_first_interpreter,
  python_next_interpreter,
  python_first_thread,
  python_next_thread,
  python_thread_id,
  python_calls,
  /// Whether `python_calls` leads there by one more step, and its offset.
  python_has_step,
  python_step,
  python_code,
  python_caller,
  python_instruction,
};

/// As many threads are looked at, the newest first. The kernel's checker takes 0.2 s for them.
enum { python_threads = 512 };

static __always_inline __u64 user_word(__u64 address) {
  __u64 word = 0;
  bpf_probe_read_user(&word, sizeof word, (void *)address);
  return word;
}

/// The state that the interpreter keeps of the thread that is running; 0 when it has none.
static __always_inline __u64 python_thread(const __u64 *layout, __u64 identity) {
  __u64 interpreter = user_word(layout[python_first_interpreter]);
  __u64 thread = user_word(interpreter + layout[python_first_thread]);
  for (int i = 0; i < python_threads && interpreter; i++) {
    if (!thread) {
      interpreter = user_word(interpreter + layout[python_next_interpreter]);
      thread = user_word(interpreter + layout[python_first_thread]);
      continue;
    }
    if (user_word(thread + layout[python_thread_id]) == identity) return thread;
    thread = user_word(thread + layout[python_next_thread]);
  }
  return 0;
}

static __always_inline void read_python_calls(
    struct closewatch_trace_stack *stack, struct closewatch_trace_watched *process,
    struct task_struct *task) {
  const __u64 *layout = process->layout;
  if (!layout[python_first_interpreter]) return;
  // pthread_self(3) is the address that the thread's own variables are counted from.
  __u64 thread = python_thread(layout, BPF_CORE_READ(task, thread.fsbase));
  if (!thread) return;
  __u64 call = user_word(thread + layout[python_calls]);
  if (layout[python_has_step]) call = user_word(call + layout[python_step]);
  for (int i = 0; i < closewatch_trace_calls && call; i++) {
    stack->calls[i].code = user_word(call + layout[python_code]);
    stack->calls[i].instruction = user_word(call + layout[python_instruction]);
    stack->call_count = i + 1;
    call = user_word(call + layout[python_caller]);
  }
}
