// SPDX-License-Identifier: Apache-2.0
#include "CLinuxDiag.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

static struct termios saved;
static int terminal = -1;
static char closing_bytes[64];
static unsigned long closing_size;
static volatile sig_atomic_t is_taken;
static volatile sig_atomic_t come[65];
static volatile sig_atomic_t wake_fd = -1;

static const int noted[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
enum { noted_count = sizeof noted / sizeof *noted, fault_count = sizeof faults / sizeof *faults };
static struct sigaction noted_before[noted_count];
static struct sigaction fault_before[fault_count];

int closewatch_terminal_enter(int fd, const void *closing, unsigned long size) {
  if (size > sizeof closing_bytes) {
    errno = EINVAL;
    return -1;
  }
  if (!is_taken && tcgetattr(fd, &saved) != 0) return -1;
  memcpy(closing_bytes, closing, size);
  closing_size = size;
  terminal = fd;
  struct termios raw = saved;
  raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  is_taken = 1;
  if (tcsetattr(fd, TCSANOW, &raw) == 0) return 0;
  is_taken = 0;
  return -1;
}

void closewatch_terminal_leave(void) {
  if (!is_taken) return;
  is_taken = 0;
  int before = errno;
  // What cannot be written now cannot be written at all.
  if (write(1, closing_bytes, closing_size) < 0) errno = 0;
  tcsetattr(terminal, TCSANOW, &saved);
  errno = before;
}

static void note(int signal) {
  int before = errno;
  come[signal] = 1;
  if (wake_fd >= 0 && write(wake_fd, "", 1) < 0) errno = 0;
  errno = before;
}

/// Gives the signal to whoever had it before: it comes again when the handler returns.
static void fail(int signal) {
  closewatch_terminal_leave();
  for (int index = 0; index < fault_count; index++) {
    if (faults[index] == signal) sigaction(signal, &fault_before[index], NULL);
  }
  raise(signal);
}

int closewatch_terminal_catch_signals(int wake) {
  wake_fd = wake;
  struct sigaction action = {.sa_handler = note};
  sigemptyset(&action.sa_mask);
  for (int index = 0; index < noted_count; index++) {
    if (sigaction(noted[index], &action, &noted_before[index]) != 0) return -1;
  }
  action.sa_handler = fail;
  for (int index = 0; index < fault_count; index++) {
    if (sigaction(faults[index], &action, &fault_before[index]) != 0) return -1;
  }
  return 0;
}

void closewatch_terminal_release_signals(void) {
  for (int index = 0; index < noted_count; index++) {
    sigaction(noted[index], &noted_before[index], NULL);
  }
  for (int index = 0; index < fault_count; index++) {
    sigaction(faults[index], &fault_before[index], NULL);
  }
  wake_fd = -1;
}

int closewatch_terminal_has_come(int signal) {
  if (signal < 1 || signal > 64 || !come[signal]) return 0;
  come[signal] = 0;
  return 1;
}

void closewatch_terminal_stop(void) {
  struct sigaction usual = {.sa_handler = SIG_DFL};
  struct sigaction own;
  sigemptyset(&usual.sa_mask);
  sigaction(SIGTSTP, &usual, &own);
  kill(getpid(), SIGTSTP);
  sigaction(SIGTSTP, &own, NULL);
}
