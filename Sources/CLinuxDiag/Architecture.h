// SPDX-License-Identifier: Apache-2.0
//
// What the kernel numbers by architecture and we name: nothing else of ours differs. All calls that
// are not here are in the headers of both under the same name. x86_64 is what is built, tested and
// shipped. aarch64 has never been built or run as a whole: of it only the C code was compiled
// (deploy/prove packages).
#pragma once
#ifndef __bpf__
#include <linux/audit.h>
#endif

// What is put into the kernel has no header of its own numbers, and is for x86_64 only.
#if defined(__x86_64__) || defined(__bpf__)
/// The numbers of calls that a filter knows are of this architecture (seccomp_data.arch).
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
/// Calls from this number on are x32's, of the same architecture.
#define FOREIGN_CALLS 0x40000000
/// Calls that change files by name and have a successor that takes a folder, too.
#define OLD_FILE_CALLS(refuse)                                                                   \
  refuse(creat), refuse(unlink), refuse(rename), refuse(renameat), refuse(mkdir), refuse(rmdir), \
      refuse(mknod), refuse(link), refuse(symlink), refuse(chmod), refuse(chown), refuse(lchown),
/// open(2), with its flags in this argument.
#define OLD_OPEN __NR_open
#define OLD_OPEN_FLAGS args[1]
/// Calls that start a process and have no flags.
#define OLD_FORK_CALLS(refuse) , refuse(fork), refuse(vfork)
/// Of a stopped thread's registers (struct user_regs_struct) those that DWARF numbers from 0 on.
#define DWARF_REGISTERS(of)                                                                      \
  {of.rax, of.rdx, of.rcx, of.rbx, of.rsi, of.rdi, of.rbp, of.rsp, of.r8,                        \
   of.r9,  of.r10, of.r11, of.r12, of.r13, of.r14, of.r15, of.rip}
/// The system call that it is in, or -1, what that was given, and what pthread_self(3) says.
#define CALL_NUMBER(of) ((long long)of.orig_rax)
#define CALL_ARGUMENTS(of) {of.rdi, of.rsi, of.rdx, of.r10, of.r8, of.r9}
#define THREAD_POINTER(of) of.fs_base
/// Calls that read a socket or accept one, for what is put into the kernel. stop.c holds them
/// against the kernel's header.
#define READ_CALL 0
#define READV_CALL 19
#define ACCEPT_CALL 43
#define RECVFROM_CALL 45
#define RECVMSG_CALL 47
#define ACCEPT4_CALL 288
#define RECVMMSG_CALL 299

#elif defined(__aarch64__)
// Newer than the old calls: it has but renameat(2) of them.
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#define OLD_FILE_CALLS(refuse) refuse(renameat),
#define OLD_FORK_CALLS(refuse)

#else
#error "closewatch knows the system calls of x86_64 and aarch64: add this architecture here"
#endif
