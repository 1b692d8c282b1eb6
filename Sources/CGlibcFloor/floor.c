// SPDX-License-Identifier: Apache-2.0
//
// The daemon starts where glibc is 2.34 (Ubuntu 22.04, RHEL 9), and is built where it is newer.
// What is linked into it names two functions that came later, or came later in another version, and
// that nothing of ours calls: with a definition here the program asks glibc for neither. A test
// names the symbols above the floor, should a library bring another.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/random.h>

/// Named by the toolchain's Glibc overlay. glibc has computed it in this way since 2.35, which gave
/// it a new version: in double precision the squares of floats neither overflow nor vanish.
float hypotf(float x, float y) {
  if (isinf(x) || isinf(y)) return INFINITY;
  return (float)sqrt((double)x * x + (double)y * y);
}

/// Named by libcrypt, which makes salts with it where glibc has it (2.36).
void arc4random_buf(void *buffer, size_t size) {
  unsigned char *place = buffer;
  while (size > 0) {
    ssize_t got = getrandom(place, size, 0);
    if (got < 0 && errno == EINTR) continue;
    // As glibc does: whoever asks cannot go on without.
    if (got <= 0) abort();
    place += got;
    size -= (size_t)got;
  }
}
