// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// Connections whose server end waits to be closed, and whose client end still listens to it.
enum { MOST = 256 };
static struct pair pairs[MOST];
static int was_reset[MOST];
static int pair_count;
static struct end first;
static enum path lab_path;

static struct pair *leave_unclosed(const struct end *listener) {
  if (pair_count == MOST) die("too many pairs");
  struct pair *pair = &pairs[pair_count++];
  *pair = connect_pair(lab_path, listener);
  send_fin(&pair->client, &pair->server);
  wait_state(pair->server.fd, TCP_CLOSE_WAIT);
  wait_state(pair->client.fd, TCP_FIN_WAIT2);
  return pair;
}

static void declare_pair(const struct pair *pair) {
  declare_held(&pair->server, "CLOSE_WAIT", "recvq=1");
  declare_held(&pair->client, "FIN_WAIT2", "recvq=0");
}

/// One socket that a child holds too, `count` on the same port, one on another port.
void build_release(struct request request) {
  lab_path = request.path;
  first = listen_on(request.path, 128);
  declare_pair(leave_unclosed(&first));
  pid_t child = fork_named("sharer");
  if (child == 0) wait_for_ever();
  declare_holder(pairs[0].server.inode, child, pairs[0].server.fd, "process");
  declare_holder(pairs[0].client.inode, child, pairs[0].client.fd, "process");
  for (int i = 0; i < request.count; i++) declare_pair(leave_unclosed(&first));
  struct end other = listen_on(request.path, 128);
  declare_pair(leave_unclosed(&other));
  declare_listener(&first, 0, 128);
  declare_listener(&other, 0, 128);
}

static int port_of(const struct end *end) {
  // The port is at the same place in both kinds of address.
  return ntohs(((const struct sockaddr_in *)&end->local)->sin_port);
}

static int is_dead(int fd) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length)) die("TCP_INFO");
  return info.tcpi_state == TCP_CLOSE;
}

/// `younger`: one more, now. `peers`: the client ports that a reset has reached.
/// `descriptors`: how many of the server's are open, and how many of these are dead.
/// `close`: closes the server's descriptor of the pair with this client port.
void step_release(const char *command) {
  char answer[8 * MOST] = "";
  size_t used = 0;
  int port = 0;
  if (strcmp(command, "younger") == 0) {
    say("younger %d", port_of(&leave_unclosed(&first)->client));
  } else if (strcmp(command, "peers") == 0) {
    for (int i = 0; i < pair_count; i++) {
      char byte;
      if (recv(pairs[i].client.fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET) {
        was_reset[i] = 1;
      }
      if (!was_reset[i]) continue;
      used += snprintf(answer + used, sizeof answer - used, " %d", port_of(&pairs[i].client));
    }
    say("reset%s", answer);
  } else if (strcmp(command, "descriptors") == 0) {
    int open = 0, dead = 0;
    for (int i = 0; i < pair_count; i++) {
      if (fcntl(pairs[i].server.fd, F_GETFD) < 0) continue;
      open++;
      dead += is_dead(pairs[i].server.fd);
    }
    say("descriptors open=%d dead=%d", open, dead);
  } else if (sscanf(command, "close %d", &port) == 1) {
    for (int i = 0; i < pair_count; i++) {
      if (port_of(&pairs[i].client) == port) close(pairs[i].server.fd);
    }
    say("closed");
  }
}
