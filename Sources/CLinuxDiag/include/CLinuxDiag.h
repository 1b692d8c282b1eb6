// SPDX-License-Identifier: Apache-2.0
// The kernel's own layouts, and system calls that the Glibc module does not import.
#pragma once
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sock_diag.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ProcessCalls.h"

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

/// ioctl_nsfs(2) NS_GET_NSTYPE: the kind of namespace behind a descriptor, or -1.
static inline int closewatch_namespace_type(int fd) { return ioctl(fd, NS_GET_NSTYPE); }
