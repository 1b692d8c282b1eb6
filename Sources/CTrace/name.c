// SPDX-License-Identifier: Apache-2.0
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdlib.h>

#include "named.h"

// A name as the linker has it tells of what a function is part of, which the short one does not.
static const char *name_of(Dwarf_Die *entry) {
  Dwarf_Attribute attribute;
  if (dwarf_attr_integrate(entry, DW_AT_linkage_name, &attribute)) {
    const char *name = dwarf_formstring(&attribute);
    if (name) return name;
  }
  return dwarf_diename(entry);
}

static int number(Dwarf_Die *entry, unsigned which) {
  Dwarf_Attribute attribute;
  Dwarf_Word value;
  if (!dwarf_attr(entry, which, &attribute)) return 0;
  return dwarf_formudata(&attribute, &value) == 0 && value < 1u << 30 ? (int)value : 0;
}

static const char *folder_of(Dwarf_Die *unit) {
  Dwarf_Attribute attribute;
  return dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *entry) {
  Dwarf_Files *files;
  size_t count;
  int which = number(entry, DW_AT_call_file);
  if (!which || dwarf_getsrcfiles(unit, &files, &count) != 0 || (size_t)which >= count) return NULL;
  return dwarf_filesrc(files, (size_t)which, NULL, NULL);
}

enum { deepest = 64 };

/// A function, and what was compiled into it around one address: the compiler has left no frame of
/// that. The outermost first.
struct chain {
  Dwarf_Die calls[deepest];
  int count;
};

// dwarf_getscopes() does not look into namespaces, where Rust and Clang have their functions.
static bool find_chain(Dwarf_Die *around, Dwarf_Addr address, struct chain *chain, int depth) {
  Dwarf_Die entry;
  if (depth == deepest || dwarf_child(around, &entry) != 0) return false;
  do {
    int tag = dwarf_tag(&entry);
    bool is_call = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
    int has = 0;
    switch (tag) {
      case DW_TAG_subprogram:
      case DW_TAG_inlined_subroutine:
      case DW_TAG_lexical_block: has = dwarf_haspc(&entry, address); break;
      case DW_TAG_namespace:
      case DW_TAG_module:
      case DW_TAG_class_type:
      case DW_TAG_structure_type:
      case DW_TAG_union_type:
      case DW_TAG_enumeration_type: has = -1; break;
      default: continue;
    }
    if (has == 0 || (has < 0 && is_call)) continue;
    if (is_call) {
      if (chain->count == deepest) return true;
      chain->calls[chain->count++] = entry;
    }
    if (find_chain(&entry, address, chain, depth + 1) || is_call) return true;
  } while (dwarf_siblingof(&entry, &entry) == 0);
  return false;
}

static int name_by_chain(
    Dwarf_Die *unit, Dwarf_Addr address, struct closewatch_named_call *calls, int room) {
  struct chain chain = {.count = 0};
  find_chain(unit, address, &chain, 0);
  int named = 0;
  const char *source = calls[0].source;
  int line = calls[0].line;
  for (int i = chain.count - 1; i >= 0 && named < room; i--, named++) {
    calls[named].function = name_of(&chain.calls[i]);
    calls[named].source = source;
    calls[named].line = line;
    source = call_file(unit, &chain.calls[i]);
    line = number(&chain.calls[i], DW_AT_call_line);
  }
  return named;
}

// Clang and Swift write no table of which unit an address is in, by which libdw looks.
static Dwarf_Die *unit_at(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias) {
  Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);
  if (unit) return unit;
  while ((unit = dwfl_module_nextcu(module, unit, bias))) {
    if (dwarf_haspc(unit, address - *bias) == 1) return unit;
  }
  return NULL;
}

int closewatch_name_address(
    struct closewatch_unwinder *unwinder, unsigned long long address,
    struct closewatch_named_call *calls, int room) {
  if (room < 1) return 0;
  int file = closewatch_file_at(unwinder, address);
  calls[0] = (struct closewatch_named_call){.file = file};
  Dwfl_Module *module = dwfl_addrmodule(unwinder->all, address);
  if (!module) return 1;
  Dwarf_Addr bias = 0;
  Dwarf_Die *unit = unit_at(module, address, &bias);
  Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
  if (line) {
    calls[0].source = dwarf_linesrc(line, NULL, NULL);
    if (dwarf_lineno(line, &calls[0].line) != 0) calls[0].line = 0;
  }
  int named = unit ? name_by_chain(unit, address - bias, calls, room) : 0;
  for (int i = 0; i < named; i++) calls[i].file = file;
  for (int i = 0; unit && i < (named ? named : 1); i++) calls[i].folder = folder_of(unit);
  if (named) return named;
  calls[0].function = dwfl_module_addrname(module, address);
  return 1;
}

// Of the C++ library that Swift's runtime is linked with.
extern char *__cxa_demangle(const char *name, char *room, size_t *size, int *status);

char *closewatch_demangle_cplusplus(const char *name) {
  int status = 0;
  return __cxa_demangle(name, NULL, NULL, &status);
}
