// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "Stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "../CLinuxDiag/Architecture.h"

static long long milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// PTRACE_INTERRUPT stops it without a signal that the program could see.
static int stop(int thread, int milliseconds, int *signal) {
  *signal = 0;
  if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0) return -1;
  // What fails here leaves the thread to the end of the calling thread.
  if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0) return -1;
  long long end = milliseconds_now() + milliseconds;
  for (;;) {
    int status = 0;
    int got = waitpid(thread, &status, __WALL | WNOHANG);
    if (got == thread && WIFSTOPPED(status)) {
      // Without an event it has stopped on its way to a handler: the signal goes on with it.
      if (status >> 16 == 0) *signal = WSTOPSIG(status);
      return 0;
    }
    if (got == thread || (got < 0 && errno != EINTR)) {
      errno = ESRCH;
      return -1;
    }
    if (milliseconds_now() > end) break;
    struct timespec pause = {.tv_nsec = 50000};
    nanosleep(&pause, NULL);
  }
  // It waits for a disk. Nobody can let a thread go that has not stopped: that is done by the end
  // of the thread that wanted it stopped.
  errno = ETIMEDOUT;
  return -1;
}

static void copy(int process, struct closewatch_trace_stack *stack) {
  stack->length = 0;
  for (unsigned done = 0; done < closewatch_trace_stack_bytes; done += 1024) {
    struct iovec here = {stack->bytes + done, 1024};
    struct iovec there = {(void *)(unsigned long)(stack->registers[7] + done), 1024};
    long got = process_vm_readv(process, &here, 1, &there, 1, 0);
    if (got > 0) stack->length = done + (unsigned)got;
    // A stack ends with its page, which may be within these.
    if (got < 1024) break;
  }
}

#ifdef READ_CALL
_Static_assert(
    READ_CALL == __NR_read && READV_CALL == __NR_readv && RECVFROM_CALL == __NR_recvfrom &&
        RECVMSG_CALL == __NR_recvmsg && RECVMMSG_CALL == __NR_recvmmsg &&
        ACCEPT_CALL == __NR_accept && ACCEPT4_CALL == __NR_accept4,
    "Architecture.h numbers calls otherwise than the kernel");
#endif

static void describe_wait(struct closewatch_stopped_thread *state) {
  static const struct {
    long long number;
    const char *name;
  } on_descriptors[] = {
      {__NR_read, "read"},        {__NR_readv, "readv"},     {__NR_recvfrom, "recv"},
      {__NR_recvmsg, "recvmsg"},  {__NR_write, "write"},     {__NR_writev, "writev"},
      {__NR_sendto, "send"},      {__NR_sendmsg, "sendmsg"}, {__NR_connect, "connect"},
      {__NR_accept, "accept"},    {__NR_accept4, "accept"},
  };
  state->call = NULL;
  state->wait = closewatch_wait_other;
  for (unsigned i = 0; i < sizeof on_descriptors / sizeof *on_descriptors; i++) {
    if (on_descriptors[i].number != state->system_call) continue;
    state->call = on_descriptors[i].name;
    state->wait = closewatch_wait_descriptor;
  }
  switch (state->system_call) {
    case __NR_ppoll:
    case __NR_pselect6:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
#ifdef __NR_poll
    case __NR_poll:
    case __NR_select:
    case __NR_epoll_wait:
#endif
      state->wait = closewatch_wait_events;
      break;
    case __NR_nanosleep:
    case __NR_clock_nanosleep: state->wait = closewatch_wait_time; break;
    case __NR_futex: state->wait = closewatch_wait_futex; break;
  }
}

int closewatch_thread_stop(
    int thread, int milliseconds, struct closewatch_stopped_thread *state,
    struct closewatch_trace_stack *stack) {
#ifdef DWARF_REGISTERS
  if (stop(thread, milliseconds, &state->signal) != 0) return -1;
  struct user_regs_struct from;
  if (ptrace(PTRACE_GETREGS, thread, 0, &from) != 0) {
    int reason = errno;
    closewatch_thread_release(thread, state);
    errno = reason;
    return -1;
  }
  const unsigned long long registers[closewatch_trace_registers] = DWARF_REGISTERS(from);
  for (int i = 0; i < closewatch_trace_registers; i++) stack->registers[i] = registers[i];
  stack->call_count = 0;
  copy(thread, stack);
  state->system_call = CALL_NUMBER(from);
  describe_wait(state);
  const unsigned long long arguments[6] = CALL_ARGUMENTS(from);
  for (int i = 0; i < 6; i++) state->arguments[i] = arguments[i];
  state->identity = THREAD_POINTER(from);
  return 0;
#else
  (void)thread, (void)milliseconds, (void)state, (void)stack;
  (void)stop, (void)copy, (void)describe_wait;
  errno = ENOSYS;
  return -1;
#endif
}

void closewatch_thread_release(int thread, const struct closewatch_stopped_thread *state) {
  ptrace(PTRACE_DETACH, thread, 0, (long)state->signal);
}
