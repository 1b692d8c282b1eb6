// SPDX-License-Identifier: Apache-2.0
// Signals itself until standard input has something, and says how many have not arrived.
#include <poll.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t arrived;

static void count(int signal) {
  (void)signal;
  arrived++;
}

int main(void) {
  struct sigaction action = {.sa_handler = count};
  sigaction(SIGUSR1, &action, NULL);
  puts("waiting");
  fflush(stdout);
  struct pollfd input = {.fd = 0, .events = POLLIN};
  long sent = 0, lost = 0;
  for (;;) {
    arrived = 0;
    raise(SIGUSR1);
    // It has arrived when this returns, or never will.
    if (!arrived) lost++;
    if (++sent % 1000 == 0 && poll(&input, 1, 0) > 0) break;
  }
  printf("%ld\n", lost);
  return 0;
}
