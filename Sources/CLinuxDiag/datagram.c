// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "CommandCalls.h"

int closewatch_date_datagrams(int socket) {
  int on = 1;
  return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

static long long nanoseconds(const struct timespec *time) {
  return (long long)time->tv_sec * 1000000000 + time->tv_nsec;
}

long closewatch_receive_datagram(
    int socket, void *bytes, unsigned long size, void *address, unsigned *address_size,
    long long *nanoseconds_ago) {
  union {
    char room[CMSG_SPACE(sizeof(struct timespec))];
    struct cmsghdr header;
  } control = {0};
  struct iovec piece = {bytes, size};
  struct msghdr message = {
      .msg_name = address,
      .msg_namelen = *address_size,
      .msg_iov = &piece,
      .msg_iovlen = 1,
      .msg_control = control.room,
      .msg_controllen = sizeof control.room};
  long got;
  do {
    got = recvmsg(socket, &message, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return got;
  *address_size = message.msg_namelen;
  *nanoseconds_ago = -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  struct timespec sent, now;
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS &&
      clock_gettime(CLOCK_REALTIME, &now) == 0) {
    memcpy(&sent, CMSG_DATA(header), sizeof sent);
    long long ago = nanoseconds(&now) - nanoseconds(&sent);
    if (ago >= 0) *nanoseconds_ago = ago;
  }
  return got;
}
