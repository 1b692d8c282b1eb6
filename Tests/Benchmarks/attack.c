// SPDX-License-Identifier: Apache-2.0
//
// What an ordinary user can put in the way of whoever looks at a host, for Tests/Benchmarks/soak:
//
//   attack descriptors COUNT   so many descriptors, in as many processes as it takes, on one socket
//                              that is in no table of the kernel
//   attack findings PORTS      so many ports with 12 sockets each that are stuck in CLOSE_WAIT
//
// As nobody. Prints a line when all is there, then waits for its standard input to close. What it
// has started ends with it.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { sockets_of_a_port = 12, first_port = 10000, spare = 16 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void hold_descriptors(int count, int most) {
  int processes = (count + most - 1) / most;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("attack: socket");
  for (int i = 1; i < count / processes; i++)
    if (dup(fd) < 0) fail("attack: dup");
  for (int i = 1; i < processes; i++) {
    pid_t child = fork();
    if (child < 0) fail("attack: fork");
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
}

static void hold_port(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(0x7f020001u);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) fail("attack: socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("attack: bind");
  if (listen(listener, sockets_of_a_port)) fail("attack: listen");
  for (int i = 0; i < sockets_of_a_port; i++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (client < 0) fail("attack: socket");
    if (connect(client, (struct sockaddr *)&address, sizeof address)) fail("attack: connect");
    if (accept(listener, NULL, NULL) < 0) fail("attack: accept");
    close(client);
  }
}

int main(int count, char **arguments) {
  int number = count == 3 ? atoi(arguments[2]) : 0;
  if (number <= 0) {
    fprintf(stderr, "usage: attack descriptors COUNT | findings PORTS\n");
    return 2;
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) fail("attack: getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) fail("attack: setrlimit");
  if (setgid(65534) || setuid(65534)) fail("attack: setuid");
  if (strcmp(arguments[1], "descriptors") == 0) {
    hold_descriptors(number, (int)limit.rlim_max - spare);
  } else {
    for (int i = 0; i < number; i++) hold_port(first_port + i);
  }
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
