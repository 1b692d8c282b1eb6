// SPDX-License-Identifier: Apache-2.0
// The laboratory: builds TCP sockets of a known kind in a network namespace of its own, and says on
// standard output what it built, one line a fact. The tests compare that with what closewatch sees.
#pragma once
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// Which kind of addresses a connection has. MAPPED: an IPv4 client of a dual-stack listener.
enum path { IPV4, IPV6, MAPPED };

/// What a scenario was asked for.
struct request {
  enum path path;
  int count;
};

/// One end of a connection, or a listener, as it was when it was last looked at.
struct end {
  int fd;
  int family;
  struct sockaddr_storage local, remote;
  uint64_t inode, cookie;
  /// CLOCK_BOOTTIME nanoseconds between which the socket got into its present state; 0: not told.
  int64_t from, to;
};

struct pair {
  struct end client, server;
};

// lab.c: facts, children and failures.
/// Writes one line to standard output in one piece.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Says what failed, with errno, and exits with 1.
void die(const char *what) __attribute__((noreturn));
/// Says which process this is and in which network namespace.
void say_namespace(void);
/// Nanoseconds since boot.
int64_t boot_nanoseconds(void);
/// Forks. The child dies with its parent and has the name `name`; the parent remembers its pid.
pid_t fork_named(const char *name);
/// Ends and reaps every child of fork_named().
void end_children(void);
/// Blocks for ever, without using the CPU.
void wait_for_ever(void) __attribute__((noreturn));

// sockets.c
/// Makes what is declared count for the whole laboratory. Comes before every declaration.
void share_declarations(void);
/// Reads the addresses, inode and cookie of `fd`.
struct end look_at(int fd);
struct end listen_on(enum path path, int backlog);
/// A socket of the family that `path` connects from.
int client_socket(enum path path);
void connect_to(int fd, enum path path, const struct end *listener);
/// A connection with both ends in this process.
struct pair connect_pair(enum path path, const struct end *listener);
/// Sends so much that most of it can never leave: the peer reads nothing and has a small buffer.
void stuff(int fd);
/// Notes the time around shutdown(fd, SHUT_WR), in both ends.
void send_fin(struct end *sender, struct end *receiver);
/// Closes the descriptor of `sender`, and notes the time in both ends.
void close_end(struct end *sender, struct end *receiver);
/// Waits until `fd` has `bytes` to read or, with `bytes` 0, is at its end; fails after 5 s.
void wait_readable(int fd, int bytes);
/// Waits until the kernel says that `fd` is in state `state`; fails after 5 s.
void wait_state(int fd, int state);

/// `queues` is what Recv-Q and Send-Q must be, for example `recvq=1`; `more` is greater than 1.
void declare(const struct end *end, const char *state, uint64_t inode, const char *queues);
void declare_holder(uint64_t inode, pid_t pid, int fd, const char *table);
/// A row of the table that this process holds by one descriptor.
void declare_held(const struct end *end, const char *state, const char *queues);
/// A row that no file refers to.
void declare_unheld(const struct end *end, const char *state, const char *queues);
void declare_listener(const struct end *end, int queued, int limit);
/// A descriptor on a TCP socket that is in no table.
void declare_dead(const struct end *end, const char *kind);
/// Waits until /proc/net/tcp{,6} has exactly as many rows in each state as were declared.
void wait_settled(void);

// namespace.c
void enter_new_namespace(void);
/// Root becomes this user, in no group of root's, and so loses every capability.
void become_user(uid_t uid);
/// Sets the loopback interface up (1) or down (0).
void set_loopback(int up);
/// Makes a pair of veth interfaces, the second one in the namespace of process `pid`.
void make_veth(const char *name, const char *peer, pid_t pid);
/// `run [netns=PID] [hidepid=N] [uid=N] -- PROGRAM ARGUMENTS`: never returns.
void run_program(int count, char **arguments) __attribute__((noreturn));

// states.c
void build_established(struct request request);
void build_syn_sent(struct request request);
void build_syn_recv(struct request request);
void build_close_wait(struct request request);
void build_fin_wait_1(struct request request);
void build_last_ack(struct request request);
void build_closing(struct request request);
void build_time_wait(struct request request);
void build_unaccepted(struct request request);
void build_reuseport(struct request request);
void build_ages(struct request request);
void build_linger2(struct request request);

// holders.c
void build_forked(struct request request);
void build_execed(struct request request);
void build_in_flight(struct request request);
void build_thread_table(struct request request);
void build_thread_crowd(struct request request);
void build_zombie_leader(struct request request);
void build_io_uring(struct request request);
/// What the program of `execed` becomes: it only waits.
void hold_for_ever(void) __attribute__((noreturn));

// dead_sockets.c
void build_dead_sockets(struct request request);

// crowd.c
void build_crowd(struct request request);
void build_births(struct request request);

// churn.c
void build_churn(struct request request);
void build_namespaces(struct request request);
void build_foreign(struct request request);
void build_release(struct request request);
void step_release(const char *command);
void build_veth(struct request request);
void step_veth(const char *command);
