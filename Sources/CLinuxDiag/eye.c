// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "EyeCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

static struct closewatch_mark *own_page;

int closewatch_fork(void) { return (int)fork(); }

static long long monotonic_microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int closewatch_await_end(int child, int milliseconds) {
  if (waitpid(child, NULL, WNOHANG) != 0) return 1;
  if (milliseconds <= 0) return 0;
  long long deadline = monotonic_microseconds() + (long long)milliseconds * 1000;
  int handle = (int)syscall(SYS_pidfd_open, child, 0);
  int ended = 0;
  long long left = deadline - monotonic_microseconds();
  while (!ended && left > 0) {
    struct pollfd end = {.fd = handle, .events = POLLIN};
    if (handle < 0) {
      // Before Linux 5.3, where a filter refuses it, or when there are too many descriptors.
      usleep(100);
    } else if (poll(&end, 1, (int)((left + 999) / 1000)) != 0 && (end.revents || errno != EINTR)) {
      close(handle);
      handle = -1;
    }
    ended = waitpid(child, NULL, WNOHANG) != 0;
    left = deadline - monotonic_microseconds();
  }
  if (handle >= 0) close(handle);
  return ended;
}

int closewatch_thread_count(void) {
  // proc_task_getattr() adds the number of threads to the two links of the directory itself.
  struct stat status;
  return stat("/proc/self/task", &status) == 0 ? (int)status.st_nlink - 2 : 0;
}

int closewatch_shared_memory(void) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int memory = memfd_create("closewatch", flags | MFD_NOEXEC_SEAL);
  // Before Linux 6.3 there is no such flag.
  return memory < 0 && errno == EINVAL ? memfd_create("closewatch", flags) : memory;
}

int closewatch_seal(int memory) {
  return fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

long closewatch_sealed_size(int memory) {
  struct stat status;
  int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  int seals = fcntl(memory, F_GET_SEALS);
  if (seals < 0 || (seals & wanted) != wanted || fstat(memory, &status) != 0) return -1;
  return (long)status.st_size;
}

void closewatch_mark_in(struct closewatch_mark *page) { own_page = page; }

void closewatch_mark_step(unsigned step, int pid, unsigned user, unsigned name_space) {
  struct closewatch_mark *page = own_page;
  if (!page) return;
  page->step = step;
  page->pid = pid;
  page->user = user;
  page->name_space = name_space;
  __atomic_fetch_add(&page->steps, 1, __ATOMIC_RELEASE);
}

void closewatch_mark_progress(void) {
  if (own_page) __atomic_fetch_add(&own_page->steps, 1, __ATOMIC_RELEASE);
}

unsigned long long closewatch_read_mark(
    const struct closewatch_mark *page, struct closewatch_mark *copy) {
  unsigned long long steps = __atomic_load_n(&page->steps, __ATOMIC_ACQUIRE);
  if (copy) memcpy(copy, page, sizeof *copy);
  return steps;
}

enum { descriptors_most = 4 };

long closewatch_send(
    int socket, const void *bytes, unsigned long size, const int *descriptors, int count) {
  union {
    char room[CMSG_SPACE(descriptors_most * sizeof(int))];
    struct cmsghdr header;
  } control = {0};
  struct iovec piece = {(void *)bytes, size};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (count > descriptors_most) {
    errno = EINVAL;
    return -1;
  }
  if (count > 0) {
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE((unsigned)count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((unsigned)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (unsigned)count * sizeof(int));
  }
  long sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

long closewatch_receive(
    int socket, void *bytes, unsigned long size, int *descriptors, int *count, int waits) {
  union {
    char room[CMSG_SPACE(descriptors_most * sizeof(int))];
    struct cmsghdr header;
  } control = {0};
  struct iovec piece = {bytes, size};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  int room = *count;
  message.msg_control = control.room;
  message.msg_controllen = sizeof control.room;
  *count = 0;
  long got;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return got;
  struct cmsghdr *header;
  for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int came = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < came; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + (unsigned)i * sizeof(int), sizeof(int));
      if (*count < room) {
        descriptors[(*count)++] = descriptor;
      } else {
        close(descriptor);
      }
    }
  }
  return got;
}

long long closewatch_processor_time(int pid) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return -1;
  return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void close_range_of(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0U) == 0) return;
  // Before Linux 5.9.
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536) limit.rlim_cur = 65536;
  for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++) close((int)fd);
}

void closewatch_detach(int keep, int keepToo) {
  int low = keep < keepToo ? keep : keepToo;
  int high = keep < keepToo ? keepToo : keep;
  if (low < 3) return;
  close_range_of(0, (unsigned)low - 1);
  close_range_of((unsigned)low + 1, (unsigned)high - 1);
  close_range_of((unsigned)high + 1, ~0U);
  for (int fd = 0; fd < 3; fd++) {
    if (open("/dev/null", O_RDWR) < 0) break;
  }
  // Keys of the terminal are for the caller.
  setsid();
  if (chdir("/") != 0) errno = 0;
  // Its own ways with signals are the caller's too.
  static const int usual[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2};
  for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++) signal(usual[i], SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void closewatch_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

void closewatch_name_process(const char *name) { prctl(PR_SET_NAME, name); }

int closewatch_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

void closewatch_keep_descriptors(const int *descriptors, int count) {
  unsigned first = 0;
  for (int i = 0; i < count; i++) {
    if (descriptors[i] > 0) close_range_of(first, (unsigned)descriptors[i] - 1);
    first = (unsigned)descriptors[i] + 1;
  }
  close_range_of(first, ~0U);
}

void closewatch_never_dump(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

int closewatch_open_within(int folder, const char *path) {
  struct open_how how = {
      .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = RESOLVE_IN_ROOT};
  int file = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
  struct stat status;
  if (file < 0 || (fstat(file, &status) == 0 && S_ISREG(status.st_mode))) return file;
  close(file);
  errno = EINVAL;
  return -1;
}
