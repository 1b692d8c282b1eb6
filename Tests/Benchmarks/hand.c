// SPDX-License-Identifier: Apache-2.0
//
// Connections from hand to hand as fast as they go, for Tests/Benchmarks/trace.
//
//   hand serve           says its port; accepts, reads to the end, closes
//   hand send PORT SECONDS   connects and closes; says how many times
//   hand call SECONDS    says how many nanoseconds a system call takes that does nothing
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static __attribute__((noinline)) long read_all(int fd) {
  char bytes[64];
  long got;
  while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) __asm__ volatile("" ::: "memory");
  return got;
}

static int serve(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t size = sizeof own;
  if (bind(listener, (void *)&own, size) != 0 || listen(listener, 4096) != 0) return 1;
  getsockname(listener, (void *)&own, &size);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) continue;
    read_all(fd);
    close(fd);
  }
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "serve") == 0) return serve();
  double start = now();
  long done = 0;
  if (count == 3 && strcmp(words[1], "call") == 0) {
    while (now() - start < atof(words[2])) {
      for (int i = 0; i < 10000; i++) syscall(SYS_getppid);
      done += 10000;
    }
    printf("%.1f\n", (now() - start) * 1e9 / (double)done);
    return 0;
  }
  if (count != 4) return 2;
  while (now() - start < atof(words[3])) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    // Many addresses: each has its own ports.
    struct sockaddr_in other = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[2])),
        .sin_addr = {htonl(0x7f000001 + (unsigned)(done % 200))}};
    if (connect(fd, (void *)&other, sizeof other) == 0) done++;
    close(fd);
  }
  printf("%ld\n", done);
  return 0;
}
