// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// For a trace that follows: what a watched process starts is watched from its first moment, and no
// longer than it lives. Otherwise none of these is loaded.
#pragma once

static __always_inline void tell_process(__u32 process, __u32 kind) {
  struct closewatch_trace_event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (!event) return count(closewatch_trace_lost);
  describe(event, 0, kind, 0);
  event->process = process;
  bpf_ringbuf_submit(event, 0);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  __u32 old = parent->tgid, new = child->tgid;
  // A thread.
  if (old == new) return 0;
  // The memory is the same, and so is where an interpreter lies in it.
  struct closewatch_trace_watched *settings = bpf_map_lookup_elem(&watched, &old);
  if (settings && bpf_map_update_elem(&watched, &new, settings, BPF_ANY) != 0) {
    count(closewatch_trace_unfollowed);
  }
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_execute, struct task_struct *task) {
  __u32 process = task->tgid;
  struct closewatch_trace_watched *settings = bpf_map_lookup_elem(&watched, &process);
  if (!settings) return 0;
  settings->layout[python_first_interpreter] = 0;
  tell_process(process, closewatch_trace_executed);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task) {
  __u32 process = task->tgid;
  // Of a process with threads only the last counts.
  if (!bpf_map_lookup_elem(&watched, &process) || BPF_CORE_READ(task, signal, live.counter) > 0) {
    return 0;
  }
  if (bpf_map_delete_elem(&watched, &process) == 0) tell_process(process, closewatch_trace_ended);
  return 0;
}
