// SPDX-License-Identifier: Apache-2.0
// Many of a kind: more sockets and more processes than anybody would declare one by one.
#define _GNU_SOURCE
#include "lab.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { pairs_of_a_process = 5000 };

static void be_one_of_many(enum path path, int pairs, int ready) {
  struct end listener = listen_on(path, 128);
  for (int i = 0; i < pairs; i++) {
    int client = client_socket(path);
    connect_to(client, path, &listener);
    if (accept(listener.fd, NULL, NULL) < 0) die("accept");
    // One in five: the server's end is in CLOSE_WAIT, the client's in FIN_WAIT2.
    if (i % 5 == 4 && shutdown(client, SHUT_WR)) die("shutdown");
  }
  if (write(ready, "x", 1) != 1) die("write");
  wait_for_ever();
}

/// `count` connections with both ends here, in processes of 5,000.
void build_crowd(struct request request) {
  int ready[2];
  if (pipe(ready)) die("pipe");
  int processes = (request.count + pairs_of_a_process - 1) / pairs_of_a_process;
  for (int i = 0; i < processes; i++) {
    int left = request.count - i * pairs_of_a_process;
    int pairs = left < pairs_of_a_process ? left : pairs_of_a_process;
    if (fork_named("lab-crowd") == 0) be_one_of_many(request.path, pairs, ready[1]);
  }
  char byte;
  for (int i = 0; i < processes; i++) {
    if (read(ready[0], &byte, 1) != 1) die("a process of the crowd has ended");
  }
}

/// Forks without end; a child holds a connection that its parent has made, and lives for 2 ms.
static void bear(enum path path) {
  struct end listener = listen_on(path, 128);
  for (unsigned i = 0;; i++) {
    struct pair pair = connect_pair(path, &listener);
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      usleep(2000);
      if (i % 8 == 0) execl("/bin/true", "true", (char *)0);
      _exit(0);
    }
    close(pair.client.fd);
    close(pair.server.fd);
    // A few at a time.
    if (i % 4 == 3) {
      while (waitpid(-1, NULL, WNOHANG) > 0) continue;
      usleep(1000);
    }
  }
}

/// Two processes whose children are born and gone by the hundred a second.
void build_births(struct request request) {
  for (int i = 0; i < 2; i++) {
    if (fork_named("lab-births") == 0) bear(request.path);
  }
}
