// SPDX-License-Identifier: Apache-2.0
#include <dwarf.h>
#include <elfutils/libdw.h>
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

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *entry) {
  Dwarf_Files *files;
  size_t count;
  int which = number(entry, DW_AT_call_file);
  if (!which || dwarf_getsrcfiles(unit, &files, &count) != 0 || (size_t)which >= count) return NULL;
  return dwarf_filesrc(files, (size_t)which, NULL, NULL);
}

/// What was compiled into the function there: the compiler has left no frame of it.
static int name_by_scopes(
    Dwarf_Die *unit, Dwarf_Addr address, struct closewatch_named_call *calls, int room) {
  Dwarf_Die *scopes = NULL;
  int count = dwarf_getscopes(unit, address, &scopes);
  // Around a function that was compiled into another these are where it was written: its class,
  // its file. Where it was compiled into is around the place in the tree.
  for (int i = 0; i < count; i++) {
    int tag = dwarf_tag(&scopes[i]);
    if (tag == DW_TAG_subprogram) break;
    if (tag != DW_TAG_inlined_subroutine) continue;
    Dwarf_Die innermost = scopes[i];
    free(scopes);
    scopes = NULL;
    count = dwarf_getscopes_die(&innermost, &scopes);
    break;
  }
  int named = 0;
  const char *source = calls[0].source;
  int line = calls[0].line;
  for (int i = 0; i < count && named < room; i++) {
    int tag = dwarf_tag(&scopes[i]);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
    calls[named].function = name_of(&scopes[i]);
    calls[named].source = source;
    calls[named].line = line;
    named++;
    if (tag == DW_TAG_subprogram) break;
    source = call_file(unit, &scopes[i]);
    line = number(&scopes[i], DW_AT_call_line);
  }
  free(scopes);
  return named;
}

int closewatch_name_address(
    struct closewatch_unwinder *unwinder, unsigned long long address,
    struct closewatch_named_call *calls, int room) {
  if (room < 1) return 0;
  int file = closewatch_file_at(unwinder, address);
  calls[0] = (struct closewatch_named_call){NULL, NULL, 0, file};
  Dwfl_Module *module = dwfl_addrmodule(unwinder->all, address);
  if (!module) return 1;
  Dwfl_Line *line = dwfl_module_getsrc(module, address);
  if (line) calls[0].source = dwfl_lineinfo(line, NULL, &calls[0].line, NULL, NULL, NULL);
  Dwarf_Addr bias = 0;
  Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
  int named = unit ? name_by_scopes(unit, address - bias, calls, room) : 0;
  for (int i = 0; i < named; i++) calls[i].file = file;
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
