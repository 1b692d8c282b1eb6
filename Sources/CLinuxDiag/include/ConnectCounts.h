// SPDX-License-Identifier: Apache-2.0
// What a program in the kernel counts of connect(2), as it lies in memory that it shares with those
// who read it. The program includes this file too: no type of the C library.
#pragma once

enum {
  /// Where an entry may be: in any way of the one set that its hash says.
  closewatch_connect_sets = 512,
  closewatch_connect_ways = 8,
  closewatch_connect_entries = closewatch_connect_sets * closewatch_connect_ways,
};

enum closewatch_connect_state {
  closewatch_connect_free,
  closewatch_connect_written,
  closewatch_connect_taken,
};

/// The connects of one process to one place.
struct closewatch_connect {
  /// When the process started, when its first connect and its newest one were: nanoseconds since
  /// boot.
  unsigned long long started, first, newest;
  unsigned long long connects;
  /// Those for which there was no local port.
  unsigned long long without_port;
  /// In network order; IPv4 in its mapped form.
  unsigned char remote[16];
  unsigned process, name_space;
  /// enum closewatch_connect_state.
  unsigned state;
  /// Connects of others that found no room and would have taken this entry's.
  unsigned pressed;
  char command[16];
  /// In host order.
  unsigned short port;
  unsigned short unused[3];
};

struct closewatch_connect_table {
  /// Connects that are in no entry: there was no room, or a heavier one needed it.
  unsigned long long refused, displaced;
  struct closewatch_connect entries[closewatch_connect_entries];
};

/// Copies an entry that is not being written; 0 when there is none.
int closewatch_copy_connect(
    const struct closewatch_connect_table *table, unsigned position,
    struct closewatch_connect *copy);
