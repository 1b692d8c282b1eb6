// SPDX-License-Identifier: Apache-2.0
// A FUSE file system with one program on it, which goes silent: every later request waits for ever,
// as with a hung NFS server. Tests only.
//
//   SilentFiles DIRECTORY PROGRAM [COUNT [USER]]
//
// In a mount namespace of its own it starts PROGRAM with the argument 600 from the FUSE file system
// itself, from an overlay above it, and, in a mount namespace of its own, from an overlay above a
// tmpfs, which goes on answering: it prints the three pids. With COUNT it starts so many from the
// FUSE file system as USER (without: as nobody). All of them hold one listening socket, without
// COUNT also connections that were closed by their peer. With `swap` as COUNT it starts one process
// as nobody, whose descriptors lead now to dead sockets, now to a file there. With `lock` as COUNT
// it starts one process as nobody, which sends from memory that is a file there, once that is
// silent: so it keeps the lock of a socket, in a network namespace that only its descriptor 1000
// leads to, so that nobody hangs on its tables who does not look for them (who asks whether a
// socket in no table is dead does). A line on standard input silences it: requests (with `swap`:
// those to let go of the file, of anybody else) are taken and never answered, so that not even
// SIGKILL ends those who wait. With `be silent to PID` it is so for that process and its
// descendants: other tests look at the same host. Nobody outside of its pid namespace is ever
// left waiting. The input's end ends it, its programs, and with the connection every request
// that waits.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int device;
static char *program;
static size_t size;
static int isSilent;
/// To whom alone; 0: to everybody.
static int silentTo;
/// Whose programs are not root's.
static uid_t user = 65534;
/// With `swap`: who is answered all the same.
static pid_t swapper;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void require(int result, const char *what) {
  if (result < 0) fail(what);
}

static void reply(unsigned long request, int error, const void *body, size_t length) {
  static char message[sizeof(struct fuse_out_header) + (1 << 20)];
  struct fuse_out_header header = {sizeof header + length, error, request};
  memcpy(message, &header, sizeof header);
  if (length) memcpy(message + sizeof header, body, length);
  // ENOENT: whoever asked is gone.
  if (write(device, message, header.len) < 0 && errno != ENOENT) fail("reply");
}

static struct fuse_attr attributes(unsigned long node) {
  struct fuse_attr it = {.ino = node, .nlink = 1, .blksize = 4096};
  it.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755;
  it.size = node == 1 ? 0 : size;
  return it;
}

static void answer(const struct fuse_in_header *in) {
  const void *body = in + 1;
  switch (in->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {.major = 7, .minor = 31, .max_readahead = 131072};
      out.max_write = 131072;
      reply(in->unique, 0, &out, sizeof out);
      break;
    }
    case FUSE_LOOKUP: {
      struct fuse_entry_out out = {.nodeid = 2, .attr = attributes(2)};
      int isThere = strcmp(body, "program") == 0;
      reply(in->unique, isThere ? 0 : -ENOENT, &out, isThere ? sizeof out : 0);
      break;
    }
    case FUSE_GETATTR: {
      struct fuse_attr_out out = {.attr = attributes(in->nodeid)};
      reply(in->unique, 0, &out, sizeof out);
      break;
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
      struct fuse_open_out out = {.open_flags = in->opcode == FUSE_OPEN ? FOPEN_KEEP_CACHE : 0};
      reply(in->unique, 0, &out, sizeof out);
      break;
    }
    case FUSE_READ: {
      const struct fuse_read_in *read = body;
      size_t start = read->offset < size ? read->offset : size;
      size_t length = read->size < size - start ? read->size : size - start;
      reply(in->unique, 0, program + start, length);
      break;
    }
    case FUSE_STATFS: {
      struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255}};
      reply(in->unique, 0, &out, sizeof out);
      break;
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      break;
    case FUSE_READDIR:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FLUSH:
      reply(in->unique, 0, NULL, 0);
      break;
    default:
      reply(in->unique, -ENOSYS, NULL, 0);
  }
}

static void load(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  require(file, path);
  require(fstat(file, &status), path);
  size = status.st_size;
  program = malloc(size);
  if (!program || read(file, program, size) != (ssize_t)size) fail(path);
  close(file);
}

static void mountFiles(void) {
  char options[100];
  require(unshare(CLONE_NEWNS), "unshare");
  require(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
  require(mount("tmpfs", ".", "tmpfs", 0, NULL), "mount tmpfs");
  // The tmpfs has hidden the directory that this process is in.
  char *here = getcwd(NULL, 0);
  if (!here) fail("getcwd");
  require(chdir(here), here);
  static const char *const folders[] = {"files", "empty", "overlay", "layer", "sound"};
  for (int i = 0; i < 5; i++) require(mkdir(folders[i], 0755), folders[i]);
  int copy = open("layer/program", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  require(copy, "layer/program");
  if (write(copy, program, size) != (ssize_t)size) fail("layer/program");
  close(copy);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  require(device, "/dev/fuse");
  const char *form = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other";
  snprintf(options, sizeof options, form, device);
  require(mount("silent", "files", "fuse", MS_NOSUID | MS_NODEV, options), "mount fuse");
}

/// Where a program is started from.
enum place { fromFiles, fromOverlay, fromSoundOverlay };

/// Starts the program. `started` is closed when it runs.
static pid_t start(enum place place, int isUsers) {
  static const char *const paths[] = {"files/program", "overlay/program", "sound/program"};
  pid_t child = fork();
  require(child, "fork");
  if (child != 0) return child;
  if (isUsers) require(setgroups(0, NULL) | setgid(user) | setuid(user), "setuid");
  // Forgotten by setuid(2).
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (place == fromOverlay) {
    require(
        mount("overlay", "overlay", "overlay", 0, "lowerdir=files:empty"), "mount overlay");
  } else if (place == fromSoundOverlay) {
    require(unshare(CLONE_NEWNS), "unshare");
    require(mount("overlay", "sound", "overlay", 0, "lowerdir=layer:empty"), "mount overlay");
  }
  execl(paths[place], "program", "600", NULL);
  fail(paths[place]);
  return -1;
}

/// So many descriptors that one search can't have asked them all before they lead elsewhere.
enum { swapped = 300, firstSwapped = 2000, firstKept = 3000 };

/// What `swap` starts. The descriptors have the numbers of dead sockets: TCP, in no table.
static void swapForEver(int started) {
  int sockets[swapped];
  struct rlimit limit = {4096, 4096};
  setrlimit(RLIMIT_NOFILE, &limit);
  int file = open("files/program", O_RDONLY);
  require(file, "files/program");
  for (int i = 0; i < swapped; i++) {
    int made = socket(AF_INET, SOCK_STREAM, 0);
    require(made, "socket");
    require(dup2(made, firstSwapped + i), "dup2");
    // Of one socket the first descriptor is asked, and no other.
    sockets[i] = dup2(made, firstKept + i);
    require(sockets[i], "dup2");
    close(made);
  }
  // Whoever has it open keeps the file system alive, and would wait for itself.
  close(device);
  require(setgroups(0, NULL) | setgid(user) | setuid(user), "setuid");
  // Forgotten by setuid(2).
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Who has given up rights may be asked again: the file system lets nobody else see it.
  prctl(PR_SET_DUMPABLE, 1);
  close(started);
  for (;;) {
    int i = rand() % swapped;
    require(dup2(rand() & 1 ? file : sockets[i], firstSwapped + i), "dup2");
    usleep(20);
  }
}

/// A connection in a network namespace of its own, which no process is in and this descriptor leads
/// to.
enum { nameSpace = 1000 };

static int connectElsewhere(void) {
  int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  require(here, "ns/net");
  require(unshare(CLONE_NEWNET), "unshare");
  int there = open("/proc/self/ns/net", O_RDONLY);
  require(dup2(there, nameSpace), "dup2");
  close(there);
  int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  require(server | client, "socket");
  struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  require(ioctl(server, SIOCSIFFLAGS, &up), "SIOCSIFFLAGS");
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  place.sin_port = htons(1000);
  require(bind(server, (struct sockaddr *)&place, sizeof place), "bind");
  require(listen(server, 8), "listen");
  require(connect(client, (struct sockaddr *)&place, sizeof place), "connect");
  require(setns(here, CLONE_NEWNET), "setns");
  close(here);
  return client;
}

/// What `lock` starts. It sends when told.
static void lockForEver(int started, int told) {
  struct rlimit limit = {4096, 4096};
  setrlimit(RLIMIT_NOFILE, &limit);
  int client = connectElsewhere();
  int file = open("files/program", O_RDONLY);
  require(file, "files/program");
  char *start = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
  if (start == MAP_FAILED) fail("mmap");
  // Whoever has it open keeps the file system alive, and would wait for itself.
  close(device);
  require(setgroups(0, NULL) | setgid(user) | setuid(user), "setuid");
  // Forgotten by setuid(2).
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(started);
  char byte;
  if (read(told, &byte, 1) == 1) send(client, start, 1, 0);
  for (;;) pause();
}

/// Whether a process is another one or descends from it.
static int descends(int pid, int from) {
  while (pid > 1 && pid != from) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "re");
    pid = 0;
    while (status && fgets(line, sizeof line, status)) sscanf(line, "PPid: %d", &pid);
    if (status) fclose(status);
  }
  return pid == from;
}

static int isAnswered(const struct fuse_in_header *in) {
  if (!isSilent || in->pid == 0) return 1;
  if (silentTo) return !descends((int)in->pid, silentTo);
  return swapper && (in->opcode != FUSE_FLUSH || in->pid == (unsigned)swapper);
}

static void serveUntil(int end) {
  static char request[1 << 20];
  struct pollfd waiting[] = {{device, POLLIN, 0}, {end, POLLIN, 0}};
  for (;;) {
    require(poll(waiting, 2, -1), "poll");
    if (waiting[1].revents) return;
    ssize_t length = read(device, request, sizeof request);
    // A request can be withdrawn before it is read.
    int isNone = errno == EAGAIN || errno == EINTR || errno == ENOENT;
    if (length < 0 && !isNone) fail("read /dev/fuse");
    const struct fuse_in_header *in = (const struct fuse_in_header *)request;
    if (length > 0 && isAnswered(in)) answer(in);
  }
}

/// A socket that every program gets; and where there are few, connections that their peer has
/// closed, so that who looks for leaks wants to know whose they are.
static void listenForAll(int isCrowd) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  require(fd, "socket");
  require(bind(fd, (struct sockaddr *)&place, sizeof place), "bind");
  require(listen(fd, 8), "listen");
  socklen_t length = sizeof place;
  require(getsockname(fd, (struct sockaddr *)&place, &length), "getsockname");
  for (int i = 0; i < 5 && !isCrowd; i++) {
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    require(peer, "socket");
    require(connect(peer, (struct sockaddr *)&place, sizeof place), "connect");
    require(accept(fd, NULL, NULL), "accept");
    close(peer);
  }
}

int main(int count, char **arguments) {
  static pid_t programs[1000];
  int started[2], told[2];
  int isSwap = count == 4 && strcmp(arguments[3], "swap") == 0;
  int isLock = count == 4 && strcmp(arguments[3], "lock") == 0;
  int isCrowd = (count == 4 || count == 5) && !isSwap && !isLock;
  int wanted = isSwap || isLock ? 1 : isCrowd ? atoi(arguments[3]) : 3;
  if (count < 3 || wanted > 1000) return 64;
  if (count == 5) user = (uid_t)atoi(arguments[4]);
  load(arguments[2]);
  require(chdir(arguments[1]), arguments[1]);
  mountFiles();
  require(pipe2(started, O_CLOEXEC) | pipe2(told, O_CLOEXEC), "pipe");
  if (isSwap) {
    swapper = programs[0] = fork();
    require(swapper, "fork");
    if (swapper == 0) swapForEver(started[1]);
  } else if (isLock) {
    programs[0] = fork();
    require(programs[0], "fork");
    if (programs[0] == 0) lockForEver(started[1], told[0]);
  } else {
    listenForAll(isCrowd);
  }
  for (int i = 0; i < wanted && !isSwap && !isLock; i++) {
    programs[i] = start(isCrowd ? fromFiles : (enum place)i, isCrowd);
  }
  close(started[1]);
  // All have closed their ends by starting the program.
  serveUntil(started[0]);
  for (int i = 0; i < wanted; i++) printf("%d\n", programs[i]);
  fflush(stdout);
  char line[100] = "";
  serveUntil(STDIN_FILENO);
  isSilent = read(STDIN_FILENO, line, sizeof line - 1) > 0;
  sscanf(line, "be silent to %d", &silentTo);
  if (isLock && isSilent) require((int)write(told[1], "", 1), "told");
  if (isSilent) serveUntil(STDIN_FILENO);
  for (int i = 0; i < wanted; i++) kill(programs[i], SIGKILL);
  return 0;
}
