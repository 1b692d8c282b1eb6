// SPDX-License-Identifier: Apache-2.0
// Hosts that do not stand still.
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/// Opens and closes connections for ever, most of them with a reset, so that TIME_WAIT does not
/// grow without bound.
static void open_and_close(enum path path) {
  struct end listener = listen_on(path, 128);
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  for (unsigned i = 0;; i++) {
    struct pair pair = connect_pair(path, &listener);
    if (i % 101 && setsockopt(pair.client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once)) {
      die("SO_LINGER");
    }
    close(pair.client.fd);
    close(pair.server.fd);
    // Leaves some of the two processors to the program under test.
    if (i % 64 == 0) usleep(1000);
  }
}

static void declare_pairs(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    declare_held(&pair.client, "ESTABLISHED", "recvq=0");
    declare_held(&pair.server, "ESTABLISHED", "recvq=0");
  }
  declare_listener(&listener, 0, 128);
}

/// `count` connections that stay, beside two processes that open and close without end.
void build_churn(struct request request) {
  for (int i = 0; i < 2; i++) {
    if (fork_named("lab-churn") == 0) open_and_close(request.path);
  }
  declare_pairs(request);
}

/// A process in a namespace of its own, with a few sockets, for 20 ms; and again, for ever.
static void come_and_go(enum path path) {
  while (1) {
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      enter_new_namespace();
      struct end listener = listen_on(path, 16);
      for (int i = 0; i < 3; i++) connect_to(client_socket(path), path, &listener);
      usleep(20 * 1000);
      _exit(0);
    }
    if (waitpid(pid, NULL, 0) != pid) die("waitpid");
  }
}

/// `count` connections that stay, beside three namespaces at a time that appear and vanish.
void build_namespaces(struct request request) {
  for (int i = 0; i < 3; i++) {
    if (fork_named("lab-netns") == 0) come_and_go(request.path);
  }
  declare_pairs(request);
}

/// Living sockets of a namespace that this process has left and that has no process: nothing but
/// they themselves lead there. Of the namespace that it is in now there is one listener.
void build_foreign(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    say("foreign inode=%lu pid=%d fd=%d", (unsigned long)pair.client.inode, getpid(),
        pair.client.fd);
    say("foreign inode=%lu pid=%d fd=%d", (unsigned long)pair.server.inode, getpid(),
        pair.server.fd);
  }
  enter_new_namespace();
  say_namespace();
  struct end own = listen_on(request.path, 128);
  declare_listener(&own, 0, 128);
}

static pid_t member;

/// A second namespace with `count` listeners in it, tied to this one by a pair of interfaces: the
/// end here vanishes when the kernel has destroyed the other namespace.
void build_veth(struct request request) {
  int ends[2];
  if (pipe(ends)) die("pipe");
  member = fork_named("lab-member");
  if (member == 0) {
    enter_new_namespace();
    for (int i = 0; i < request.count; i++) listen_on(request.path, 16);
    if (write(ends[1], "x", 1) != 1) die("write");
    wait_for_ever();
  }
  char byte;
  if (read(ends[0], &byte, 1) != 1) die("child");
  make_veth("lab0", "lab1", member);
  say("member pid=%d count=%d", member, request.count);
}

/// `end`: ends the process in the second namespace, and says after how long the kernel has
/// destroyed that namespace, or that it was kept for 10 s.
void step_veth(const char *command) {
  if (strcmp(command, "end") != 0) return;
  kill(member, SIGKILL);
  waitpid(member, NULL, 0);
  int64_t start = boot_nanoseconds();
  while (boot_nanoseconds() - start < 10 * 1000000000LL) {
    if (if_nametoindex("lab0") == 0) {
      say("gone milliseconds=%ld", (long)((boot_nanoseconds() - start) / 1000000));
      return;
    }
    usleep(1000);
  }
  say("kept");
}
