// SPDX-License-Identifier: Apache-2.0
//
// Runs commands in turn, round after round, and compares them with the first one.
//
//   compare ROUNDS SOCKETS 'NAME=COMMAND ARGUMENT ...' ...
//
// Time is from before fork to after wait4(), so it has the start of the program in it. Each round
// begins with another command, and a first round is not counted. `cpu ms` is the median of the
// processor time, user and system: on a machine that does other work it says more than the clock.
// Memory is the most that was
// resident (ru_maxrss), the program itself included; a figure per socket is given where there are
// enough of them (10,000) for it to mean something. The commands' output goes to /dev/null.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_rounds = 99, most_commands = 16, most_words = 32 };

struct command {
  char *name;
  char *words[most_words + 1];
  double milliseconds[most_rounds];
  double processor[most_rounds];
  long peak_kilobytes;
  int status;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void parse(struct command *c, char *text) {
  c->name = strsep(&text, "=");
  int count = 0;
  for (char *word; text && (word = strsep(&text, " "));)
    if (*word && count < most_words) c->words[count++] = word;
  if (!count) {
    fprintf(stderr, "compare: '%s' has no command\n", c->name);
    exit(2);
  }
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static double run(struct command *c, double *processor) {
  struct rusage usage;
  int status;
  double start = now();
  pid_t pid = vfork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(c->words[0], c->words);
    _exit(127);
  }
  while (wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR) exit(1);
  double elapsed = now() - start;
  if (usage.ru_maxrss > c->peak_kilobytes) c->peak_kilobytes = usage.ru_maxrss;
  c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  *processor = 1e3 * (seconds(usage.ru_utime) + seconds(usage.ru_stime));
  return elapsed;
}

static double median(const double *sorted, int count) {
  return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

// A figure of a command that failed would be a figure about something else.
static int print(struct command *commands, int count, int rounds, long sockets) {
  int failures = 0;
  double base = median(commands[0].milliseconds, rounds);
  printf("%-28s %10s %10s %10s %9s %10s %12s %5s\n", "", "median ms", "min ms", "cpu ms", "ratio",
         "peak KiB", "bytes/socket", "exit");
  for (int i = 0; i < count; i++) {
    struct command *c = &commands[i];
    if (c->status > 1) {
      printf("%-28s failed with status %d\n", c->name, c->status);
      failures++;
      continue;
    }
    double middle = median(c->milliseconds, rounds);
    printf("%-28s %10.2f %10.2f %10.2f %8.2fx %10ld", c->name, middle, c->milliseconds[0],
           median(c->processor, rounds), middle / base, c->peak_kilobytes);
    if (sockets >= 10000)
      printf(" %12.0f", (double)c->peak_kilobytes * 1024 / (double)sockets);
    else
      printf(" %12s", "-");
    printf(" %5d\n", c->status);
  }
  return failures;
}

int main(int argc, char **argv) {
  static struct command commands[most_commands];
  int rounds = argc > 3 ? atoi(argv[1]) : 0, count = argc - 3;
  if (rounds < 1 || rounds > most_rounds || count > most_commands) {
    fprintf(stderr, "usage: compare ROUNDS SOCKETS 'NAME=COMMAND ARGUMENT ...' ...\n");
    return 2;
  }
  for (int i = 0; i < count; i++) parse(&commands[i], argv[i + 3]);
  double uncounted;
  for (int i = 0; i < count; i++) run(&commands[i], &uncounted);
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < count; i++) {
      struct command *c = &commands[(i + round) % count];
      c->milliseconds[round] = run(c, &c->processor[round]);
    }
  for (int i = 0; i < count; i++) {
    qsort(commands[i].milliseconds, (size_t)rounds, sizeof(double), ascending);
    qsort(commands[i].processor, (size_t)rounds, sizeof(double), ascending);
  }
  return print(commands, count, rounds, atol(argv[2])) > 0;
}
