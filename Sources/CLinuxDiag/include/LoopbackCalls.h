// SPDX-License-Identifier: Apache-2.0
// netdevice(7) calls: their structures have unions that Swift does not import well.
#pragma once

/// Brings up the interface lo of the calling thread's network namespace. -1 and errno on failure.
int closewatch_raise_loopback(void);
