// SPDX-License-Identifier: Apache-2.0
//
// A server on a library's event loop, with a handler that closes (d) and one that does not (u); the
// first byte of a connection chooses. Says its port. Tests only.
//
//   cc -DLIBUV loops.c -luv, -DLIBEVENT -levent, -DLIBEV -lev, -DGLIB with gio-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define APART __attribute__((noinline))
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static APART int listen_here(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof own;
  if (bind(listener, (void *)&own, size) != 0 || listen(listener, 512) != 0) exit(1);
  getsockname(listener, (void *)&own, &size);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  return listener;
}

#if defined(LIBUV)
#include <uv.h>

static void give(uv_handle_t *handle, size_t wished, uv_buf_t *buffer) {
  static char bytes[4096];
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_upload(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
  if (got < 0) uv_read_stop(stream);
}

static void on_download(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
  if (got < 0) uv_close((uv_handle_t *)stream, (uv_close_cb)free);
}

static void on_first(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
  if (got == 0) return;
  uv_read_stop(stream);
  uv_read_start(stream, give, got > 0 && buffer->base[0] != 'd' ? on_upload : on_download);
}

static void on_connection(uv_stream_t *server, int status) {
  uv_tcp_t *connection = malloc(sizeof *connection);
  uv_tcp_init(server->loop, connection);
  if (uv_accept(server, (uv_stream_t *)connection) == 0) {
    uv_read_start((uv_stream_t *)connection, give, on_first);
  }
}

static APART void run(int listener) {
  uv_tcp_t server;
  uv_tcp_init(uv_default_loop(), &server);
  uv_tcp_open(&server, listener);
  uv_listen((uv_stream_t *)&server, 512, on_connection);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

#elif defined(LIBEVENT)
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

static void on_upload(struct bufferevent *connection, short what, void *nothing) {
  bufferevent_disable(connection, EV_READ);
  AFTERWARDS;
}

static void on_download(struct bufferevent *connection, short what, void *nothing) {
  bufferevent_free(connection);
  AFTERWARDS;
}

static void drain(struct bufferevent *connection, void *nothing) {
  evbuffer_drain(bufferevent_get_input(connection), 4096);
}

static void on_first(struct bufferevent *connection, void *nothing) {
  char letter = 'd';
  evbuffer_copyout(bufferevent_get_input(connection), &letter, 1);
  bufferevent_setcb(connection, drain, NULL, letter != 'd' ? on_upload : on_download, NULL);
}

static void on_connection(
    struct evconnlistener *listener, int fd, struct sockaddr *peer, int size, void *base) {
  struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(connection, on_first, NULL, on_download, NULL);
  bufferevent_enable(connection, EV_READ);
}

static APART void run(int listener) {
  struct event_base *base = event_base_new();
  evconnlistener_new(base, on_connection, base, 0, 0, listener);
  event_base_dispatch(base);
  AFTERWARDS;
}

#elif defined(LIBEV)
#include <ev.h>

static APART long read_all(int fd) {
  char bytes[256];
  long got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  AFTERWARDS;
  return got;
}

static void on_upload(struct ev_loop *loop, ev_io *watcher, int events) {
  if (read_all(watcher->fd) == 0) ev_io_stop(loop, watcher);
}

static void on_download(struct ev_loop *loop, ev_io *watcher, int events) {
  if (read_all(watcher->fd) != 0) return;
  ev_io_stop(loop, watcher);
  close(watcher->fd);
}

static void on_first(struct ev_loop *loop, ev_io *watcher, int events) {
  char letter = 'd';
  recv(watcher->fd, &letter, 1, MSG_DONTWAIT | MSG_PEEK);
  ev_set_cb(watcher, letter != 'd' ? on_upload : on_download);
}

static void on_connection(struct ev_loop *loop, ev_io *watcher, int events) {
  int fd = accept4(watcher->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  ev_io *connection = malloc(sizeof *connection);
  ev_io_init(connection, on_first, fd, EV_READ);
  ev_io_start(loop, connection);
}

static APART void run(int listener) {
  struct ev_loop *loop = ev_default_loop(0);
  ev_io watcher;
  ev_io_init(&watcher, on_connection, listener, EV_READ);
  ev_io_start(loop, &watcher);
  ev_run(loop, 0);
  AFTERWARDS;
}

#elif defined(GLIB)
#include <gio/gio.h>

static char bytes[4096];
static void on_first(GObject *stream, GAsyncResult *result, gpointer connection);

static void on_upload(GObject *stream, GAsyncResult *result, gpointer connection) {
  if (g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL) > 0) {
    g_input_stream_read_async(G_INPUT_STREAM(stream), bytes, 256, 0, NULL, on_upload, connection);
  }
}

static void on_download(GObject *stream, GAsyncResult *result, gpointer connection) {
  if (g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL) > 0) {
    g_input_stream_read_async(G_INPUT_STREAM(stream), bytes, 256, 0, NULL, on_download, connection);
  } else {
    g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
    g_object_unref(connection);
  }
}

static void on_first(GObject *stream, GAsyncResult *result, gpointer connection) {
  gssize got = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);
  g_input_stream_read_async(
      G_INPUT_STREAM(stream), bytes, 256, 0, NULL,
      got > 0 && bytes[0] != 'd' ? on_upload : on_download, connection);
}

static gboolean on_connection(
    GSocketService *service, GSocketConnection *connection, GObject *source, gpointer nothing) {
  GInputStream *stream = g_io_stream_get_input_stream(G_IO_STREAM(connection));
  g_input_stream_read_async(stream, bytes, 1, 0, NULL, on_first, g_object_ref(connection));
  return TRUE;
}

static APART void run(int listener) {
  GSocketService *service = g_socket_service_new();
  GSocket *own = g_socket_new_from_fd(listener, NULL);
  g_socket_listener_add_socket(G_SOCKET_LISTENER(service), own, NULL, NULL);
  g_signal_connect(service, "incoming", G_CALLBACK(on_connection), NULL);
  g_main_loop_run(g_main_loop_new(NULL, FALSE));
  AFTERWARDS;
}
#endif

int main(void) {
  run(listen_here());
  return 0;
}
