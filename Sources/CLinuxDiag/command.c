// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CommandCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
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

// Seizing, and not attaching, leaves job control as it is: ptrace(2).
static int stop_at_exit(pid_t child) {
  long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE |
                 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
  return (int)ptrace(PTRACE_SEIZE, child, NULL, (void *)options);
}

static int is_job_control(int number) {
  return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

// What is to be told of a thread that has stopped. Only one that stands where it ends stays so.
static int reason_of_stop(pid_t thread, int status) {
  int event = status >> 16, number = WSTOPSIG(status);
  if (event == PTRACE_EVENT_EXIT) return closewatch_thread_exits;
  if (event == PTRACE_EVENT_STOP && is_job_control(number)) {
    ptrace(PTRACE_LISTEN, thread, NULL, NULL);
  } else {
    ptrace(PTRACE_CONT, thread, NULL, (void *)(long)(event == 0 ? number : 0));
  }
  return event == PTRACE_EVENT_EXEC ? closewatch_process_executes : closewatch_nothing_ended;
}

void closewatch_let_exit(int thread) { ptrace(PTRACE_CONT, thread, NULL, NULL); }

static void become(
    char *const arguments[], char *const environment[], int pipe_was_ignored, int report,
    int permission) {
  char byte;
  // Its parent seizes it first, or has gone.
  if (permission >= 0 && read(permission, &byte, 1) != 1) _exit(126);
  for (int i = 0; i < passed_on_count; i++) sigaction(passed_on[i], &before[i], NULL);
  sigaction(SIGCHLD, &children_before, NULL);
  if (!pipe_was_ignored) signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask_before, NULL);
  execvpe(arguments[0], arguments, environment);
  int reason = errno;
  if (write(report, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

// Seizes a child and lets it begin. 0, or why not: then it has ended.
static int seize(pid_t child, int permission[2]) {
  int refused = stop_at_exit(child) != 0;
  if (!refused && write(permission[1], "", 1) != 1) refused = 1;
  close(permission[0]);
  close(permission[1]);
  return refused ? ENOTSUP : 0;
}

// Until a child that is seized has begun, or ended: a signal stops it on the way, too.
static void await_begin(pid_t child, int report) {
  struct pollfd begun = {.fd = report, .events = POLLIN};
  while (poll(&begun, 1, 20) <= 0) {
    siginfo_t stop = {0};
    // Stops only: its end is for closewatch_take_note().
    if (waitid(P_PID, (id_t)child, &stop, WSTOPPED | WNOHANG) != 0 || stop.si_pid == 0) continue;
    int status = stop.si_status << 8 | 0x7f;
    if (reason_of_stop(child, status) == closewatch_thread_exits) closewatch_let_exit(child);
  }
}

int closewatch_start(
    char *const arguments[], char *const environment[], int pipe_was_ignored, int stops_at_exit) {
  int report[2], permission[2] = {-1, -1};
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  if (stops_at_exit && pipe2(permission, O_CLOEXEC) != 0) {
    close(report[0]);
    close(report[1]);
    return -1;
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &mask_before);
  take_signals();
  pid_t child = fork();
  int reason = errno;
  if (child == 0) {
    if (permission[1] >= 0) close(permission[1]);
    become(arguments, environment, pipe_was_ignored, report[1], permission[0]);
  }
  command = child > 0 ? child : 0;
  int unseized = child > 0 && stops_at_exit ? seize(child, permission) : 0;
  if (child < 0 && stops_at_exit) {
    close(permission[0]);
    close(permission[1]);
  }
  close(report[1]);
  sigset_t mask = mask_before;
  sigaddset(&mask, SIGCHLD);
  for (int i = 0; i < passed_on_count; i++) sigdelset(&mask, passed_on[i]);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  if (child > 0) {
    if (stops_at_exit && unseized == 0) await_begin(child, report[0]);
    ssize_t got;
    do {
      got = read(report[0], &reason, sizeof reason);
    } while (got < 0 && errno == EINTR);
    if (unseized != 0 || got == (ssize_t)sizeof reason) {
      if (unseized != 0) reason = unseized;
      // One that is seized stops where it ends.
      int status;
      while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        if (reason_of_stop(child, status) == closewatch_thread_exits) closewatch_let_exit(child);
      }
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

int closewatch_take_note(int *value) {
  for (;;) {
    // Threads, too: it is each of them that stops.
    pid_t changed = waitpid(-1, value, WNOHANG | __WALL);
    if (changed < 0 && errno == EINTR) continue;
    if (changed <= 0) return closewatch_nothing_ended;
    if (WIFSTOPPED(*value)) {
      int reason = reason_of_stop(changed, *value);
      if (reason == closewatch_nothing_ended) continue;
      *value = changed;
      return reason;
    }
    if (changed != command) continue;
    command = 0;
    return closewatch_command_ended;
  }
}
