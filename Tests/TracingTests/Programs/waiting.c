// SPDX-License-Identifier: Apache-2.0
//
// A process that is stuck: one thread has a lock and waits for a server that does not answer, and
// 19 wait for the lock. Says a line when they do. Tests only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define APART __attribute__((noinline))
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static pthread_mutex_t prices = PTHREAD_MUTEX_INITIALIZER;
static struct sockaddr_in server;

static APART void fetch_price(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char bytes[16];
  if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0) recv(fd, bytes, sizeof bytes, 0);
  AFTERWARDS;
}

static APART void *refresh_all(void *unused) {
  pthread_mutex_lock(&prices);
  fetch_price();
  pthread_mutex_unlock(&prices);
  return unused;
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t size = sizeof server;
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&server, size) != 0) return 1;
  if (listen(listener, 8) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&server, &size);
  pthread_t thread;
  for (int i = 0; i < 20; i++) pthread_create(&thread, NULL, refresh_all, NULL);
  sleep(1);
  puts("waiting");
  fflush(stdout);
  char end;
  return read(0, &end, 1) < 0;
}
