// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

void set_loopback(int up) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq interface = {.ifr_name = "lo"};
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &interface)) die("SIOCGIFFLAGS lo");
  interface.ifr_flags = up ? interface.ifr_flags | IFF_UP : interface.ifr_flags & ~IFF_UP;
  if (ioctl(fd, SIOCSIFFLAGS, &interface)) die("SIOCSIFFLAGS lo");
  close(fd);
}

void enter_new_namespace(void) {
  if (unshare(CLONE_NEWNET)) die("unshare(CLONE_NEWNET)");
  set_loopback(1);
}

struct link_message {
  struct nlmsghdr header;
  struct ifinfomsg info;
  char attributes[512];
};

static struct rtattr *put(struct link_message *message, int type, const void *data, int length) {
  int offset = NLMSG_ALIGN(message->header.nlmsg_len);
  struct rtattr *attribute = (struct rtattr *)((char *)message + offset);
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(length);
  if (length) memcpy(RTA_DATA(attribute), data, length);
  message->header.nlmsg_len = offset + RTA_ALIGN(attribute->rta_len);
  return attribute;
}

static void close_nest(struct link_message *message, struct rtattr *nest) {
  nest->rta_len = (char *)message + message->header.nlmsg_len - (char *)nest;
}

void make_veth(const char *name, const char *peer, pid_t pid) {
  struct link_message message = {
      .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                 .nlmsg_type = RTM_NEWLINK,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK}};
  put(&message, IFLA_IFNAME, name, strlen(name) + 1);
  struct rtattr *info = put(&message, IFLA_LINKINFO, NULL, 0);
  put(&message, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = put(&message, IFLA_INFO_DATA, NULL, 0);
  struct ifinfomsg peer_info = {0};
  struct rtattr *other = put(&message, VETH_INFO_PEER, &peer_info, sizeof peer_info);
  put(&message, IFLA_IFNAME, peer, strlen(peer) + 1);
  put(&message, IFLA_NET_NS_PID, &pid, sizeof pid);
  close_nest(&message, other);
  close_nest(&message, data);
  close_nest(&message, info);

  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0 || send(fd, &message, message.header.nlmsg_len, 0) < 0) die("RTM_NEWLINK");
  char answer[4096];
  if (recv(fd, answer, sizeof answer, 0) < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
    die("RTM_NEWLINK: no answer");
  }
  errno = -((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)answer))->error;
  if (errno) die("RTM_NEWLINK veth");
  close(fd);
}

static void enter_namespace_of(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) die(path);
  close(fd);
}

/// Mounts a /proc that hides other users' processes, for this process and its children only.
static void hide_processes(const char *level) {
  char option[32];
  snprintf(option, sizeof option, "hidepid=%s", level);
  if (unshare(CLONE_NEWNS)) die("unshare(CLONE_NEWNS)");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) die("mount MS_PRIVATE");
  if (mount("proc", "/proc", "proc", 0, option)) die("mount proc hidepid");
}

void become_user(uid_t uid) {
  if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)) die("setuid");
}

void run_program(int count, char **arguments) {
  uid_t uid = 0;
  int i = 0;
  for (; i < count && strcmp(arguments[i], "--") != 0; i++) {
    const char *value = strchr(arguments[i], '=');
    if (!value) break;
    if (strncmp(arguments[i], "netns=", 6) == 0) enter_namespace_of(value + 1);
    if (strncmp(arguments[i], "hidepid=", 8) == 0) hide_processes(value + 1);
    if (strncmp(arguments[i], "uid=", 4) == 0) uid = atoi(value + 1);
  }
  errno = EINVAL;
  if (i + 1 >= count || strcmp(arguments[i], "--") != 0) die("run: no program");
  char **program = arguments + i + 1;
  if (!uid) {
    execvp(program[0], program);
    die(program[0]);
  }
  // Opened before root is gone: a checkout in root's home is closed to everybody else.
  int fd = open(program[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) die(program[0]);
  become_user(uid);
  // Linux 5.10 starts no program that has an interpreter from a descriptor (ENOENT): by name first.
  execvp(program[0], program);
  fexecve(fd, program, environ);
  die(program[0]);
}
