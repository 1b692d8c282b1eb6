// SPDX-License-Identifier: Apache-2.0
#include "CLinuxDiag.h"

#include <linux/tcp.h>
#include <stddef.h>

// linux/tcp.h cannot be in a header that Swift sees: its tcp_info clashes with glibc's.
static const unsigned long closewatch_tcp_info_offsets[6] = {
    offsetof(struct tcp_info, tcpi_last_data_sent),
    offsetof(struct tcp_info, tcpi_last_data_recv),
    offsetof(struct tcp_info, tcpi_last_ack_recv),
    offsetof(struct tcp_info, tcpi_bytes_acked),
    offsetof(struct tcp_info, tcpi_bytes_received),
    offsetof(struct tcp_info, tcpi_segs_out),
};

unsigned long closewatch_tcp_info_offset(int field) {
  return field >= 0 && field < 6 ? closewatch_tcp_info_offsets[field] : ~0UL;
}
