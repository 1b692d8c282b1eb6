// SPDX-License-Identifier: Apache-2.0
//
// A server that never closes what its peers have closed, and its peers: one more socket in
// CLOSE_WAIT every 20 ms on a port of the loopback interface that it picks itself, 600 at most.
// For a container that has nothing but this file in it.
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof place;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  // A network namespace of its own begins with a loopback interface that is down.
  struct ifreq lo;
  memset(&lo, 0, sizeof lo);
  strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(listener, SIOCSIFFLAGS, &lo);
  if (bind(listener, (struct sockaddr *)&place, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&place, &size) != 0) {
    perror("leak");
    return 1;
  }
  for (int count = 0; count < 600; count++) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&place, size) != 0 ||
        accept(listener, NULL, NULL) < 0) {
      perror("leak");
      return 1;
    }
    close(client);
    usleep(20000);
  }
  pause();
}
