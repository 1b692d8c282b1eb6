// SPDX-License-Identifier: Apache-2.0
// The floor: what a plain C parser needs for the same bytes and the same columns.
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct row {
  uint64_t cookie, inode, local[2], remote[2], cgroup, acked, received;
  uint32_t netns, uid, rqueue, wqueue, timer_ms, sent, recv, ack, segs;
  uint16_t lport, rport;
  uint8_t state, family, timer, retrans, shutdown, v6only, knowledge;
};

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static uint64_t hex(const char **p) {
  uint64_t v = 0;
  for (;; ++*p) {
    unsigned c = (unsigned char)**p, d = c - '0';
    if (d > 9) {
      d = (c | 32) - 'a';
      if (d > 5) return v;
      d += 10;
    }
    v = v << 4 | d;
  }
}

static uint64_t dec(const char **p) {
  uint64_t v = 0;
  for (unsigned d; (d = (unsigned char)**p - '0') <= 9; ++*p) v = v * 10 + d;
  return v;
}

static void blanks(const char **p) {
  while (**p == ' ') ++*p;
}

/// Rows of /proc/net/tcp. The text ends in a newline and a NUL.
static size_t text_rows(const char *p, const char *end, struct row *rows) {
  size_t n = 0;
  p = memchr(p, '\n', end - p) + 1;
  while (p < end) {
    struct row *r = &rows[n++];
    memset(r, 0, sizeof *r);
    r->family = 2;
    blanks(&p), dec(&p), ++p, blanks(&p);
    r->local[1] = 0xffffull << 32 | __builtin_bswap32(hex(&p)), ++p;
    r->lport = hex(&p), blanks(&p);
    r->remote[1] = 0xffffull << 32 | __builtin_bswap32(hex(&p)), ++p;
    r->rport = hex(&p), blanks(&p);
    r->state = hex(&p), blanks(&p);
    r->wqueue = hex(&p), ++p;
    r->rqueue = hex(&p), blanks(&p);
    r->timer = hex(&p), ++p;
    r->timer_ms = hex(&p) * 10, blanks(&p);
    uint64_t retrans = hex(&p);
    blanks(&p), r->uid = dec(&p), blanks(&p);
    uint64_t probes = dec(&p);
    r->retrans = r->timer == 2 || r->timer == 4 ? probes : retrans;
    blanks(&p), r->inode = dec(&p);
    p = memchr(p, '\n', end - p) + 1;
  }
  return n;
}

/// Rows of a sock_diag dump.
static size_t diag_rows(const char *p, const char *end, struct row *rows) {
  size_t n = 0;
  for (const struct nlmsghdr *h = (const void *)p; (const char *)h + sizeof *h <= end;
       h = (const void *)((const char *)h + NLMSG_ALIGN(h->nlmsg_len))) {
    if (h->nlmsg_len < sizeof *h || (const char *)h + h->nlmsg_len > end) break;
    if (h->nlmsg_seq != 7 || h->nlmsg_pid != 4242 || h->nlmsg_type != 18) continue;
    const struct inet_diag_msg *m = NLMSG_DATA(h);
    struct row *r = &rows[n++];
    memset(r, 0, sizeof *r);
    r->family = m->idiag_family, r->state = m->idiag_state, r->timer = m->idiag_timer;
    r->retrans = m->idiag_retrans, r->timer_ms = m->idiag_expires;
    r->rqueue = m->idiag_rqueue, r->wqueue = m->idiag_wqueue;
    r->uid = m->idiag_uid, r->inode = m->idiag_inode;
    r->lport = __builtin_bswap16(m->id.idiag_sport);
    r->rport = __builtin_bswap16(m->id.idiag_dport);
    if (r->family == 2) {
      r->local[1] = 0xffffull << 32 | __builtin_bswap32(m->id.idiag_src[0]);
      r->remote[1] = 0xffffull << 32 | __builtin_bswap32(m->id.idiag_dst[0]);
    } else {
      uint64_t w[4];
      memcpy(w, m->id.idiag_src, 32);
      for (int i = 0; i < 2; i++) {
        r->local[i] = __builtin_bswap64(w[i]), r->remote[i] = __builtin_bswap64(w[2 + i]);
      }
    }
    r->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
    const char *a = (const char *)(m + 1), *stop = (const char *)h + h->nlmsg_len;
    while (a + 4 <= stop) {
      uint16_t len, type;
      memcpy(&len, a, 2), memcpy(&type, a + 2, 2);
      if (len < 4 || a + len > stop) break;
      const char *v = a + 4;
      switch (type & 0x3fff) {
        case INET_DIAG_INFO:
          if (len >= 144) {
            memcpy(&r->sent, v + 44, 4), memcpy(&r->recv, v + 52, 4), memcpy(&r->ack, v + 56, 4);
            memcpy(&r->acked, v + 120, 8), memcpy(&r->received, v + 128, 8);
            memcpy(&r->segs, v + 136, 4), r->knowledge |= 2;
          }
          break;
        case INET_DIAG_SHUTDOWN: r->shutdown = *v, r->knowledge |= 8; break;
        case INET_DIAG_SKV6ONLY: r->v6only = *v, r->knowledge |= 32; break;
        case INET_DIAG_CGROUP_ID: memcpy(&r->cgroup, v, 8), r->knowledge |= 4; break;
      }
      a += (len + 3) & ~3;
    }
  }
  return n;
}

int main(int argc, char **argv) {
  for (int f = 1; f < 3 && f < argc; f++) {
    FILE *file = fopen(argv[f], "rb");
    if (!file) return perror(argv[f]), 1;
    fseek(file, 0, SEEK_END);
    size_t size = ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);
    if (fread(bytes, 1, size, file) != size) return 1;
    bytes[size] = 0;
    struct row *rows = malloc(400000 * sizeof *rows);
    for (int k = 0; k < 16; k++) {
      double begin = cpu();
      size_t n = f == 1 ? text_rows(bytes, bytes + size, rows)
                        : diag_rows(bytes, bytes + size, rows);
      double took = cpu() - begin;
      if (k) printf("%s c %.3f %zu\n", f == 1 ? "text" : "diag", took, n);
    }
  }
}
