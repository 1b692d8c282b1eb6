// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct scenario {
  const char *name;
  void (*build)(struct request);
  /// What a line on standard input means; NULL: nothing.
  void (*step)(const char *);
  /// Whether the table stands still, so that it can be compared with what was declared.
  int is_still;
};

static const struct scenario scenarios[] = {
    {"established", build_established, NULL, 1},
    {"syn-sent", build_syn_sent, NULL, 1},
    {"syn-recv", build_syn_recv, NULL, 1},
    {"close-wait", build_close_wait, NULL, 1},
    {"fin-wait-1", build_fin_wait_1, NULL, 1},
    {"last-ack", build_last_ack, NULL, 1},
    {"closing", build_closing, NULL, 1},
    {"time-wait", build_time_wait, NULL, 1},
    {"unaccepted", build_unaccepted, NULL, 1},
    {"reuseport", build_reuseport, NULL, 1},
    {"ages", build_ages, NULL, 1},
    {"linger2", build_linger2, NULL, 1},
    {"forked", build_forked, NULL, 1},
    {"execed", build_execed, NULL, 1},
    {"in-flight", build_in_flight, NULL, 1},
    {"thread-table", build_thread_table, NULL, 1},
    {"thread-crowd", build_thread_crowd, NULL, 1},
    {"zombie-leader", build_zombie_leader, NULL, 1},
    {"io-uring", build_io_uring, NULL, 1},
    {"dead-sockets", build_dead_sockets, NULL, 1},
    {"crowd", build_crowd, NULL, 0},
    {"births", build_births, NULL, 0},
    {"churn", build_churn, NULL, 0},
    {"namespaces", build_namespaces, NULL, 0},
    {"foreign", build_foreign, NULL, 1},
    {"veth", build_veth, step_veth, 1},
    {"release", build_release, step_release, 1},
};

static pid_t children[64];
static int child_count;

void say(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= (int)sizeof line - 1) abort();
  line[length++] = '\n';
  for (int done = 0; done < length;) {
    ssize_t written = write(1, line + done, length - done);
    if (written <= 0) exit(1);
    done += written;
  }
}

void die(const char *what) {
  say("failed %s: %s", what, strerror(errno));
  end_children();
  _exit(1);
}

void say_namespace(void) {
  struct stat namespace;
  if (stat("/proc/self/ns/net", &namespace)) die("stat /proc/self/ns/net");
  say("lab pid=%d netns=%lu", getpid(), (unsigned long)namespace.st_ino);
}

int64_t boot_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

pid_t fork_named(const char *name) {
  if (child_count == (int)(sizeof children / sizeof children[0])) die("fork: too many children");
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid > 0) {
    children[child_count++] = pid;
    return pid;
  }
  child_count = 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  prctl(PR_SET_NAME, name);
  say("process pid=%d parent=%d command=%s", getpid(), parent, name);
  return 0;
}

void end_children(void) {
  for (int i = 0; i < child_count; i++) kill(children[i], SIGKILL);
  for (int i = 0; i < child_count; i++) waitpid(children[i], NULL, 0);
  child_count = 0;
}

void wait_for_ever(void) {
  while (1) pause();
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) die("setrlimit");
}

static enum path path_named(const char *name) {
  if (strcmp(name, "ipv4") == 0) return IPV4;
  if (strcmp(name, "ipv6") == 0) return IPV6;
  if (strcmp(name, "mapped") == 0) return MAPPED;
  errno = EINVAL;
  die(name);
}

static void serve(const struct scenario *scenario) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (scenario->step) scenario->step(line);
  }
}

int main(int count, char **arguments) {
  if (count >= 2 && strcmp(arguments[1], "run") == 0) run_program(count - 2, arguments + 2);
  if (count >= 2 && strcmp(arguments[1], "hold") == 0) hold_for_ever();
  signal(SIGPIPE, SIG_IGN);
  int is_request = count == 4 || count == 5;
  for (size_t i = 0; is_request && i < sizeof scenarios / sizeof scenarios[0]; i++) {
    if (strcmp(arguments[1], scenarios[i].name) != 0) continue;
    raise_descriptor_limit();
    share_declarations();
    enter_new_namespace();
    say_namespace();
    if (count == 5) become_user(atoi(arguments[4]));
    struct request request = {path_named(arguments[2]), atoi(arguments[3])};
    scenarios[i].build(request);
    if (scenarios[i].is_still) wait_settled();
    say("ready");
    serve(&scenarios[i]);
    end_children();
    return 0;
  }
  say("failed usage: SocketLab SCENARIO ipv4|ipv6|mapped COUNT [UID], or SocketLab run ... -- "
      "PROGRAM");
  return 2;
}
