// SPDX-License-Identifier: Apache-2.0
//
// For Tests/Benchmarks/rows, in this network namespace:
//
//   crowd rows COUNT CLOSED   COUNT rows of connections that nobody accepts: CLOSED of them in
//                             CLOSE_WAIT, the others ESTABLISHED
//   crowd flow RATE           so many connections a second that are closed in order: 60 times as
//                             many rows in TIME_WAIT
//   crowd leak COUNT          accepts, reads to the end and never closes: COUNT sockets in
//                             CLOSE_WAIT, and one more each second
//   crowd hear PATH           what is sent to the socket of sd_notify(3), one line a message, with
//                             the seconds since 1970 before it
//
// A row costs the kernel 3 kB and no descriptor: its client goes without a word (TCP_REPAIR). What
// is in CLOSE_WAIT counts as a page of TCP memory besides, for its FIN is never read; tcp_mem is of
// the whole host, and other connections would suffer from more than a few hundred thousand.
//
// All but the last print a line when all is there. They end when their standard input closes.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { first_port = 7000, flow_port = 6500, leak_port = 6000, workers = 2 };
// Clients have addresses of their own, so that none runs out of ports.
static const uint32_t first_row = 0x7f100001u, first_flow = 0x7f010001u;
enum { flow_addresses = 65536 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address_of(uint32_t host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(host);
  return address;
}

static int listen_at(const struct sockaddr_in *address, int backlog) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("crowd: socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (const struct sockaddr *)address, sizeof *address)) fail("crowd: bind");
  if (listen(fd, backlog)) fail("crowd: listen");
  return fd;
}

static int connect_to(const struct sockaddr_in *address, uint32_t from) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("crowd: socket");
  if (from) {
    struct sockaddr_in source = address_of(from, 0);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&source, sizeof source)) fail("crowd: bind");
  }
  if (connect(fd, (const struct sockaddr *)address, sizeof *address)) fail("crowd: connect");
  return fd;
}

static void make_rows(int worker, int count, int closed) {
  struct sockaddr_in server = address_of(INADDR_LOOPBACK, first_port + worker);
  int one = 1;
  for (int i = worker; i < count; i += workers) {
    int fd = connect_to(&server, first_row + (uint32_t)i);
    if (i >= closed && setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one, sizeof one))
      fail("crowd: TCP_REPAIR");
    close(fd);
  }
}

static void rows(int count, int closed) {
  for (int worker = 0; worker < workers; worker++) {
    struct sockaddr_in server = address_of(INADDR_LOOPBACK, first_port + worker);
    listen_at(&server, count);
  }
  for (int worker = 0; worker < workers; worker++) {
    pid_t child = fork();
    if (child < 0) fail("crowd: fork");
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    make_rows(worker, count, closed);
    _exit(0);
  }
  for (int worker = 0; worker < workers; worker++) {
    int status;
    if (wait(&status) < 0 || status != 0) exit(1);
  }
}

static void leak_one(int listener, const struct sockaddr_in *server) {
  char byte;
  close(connect_to(server, 0));
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) fail("crowd: accept");
  if (read(fd, &byte, 1) != 0) fail("crowd: read");
}

// A connection whose client closes first, and stays in TIME_WAIT.
static void flow_one(int listener, const struct sockaddr_in *server, unsigned number) {
  int client = connect_to(server, first_flow + number % flow_addresses);
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) fail("crowd: accept");
  close(client);
  close(fd);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void flow(unsigned rate) {
  struct sockaddr_in server = address_of(INADDR_LOOPBACK, flow_port);
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  int listener = listen_at(&server, 16);
  unsigned number = 0;
  double began = now();
  puts("ready");
  fflush(stdout);
  while (poll(&input, 1, 10) == 0)
    for (double due = (now() - began) * rate; number < due; number++)
      flow_one(listener, &server, number);
}

static void hear(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("crowd: path");
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address)) fail("crowd: bind");
  struct pollfd both[2] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};
  while (poll(both, 2, -1) > 0 && !both[0].revents) {
    char text[4096];
    ssize_t size = recv(fd, text, sizeof text - 1, 0);
    if (size < 0) fail("crowd: recv");
    text[size] = 0;
    for (char *at = text; (at = strchr(at, '\n'));) *at = ' ';
    printf("%.3f %s\n", now(), text);
    fflush(stdout);
  }
}

int main(int count, char **arguments) {
  const char *what = count > 2 ? arguments[1] : "";
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  if (strcmp(what, "hear") == 0 && count == 3) {
    hear(arguments[2]);
  } else if (strcmp(what, "rows") == 0 && count == 4) {
    rows(atoi(arguments[2]), atoi(arguments[3]));
    puts("ready");
    fflush(stdout);
    poll(&input, 1, -1);
  } else if (strcmp(what, "flow") == 0 && count == 3) {
    flow((unsigned)atoi(arguments[2]));
  } else if (strcmp(what, "leak") == 0 && count == 3) {
    struct sockaddr_in server = address_of(INADDR_LOOPBACK, leak_port);
    int listener = listen_at(&server, 16);
    for (int i = atoi(arguments[2]); i > 0; i--) leak_one(listener, &server);
    puts("ready");
    fflush(stdout);
    while (poll(&input, 1, 1000) == 0) leak_one(listener, &server);
  } else {
    fprintf(stderr, "usage: crowd rows COUNT CLOSED | flow RATE | leak COUNT | hear PATH\n");
    return 2;
  }
}
