// SPDX-License-Identifier: Apache-2.0
//
// A server with handlers that close and handlers that do not, on one way through the program, and
// its client. Tests only.
//
//   leaking serve                    says its port, and serves on the loopback interface
//   leaking send PORT COUNT GAP MIX  connects COUNT times, GAP microseconds apart; each sends the
//                                    next letter of MIX and goes
//   leaking fetch PORT COUNT         at a line on standard input connects COUNT times to a server
//                                    that closes at once, and forgets the sockets; then waits
//
// The letters: u a handler that leaks, d one that closes, r one that reads once and leaks, x one
// that leaks, told of the end by a reset, b one that leaks and has a large buffer on its stack, l
// one whose buffer is larger than what is copied of a stack, k one that reads once, when the end is
// there, and keeps the socket, e one that leaks, and whose reads fail or ask for nothing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Each is a call of its own, with something left to do after what it calls; if it is not all to be
// compiled into one.
#ifndef APART
#define APART __attribute__((noinline))
#endif
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static APART long read_all(int fd) {
  char bytes[256];
  long got;
  while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) AFTERWARDS;
  return got;
}

static APART void handle_upload(int fd) {
  if (read_all(fd) > 0) close(fd);
  AFTERWARDS;
}

static APART void handle_download(int fd) {
  read_all(fd);
  close(fd);
}

// Not the same as handle_upload to a compiler that makes one function of two alike.
static volatile int resets;

static APART void handle_reset(int fd) {
  if (read_all(fd) > 0) close(fd);
  resets++;
}

static APART void parse_request(int fd) {
  char bytes[16];
  if (recv(fd, bytes, sizeof bytes, 0) < 0) close(fd);
  AFTERWARDS;
}

static APART void keep_response(int fd) {
  char bytes[256];
  usleep(50000);
  if (recv(fd, bytes, sizeof bytes, 0) < 0) close(fd);
  AFTERWARDS;
}

static APART void fail_to_read(int fd) {
  char bytes[16];
  usleep(50000);
  recv(fd, (void *)8, sizeof bytes, 0);
  recv(fd, bytes, 0, 0);
  recv(fd, bytes, sizeof bytes, MSG_OOB);
  AFTERWARDS;
}

static APART void handle_bulk(int fd) {
  char bytes[12000];
  while (recv(fd, bytes, sizeof bytes, 0) > 0) AFTERWARDS;
}

static APART void handle_long(int fd) {
  char bytes[20000];
  __asm__ volatile("" : : "r"(bytes) : "memory");
  if (read_all(fd) > 0) close(fd);
  AFTERWARDS;
}

static void *handle(void *argument) {
  int fd = (int)(long)argument;
  char letter;
  if (recv(fd, &letter, 1, MSG_PEEK) != 1) letter = 'd';
  switch (letter) {
    case 'u': handle_upload(fd); break;
    case 'r': parse_request(fd); break;
    case 'x': handle_reset(fd); break;
    case 'k': keep_response(fd); break;
    case 'e': fail_to_read(fd); break;
    case 'b': handle_bulk(fd); break;
    case 'l': handle_long(fd); break;
    default: handle_download(fd);
  }
  AFTERWARDS;
  return NULL;
}

static APART int accept_one(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  AFTERWARDS;
  return fd;
}

static struct sockaddr_in place(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/// Whoever has started this is gone.
static void *end_with_input(void *nothing) {
  while (getchar() != EOF) AFTERWARDS;
  exit(0);
}

static int serve(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in own = place(0);
  socklen_t size = sizeof own;
  if (bind(listener, (void *)&own, size) != 0 || listen(listener, 512) != 0) return 1;
  getsockname(listener, (void *)&own, &size);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  pthread_t input;
  if (pthread_create(&input, NULL, end_with_input, NULL) != 0) return 1;
  for (;;) {
    int fd = accept_one(listener);
    if (fd < 0) continue;
    pthread_t thread;
    if (pthread_create(&thread, NULL, handle, (void *)(long)fd) == 0) pthread_detach(thread);
  }
}

static APART int open_connection(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in other = place(port);
  if (connect(fd, (void *)&other, sizeof other) != 0) return -1;
  AFTERWARDS;
  return fd;
}

static APART void fetch_price(int port) {
  int fd = open_connection(port);
  if (fd >= 0) shutdown(fd, SHUT_WR);
  AFTERWARDS;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "serve") == 0) return serve();
  if (count == 4 && strcmp(words[1], "fetch") == 0) {
    puts("ready");
    fflush(stdout);
    getchar();
    for (int i = 0; i < atoi(words[3]); i++) fetch_price(atoi(words[2]));
    end_with_input(NULL);
  }
  if (count != 6) return 2;
  size_t letters = strlen(words[5]);
  for (int i = 0; i < atoi(words[3]); i++) {
    int fd = open_connection(atoi(words[2]));
    char letter = words[5][(size_t)i % letters];
    if (fd < 0 || send(fd, &letter, 1, 0) != 1) return 1;
    // It is read alone, without the end.
    if (letter == 'r') usleep(20000);
    struct linger reset = {1, 0};
    if (letter == 'x') {
      // Its handler has been chosen by then.
      usleep(20000);
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    close(fd);
    usleep((useconds_t)atoi(words[4]));
  }
  return 0;
}
