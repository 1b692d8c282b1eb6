// SPDX-License-Identifier: Apache-2.0
// Nothing to include: the library is preloaded, by tests that set the clock of one program.
