// SPDX-License-Identifier: Apache-2.0
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "Unwinder.h"
#include "named.h"

enum { most_calls = 128 };

static struct closewatch_unwinder *reading;

static int number_of(Dwfl_Module *module) {
  void **data = NULL;
  if (!module || !dwfl_module_info(module, &data, NULL, NULL, NULL, NULL, NULL, NULL)) return -1;
  return data && *data ? (int)((char *)*data - (char *)0) - 1 : -1;
}

// libdw asks for the files by these, and opens none itself.
static int find_file(
    Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **path, Elf **elf) {
  return -1;
}

static int find_debug_file(
    Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *path,
    const char *link, GElf_Word sum, char **found) {
  int number = number_of(module);
  if (!reading || number < 0) return -1;
  int descriptor = reading->files[number].debug_descriptor;
  if (descriptor < 0) return -1;
  *found = strdup(reading->files[number].path);
  return dup(descriptor);
}

// Where the file would be if it were mapped whole, from one of its pieces.
static int bias_of(const struct closewatch_code_file *file, Elf *elf, GElf_Addr *bias) {
  size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return -1;
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr piece;
    if (!gelf_getphdr(elf, (int)i, &piece) || piece.p_type != PT_LOAD) continue;
    GElf_Off page = piece.p_offset & ~0xfffULL;
    if (file->offset < page || file->offset >= piece.p_offset + piece.p_filesz) continue;
    if (!(piece.p_flags & PF_X)) continue;
    *bias = file->start - file->offset + piece.p_offset - piece.p_vaddr;
    return 0;
  }
  return -1;
}

static void add(struct closewatch_unwinder *unwinder, int number) {
  const struct closewatch_code_file *file = &unwinder->files[number];
  Elf *elf = elf_begin(file->descriptor, ELF_C_READ_MMAP, NULL);
  GElf_Addr bias = 0;
  int found = elf && elf_kind(elf) == ELF_K_ELF ? bias_of(file, elf, &bias) : -1;
  elf_end(elf);
  if (found != 0) return;
  int descriptor = dup(file->descriptor);
  if (descriptor < 0) return;
  Dwfl_Module *module =
      dwfl_report_elf(unwinder->all, file->path, file->path, descriptor, bias, true);
  if (!module) {
    close(descriptor);
    return;
  }
  unwinder->bias[number] = (long long)bias;
  void **data = NULL;
  dwfl_module_info(module, &data, NULL, NULL, NULL, NULL, NULL, NULL);
  if (data) *data = (char *)0 + number + 1;
}

static pid_t next_thread(Dwfl *all, void *unwinder, void **thread) {
  if (*thread) return 0;
  *thread = unwinder;
  return ((struct closewatch_unwinder *)unwinder)->process;
}

static bool this_thread(Dwfl *all, pid_t id, void *unwinder, void **thread) {
  *thread = unwinder;
  return true;
}

// Nothing but the copy of the stack: what is elsewhere in the program has changed since.
static bool read_stack(Dwfl *all, Dwarf_Addr address, Dwarf_Word *word, void *context) {
  struct closewatch_unwinder *unwinder = context;
  const struct closewatch_trace_stack *stack = unwinder->stack;
  Dwarf_Addr first = stack->registers[7];
  if (address < first) return false;
  if (address - first + sizeof *word > stack->length) {
    // No stack is larger than the last, unless somebody has set it so.
    enum {
      surely_copied = closewatch_trace_stack_bytes - closewatch_trace_stack_step,
      usual_stack = 8 << 20,
    };
    unwinder->is_too_long |= address - first >= surely_copied && address - first < usual_stack;
    return false;
  }
  memcpy(word, stack->bytes + (address - first), sizeof *word);
  return true;
}

static bool set_registers(Dwfl_Thread *thread, void *context) {
  const struct closewatch_trace_stack *stack = ((struct closewatch_unwinder *)context)->stack;
  Dwarf_Word words[closewatch_trace_registers];
  for (int i = 0; i < closewatch_trace_registers; i++) words[i] = stack->registers[i];
  return dwfl_thread_state_registers(thread, 0, closewatch_trace_registers, words);
}

static const Dwfl_Thread_Callbacks threads = {
    .next_thread = next_thread,
    .get_thread = this_thread,
    .memory_read = read_stack,
    .set_initial_registers = set_registers,
};

struct closewatch_unwinder *closewatch_unwinder_new(
    int process, const struct closewatch_code_file *files, int count) {
  static char *nowhere = "";
  static const Dwfl_Callbacks callbacks = {
      .find_elf = find_file, .find_debuginfo = find_debug_file, .debuginfo_path = &nowhere};
  struct closewatch_unwinder *unwinder = calloc(1, sizeof *unwinder);
  if (!unwinder) return NULL;
  unwinder->process = process;
  unwinder->files = files;
  unwinder->count = count;
  unwinder->bias = malloc((size_t)(count + 1) * sizeof *unwinder->bias);
  elf_version(EV_CURRENT);
  unwinder->all = dwfl_begin(&callbacks);
  if (!unwinder->all || !unwinder->bias) {
    closewatch_unwinder_free(unwinder);
    return NULL;
  }
  reading = unwinder;
  dwfl_report_begin(unwinder->all);
  for (int i = 0; i < count; i++) {
    unwinder->bias[i] = -1;
    add(unwinder, i);
  }
  dwfl_report_end(unwinder->all, NULL, NULL);
  dwfl_attach_state(unwinder->all, NULL, process, &threads, unwinder);
  return unwinder;
}

void closewatch_unwinder_free(struct closewatch_unwinder *unwinder) {
  reading = NULL;
  if (unwinder->all) dwfl_end(unwinder->all);
  free(unwinder->bias);
  free(unwinder);
}

struct addresses {
  unsigned long long *room;
  int most, count, is_cut;
};

static bool is_told(Dwarf_CFI *table, Dwarf_Addr address) {
  Dwarf_Frame *frame = NULL;
  if (!table || dwarf_cfi_addrframe(table, address, &frame) != 0) return false;
  free(frame);
  return true;
}

// Go keeps frame pointers, by which libdw goes on where the tables are stripped.
static bool is_go(Dwfl_Module *module) {
  GElf_Addr bias;
  Elf *elf = dwfl_module_getelf(module, &bias);
  size_t names;
  if (!elf || elf_getshdrstrndx(elf, &names) != 0) return false;
  for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header)) continue;
    const char *name = elf_strptr(elf, names, header.sh_name);
    if (name && strstr(name, ".gopclntab")) return true;
  }
  return false;
}

// Without a table (musl has none) libdw takes rbp for a frame pointer. Where it is none of this
// call but of an outer one, the callers in between would be left out, and an innocent one named.
static bool can_leave(Dwfl *all, Dwarf_Addr address) {
  Dwfl_Module *module = dwfl_addrmodule(all, address);
  if (!module) return true;
  Dwarf_Addr bias = 0;
  if (is_told(dwfl_module_eh_cfi(module, &bias), address - bias)) return true;
  return is_told(dwfl_module_dwarf_cfi(module, &bias), address - bias) || is_go(module);
}

static int take_frame(Dwfl_Frame *frame, void *context) {
  struct addresses *addresses = context;
  Dwarf_Addr address;
  bool is_interrupted;
  if (!dwfl_frame_pc(frame, &address, &is_interrupted)) return DWARF_CB_ABORT;
  // A return address is after its call, which may be the last of a function. So it is for the first
  // frame: a system call returns to the instruction after it.
  addresses->room[addresses->count++] = address - 1;
  if (addresses->count == addresses->most) return DWARF_CB_ABORT;
  addresses->is_cut = !can_leave(
      dwfl_thread_dwfl(dwfl_frame_thread(frame)), is_interrupted ? address : address - 1);
  return addresses->is_cut ? DWARF_CB_ABORT : DWARF_CB_OK;
}

int closewatch_unwind(
    struct closewatch_unwinder *unwinder, const struct closewatch_trace_stack *stack,
    unsigned long long *addresses, int room, enum closewatch_cut *cut) {
  *cut = closewatch_cut_nowhere;
  // Nothing was copied: the place is not known.
  if (!stack->registers[16]) return 0;
  struct addresses found = {addresses, room < most_calls ? room : most_calls, 0, 0};
  unwinder->stack = stack;
  unwinder->is_too_long = 0;
  dwfl_getthread_frames(unwinder->all, unwinder->process, take_frame, &found);
  unwinder->stack = NULL;
  if (found.is_cut) *cut = closewatch_cut_untold;
  else if (unwinder->is_too_long) *cut = closewatch_cut_too_long;
  return found.count;
}

long long closewatch_code_bias(const struct closewatch_unwinder *unwinder, int file) {
  return file < 0 || file >= unwinder->count ? -1 : unwinder->bias[file];
}

int closewatch_file_at(struct closewatch_unwinder *unwinder, unsigned long long address) {
  for (int i = 0; i < unwinder->count; i++) {
    if (address >= unwinder->files[i].start && address < unwinder->files[i].end) return i;
  }
  return -1;
}
