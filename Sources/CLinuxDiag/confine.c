// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "Architecture.h"
#include "EyeCalls.h"

#define LOAD(field) \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE(number) ANSWER(SECCOMP_RET_ERRNO | (number))
#define UNLESS(number, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skip)
#define NEVER(name) UNLESS(__NR_##name, 1), REFUSE(EPERM)

// What none of the processes does: become another program, reach into one, change the machine.
#define COMMON                                                                                   \
  NEVER(execve), NEVER(execveat), NEVER(ptrace), NEVER(process_vm_readv),                        \
      NEVER(process_vm_writev), NEVER(mount), NEVER(umount2), NEVER(pivot_root), NEVER(chroot),  \
      NEVER(swapon), NEVER(swapoff), NEVER(reboot), NEVER(init_module), NEVER(finit_module),     \
      NEVER(delete_module), NEVER(kexec_load), NEVER(bpf), NEVER(perf_event_open),               \
      NEVER(keyctl), NEVER(add_key), NEVER(request_key), NEVER(userfaultfd),                     \
      NEVER(io_uring_setup), NEVER(open_by_handle_at), NEVER(fanotify_init), NEVER(quotactl),    \
      NEVER(acct), NEVER(sethostname), NEVER(setdomainname), NEVER(settimeofday),                \
      NEVER(clock_settime), NEVER(adjtimex), NEVER(clock_adjtime), NEVER(unshare)

// What who looks does not do: speak to anybody but the kernel, open a file for writing, change one.
#define LOOKING                                                                                  \
  NEVER(socketpair), NEVER(connect), NEVER(listen), NEVER(accept), NEVER(accept4),               \
      NEVER(unlinkat), NEVER(renameat2), NEVER(mkdirat), NEVER(mknodat), NEVER(linkat),          \
      NEVER(symlinkat), NEVER(fchmod), NEVER(fchmodat), NEVER(fchown), NEVER(fchownat),          \
      NEVER(truncate), NEVER(setxattr), NEVER(lsetxattr), NEVER(fsetxattr), NEVER(removexattr),  \
      NEVER(lremovexattr), NEVER(fremovexattr), NEVER(utimensat), NEVER(openat2),                \
      UNLESS(__NR_socket, 4), LOAD(args[0]), UNLESS(AF_NETLINK, 1), ANSWER(SECCOMP_RET_ALLOW),   \
      REFUSE(EAFNOSUPPORT), UNLESS(__NR_openat, 4), LOAD(args[2]),                               \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC, 0, 1),                 \
      REFUSE(EPERM), ANSWER(SECCOMP_RET_ALLOW)

#ifdef OLD_OPEN
#define OLD_OPENING                                                                              \
  UNLESS(OLD_OPEN, 4), LOAD(OLD_OPEN_FLAGS),                                                     \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC, 0, 1),                 \
      REFUSE(EPERM), ANSWER(SECCOMP_RET_ALLOW),
#else
#define OLD_OPENING
#endif

// Threads, but no process: glibc goes back from clone3 to clone, whose flags can be read here.
#define THREADS_ONLY                                                                             \
  UNLESS(__NR_clone3, 1), REFUSE(ENOSYS), UNLESS(__NR_clone, 4), LOAD(args[0]),                  \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0), REFUSE(EPERM),                   \
      ANSWER(SECCOMP_RET_ALLOW)

#ifdef FOREIGN_CALLS
#define NO_FOREIGN_CALLS                                                                         \
  , BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1), REFUSE(EPERM)
#else
#define NO_FOREIGN_CALLS
#endif

// Numbers of another architecture mean other calls.
#define BEGIN                                                                                    \
  LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0), REFUSE(EPERM),     \
      LOAD(nr) NO_FOREIGN_CALLS

// fstat(3) of newer glibc: newfstatat(2) with no path, of which the filter sees the flag only.
#define MAY_BE_ASKED_WHAT_IT_IS                                                                  \
  UNLESS(__NR_newfstatat, 4), LOAD(args[3]),                                                     \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, AT_EMPTY_PATH, 0, 1), ANSWER(SECCOMP_RET_ALLOW),      \
      REFUSE(EPERM),
#define MAY(name) UNLESS(__NR_##name, 1), ANSWER(SECCOMP_RET_ALLOW)

// Memory, reading what is open, writing the answer, ending. No path, no socket, no process.
#define READING                                                                                  \
  MAY(read), MAY(pread64), MAY(write), MAY(lseek), MAY(fstat), MAY(close), MAY(dup), MAY(fcntl), \
      MAY(mmap), MAY(munmap), MAY(mremap), MAY(mprotect), MAY(madvise), MAY(brk), MAY(futex),    \
      MAY(clock_gettime), MAY(getrandom), MAY(getpid), MAY(gettid), MAY(tgkill),                 \
      MAY(rt_sigaction), MAY(rt_sigprocmask), MAY(rt_sigreturn), MAY(exit), MAY(exit_group),     \
      MAY(restart_syscall), MAY(sched_yield), MAY_BE_ASKED_WHAT_IT_IS REFUSE(EPERM)

static int install(struct sock_filter *filter, unsigned long size) {
  struct sock_fprog program = {(unsigned short)(size / sizeof *filter), filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int closewatch_confine(enum closewatch_role role) {
  static struct sock_filter daemon[] = {
      BEGIN, COMMON, NEVER(setns), NEVER(pidfd_getfd), ANSWER(SECCOMP_RET_ALLOW)};
  static struct sock_filter keeper[] = {
      BEGIN, COMMON, OLD_FILE_CALLS(NEVER) OLD_OPENING LOOKING, ANSWER(SECCOMP_RET_ALLOW)};
  static struct sock_filter eye[] = {
      BEGIN, THREADS_ONLY OLD_FORK_CALLS(NEVER), ANSWER(SECCOMP_RET_ALLOW)};
  static struct sock_filter reader[] = {BEGIN, READING};
  switch (role) {
    case closewatch_daemon: return install(daemon, sizeof daemon);
    case closewatch_keeper: return install(keeper, sizeof keeper);
    case closewatch_eye: return install(eye, sizeof eye);
    case closewatch_reader: return install(reader, sizeof reader);
  }
  errno = EINVAL;
  return -1;
}
