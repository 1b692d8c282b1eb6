// SPDX-License-Identifier: Apache-2.0
// Every state of the table, made without packet filters: a peer that does not read closes its
// window, and what stands behind the window (a FIN) stays where it is.
#define _GNU_SOURCE
#include "lab.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static void receive_exactly(int fd, int bytes) {
  char data[256];
  if (recv(fd, data, sizeof data, 0) != bytes) die("recv");
}

static void send_bytes(int fd, int bytes) {
  static const char data[256];
  if (send(fd, data, bytes, 0) != bytes) die("send");
}

/// Makes the receive buffer small. On a listener: that of the sockets it accepts.
static void shrink_buffer(int fd) {
  int size = 4096;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size)) die("SO_RCVBUF");
}

void build_established(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    declare_held(&pair.client, "ESTABLISHED", "recvq=0 sendq=0");
    declare_held(&pair.server, "ESTABLISHED", "recvq=0 sendq=0");
  }
  declare_listener(&listener, 0, 128);
}

/// A listener of backlog 1 takes two connections; the SYN of every further one is dropped.
void build_syn_sent(struct request request) {
  struct end listener = listen_on(request.path, 1);
  for (int i = 0; i < 2; i++) {
    int fd = client_socket(request.path);
    connect_to(fd, request.path, &listener);
    struct end client = look_at(fd), server = {.family = listener.family};
    server.local = client.remote;
    server.remote = client.local;
    declare_held(&client, "ESTABLISHED", "recvq=0");
    declare_unheld(&server, "ESTABLISHED", "recvq=0");
  }
  for (int i = 0; i < request.count; i++) {
    int fd = client_socket(request.path);
    if (fcntl(fd, F_SETFL, O_NONBLOCK)) die("O_NONBLOCK");
    connect_to(fd, request.path, &listener);
    struct end client = look_at(fd);
    client.remote = listener.local;
    if (request.path == MAPPED) {
      // The listener is on `::`, the client went to 127.0.0.1.
      struct sockaddr_in to = {.sin_family = AF_INET};
      to.sin_port = ((struct sockaddr_in6 *)&listener.local)->sin6_port;
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      *(struct sockaddr_in *)&client.remote = to;
    }
    declare_held(&client, "SYN_SENT", "recvq=0");
  }
  declare_listener(&listener, 2, 1);
}

/// With TCP_DEFER_ACCEPT a connection without data stays a request socket (NEW_SYN_RECV).
void build_syn_recv(struct request request) {
  struct end listener = listen_on(request.path, 128);
  int seconds = 60;
  if (setsockopt(listener.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds)) {
    die("TCP_DEFER_ACCEPT");
  }
  for (int i = 0; i < request.count; i++) {
    int fd = client_socket(request.path);
    connect_to(fd, request.path, &listener);
    struct end client = look_at(fd), server = {.family = listener.family};
    server.local = client.remote;
    server.remote = client.local;
    declare_held(&client, "ESTABLISHED", "recvq=0");
    declare_unheld(&server, "SYN_RECV", "recvq=0");
  }
  declare_listener(&listener, 0, 128);
}

/// One CLOSE_WAIT of `class` 0: the end was read, 1: nothing was read, 2: 100 bytes are unread.
/// The peer is FIN_WAIT2, without a file when `orphan`.
static void make_close_wait(struct request request, const struct end *listener, int class,
                            int orphan) {
  static const char *const queues[] = {"recvq=0", "recvq=1", "recvq=101"};
  struct pair pair = connect_pair(request.path, listener);
  if (class == 2) send_bytes(pair.client.fd, 100);
  if (orphan) {
    close_end(&pair.client, &pair.server);
  } else {
    send_fin(&pair.client, &pair.server);
  }
  wait_state(pair.server.fd, TCP_CLOSE_WAIT);
  if (class == 0) receive_exactly(pair.server.fd, 0);
  declare_held(&pair.server, "CLOSE_WAIT", queues[class]);
  if (orphan) {
    declare_unheld(&pair.client, "FIN_WAIT2", "recvq=0");
  } else {
    wait_state(pair.client.fd, TCP_FIN_WAIT2);
    declare_held(&pair.client, "FIN_WAIT2", "recvq=0");
  }
}

void build_close_wait(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int class = 0; class < 3; class++) {
    for (int i = 0; i < request.count; i++) make_close_wait(request, &listener, class, i % 2);
  }
  declare_listener(&listener, 0, 128);
}

/// The FIN stands behind data that the peer has no room for.
void build_fin_wait_1(struct request request) {
  struct end listener = listen_on(request.path, 128);
  shrink_buffer(listener.fd);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    stuff(pair.client.fd);
    wait_readable(pair.server.fd, 2);
    if (i % 2) {
      close_end(&pair.client, &pair.server);
      declare_unheld(&pair.client, "FIN_WAIT1", "recvq=0 sendq=more");
    } else {
      send_fin(&pair.client, &pair.server);
      declare_held(&pair.client, "FIN_WAIT1", "recvq=0 sendq=more");
    }
    pair.server.from = pair.server.to = 0;
    declare_held(&pair.server, "ESTABLISHED", "recvq=more");
  }
  declare_listener(&listener, 0, 128);
}

/// A client whose small buffer is full, and a server that has much to send and closes nevertheless.
static struct pair stuffed_pair(struct request request, const struct end *listener) {
  int client = client_socket(request.path);
  shrink_buffer(client);
  connect_to(client, request.path, listener);
  int server = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
  if (server < 0) die("accept");
  struct pair pair = {look_at(client), look_at(server)};
  stuff(server);
  wait_readable(client, 2);
  return pair;
}

void build_last_ack(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = stuffed_pair(request, &listener);
    send_fin(&pair.client, &pair.server);
    wait_state(pair.server.fd, TCP_CLOSE_WAIT);
    wait_state(pair.client.fd, TCP_FIN_WAIT2);
    // The end is read: close() with something unread would be a reset.
    receive_exactly(pair.server.fd, 0);
    struct end ignored;
    if (i % 2) {
      close_end(&pair.server, &ignored);
      declare_unheld(&pair.server, "LAST_ACK", "recvq=0 sendq=more");
    } else {
      send_fin(&pair.server, &ignored);
      declare_held(&pair.server, "LAST_ACK", "recvq=0 sendq=more");
    }
    pair.client.from = pair.client.to = 0;
    declare_held(&pair.client, "FIN_WAIT2", "recvq=more");
  }
  declare_listener(&listener, 0, 128);
}

/// Both send a FIN, and only that of the client arrives.
void build_closing(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = stuffed_pair(request, &listener);
    struct end ignored;
    if (i % 2) {
      close_end(&pair.server, &ignored);
    } else {
      send_fin(&pair.server, &ignored);
      wait_state(pair.server.fd, TCP_FIN_WAIT1);
    }
    send_fin(&pair.client, &pair.server);
    wait_state(pair.client.fd, TCP_FIN_WAIT2);
    pair.client.from = pair.client.to = 0;
    declare_held(&pair.client, "FIN_WAIT2", "recvq=more");
    if (i % 2) {
      declare_unheld(&pair.server, "CLOSING", "sendq=more");
    } else {
      declare_held(&pair.server, "CLOSING", "sendq=more");
    }
  }
  declare_listener(&listener, 0, 128);
}

void build_time_wait(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    struct end ignored;
    close_end(&pair.client, &ignored);
    wait_readable(pair.server.fd, 0);
    close_end(&pair.server, &pair.client);
    declare_unheld(&pair.client, "TIME_WAIT", "recvq=0 sendq=0");
  }
  declare_listener(&listener, 0, 128);
}

/// Nobody accepts. Of five clients one is silent, two have sent 10 bytes, and two have closed.
void build_unaccepted(struct request request) {
  struct end listener = listen_on(request.path, 128);
  for (int i = 0; i < request.count; i++) {
    int fd = client_socket(request.path);
    connect_to(fd, request.path, &listener);
    struct end client = look_at(fd), server = {.family = listener.family};
    server.local = client.remote;
    server.remote = client.local;
    int kind = i % 5;
    if (kind == 1 || kind == 2 || kind == 4) send_bytes(fd, 10);
    if (kind < 3) {
      declare_held(&client, "ESTABLISHED", "recvq=0");
      declare_unheld(&server, "ESTABLISHED", kind ? "recvq=10" : "recvq=0");
    } else {
      close_end(&client, &server);
      declare_unheld(&client, "FIN_WAIT2", "recvq=0");
      declare_unheld(&server, "CLOSE_WAIT", kind == 3 ? "recvq=1" : "recvq=11");
    }
  }
  declare_listener(&listener, request.count, 128);
}

/// Two listeners share a port; the kernel spreads `count` connections over their queues.
void build_reuseport(struct request request) {
  int on = 1;
  struct end listeners[2];
  for (int i = 0; i < 2; i++) {
    int fd = client_socket(request.path);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) die("SO_REUSEPORT");
    struct sockaddr_storage address = {0};
    if (i == 0) {
      address = look_at(fd).local;
    } else {
      address = listeners[0].local;
    }
    socklen_t length =
        request.path == IPV6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 128)) die("bind and listen");
    listeners[i] = look_at(fd);
  }
  for (int i = 0; i < request.count; i++) {
    int fd = client_socket(request.path);
    connect_to(fd, request.path, &listeners[0]);
    struct end client = look_at(fd), server = {.family = client.family};
    server.local = client.remote;
    server.remote = client.local;
    declare_held(&client, "ESTABLISHED", "recvq=0");
    declare_unheld(&server, "ESTABLISHED", "recvq=0");
  }
  for (int i = 0; i < 2; i++) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(listeners[i].fd, IPPROTO_TCP, TCP_INFO, &info, &length)) die("TCP_INFO");
    declare_listener(&listeners[i], info.tcpi_unacked, 128);
  }
}

static void set_keepalive(int fd) {
  int on = 1, seconds = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on)) die("SO_KEEPALIVE");
  if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds)) die("TCP_KEEPIDLE");
  if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds)) die("TCP_KEEPINTVL");
}

/// CLOSE_WAIT sockets whose true age is more than a second and is told, in four flavours: idle
/// before the FIN, with earlier data, sending after the FIN, and with keepalive probes after it.
void build_ages(struct request request) {
  static const char *const flavours[] = {"recvq=1 age=exact", "recvq=11 age=exact",
                                         "recvq=1 age=bound", "recvq=1 age=bound"};
  struct end listener = listen_on(request.path, 128);
  struct pair pairs[4 * 32];
  int count = 4 * (request.count < 32 ? request.count : 32);
  for (int i = 0; i < count; i++) pairs[i] = connect_pair(request.path, &listener);
  for (int i = 0; i < count; i++) {
    if (i % 4 == 1) send_bytes(pairs[i].client.fd, 10);
    if (i % 4 == 3) set_keepalive(pairs[i].server.fd);
  }
  usleep(300 * 1000);
  for (int i = 0; i < count; i++) {
    send_fin(&pairs[i].client, &pairs[i].server);
    wait_state(pairs[i].client.fd, TCP_FIN_WAIT2);
  }
  usleep(700 * 1000);
  for (int i = 2; i < count; i += 4) send_bytes(pairs[i].server.fd, 3);
  // At least one keepalive probe goes out and is answered.
  usleep(800 * 1000);
  for (int i = 0; i < count; i++) {
    declare_held(&pairs[i].server, "CLOSE_WAIT", flavours[i % 4]);
    declare_held(&pairs[i].client, "FIN_WAIT2", i % 4 == 2 ? "recvq=3" : "recvq=0");
  }
  declare_listener(&listener, 0, 128);
}

/// Orphans in FIN_WAIT2 that have set their own life, shorter than tcp_fin_timeout.
void build_linger2(struct request request) {
  struct end listener = listen_on(request.path, 128);
  int seconds = 30;
  for (int i = 0; i < request.count; i++) {
    struct pair pair = connect_pair(request.path, &listener);
    if (setsockopt(pair.client.fd, IPPROTO_TCP, TCP_LINGER2, &seconds, sizeof seconds)) {
      die("TCP_LINGER2");
    }
    close_end(&pair.client, &pair.server);
    wait_state(pair.server.fd, TCP_CLOSE_WAIT);
    declare_unheld(&pair.client, "FIN_WAIT2", "recvq=0");
    declare_held(&pair.server, "CLOSE_WAIT", "recvq=1");
  }
  declare_listener(&listener, 0, 128);
}
