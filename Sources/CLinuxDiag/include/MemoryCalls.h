// SPDX-License-Identifier: Apache-2.0
// Calls about this process's own memory.
#pragma once

/// Gives back the pages of every loaded object's segments that can't be written to: they come from
/// their file again when they are touched.
void closewatch_unmap_code(void);
