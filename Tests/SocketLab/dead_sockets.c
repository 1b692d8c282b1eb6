// SPDX-License-Identifier: Apache-2.0
// Descriptors on TCP sockets that are in no table, by each of the ways that lead there.
#define _GNU_SOURCE
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static int port_in_network_order(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                       : ((const struct sockaddr_in6 *)address)->sin6_port;
}

static void copy_address(const struct sockaddr_storage *address, void *to) {
  if (address->ss_family == AF_INET) {
    memcpy(to, &((const struct sockaddr_in *)address)->sin_addr, 4);
  } else {
    memcpy(to, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
  }
}

/// What `ss -K` does. Source: sock_diag(7), sock_diag_destroy().
static void destroy(const struct end *end) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } message = {.header = {.nlmsg_len = sizeof message,
                          .nlmsg_type = SOCK_DESTROY,
                          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
               .request = {.sdiag_family = end->family, .sdiag_protocol = IPPROTO_TCP}};
  message.request.idiag_states = 1u << TCP_CLOSE_WAIT;
  message.request.id.idiag_sport = port_in_network_order(&end->local);
  message.request.id.idiag_dport = port_in_network_order(&end->remote);
  copy_address(&end->local, message.request.id.idiag_src);
  copy_address(&end->remote, message.request.id.idiag_dst);
  message.request.id.idiag_cookie[0] = (uint32_t)end->cookie;
  message.request.id.idiag_cookie[1] = (uint32_t)(end->cookie >> 32);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0 || send(fd, &message, sizeof message, 0) < 0) die("SOCK_DESTROY");
  char answer[4096];
  if (recv(fd, answer, sizeof answer, 0) < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
    die("SOCK_DESTROY: no answer");
  }
  errno = -((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)answer))->error;
  if (errno) die("SOCK_DESTROY");
  close(fd);
}

static void set_option(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, &value, sizeof value)) die("setsockopt");
}

/// Keepalive gives up after 1 + 1 s without an answer: the loopback is down, the peer is gone.
static void expire_keepalive(struct request request, const struct end *listener) {
  struct pair pairs[64];
  int count = request.count < 64 ? request.count : 64;
  for (int i = 0; i < count; i++) {
    pairs[i] = connect_pair(request.path, listener);
    set_option(pairs[i].server.fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(pairs[i].server.fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set_option(pairs[i].server.fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
    set_option(pairs[i].server.fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  }
  set_loopback(0);
  for (int i = 0; i < count; i++) {
    // In repair mode close() sends nothing, as when the peer's machine loses its power.
    set_option(pairs[i].client.fd, IPPROTO_TCP, TCP_REPAIR, 1);
    if (close(pairs[i].client.fd)) die("close");
  }
  for (int i = 0; i < count; i++) {
    wait_state(pairs[i].server.fd, TCP_CLOSE);
    declare_dead(&pairs[i].server, "keepalive-expired");
  }
  set_loopback(1);
}

static void reset(struct request request, const struct end *listener) {
  struct pair pair = connect_pair(request.path, listener);
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (setsockopt(pair.client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once)) die("SO_LINGER");
  if (close(pair.client.fd)) die("close");
  wait_state(pair.server.fd, TCP_CLOSE);
  declare_dead(&pair.server, "reset");
}

static void destroy_close_wait(struct request request, const struct end *listener) {
  struct pair pair = connect_pair(request.path, listener);
  send_fin(&pair.client, &pair.server);
  wait_state(pair.client.fd, TCP_FIN_WAIT2);
  destroy(&pair.server);
  wait_state(pair.server.fd, TCP_CLOSE);
  wait_state(pair.client.fd, TCP_CLOSE);
  declare_dead(&pair.server, "destroyed");
  declare_dead(&pair.client, "reset");
}

/// The one that closed first lives on as TIME_WAIT, without its file.
static void shut_both_ways(struct request request, const struct end *listener) {
  struct pair pair = connect_pair(request.path, listener);
  struct end ignored;
  send_fin(&pair.client, &ignored);
  wait_state(pair.client.fd, TCP_FIN_WAIT2);
  send_fin(&pair.server, &pair.client);
  wait_state(pair.server.fd, TCP_CLOSE);
  wait_state(pair.client.fd, TCP_CLOSE);
  declare_unheld(&pair.client, "TIME_WAIT", "recvq=0");
  declare_dead(&pair.client, "shut-both-ways");
  declare_dead(&pair.server, "shut-both-ways");
}

void build_dead_sockets(struct request request) {
  struct end listener = listen_on(request.path, 128);
  expire_keepalive(request, &listener);
  for (int i = 0; i < request.count; i++) {
    reset(request, &listener);
    destroy_close_wait(request, &listener);
    shut_both_ways(request, &listener);
    struct end fresh = look_at(client_socket(request.path));
    declare_dead(&fresh, "never-connected");
  }
  declare_listener(&listener, 0, 128);
}
