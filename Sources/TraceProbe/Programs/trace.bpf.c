// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The programs in the kernel: what happens to the sockets of the processes that are watched, and
// where in them. Only tp_btf programs, which kernels allow that refuse the kernel's trampolines.
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../../CLinuxDiag/Architecture.h"
#include "../../CTrace/include/TraceEvent.h"

// Some of the calls are only for programs under a licence that the kernel names, hence the choice
// in the first line.
char known_licence[] SEC("license") = "Dual BSD/GPL";

/// Whether the end of a stream is learned from each system call: there is no sock_recv_length
/// before Linux 6.3.
const volatile _Bool ends_by_system_call = 0;
/// Stacks copied in a second at most: some 4 MB, and a tenth of what one processor can copy.
const volatile __u32 stacks_per_second = 2000;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, struct closewatch_trace_watched);
} watched SEC(".maps");

struct followed {
  __u32 process;
  /// Some programs read the end again and again: once is enough.
  _Bool end_was_told;
};

// A map that forgets the oldest would forget the leak.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64);
  __type(value, struct followed);
} sockets SEC(".maps");

// Of each socket its newest read, written over by the next. 35 MB, there from the start: in the
// middle of a read the kernel may have no memory of this size.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2048);
  __type(key, __u64);
  __type(value, struct closewatch_trace_stop);
} reads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 24);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, closewatch_trace_counts);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

struct budget {
  __u64 second;
  __u32 used;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct budget);
} budgets SEC(".maps");

// What a map's new entry is copied from: too large for the stack of a program.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct closewatch_trace_stop);
} empty SEC(".maps");

static __always_inline void count(__u32 what) {
  __u64 *number = bpf_map_lookup_elem(&counts, &what);
  if (number) __sync_fetch_and_add(number, 1);
}

static __always_inline struct closewatch_trace_watched *watching(void) {
  __u32 process = bpf_get_current_pid_tgid() >> 32;
  return bpf_map_lookup_elem(&watched, &process);
}

static __always_inline _Bool may_copy(void) {
  __u32 only = 0;
  struct budget *budget = bpf_map_lookup_elem(&budgets, &only);
  if (!budget) return 0;
  __u64 second = bpf_ktime_get_ns() >> 30;
  if (budget->second != second) {
    budget->second = second;
    budget->used = 0;
  }
  return __sync_fetch_and_add(&budget->used, 1) < stacks_per_second;
}

#include "python.bpf.h"

enum { step = closewatch_trace_stack_step, steps = closewatch_trace_stack_bytes / step };

// In steps that lie in one page each: of a large buffer there can be pages that nobody has touched,
// which can't be read and hold zeros. So they do in the copy: a read that fails fills with zeros.
static __always_inline void copy_memory(struct closewatch_trace_stack *stack, __u64 pointer) {
  __u32 low = pointer & (step - 1);
  stack->length = 0;
  if (bpf_probe_read_user(stack->bytes, step - low, (void *)pointer) == 0) {
    stack->length = step - low;
  }
#pragma unroll
  for (int i = 1; i < steps; i++) {
    __u32 offset = i * step - low;
    if (bpf_probe_read_user(stack->bytes + offset, step, (void *)(pointer + offset)) == 0) {
      stack->length = offset + step;
    }
  }
}

static __always_inline _Bool reads_a_socket(long call) {
  return call == READ_CALL || call == READV_CALL || call == RECVFROM_CALL ||
         call == RECVMSG_CALL || call == RECVMMSG_CALL;
}

static __always_inline _Bool accepts(long call) {
  return call == ACCEPT_CALL || call == ACCEPT4_CALL;
}

static __always_inline struct pt_regs *call_registers(void) {
  return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

static __always_inline void copy_no_stack(struct closewatch_trace_stack *stack) {
#pragma unroll
  for (int i = 0; i < closewatch_trace_registers; i++) stack->registers[i] = 0;
  stack->call_count = 0;
  stack->length = 0;
}

/// Of a read only where it was one: io_uring receives when any system call of the thread returns,
/// which has nothing to do with it.
static __always_inline void copy_stack(
    struct closewatch_trace_stack *stack, struct closewatch_trace_watched *process, __u32 kind) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *from = call_registers();
  _Bool is_read = kind == closewatch_trace_end || kind == closewatch_trace_read;
  if (is_read && !reads_a_socket(BPF_CORE_READ(from, orig_ax))) return copy_no_stack(stack);
  __u64 pointer = BPF_CORE_READ(from, sp);
  // DWARF: rax rdx rcx rbx rsi rdi rbp rsp r8-r15 and the return address. A system call keeps all
  // but rax, rcx and r11.
  stack->registers[0] = 0;
  stack->registers[1] = BPF_CORE_READ(from, dx);
  stack->registers[2] = 0;
  stack->registers[3] = BPF_CORE_READ(from, bx);
  stack->registers[4] = BPF_CORE_READ(from, si);
  stack->registers[5] = BPF_CORE_READ(from, di);
  stack->registers[6] = BPF_CORE_READ(from, bp);
  stack->registers[7] = pointer;
  stack->registers[8] = BPF_CORE_READ(from, r8);
  stack->registers[9] = BPF_CORE_READ(from, r9);
  stack->registers[10] = BPF_CORE_READ(from, r10);
  stack->registers[11] = 0;
  stack->registers[12] = BPF_CORE_READ(from, r12);
  stack->registers[13] = BPF_CORE_READ(from, r13);
  stack->registers[14] = BPF_CORE_READ(from, r14);
  stack->registers[15] = BPF_CORE_READ(from, r15);
  stack->registers[16] = BPF_CORE_READ(from, ip);
  copy_memory(stack, pointer);
  stack->call_count = 0;
  read_python_calls(stack, process, task);
}

static __always_inline void describe(
    struct closewatch_trace_event *event, __u64 cookie, __u32 kind, int result) {
  __u64 who = bpf_get_current_pid_tgid();
  event->cookie = cookie;
  event->kind = kind;
  event->process = who >> 32;
  event->thread = (__u32)who;
  event->result = result;
}

/// Follows the socket from now on; null where there is no room.
static __always_inline struct followed *follow(__u64 cookie) {
  struct followed *known = bpf_map_lookup_elem(&sockets, &cookie);
  if (known) return known;
  struct followed socket = {.process = bpf_get_current_pid_tgid() >> 32};
  if (bpf_map_update_elem(&sockets, &cookie, &socket, BPF_ANY) != 0) {
    count(closewatch_trace_refused);
    return 0;
  }
  return bpf_map_lookup_elem(&sockets, &cookie);
}

static __always_inline void tell(
    struct closewatch_trace_watched *process, __u64 cookie, __u32 kind, int result) {
  struct followed *socket = cookie ? follow(cookie) : 0;
  if (!socket || (kind == closewatch_trace_end && socket->end_was_told)) return;
  if (!may_copy()) return count(closewatch_trace_skipped);
  struct closewatch_trace_stop *stop = bpf_ringbuf_reserve(&events, sizeof *stop, 0);
  if (!stop) return count(closewatch_trace_lost);
  describe(&stop->event, cookie, kind, result);
  copy_stack(&stop->stack, process, kind);
  bpf_ringbuf_submit(stop, 0);
  if (kind == closewatch_trace_end) socket->end_was_told = 1;
}

static __always_inline void remember_read(
    struct closewatch_trace_watched *process, __u64 cookie, int result) {
  if (!follow(cookie)) return;
  // An older read must not stand for one that was not copied.
  if (!may_copy()) {
    bpf_map_delete_elem(&reads, &cookie);
    return count(closewatch_trace_skipped);
  }
  struct closewatch_trace_stop *stop = bpf_map_lookup_elem(&reads, &cookie);
  if (!stop) {
    __u32 only = 0;
    void *blank = bpf_map_lookup_elem(&empty, &only);
    if (!blank) return;
    if (bpf_map_update_elem(&reads, &cookie, blank, BPF_NOEXIST) != 0) {
      return count(closewatch_trace_refused);
    }
    stop = bpf_map_lookup_elem(&reads, &cookie);
    if (!stop) return;
  }
  // Nobody's while it is written: the tracer may copy it meanwhile.
  *(volatile __u64 *)&stop->event.cookie = 0;
  copy_stack(&stop->stack, process, closewatch_trace_read);
  barrier();
  describe(&stop->event, cookie, closewatch_trace_read, result);
}

/// Whether a call wanted no bytes, and so gets 0 at any time. What recvmsg(2) wanted is not seen.
static __always_inline _Bool wanted_nothing(struct pt_regs *from) {
  long call = BPF_CORE_READ(from, orig_ax);
  return (call == READ_CALL || call == RECVFROM_CALL) && BPF_CORE_READ(from, dx) == 0;
}

/// Whether a read has said that nothing more comes: the end of the stream, or what broke it. Any
/// other error is of the call, as EFAULT is. EPIPE, ECONNRESET,
/// ENOTCONN; ENETDOWN, ENETUNREACH; ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH.
static __always_inline _Bool is_end(int result, unsigned char state) {
  if (result > 0 || state == TCP_ESTABLISHED) return 0;
  if (result == 0) return 1;
  return result == -32 || result == -104 || result == -107 || (result <= -100 && result >= -101) ||
         (result <= -110 && result >= -113);
}

// MSG_OOB and MSG_ERRQUEUE read something else than the stream.
static __always_inline _Bool reads_elsewhere(int flags) { return flags & (0x1 | 0x2000); }

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int result, int flags) {
  struct closewatch_trace_watched *process = watching();
  if (!process || sk->sk_protocol != IPPROTO_TCP || reads_elsewhere(flags)) return 0;
  if (result == 0 && wanted_nothing(call_registers())) return 0;
  __u64 cookie = bpf_get_socket_cookie(sk);
  if (is_end(result, sk->__sk_common.skc_state)) {
    bpf_map_delete_elem(&reads, &cookie);
    tell(process, cookie, closewatch_trace_end, result);
  } else if (result > 0) {
    remember_read(process, cookie, result);
  }
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int old, int new) {
  if (sk->sk_protocol != IPPROTO_TCP) return 0;
  // What is accepted has a cookie then, by which on_return knows it.
  if (new == TCP_ESTABLISHED && old == TCP_SYN_RECV) bpf_get_socket_cookie(sk);
  if (new != TCP_SYN_SENT) return 0;
  struct closewatch_trace_watched *process = watching();
  if (!process) return 0;
  count(closewatch_trace_connected);
  tell(process, bpf_get_socket_cookie(sk), closewatch_trace_connect, 0);
  return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk) {
  __u64 cookie = sk->__sk_common.skc_cookie.counter;
  if (!cookie || bpf_map_delete_elem(&sockets, &cookie) != 0) return 0;
  bpf_map_delete_elem(&reads, &cookie);
  count(closewatch_trace_closed);
  struct closewatch_trace_event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (!event) {
    count(closewatch_trace_lost);
    return 0;
  }
  describe(event, cookie, closewatch_trace_gone, 0);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

static __always_inline struct sock *socket_behind(__u32 descriptor) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  if (descriptor >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file **files = BPF_CORE_READ(table, fd);
  struct file *file = 0;
  bpf_probe_read_kernel(&file, sizeof file, files + descriptor);
  if (!file) return 0;
  if ((BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000) return 0;
  struct socket *socket = BPF_CORE_READ(file, private_data);
  struct sock *sk = BPF_CORE_READ(socket, sk);
  return sk && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ? sk : 0;
}

// The kernel's way from a descriptor to its socket has no tracepoint: both ends are known when the
// call returns.
SEC("tp_btf/sys_exit")
int BPF_PROG(on_return, struct pt_regs *registers, long result) {
  struct closewatch_trace_watched *process = watching();
  if (!process) return 0;
  long call = registers->orig_ax;
  _Bool is_accept = accepts(call) && result >= 0;
  // recvmmsg(2) returns how many messages, not bytes.
  _Bool is_read = ends_by_system_call && reads_a_socket(call) && call != RECVMMSG_CALL;
  if (call == RECVFROM_CALL && reads_elsewhere(registers->r10)) is_read = 0;
  if (call == RECVMSG_CALL && reads_elsewhere(registers->dx)) is_read = 0;
  if (is_read && result == 0 && wanted_nothing(registers)) is_read = 0;
  if (!is_accept && !is_read) return 0;
  struct sock *sk = socket_behind(is_accept ? result : registers->di);
  if (!sk) return 0;
  __u64 cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
  if (is_accept) {
    count(closewatch_trace_accepted);
    tell(process, cookie, closewatch_trace_accept, 0);
  } else if (is_end(result, BPF_CORE_READ(sk, __sk_common.skc_state))) {
    bpf_map_delete_elem(&reads, &cookie);
    tell(process, cookie, closewatch_trace_end, result);
  } else if (result > 0) {
    remember_read(process, cookie, result);
  }
  return 0;
}

#include "follow.bpf.h"
