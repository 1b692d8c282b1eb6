// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "LoopbackCalls.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int closewatch_raise_loopback(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct ifreq interface = {0};
  strcpy(interface.ifr_name, "lo");
  int result = ioctl(fd, SIOCGIFFLAGS, &interface);
  if (result == 0) {
    interface.ifr_flags |= IFF_UP;
    result = ioctl(fd, SIOCSIFFLAGS, &interface);
  }
  int saved = errno;
  close(fd);
  errno = saved;
  return result;
}
