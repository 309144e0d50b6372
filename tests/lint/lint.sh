#!/usr/bin/env bash
# The rules that a program can check; `make lint` calls this, after a build with WERROR=1. Says
# nothing but "ok" for what is in order, and ends with 1 when something is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

check() { # check NAME COMMAND...: fails when the command does, or says anything
  local name=$1 out
  shift
  if out=$("$@" 2>&1) && [ -z "$out" ]; then
    echo "ok: $name"
  else
    echo "FAILED: $name"
    printf '%s\n' "$out" | head -60
    failed=1
  fi
}

long_files() { # 700 lines: a file is one noun
  git ls-files 'src/*.[ch]' 'lua/*.lua' 'recipes/*.lua' | xargs wc -l |
    awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines, more than 700" }'
}

unfinished() {
  git ls-files src lua recipes tests .ci Makefile README.md | grep -v -e '^tests/data/' -e '^tests/lint/' |
    xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b' /dev/null
  return 0
}

static() {
  # readdir's state is the DIR's own (glibc); strtok_r in vault.c does not return the same twice;
  # fail_raise in parts.c does not return. arena.c keeps a pointer in a free block on purpose.
  cppcheck -q -j2 --std=c11 --library=posix,gnu --enable=warning,performance,portability \
    --error-exitcode=1 --inline-suppr -Isrc -D_GNU_SOURCE --include=tests/lint/cppcheck.h \
    --include="/usr/include/$(gcc -print-multiarch)/sys/queue.h" \
    --suppress=nullPointerRedundantCheck:src/vm/parts.c --suppress=readdirCalled --suppress=incorrectLogicOperator:src/store/vault.c \
    --suppress=pointerSize:src/vm/arena.c --suppress=memleak:src/vm/arena.c \
    --suppress=unmatchedSuppression src
}

circles() { tests/lint/draw.sh >/dev/null || tests/lint/draw.sh; }

scripts() {
  local out
  out=$(luacheck -q --no-color lua recipes tests/lua 2>&1) || printf '%s\n' "$out"
}

header_comments() { # what a module is for stands at its top
  git ls-files 'src/*.h' | while read -r file; do
    head -1 "$file" | grep -qE '^/\* [a-z][a-z0-9_]*: ' || echo "$file: does not begin with \"/* NAME: what it is for\""
  done
}

mapfile -t c_files < <(git ls-files 'src/*.[ch]' | grep -v '^src/tools/')
mapfile -t all_c < <(git ls-files 'src/*.[ch]' 'tests/*.[ch]')

check "includes go down only" awk -f tests/lint/includes.awk tests/lint/rooms "${c_files[@]}"
check "no files call each other in a circle" circles
check "no banned functions" awk -f tests/lint/banned.awk "${c_files[@]}"
check "headers say what they are for" header_comments
check "no file over 700 lines" long_files
check "nothing left unfinished" unfinished
check "clang-format" clang-format --dry-run -Werror "${all_c[@]}"
check "luacheck" scripts
check "cppcheck" static
check "manual pages" mandoc -T lint -W warning src/man/foyer.1 src/man/foyer-workspace.5 src/man/foyer-connector.5 build/man/foyer-lua.7 build/man/foyer-front.7
exit $failed
