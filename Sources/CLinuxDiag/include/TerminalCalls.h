// SPDX-License-Identifier: Apache-2.0
// A terminal that is taken over and given back, whatever happens. In C, because a signal handler
// may do next to nothing: signal-safety(7).
#pragma once

/// Takes over the terminal `fd`: remembers its settings, turns off echo, lines and flow control.
/// Keys that send signals stay. What gives it back is written by ``closewatch_terminal_leave``.
/// -1 and errno on failure.
int closewatch_terminal_enter(int fd, const void *closing, unsigned long size);

/// Gives it back: writes the closing bytes, restores the settings. Does nothing when it is not
/// taken over. Safe in a signal handler.
void closewatch_terminal_leave(void);

/// From now on a signal that concerns a terminal is noted and a byte written to `wake`; one that
/// ends the program by a fault gives the terminal back first. -1 and errno on failure.
int closewatch_terminal_catch_signals(int wake);

/// Gives the signals back to whoever had them.
void closewatch_terminal_release_signals(void);

/// Whether the signal has come since it was last asked for.
int closewatch_terminal_has_come(int signal);

/// Stops this program as Ctrl-Z would without a handler; returns when it goes on.
void closewatch_terminal_stop(void);
