// SPDX-License-Identifier: Apache-2.0
//
// Fills this network namespace with TCP sockets: P processes, each with one listener, PAIRS
// connections to itself and EXTRA other descriptors. One connection in ONE-IN (10 if not given) is
// half-closed by its client, so that the server's end is in CLOSE_WAIT and the client's in
// FIN_WAIT2.
//
//   farm PROCESSES PAIRS EXTRA [ONE-IN]
//
// Prints one line when all are there, then waits for its standard input to close. The processes
// end with it.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  _exit(1);
}

// Each process has an address of its own, so that each has a whole range of client ports.
static struct sockaddr_in address_of(int process) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8000)};
  address.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)process);
  return address;
}

static void connect_pair(int listener, const struct sockaddr_in *address, int half_close) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (client < 0) fail("farm: socket");
  if (connect(client, (const struct sockaddr *)address, sizeof *address)) fail("farm: connect");
  if (accept(listener, NULL, NULL) < 0) fail("farm: accept");
  if (half_close && shutdown(client, SHUT_WR)) fail("farm: shutdown");
}

static void be_a_process(int process, int pairs, int extra, int one_in, int ready) {
  struct sockaddr_in address = address_of(process);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) fail("farm: socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) fail("farm: bind");
  if (listen(listener, 128)) fail("farm: listen");
  for (int i = 0; i < pairs; i++)
    connect_pair(listener, &address, i % one_in == one_in - 1);
  for (int i = 0; i < extra; i++)
    if (open("/dev/null", O_RDONLY) < 0) fail("farm: open /dev/null");
  if (write(ready, "x", 1) != 1) fail("farm: write");
  close(ready);
  for (;;) pause();
}

int main(int count, char **arguments) {
  if (count != 4 && count != 5) {
    fprintf(stderr, "usage: farm PROCESSES PAIRS EXTRA [ONE-IN]\n");
    return 2;
  }
  int processes = atoi(arguments[1]), pairs = atoi(arguments[2]), extra = atoi(arguments[3]);
  int one_in = count == 5 && atoi(arguments[4]) > 0 ? atoi(arguments[4]) : 10;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if ((rlim_t)(2 * pairs + extra + 8) > files.rlim_max) {
    fprintf(stderr, "farm: %d descriptors a process, and the limit is %llu\n",
            2 * pairs + extra + 8, (unsigned long long)files.rlim_max);
    return 2;
  }

  int ready[2];
  if (pipe(ready)) fail("farm: pipe");
  pid_t parent = getpid();
  pid_t *children = calloc((size_t)processes, sizeof *children);
  if (!children) fail("farm: calloc");
  for (int i = 0; i < processes; i++) {
    children[i] = fork();
    if (children[i] < 0) fail("farm: fork");
    if (children[i] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      close(ready[0]);
      if (!freopen("/dev/null", "r", stdin)) fail("farm: /dev/null");
      be_a_process(i, pairs, extra, one_in, ready[1]);
    }
  }
  close(ready[1]);
  char byte;
  for (int i = 0; i < processes; i++)
    if (read(ready[0], &byte, 1) != 1) {
      fprintf(stderr, "farm: a process ended early\n");
      return 1;
    }
  printf("%d processes %d sockets\n", processes, processes * (2 * pairs + 1));
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  for (int i = 0; i < processes; i++) kill(children[i], SIGKILL);
  while (wait(NULL) > 0) continue;
  return 0;
}
