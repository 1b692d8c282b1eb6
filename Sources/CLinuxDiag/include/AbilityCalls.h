// SPDX-License-Identifier: Apache-2.0
// What this kernel can do, found out with sockets and descriptors of this process alone. Each
// answers 1 or 0, or -1 with errno where it cannot be tried.
#pragma once

/// Whether a descriptor of a process can be copied: pidfd_getfd(2), tried on this process.
int closewatch_copies_descriptors(void);
/// Whether the file of a unix socket counts what is in flight to it (`scm_fds`).
int closewatch_counts_in_flight(void);
/// Whether the file of an io_uring gives the numbers of the sockets that it holds.
int closewatch_numbers_ring_sockets(void);
/// Whether the files of a thread's network namespace are the new one's once it has changed. Changes
/// that of the calling thread: -1 without CAP_SYS_ADMIN.
int closewatch_shows_entered_namespace(void);
/// Whether tables give the user of a socket that was not accepted yet (bit 0), and of one that was
/// closed and is not gone (bit 1). Connects two sockets over the loopback interface.
int closewatch_tells_users(void);
