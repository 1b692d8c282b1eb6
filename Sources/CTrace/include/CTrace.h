// SPDX-License-Identifier: Apache-2.0
// What a trace needs of libbpf and libdw.
#pragma once

#include "Counter.h"
#include "Probe.h"
#include "Stop.h"
#include "TraceEvent.h"
#include "Unwinder.h"
