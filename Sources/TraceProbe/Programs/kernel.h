// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Of the kernel's structures only the fields that are read, by name: libbpf finds out where each is
// in the running kernel, so no header of the machine that compiles this is needed.
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#define READ_FROM_KERNEL __attribute__((preserve_access_index))

enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7 };
enum { AF_INET6 = 10, IPPROTO_TCP = 6 };

typedef struct READ_FROM_KERNEL {
  long long counter;
} atomic64_t;

struct in6_addr {
  union {
    __be32 u6_addr32[4];
  } in6_u;
} READ_FROM_KERNEL;

struct ns_common {
  unsigned int inum;
} READ_FROM_KERNEL;

struct net {
  struct ns_common ns;
} READ_FROM_KERNEL;

typedef struct READ_FROM_KERNEL {
  struct net *net;
} possible_net_t;

struct sock_common {
  __be32 skc_daddr;
  __be16 skc_dport;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  atomic64_t skc_cookie;
} READ_FROM_KERNEL;

struct sock {
  struct sock_common __sk_common;
  __u16 sk_protocol;
} READ_FROM_KERNEL;

struct inet_sock {
  __be16 inet_sport;
} READ_FROM_KERNEL;

struct socket {
  struct sock *sk;
} READ_FROM_KERNEL;

struct inode {
  unsigned short i_mode;
} READ_FROM_KERNEL;

struct file {
  struct inode *f_inode;
  void *private_data;
} READ_FROM_KERNEL;

struct fdtable {
  unsigned int max_fds;
  struct file **fd;
} READ_FROM_KERNEL;

struct files_struct {
  struct fdtable *fdt;
} READ_FROM_KERNEL;

struct thread_struct {
  unsigned long fsbase;
} READ_FROM_KERNEL;

typedef struct READ_FROM_KERNEL {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live;
} READ_FROM_KERNEL;

struct task_struct {
  int tgid;
  struct signal_struct *signal;
  struct task_struct *group_leader;
  __u64 start_boottime;
  struct files_struct *files;
  struct thread_struct thread;
} READ_FROM_KERNEL;

struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, sp;
} READ_FROM_KERNEL;
