// SPDX-License-Identifier: Apache-2.0
// Nothing to call: floor.c defines what a newer glibc has and the oldest supported one has not.
#pragma once
