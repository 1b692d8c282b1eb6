// SPDX-License-Identifier: Apache-2.0
//
// A host in motion, for hours: everything that comes and goes where closewatch looks, in this
// network namespace and in namespaces of its own.
//
//   bustle
//
// - a service on 127.0.0.1:7000: 50 connections a second that are closed in order, 200 that stay
//   and talk now and then, and a leak that comes and goes: for half of each five minutes 3 a
//   second are left in CLOSE_WAIT, for the other half they are closed again
// - one connection a second that is reset under an open descriptor, kept for 30 s
// - 10 processes a second that live for some 100 ms, every fourth of them by execve(2)
// - one network namespace a second that lives for 3 s and has a listener, and 30 at once every
//   minute
//
// Runs until its standard input closes. Its processes end with it.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { port = 7000, steady_most = 200, leaked_most = 1500, dead_most = 30, ticks_a_second = 50 };

static int listener;
static struct sockaddr_in address;
static int steady[steady_most][2];
static int leaked[leaked_most], leaked_count;
static int dead[dead_most];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// Both ends of a new connection; the client's first. False when there was none to be had.
static int connection(int ends[2]) {
  ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (ends[0] < 0) return 0;
  if (connect(ends[0], (struct sockaddr *)&address, sizeof address) == 0) {
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (ends[1] >= 0) return 1;
  }
  close(ends[0]);
  return 0;
}

static void reset(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

static pid_t child(void) {
  pid_t parent = getpid(), pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  for (int fd = 3; fd < 4096; fd++) close(fd);
  return 0;
}

static void short_life(unsigned number) {
  if (child() != 0) return;
  usleep(50000 + number % 7 * 20000);
  if (number % 4 == 0) execl("/bin/true", "true", (char *)NULL);
  _exit(0);
}

static void namespace(void) {
  if (child() != 0) return;
  if (unshare(CLONE_NEWNET) == 0) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) == 0) listen(fd, 8);
    sleep(3);
  }
  _exit(0);
}

static void tick(unsigned number) {
  unsigned second = number / ticks_a_second;
  int ends[2];
  // In order: the client closes first, the server sees it and closes too.
  if (connection(ends)) {
    close(ends[0]);
    close(ends[1]);
  }
  int *talker = steady[number % steady_most];
  if (talker[0] > 0) {
    char byte = 'x';
    if (write(talker[0], &byte, 1) == 1) (void)!read(talker[1], &byte, 1);
  } else if (connection(ends)) {
    talker[0] = ends[0];
    talker[1] = ends[1];
  }
  if (number % (ticks_a_second / 3) == 0) {
    if (second % 300 < 150) {
      if (leaked_count < leaked_most && connection(ends)) {
        close(ends[0]);
        leaked[leaked_count++] = ends[1];
      }
    } else if (leaked_count > 0) {
      close(leaked[--leaked_count]);
    }
  }
  if (number % ticks_a_second == 0) {
    int *slot = &dead[second % dead_most];
    if (*slot > 0) close(*slot);
    *slot = 0;
    if (connection(ends)) {
      reset(ends[0]);
      *slot = ends[1];
    }
    namespace();
    if (second % 60 == 30)
      for (int i = 0; i < 30; i++) namespace();
  }
  if (number % (ticks_a_second / 10) == 0) short_life(number / 5);
  while (waitpid(-1, NULL, WNOHANG) > 0) continue;
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
  setrlimit(RLIMIT_NOFILE, &files);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("bustle: bind");
  if (listen(listener, 64)) fail("bustle: listen");
  puts("ready");
  fflush(stdout);
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  for (unsigned number = 0;; number++) {
    if (poll(&input, 1, 1000 / ticks_a_second) > 0) return 0;
    tick(number);
  }
}
