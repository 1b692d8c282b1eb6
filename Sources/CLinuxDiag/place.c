// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ProcessCalls.h"

int closewatch_place_of(int fd, struct closewatch_place *place) {
  struct statx status;
  int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (statx(fd, "", flags, STATX_INO | STATX_MNT_ID, &status) != 0) return -1;
  if (!(status.stx_mask & STATX_MNT_ID)) {
    errno = ENODATA;
    return -1;
  }
  place->mount = status.stx_mnt_id;
  place->inode = status.stx_ino;
  place->device_major = status.stx_dev_major;
  place->device_minor = status.stx_dev_minor;
  return 0;
}

int closewatch_process_exists(int pid) {
  return syscall(SYS_tgkill, pid, pid, 0) == 0 || errno == EPERM;
}
