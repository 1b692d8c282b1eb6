// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The program that counts connects: for the daemon, which reads the table out of shared memory and
// asks the kernel nothing. It looks at nothing but the change of a TCP socket's state.
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../../CLinuxDiag/include/ConnectCounts.h"

char known_licence[] SEC("license") = "Dual BSD/GPL";

// The one variable: its map, which libbpf makes of it, can be mapped and begins with it.
struct closewatch_connect_table table;

/// An entry without a new connect for so long is given to another: the minute of TIME_WAIT, twice.
enum { stale_seconds = 120 };
/// One that is worth less gives way to a new one. Whoever fills a port range has thousands; those
/// who come once (a crawler's places, a script's processes) displace each other and not him. What
/// was refused counts against the one that stood in the way, so that nobody who comes often enough
/// is kept out by those who came a little more often before.
enum { few = 8 };

static __always_inline __u64 mixed(__u64 hash, __u64 word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
  return hash ^ hash >> 29;
}

static __always_inline _Bool is_same(
    const struct closewatch_connect *a, const struct closewatch_connect *b) {
  const __u64 *left = (const __u64 *)a->remote, *right = (const __u64 *)b->remote;
  return a->process == b->process && a->port == b->port && a->started == b->started &&
         left[0] == right[0] && left[1] == right[1] && a->name_space == b->name_space;
}

/// Who connects where.
static __always_inline void describe(struct closewatch_connect *key, struct sock *sk) {
  struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
  key->process = bpf_get_current_pid_tgid() >> 32;
  key->started = leader->start_boottime;
  key->name_space = sk->__sk_common.skc_net.net->ns.inum;
  key->port = __builtin_bswap16(sk->__sk_common.skc_dport);
  __u32 *words = (__u32 *)key->remote;
  if (sk->__sk_common.skc_family == AF_INET6) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      words[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
    }
  } else {
    words[0] = 0;
    words[1] = 0;
    words[2] = __builtin_bswap32(0xffff);
    words[3] = sk->__sk_common.skc_daddr;
  }
}

static __always_inline struct closewatch_connect *set_of(const struct closewatch_connect *key) {
  const __u64 *words = (const __u64 *)key->remote;
  __u64 hash = mixed(key->started, (__u64)key->process << 32 | key->name_space);
  hash = mixed(mixed(mixed(hash, words[0]), words[1]), key->port);
  __u32 set = hash >> 40 & (closewatch_connect_sets - 1);
  return &table.entries[set * closewatch_connect_ways];
}

static __always_inline struct closewatch_connect *find(
    struct closewatch_connect *set, const struct closewatch_connect *key) {
#pragma unroll
  for (int way = 0; way < closewatch_connect_ways; way++) {
    if (set[way].state == closewatch_connect_taken && is_same(&set[way], key)) return &set[way];
  }
  return 0;
}

static __always_inline _Bool is_stale(const struct closewatch_connect *entry, __u64 now) {
  return entry->newest + stale_seconds * 1000000000ull < now;
}

static __always_inline __u64 worth(const struct closewatch_connect *entry, __u64 now) {
  if (entry->state == closewatch_connect_free || is_stale(entry, now)) return 0;
  __u64 connects = entry->connects, pressed = entry->pressed;
  return connects > pressed ? connects - pressed : 0;
}

/// The entry that is worth least: one that is free or stale, else one with few connects.
static __always_inline struct closewatch_connect *least(
    struct closewatch_connect *set, __u64 now) {
  struct closewatch_connect *found = 0;
  __u64 fewest = ~0ull;
#pragma unroll
  for (int way = 0; way < closewatch_connect_ways; way++) {
    if (set[way].state == closewatch_connect_written) continue;
    __u64 value = worth(&set[way], now);
    if (value < fewest) {
      fewest = value;
      found = &set[way];
    }
  }
  return found;
}

/// Gives an entry to a new owner; false when somebody else was quicker, or it is worth too much.
static __always_inline _Bool take(
    struct closewatch_connect *entry, const struct closewatch_connect *key, __u64 now) {
  __u32 state = entry->state;
  if (state == closewatch_connect_written) return 0;
  if (worth(entry, now) >= few) {
    __sync_fetch_and_add(&entry->pressed, 1);
    return 0;
  }
  if (__sync_val_compare_and_swap(&entry->state, state, closewatch_connect_written) != state) {
    return 0;
  }
  // Its connects have run off, or are lost now.
  if (state == closewatch_connect_taken && !is_stale(entry, now)) {
    __sync_fetch_and_add(&table.displaced, entry->connects);
  }
  entry->started = key->started;
  entry->process = key->process;
  entry->name_space = key->name_space;
  entry->port = key->port;
  __builtin_memcpy(entry->remote, key->remote, sizeof entry->remote);
  bpf_get_current_comm(entry->command, sizeof entry->command);
  entry->first = now;
  entry->newest = now;
  entry->connects = 1;
  entry->pressed = 0;
  entry->without_port = 0;
  // An exchange is a barrier, a store is none: whoever sees it taken sees the rest.
  __sync_lock_test_and_set(&entry->state, closewatch_connect_taken);
  return 1;
}

static __always_inline void count_connect(struct sock *sk) {
  struct closewatch_connect key = {0};
  describe(&key, sk);
  struct closewatch_connect *set = set_of(&key);
  __u64 now = bpf_ktime_get_boot_ns();
  struct closewatch_connect *entry = find(set, &key);
  if (entry) {
    __sync_fetch_and_add(&entry->connects, 1);
    entry->newest = now;
    return;
  }
  entry = least(set, now);
  if (entry && take(entry, &key, now)) return;
  // Another thread may have taken it: then once more, unless there is no room at all.
  entry = entry && worth(entry, now) < few ? least(set, now) : 0;
  if (!entry || !take(entry, &key, now)) __sync_fetch_and_add(&table.refused, 1);
}

/// A connect that has ended before it had a local port: the caller is told EADDRNOTAVAIL now, so it
/// is still the current process. (A refused one has had a port, and ends in an interrupt.)
static __always_inline void count_without_port(struct sock *sk) {
  __be16 port = 0;
  struct inet_sock *inet = (struct inet_sock *)sk;
  if (bpf_core_read(&port, sizeof port, &inet->inet_sport) != 0 || port != 0) return;
  struct closewatch_connect key = {0};
  describe(&key, sk);
  struct closewatch_connect *entry = find(set_of(&key), &key);
  if (entry) __sync_fetch_and_add(&entry->without_port, 1);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_connect, struct sock *sk, int old, int new) {
  if (sk->sk_protocol != IPPROTO_TCP) return 0;
  if (new == TCP_SYN_SENT) {
    count_connect(sk);
  } else if (old == TCP_SYN_SENT && new == TCP_CLOSE) {
    count_without_port(sk);
  }
  return 0;
}
