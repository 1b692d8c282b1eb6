// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const state_names[] = {
    "",          "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
    "TIME_WAIT", "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",
};
enum { STATES = sizeof state_names / sizeof state_names[0] };
/// How many rows were declared in each state, by this process and its children.
static int *declared;

void share_declarations(void) {
  declared = mmap(NULL, STATES * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                  -1, 0);
  if (declared == MAP_FAILED) die("mmap");
}

struct end look_at(int fd) {
  struct end end = {.fd = fd};
  socklen_t length = sizeof end.local;
  if (getsockname(fd, (struct sockaddr *)&end.local, &length)) die("getsockname");
  length = sizeof end.remote;
  if (getpeername(fd, (struct sockaddr *)&end.remote, &length)) end.remote.ss_family = 0;
  end.family = end.local.ss_family;
  struct stat status;
  if (fstat(fd, &status)) die("fstat");
  end.inode = status.st_ino;
  length = sizeof end.cookie;
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &end.cookie, &length)) die("SO_COOKIE");
  return end;
}

static socklen_t fill_address(struct sockaddr_storage *address, int family, int any, int port) {
  memset(address, 0, sizeof *address);
  address->ss_family = family;
  if (family == AF_INET) {
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    in->sin_port = htons(port);
    in->sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
  in6->sin6_port = htons(port);
  in6->sin6_addr = any ? in6addr_any : in6addr_loopback;
  return sizeof *in6;
}

static int port_of(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                             : ((const struct sockaddr_in6 *)address)->sin6_port);
}

struct end listen_on(enum path path, int backlog) {
  int family = path == IPV4 ? AF_INET : AF_INET6;
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  int off = 0;
  if (path == MAPPED && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off)) {
    die("IPV6_V6ONLY");
  }
  struct sockaddr_storage address;
  socklen_t length = fill_address(&address, family, path == MAPPED, 0);
  if (bind(fd, (struct sockaddr *)&address, length)) die("bind");
  if (listen(fd, backlog)) die("listen");
  return look_at(fd);
}

int client_socket(enum path path) {
  int fd = socket(path == IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  return fd;
}

void connect_to(int fd, enum path path, const struct end *listener) {
  struct sockaddr_storage address;
  int family = path == IPV6 ? AF_INET6 : AF_INET;
  socklen_t length = fill_address(&address, family, 0, port_of(&listener->local));
  if (connect(fd, (struct sockaddr *)&address, length) && errno != EINPROGRESS) die("connect");
}

struct pair connect_pair(enum path path, const struct end *listener) {
  int client = client_socket(path);
  connect_to(client, path, listener);
  int server = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
  if (server < 0) die("accept");
  return (struct pair){look_at(client), look_at(server)};
}

void stuff(int fd) {
  static const char data[65536];
  int size = 4 * sizeof data;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size)) die("SO_SNDBUF");
  if (send(fd, data, sizeof data, MSG_DONTWAIT) != sizeof data) die("send 64 KiB");
}

void send_fin(struct end *sender, struct end *receiver) {
  int64_t from = boot_nanoseconds();
  if (shutdown(sender->fd, SHUT_WR)) die("shutdown");
  sender->from = receiver->from = from;
  sender->to = receiver->to = boot_nanoseconds();
}

void close_end(struct end *sender, struct end *receiver) {
  int64_t from = boot_nanoseconds();
  if (close(sender->fd)) die("close");
  sender->fd = -1;
  sender->from = receiver->from = from;
  sender->to = receiver->to = boot_nanoseconds();
}

void wait_readable(int fd, int bytes) {
  for (int i = 0; i < 5000; i++, usleep(1000)) {
    char byte;
    int queued = 0;
    if (bytes > 0 && ioctl(fd, FIONREAD, &queued) == 0 && queued >= bytes) return;
    if (bytes == 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return;
  }
  errno = ETIMEDOUT;
  die("waiting for data");
}

void wait_state(int fd, int state) {
  struct tcp_info info = {0};
  for (int i = 0; i < 5000; i++, usleep(1000)) {
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length)) die("TCP_INFO");
    if (info.tcpi_state == state) return;
  }
  say("failed waiting for state %d: it is %d", state, info.tcpi_state);
  exit(1);
}

/// `HEX32:PORT`, IPv4 in its mapped form.
static const char *text_of(const struct sockaddr_storage *address, char *text) {
  uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
  if (address->ss_family == AF_INET) {
    memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
  } else {
    memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
  }
  char *out = text;
  for (int i = 0; i < 16; i++) out += sprintf(out, "%02x", bytes[i]);
  sprintf(out, ":%d", port_of(address));
  return text;
}

void declare(const struct end *end, const char *state, uint64_t inode, const char *queues) {
  for (int i = 1; i < STATES; i++) declared[i] += strcmp(state, state_names[i]) == 0;
  struct sockaddr_storage remote = end->remote;
  if (remote.ss_family == 0) fill_address(&remote, end->family, 1, 0);
  char local_text[48], remote_text[48];
  say("socket family=%d local=%s remote=%s state=%s inode=%lu cookie=%lu from=%ld to=%ld %s",
      end->family, text_of(&end->local, local_text), text_of(&remote, remote_text), state,
      (unsigned long)inode, (unsigned long)end->cookie, (long)end->from, (long)end->to, queues);
}

void declare_holder(uint64_t inode, pid_t pid, int fd, const char *table) {
  say("holder inode=%lu pid=%d fd=%d table=%s", (unsigned long)inode, pid, fd, table);
}

void declare_held(const struct end *end, const char *state, const char *queues) {
  declare(end, state, end->inode, queues);
  declare_holder(end->inode, getpid(), end->fd, "process");
}

void declare_unheld(const struct end *end, const char *state, const char *queues) {
  declare(end, state, 0, queues);
}

void declare_listener(const struct end *end, int queued, int limit) {
  char queues[64];
  snprintf(queues, sizeof queues, "recvq=%d limit=%d", queued, limit);
  declare_held(end, "LISTEN", queues);
}

void declare_dead(const struct end *end, const char *kind) {
  say("dead inode=%lu pid=%d fd=%d kind=%s", (unsigned long)end->inode, getpid(), end->fd, kind);
}

/// Adds the rows of each state in one of the kernel's tables to `counts`.
static void count_rows(const char *table, int *counts) {
  FILE *file = fopen(table, "re");
  if (!file) die(table);
  char line[512];
  while (fgets(line, sizeof line, file)) {
    unsigned state = 0;
    if (sscanf(line, "%*d: %*s %*s %2x", &state) == 1 && state < STATES) counts[state]++;
  }
  fclose(file);
}

void wait_settled(void) {
  int counts[STATES];
  for (int i = 0; i < 5000; i++, usleep(1000)) {
    memset(counts, 0, sizeof counts);
    count_rows("/proc/net/tcp", counts);
    // A kernel without IPv6 has no such table.
    if (access("/proc/net/tcp6", F_OK) == 0) count_rows("/proc/net/tcp6", counts);
    if (memcmp(counts, declared, sizeof counts) == 0) return;
  }
  for (int i = 1; i < STATES; i++) {
    if (counts[i] == declared[i]) continue;
    say("failed settling: %s is %d, declared %d", state_names[i], counts[i], declared[i]);
  }
  end_children();
  exit(1);
}
