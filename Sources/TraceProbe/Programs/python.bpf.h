// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Calls of CPython, read from the memory of the process that is running it.
#pragma once

static __always_inline void read_python_calls(
    struct closewatch_trace_stack *stack, struct closewatch_trace_watched *process,
    struct task_struct *task) {}
