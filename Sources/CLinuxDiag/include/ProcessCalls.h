// SPDX-License-Identifier: Apache-2.0
// Calls about other processes that have no wrapper in glibc.
#pragma once
#include <linux/kcmp.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <sys/syscall.h>
#include <unistd.h>

/// kcmp(2) with KCMP_FILES: 0 when two tasks share one descriptor table, -1 with errno when the
/// kernel will not say.
static inline long closewatch_kcmp_files(int first, int second) {
  return syscall(SYS_kcmp, first, second, KCMP_FILES, 0UL, 0UL);
}

/// prlimit(2) for RLIMIT_NOFILE of another process: 0, or -1 with errno when it is gone or may not
/// be asked. Both limits are 64 bits wide, and ~0 is unlimited.
static inline long closewatch_descriptor_limits(int pid, unsigned long long limits[2]) {
  return syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, (void *)0, limits);
}

/// Whether a process has this number, be it one that /proc hides: a signal that is none. A number
/// that is a thread's is no process.
int closewatch_process_exists(int pid);

/// pidfd_open(2), since Linux 5.3.
static inline int closewatch_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

/// pidfd_send_signal(2), since Linux 5.1.
static inline int closewatch_pidfd_send_signal(int process, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, process, signal, (void *)0, 0U);
}

/// pidfd_getfd(2), since Linux 5.6: a copy of a descriptor of another process, closed on exec.
static inline int closewatch_pidfd_getfd(int process, int fd) {
  return (int)syscall(SYS_pidfd_getfd, process, fd, 0U);
}

/// O_PATH; the Glibc module leaves it out (it needs _GNU_SOURCE).
static const int closewatch_path_only = 010000000;

/// Where an open file lives, as far as the kernel knows without asking the file system.
struct closewatch_place {
  unsigned long long mount, inode;
  unsigned device_major, device_minor;
};

/// statx(2) with AT_STATX_DONT_SYNC: never waits for a server. -1 and errno on failure; ENODATA
/// where the kernel tells no mount (before Linux 5.8).
int closewatch_place_of(int fd, struct closewatch_place *place);
