// SPDX-License-Identifier: Apache-2.0
// The ways in which a process can hold a socket, all on sockets in CLOSE_WAIT.
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAXIMUM = 64 };

static int bounded(int count) { return count < MAXIMUM ? count : MAXIMUM; }

/// Makes connections whose client ends have sent a FIN that nobody has read.
static void make_pairs(struct request request, const struct end *listener, struct pair *pairs) {
  for (int i = 0; i < bounded(request.count); i++) {
    pairs[i] = connect_pair(request.path, listener);
    send_fin(&pairs[i].client, &pairs[i].server);
    wait_state(pairs[i].client.fd, TCP_FIN_WAIT2);
  }
}

static void open_pipe(int *ends) {
  if (pipe2(ends, O_CLOEXEC)) die("pipe2");
}

static void wait_for_byte(int fd) {
  char byte;
  if (read(fd, &byte, 1) != 1) die("child");
}

static void tell(int fd) {
  if (write(fd, "x", 1) != 1) die("write");
}

/// Of the server ends every second one is held by the child alone, the others by both.
static void declare_shared(struct request request, struct pair *pairs, pid_t child) {
  for (int i = 0; i < bounded(request.count); i++) {
    declare_held(&pairs[i].client, "FIN_WAIT2", "recvq=0");
    declare(&pairs[i].server, "CLOSE_WAIT", pairs[i].server.inode, "recvq=1");
    declare_holder(pairs[i].server.inode, child, pairs[i].server.fd, "process");
    if (i % 2) {
      if (close(pairs[i].server.fd)) die("close");
    } else {
      declare_holder(pairs[i].server.inode, getpid(), pairs[i].server.fd, "process");
    }
  }
}

void build_forked(struct request request) {
  struct end listener = listen_on(request.path, 128);
  struct pair pairs[MAXIMUM];
  make_pairs(request, &listener, pairs);
  int ends[2];
  open_pipe(ends);
  pid_t child = fork_named("lab-child");
  if (child == 0) {
    for (int i = 0; i < bounded(request.count); i++) close(pairs[i].client.fd);
    tell(ends[1]);
    wait_for_ever();
  }
  wait_for_byte(ends[0]);
  declare_shared(request, pairs, child);
  declare_listener(&listener, 0, 128);
  declare_holder(listener.inode, child, listener.fd, "process");
}

void hold_for_ever(void) {
  prctl(PR_SET_NAME, "lab-helper");
  say("process pid=%d parent=%d command=lab-helper", getpid(), getppid());
  // Standard error is the pipe on which the parent waits.
  if (write(2, "x", 1) != 1) _exit(1);
  wait_for_ever();
}

void build_execed(struct request request) {
  struct end listener = listen_on(request.path, 128);
  struct pair pairs[MAXIMUM];
  make_pairs(request, &listener, pairs);
  int ends[2];
  open_pipe(ends);
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < bounded(request.count); i++) fcntl(pairs[i].server.fd, F_SETFD, 0);
    // The pipe takes the place of standard error: the program reports there that it runs.
    dup2(ends[1], 2);
    execl("/proc/self/exe", "SocketLab", "hold", NULL);
    die("exec");
  }
  close(ends[1]);
  wait_for_byte(ends[0]);
  declare_shared(request, pairs, child);
  declare_listener(&listener, 0, 128);
}

/// Sends the descriptor of `fd` to `to` and closes it here.
static void pass(int to, int fd) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct iovec byte = {"x", 1};
  struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.space};
  message.msg_controllen = sizeof control.space;
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  if (sendmsg(to, &message, 0) != 1 || close(fd)) die("SCM_RIGHTS");
}

void build_in_flight(struct request request) {
  struct end listener = listen_on(request.path, 128);
  struct pair pairs[MAXIMUM];
  make_pairs(request, &listener, pairs);
  // A stream: a datagram socket takes only net.unix.max_dgram_qlen messages.
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) die("socketpair");
  for (int i = 0; i < bounded(request.count); i++) {
    pass(ends[0], pairs[i].server.fd);
    declare(&pairs[i].server, "CLOSE_WAIT", pairs[i].server.inode, "recvq=1");
    declare_held(&pairs[i].client, "FIN_WAIT2", "recvq=0");
  }
  say("in-flight count=%d", bounded(request.count));
  declare_listener(&listener, 0, 128);
}

struct thread_work {
  struct request request;
  struct end listener;
  struct pair pairs[MAXIMUM];
  int told[2];
};

/// Gives up the shared descriptor table, and connects with descriptors that only it has.
static void *hold_in_own_table(void *argument) {
  struct thread_work *work = argument;
  if (unshare(CLONE_FILES)) die("unshare(CLONE_FILES)");
  // The copy of the table has the listener too.
  close(work->listener.fd);
  for (int i = 0; i < bounded(work->request.count); i++) {
    int fd = client_socket(work->request.path);
    connect_to(fd, work->request.path, &work->listener);
    work->pairs[i].client = look_at(fd);
    char table[32];
    snprintf(table, sizeof table, "thread:%d", gettid());
    declare_holder(work->pairs[i].client.inode, getpid(), fd, table);
  }
  tell(work->told[1]);
  wait_for_ever();
}

void build_thread_table(struct request request) {
  static struct thread_work work;
  work.request = request;
  work.listener = listen_on(request.path, 128);
  open_pipe(work.told);
  pthread_t thread;
  if (pthread_create(&thread, NULL, hold_in_own_table, &work)) die("pthread_create");
  wait_for_byte(work.told[0]);
  for (int i = 0; i < bounded(request.count); i++) {
    struct end server = look_at(accept4(work.listener.fd, NULL, NULL, SOCK_CLOEXEC));
    struct end *client = &work.pairs[i].client;
    send_fin(&server, client);
    wait_state(server.fd, TCP_FIN_WAIT2);
    declare(client, "CLOSE_WAIT", client->inode, "recvq=1");
    declare_held(&server, "FIN_WAIT2", "recvq=0");
  }
  declare_listener(&work.listener, 0, 128);
}

static void *crowd_in_own_table(void *argument) {
  if (unshare(CLONE_FILES)) die("unshare(CLONE_FILES)");
  tell(((struct thread_work *)argument)->told[1]);
  wait_for_ever();
}

/// As thread_table, with one connection, behind `count` threads that have tables of their own too.
void build_thread_crowd(struct request request) {
  static struct thread_work crowd;
  pthread_attr_t small;
  if (pthread_attr_init(&small) || pthread_attr_setstacksize(&small, 65536)) die("pthread_attr");
  open_pipe(crowd.told);
  for (int i = 0; i < request.count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &small, crowd_in_own_table, &crowd)) die("pthread_create");
    wait_for_byte(crowd.told[0]);
  }
  request.count = 1;
  build_thread_table(request);
}

static void *idle(void *argument) {
  (void)argument;
  wait_for_ever();
}

static void *outlive_leader(void *argument) {
  struct thread_work *work = argument;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A second thread shares the table: its descriptors are the same references.
  pthread_t second;
  if (pthread_create(&second, NULL, idle, NULL)) die("pthread_create");
  char table[32], path[64], status[512];
  snprintf(table, sizeof table, "thread:%d", gettid());
  snprintf(path, sizeof path, "/proc/%d/stat", getpid());
  for (int i = 0; i < bounded(work->request.count); i++) {
    struct pair *pair = &work->pairs[i];
    declare(&pair->server, "CLOSE_WAIT", pair->server.inode, "recvq=1");
    declare(&pair->client, "FIN_WAIT2", pair->client.inode, "recvq=0");
    declare_holder(pair->server.inode, getpid(), pair->server.fd, table);
    declare_holder(pair->client.inode, getpid(), pair->client.fd, table);
  }
  declare(&work->listener, "LISTEN", work->listener.inode, "recvq=0 limit=128");
  declare_holder(work->listener.inode, getpid(), work->listener.fd, table);
  for (int i = 0; i < 5000; i++, usleep(1000)) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, status, sizeof status - 1);
    close(fd);
    status[length > 0 ? length : 0] = 0;
    if (!strstr(status, ") Z ")) continue;
    tell(work->told[1]);
    wait_for_ever();
  }
  errno = ETIMEDOUT;
  die("waiting for the leader to exit");
}

void build_zombie_leader(struct request request) {
  static struct thread_work work;
  work.request = request;
  open_pipe(work.told);
  if (fork_named("lab-zombie") == 0) {
    work.listener = listen_on(request.path, 128);
    make_pairs(request, &work.listener, work.pairs);
    pthread_t thread;
    if (pthread_create(&thread, NULL, outlive_leader, &work)) die("pthread_create");
    // Ends this thread alone; exit() would end the process.
    syscall(SYS_exit, 0);
  }
  wait_for_byte(work.told[0]);
}

void build_io_uring(struct request request) {
  struct io_uring_params parameters = {0};
  int ring = syscall(SYS_io_uring_setup, 8, &parameters);
  if (ring < 0) die("io_uring_setup");
  struct end listener = listen_on(request.path, 128);
  struct pair pairs[MAXIMUM];
  make_pairs(request, &listener, pairs);
  int files[MAXIMUM], count = bounded(request.count);
  for (int i = 0; i < count; i++) files[i] = pairs[i].server.fd;
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, files, count)) {
    die("IORING_REGISTER_FILES");
  }
  for (int i = 0; i < count; i++) {
    if (close(files[i])) die("close");
    declare(&pairs[i].server, "CLOSE_WAIT", pairs[i].server.inode, "recvq=1");
    declare_holder(pairs[i].server.inode, getpid(), ring, "ring");
    declare_held(&pairs[i].client, "FIN_WAIT2", "recvq=0");
  }
  declare_listener(&listener, 0, 128);
}
