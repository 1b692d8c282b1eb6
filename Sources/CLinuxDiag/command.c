// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CommandCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { passed_on_count = sizeof passed_on / sizeof *passed_on };

static struct sigaction before[passed_on_count];
static struct sigaction children_before;
static sigset_t mask_before;
static volatile pid_t command;
static volatile sig_atomic_t was_stopped;

int closewatch_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

static void pass_on(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  if (command == 0) {
    was_stopped = 1;
  } else if (info->si_code != SI_KERNEL && info->si_pid != command) {
    // A key of the terminal reaches the whole foreground group, and so does kill 0 of a script.
    kill(command, number);
  }
  errno = saved;
}

static void note_child(int number) { (void)number; }

static void take_signals(void) {
  struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < passed_on_count; i++) {
    sigaction(passed_on[i], NULL, &before[i]);
    // What is ignored here, the command was to ignore, too.
    if (before[i].sa_handler != SIG_IGN) sigaction(passed_on[i], &action, NULL);
  }
  struct sigaction child = {.sa_handler = note_child, .sa_flags = SA_RESTART};
  sigemptyset(&child.sa_mask);
  sigaction(SIGCHLD, &child, &children_before);
}

static void become(
    char *const arguments[], char *const environment[], int pipe_was_ignored, int report) {
  for (int i = 0; i < passed_on_count; i++) sigaction(passed_on[i], &before[i], NULL);
  sigaction(SIGCHLD, &children_before, NULL);
  if (!pipe_was_ignored) signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask_before, NULL);
  execvpe(arguments[0], arguments, environment);
  int reason = errno;
  if (write(report, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

int closewatch_start(char *const arguments[], char *const environment[], int pipe_was_ignored) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &mask_before);
  take_signals();
  pid_t child = fork();
  int reason = errno;
  if (child == 0) become(arguments, environment, pipe_was_ignored, report[1]);
  command = child > 0 ? child : 0;
  close(report[1]);
  sigset_t mask = mask_before;
  sigaddset(&mask, SIGCHLD);
  for (int i = 0; i < passed_on_count; i++) sigdelset(&mask, passed_on[i]);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  if (child > 0) {
    ssize_t got;
    do {
      got = read(report[0], &reason, sizeof reason);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof reason) {
      waitpid(child, NULL, 0);
      command = 0;
      child = -1;
    }
  }
  close(report[0]);
  if (child < 0) errno = reason;
  return child;
}

int closewatch_was_stopped(void) { return was_stopped; }

void closewatch_rest(const int *descriptors, int count, int milliseconds) {
  enum { most = 4 };
  struct pollfd waiting[most];
  if (count > most) count = most;
  for (int i = 0; i < count; i++) {
    waiting[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
  }
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  sigdelset(&mask, SIGCHLD);
  ppoll(waiting, (nfds_t)count, &time, &mask);
}

int closewatch_take_note(int *status) {
  int found = 0, ended_with = 0;
  for (;;) {
    pid_t ended = waitpid(-1, &ended_with, WNOHANG);
    if (ended < 0 && errno == EINTR) continue;
    if (ended <= 0) return found;
    if (ended != command) continue;
    command = 0;
    *status = ended_with;
    found = 1;
  }
}
