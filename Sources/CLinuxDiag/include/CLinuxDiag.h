// SPDX-License-Identifier: Apache-2.0
// The kernel's own layouts, and system calls that the Glibc module does not import.
#pragma once
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "AbilityCalls.h"
#include "CommandCalls.h"
#include "ConnectCounts.h"
#include "EyeCalls.h"
#include "LoopbackCalls.h"
#include "MemoryCalls.h"
#include "ProcessCalls.h"
#include "TerminalCalls.h"

/// setns(2); the Glibc module leaves it out (it needs _GNU_SOURCE).
static inline int closewatch_setns(int fd, int type) {
  return (int)syscall(SYS_setns, fd, type);
}

/// getdents64(2): whole buffers of directory entries, without an allocation for each.
static inline long closewatch_getdents64(int fd, void *buffer, unsigned long size) {
  return syscall(SYS_getdents64, fd, buffer, size);
}

/// CLONE_NEWNET; the Glibc module leaves it out (it needs _GNU_SOURCE).
static const int closewatch_network_namespace = 0x40000000;

/// CLONE_NEWUSER; the Glibc module leaves it out (it needs _GNU_SOURCE).
static const int closewatch_user_namespace = 0x10000000;

/// ioctl_nsfs(2) NS_GET_NSTYPE: the kind of namespace behind a descriptor, or -1.
static inline int closewatch_namespace_type(int fd) { return ioctl(fd, NS_GET_NSTYPE); }

/// ioctl_nsfs(2) NS_GET_OWNER_UID of the user namespace of the one behind a descriptor: who made
/// it; ~0 where that is not told.
static inline unsigned closewatch_namespace_owner(int fd) {
  uid_t owner = ~0u;
  int user = ioctl(fd, NS_GET_USERNS);
  if (user < 0) return ~0u;
  if (ioctl(user, NS_GET_OWNER_UID, &owner) != 0) owner = ~0u;
  close(user);
  return owner;
}

/// The offset of a field in the kernel's struct tcp_info, for tests of the layout:
/// 0 last_data_sent, 1 last_data_recv, 2 last_ack_recv, 3 bytes_acked, 4 bytes_received,
/// 5 segs_out.
unsigned long closewatch_tcp_info_offset(int field);

/// unshare(2); the Glibc module leaves it out (it needs _GNU_SOURCE).
static inline int closewatch_unshare(int flags) { return (int)syscall(SYS_unshare, flags); }

/// Gives up capabilities of the calling thread alone: keeps those in the mask (1 << CAP_...) that
/// it has. capset(2); -1 and errno on failure.
static inline int closewatch_keep_capabilities(unsigned long long mask) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  for (int half = 0; half < 2; half++) {
    unsigned keep = (unsigned)(mask >> (32 * half));
    data[half].effective &= keep;
    data[half].permitted &= keep;
    data[half].inheritable &= keep;
  }
  return (int)syscall(SYS_capset, &header, data);
}
