// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "AbilityCalls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "LoopbackCalls.h"

static int failed(int first, int second) {
  int number = errno;
  if (first >= 0) close(first);
  if (second >= 0) close(second);
  errno = number;
  return -1;
}

int closewatch_copies_descriptors(void) {
  int process = (int)syscall(SYS_pidfd_open, getpid(), 0U);
  if (process < 0) return errno == ENOSYS ? 0 : -1;
  int copy = (int)syscall(SYS_pidfd_getfd, process, process, 0U);
  int number = errno;
  if (copy >= 0) close(copy);
  close(process);
  errno = number;
  return copy >= 0 ? 1 : number == ENOSYS ? 0 : -1;
}

/// Whether /proc/self/fdinfo/FD contains `text`.
static int says(int fd, const char *text) {
  char path[64], bytes[4096];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t size = read(file, bytes, sizeof bytes - 1);
  if (size < 0) return failed(file, -1);
  close(file);
  bytes[size] = 0;
  return strstr(bytes, text) != NULL;
}

int closewatch_counts_in_flight(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return -1;
  int answer = says(ends[0], "scm_fds:");
  int number = errno;
  close(ends[0]);
  close(ends[1]);
  errno = number;
  return answer;
}

int closewatch_numbers_ring_sockets(void) {
  struct io_uring_params parameters = {0};
  int ring = (int)syscall(SYS_io_uring_setup, 2, &parameters);
  // Without rings nobody holds a socket by one.
  if (ring < 0) return -1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(ring, -1);
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1)) return failed(ring, fd);
  int answer = says(ring, "socket:[");
  int number = errno;
  close(fd);
  close(ring);
  errno = number;
  return answer;
}

int closewatch_shows_entered_namespace(void) {
  static const char file[] = "/proc/thread-self/net/tcp";
  struct stat before, after;
  if (stat(file, &before)) return -1;
  if (unshare(CLONE_NEWNET)) return -1;
  if (stat(file, &after)) return -1;
  return before.st_ino != after.st_ino;
}

/// The user in the row of 127.0.0.1:LOCAL to 127.0.0.1:REMOTE in a table of ports; -1 without one.
static long user_of(int local, int remote) {
  FILE *table = fopen("/proc/thread-self/net/tcp", "re");
  if (!table) return -1;
  char line[512];
  long user = -1;
  while (fgets(line, sizeof line, table)) {
    unsigned from, to, number;
    // sl local rem st queues timer retrnsmt uid
    int fields =
        sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*s %*s %*s %*s %u", &from, &to, &number);
    if (fields == 3 && from == (unsigned)local && to == (unsigned)remote) user = number;
  }
  fclose(table);
  return user;
}

int closewatch_tells_users(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  struct sockaddr_in own;
  // Root's number is what says nothing.
  uid_t user = geteuid() ? geteuid() : 65534;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0 || client < 0) return failed(listener, client);
  if (!geteuid() && (fchown(listener, user, (gid_t)-1) || fchown(client, user, (gid_t)-1))) {
    return failed(listener, client);
  }
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
      getsockname(listener, (struct sockaddr *)&address, &size)) {
    return failed(listener, client);
  }
  if (connect(client, (struct sockaddr *)&address, size) && errno != EINPROGRESS) {
    return failed(listener, client);
  }
  size = sizeof own;
  if (getsockname(client, (struct sockaddr *)&own, &size)) return failed(listener, client);
  int port = ntohs(address.sin_port), other = ntohs(own.sin_port);
  int answer = user_of(port, other) == (long)user ? 1 : 0;
  // What nobody reads stands before the FIN: closed, it stays in FIN_WAIT1.
  static const char bytes[65536];
  for (int i = 0; i < 256 && write(client, bytes, sizeof bytes) > 0; i++) continue;
  close(client);
  if (user_of(other, port) == (long)user) answer |= 2;
  close(listener);
  return answer;
}
