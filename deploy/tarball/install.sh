#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs closewatch from its tarball below /usr/local, and takes it away again. README beside it
# says how it is called.
#
# What it has put where is in /usr/local/share/closewatch/installed, a line each: its kind (file,
# settings, folder, group), the sha256 of what was written, its path. A line is there before the
# file is, so that all of it can be taken away after a failure too.
set -euo pipefail
umask 022

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
files=$here/files
root= purge= uninstall= command_only=

say() { printf 'install.sh: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 2
}

usage='use [--command-only] [--root FOLDER], or --uninstall [--purge] [--root FOLDER]'
while (($# > 0)); do
  case $1 in
    --command-only) command_only=yes && shift ;;
    --uninstall) uninstall=yes && shift ;;
    --purge) purge=yes && shift ;;
    --root)
      (($# > 1)) || fail "--root needs a folder; $usage"
      root=$(cd -- "$2" && pwd) || fail "there is no folder $2"
      shift 2
      ;;
    *) fail "unknown argument '$1'; $usage" ;;
  esac
done
[[ -z $purge || -n $uninstall ]] || fail "--purge goes with --uninstall; $usage"
if [[ $root == / ]]; then root=; fi

own=/usr/local/share/closewatch
list=$root$own/installed
# The machine that runs is served when it has systemd; an image never.
live=
if [[ -z $root && -d /run/systemd/system ]]; then live=yes; fi

# By path, what the list says of the installation that is there.
declare -A kinds sums
paths=()
read_list() {
  local kind sum path
  [[ -r $list ]] || return 0
  while read -r kind sum path; do
    if [[ -z ${kinds[$path]:-} ]]; then paths+=("$path"); fi
    kinds[$path]=$kind sums[$path]=$sum
  done <"$list"
}

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

stop_service() {
  if [[ -n $live && ${kinds[/usr/local/lib/systemd/system/closewatch.service]:-} == file ]]; then
    systemctl disable --now closewatch.socket closewatch.service 2>/dev/null || true
  fi
}

tell_systemd() {
  if [[ -z $live ]]; then return; fi
  systemctl daemon-reload
  journalctl --update-catalog || say 'the explanations for journalctl -x are not up to date'
}

# Takes away what the list names, the last first.
take_away() {
  local index path
  stop_service
  for ((index = ${#paths[@]} - 1; index >= 0; index--)); do
    path=${paths[index]}
    case ${kinds[$path]} in
      file) rm -f -- "$root$path" "$root$path.part" ;;
      settings)
        if [[ ! -e $root$path ]]; then continue; fi
        if [[ -n $purge || $(sum_of "$root$path") == "${sums[$path]}" ]]; then
          rm -f -- "$root$path"
        else
          say "$path stays: it is not as it was installed (--uninstall --purge would remove it)"
        fi
        ;;
      group) if [[ -n $live ]]; then groupdel closewatch || true; fi ;;
    esac
  done
  rm -f -- "$list"
  for ((index = ${#paths[@]} - 1; index >= 0; index--)); do
    path=${paths[index]}
    # Where somebody else has put something, the folder stays.
    if [[ ${kinds[$path]} == folder ]]; then rmdir -- "$root$path" 2>/dev/null || true; fi
  done
  tell_systemd
  if [[ -n $live ]]; then
    # A service that had failed would stay in systemd's list by its name.
    systemctl reset-failed closewatch.service closewatch.socket 2>/dev/null || true
  fi
}

if [[ -n $uninstall ]]; then
  [[ -r $list ]] || fail "nothing is installed: there is no $list"
  [[ -w $list ]] || fail "cannot remove what root has installed; run it as root"
  read_list
  take_away
  say 'closewatch is uninstalled'
  exit
fi

[[ -d $files ]] || fail "there is no $files: install from the folder of the tarball"
[[ -w $root/ ]] || fail "cannot write to $root/; run it as root, or with --root FOLDER"
for package in "$root/usr/bin/closewatch" "$root/usr/lib/systemd/system/closewatch.service"; do
  [[ ! -e $package ]] || fail "a package has installed $package; remove that first"
done
if [[ -z $command_only && -z $root ]]; then
  answer=$("$files/usr/libexec/closewatch/closewatchd" --version 2>&1) ||
    fail "the daemon does not start here: $answer; --command-only installs what does"
fi
read_list
upgrade=
if ((${#paths[@]} > 0)); then upgrade=yes; fi

# place FILE: where a file of the tarball goes.
place() {
  case $1 in
    usr/*) printf '/usr/local/%s' "${1#usr/}" ;;
    *) printf '/%s' "$1" ;;
  esac
}

chosen=()
while IFS= read -r -d '' file; do
  if [[ -n $command_only && $file =~ ^(etc|usr/libexec|usr/lib)/ ]]; then continue; fi
  path=$(place "$file")
  if [[ $file != etc/* && -e $root$path && -z ${kinds[$path]:-} ]]; then
    fail "$path is there and not of an earlier $0; move it away first"
  fi
  chosen+=("$file")
done < <(cd "$files" && find . -type f -printf '%P\0' | LC_ALL=C sort -z)

# From here on there is something to undo.
declare -A now
note() {
  printf '%s %s %s\n' "$1" "$2" "$3" >>"$list"
  if [[ -z ${kinds[$3]:-} ]]; then paths+=("$3"); fi
  kinds[$3]=$1 sums[$3]=$2 now[$3]=yes
}

complete=
leave() {
  if [[ -n $complete ]]; then return; fi
  if [[ -n $upgrade ]]; then
    say 'it has failed half-way; run it again, or with --uninstall'
  else
    say 'it has failed; taking away what was installed'
    take_away
  fi
}
trap leave EXIT

# Makes a folder and those above it. They are noted when there is a list to note them in.
made=()
make_folder() {
  if [[ -d $root$1 ]]; then return; fi
  make_folder "${1%/*}"
  mkdir -- "$root$1"
  made+=("$1")
}

note_folders() {
  local folder
  for folder in ${made[@]+"${made[@]}"}; do note folder - "$folder"; done
  made=()
}

# write KIND MODE PATH, with the content from standard input: whole or not at all.
write() {
  local part=$root$3.part
  make_folder "${3%/*}"
  note_folders
  cat >"$part"
  chmod "$2" "$part"
  note "$1" "$(sum_of "$part")" "$3"
  mv -f -- "$part" "$root$3"
}

write file 755 "$own/install.sh" <"$here/install.sh"
for file in "${chosen[@]}"; do
  path=$(place "$file")
  mode=644
  if [[ -x $files/$file ]]; then mode=755; fi
  case $file in
    etc/*)
      shipped=$(sum_of "$files/$file")
      if [[ ! -e $root$path ]]; then
        write settings "$mode" "$path" <"$files/$file"
      elif [[ $(sum_of "$root$path") == "$shipped" ]]; then
        # Of an earlier installation, or put there by the person: then it is no longer ours.
        if [[ -n ${kinds[$path]:-} ]]; then now[$path]=yes; fi
      elif [[ $(sum_of "$root$path") == "${sums[$path]:-}" ]]; then
        write settings "$mode" "$path" <"$files/$file"
      else
        if [[ -n ${kinds[$path]:-} ]]; then now[$path]=yes; fi
        if [[ -e $root$path.new && -z ${kinds[$path.new]:-} ]]; then
          say "$path stays as it is, and so does $path.new; what is shipped is in $files/$file"
          continue
        fi
        say "$path stays as it is; what is shipped is in $path.new"
        write file "$mode" "$path.new" <"$files/$file"
      fi
      ;;
    usr/lib/systemd/system/*)
      write file "$mode" "$path" < <(
        sed -E 's!/usr/(bin|libexec)/closewatch!/usr/local/\1/closewatch!' "$files/$file")
      ;;
    *) write file "$mode" "$path" <"$files/$file" ;;
  esac
done

if [[ -n $command_only ]]; then
  stop_service
elif [[ -n $live ]]; then
  if ! getent group closewatch >/dev/null; then note group - closewatch; fi
  systemd-sysusers closewatch.conf
fi

# What an earlier version had and this one has not.
kept=()
for path in "${paths[@]}"; do
  if [[ ${kinds[$path]} == file && -z ${now[$path]:-} ]]; then
    rm -f -- "$root$path"
  else
    kept+=("$path")
  fi
done
for path in "${kept[@]}"; do
  printf '%s %s %s\n' "${kinds[$path]}" "${sums[$path]}" "$path"
done >"$list.part"
mv -f -- "$list.part" "$list"
tell_systemd
complete=yes

if [[ -n $command_only ]]; then
  say "installed: /usr/local/bin/closewatch"
elif [[ -n $root ]]; then
  say "installed in $root; nothing is started, and the group is made by systemd-sysusers at boot"
elif [[ -z $live ]]; then
  say 'installed, and not started: systemd does not run here'
elif [[ -n $upgrade ]]; then
  systemctl try-restart closewatch.service ||
    fail 'the new service has not started; journalctl -u closewatch -b says why'
  say 'upgraded: systemctl status closewatch'
else
  systemctl enable --quiet --now closewatch.service ||
    fail 'the service has not started; journalctl -u closewatch -b says why'
  say 'installed: systemctl status closewatch'
fi
