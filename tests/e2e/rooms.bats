# The lint of the rooms (tests/lint/rooms) refuses what it must, and the picture in src/README.md is
# the one of today's includes.

setup() {
  cd "$BATS_TEST_DIRNAME/../.." || return 1
  tree=$BATS_TEST_TMPDIR/tree
  mkdir -p "$tree"
}

# source FILE TEXT: a file below the tree's src/.
source_file() {
  mkdir -p "$tree/$(dirname "$1")"
  printf '%s\n' "$2" >"$tree/$1"
}

held() { (cd "$tree" && awk -f "$BATS_TEST_DIRNAME/../lint/includes.awk" "$BATS_TEST_DIRNAME/../lint/rooms" src/*/*.[ch]); }

# refused FILE HEADER WHY: a file with that include, and no other, is refused for that reason.
refused() {
  rm -rf "${tree:?}/src"
  source_file "$1" "#include $2"
  run held
  [ "$status" = 1 ] && [ "$output" = "$1:1: $(tr -d '"<>' <<<"$2") $3" ] || { echo "$1 $2: $status $output"; return 1; }
}

@test "rooms: an include upwards or aside is refused" {
  refused src/serve/ingest.c '"work/runner.h"' "is a sibling"
  refused src/work/runner.c '"serve/ingest.h"' "is a sibling"
  refused src/vm/run.c '"store/budget.h"' "is a sibling"
  refused src/store/store.c '"vm/run.h"' "is a sibling"
  refused src/core/sign.c '"io/httpc.h"' "is a sibling"
  refused src/vm/run.h '"api/api.h"' "is a room above"
  refused src/base/str.c '"core/cron.h"' "is a room above"
  refused src/ops/report.c '"cli/table.h"' "is a room above"
  refused src/serve/hooks.c '"vm/run.h"' "is forbidden to serve"
}

@test "rooms: a header that a room has to itself is refused in the others" {
  refused src/cli/runs.c '"io/db.h"' "belongs to store"
  refused src/work/receipts.h '"io/db.h"' "belongs to store"
  refused src/auth/tokens.c '<curl/curl.h>' "belongs to io"
  refused src/store/store.c '<sqlite3.h>' "belongs to io"
  refused src/workspace/workspace.c '<lua.h>' "belongs to vm api"
  refused src/core/sign.c '<openssl/evp.h>' "belongs to base io"
}

@test "rooms: a directory without a line and a header without a room are refused" {
  rm -rf "${tree:?}/src"
  source_file src/misc/bits.c '#include "base/buf.h"'
  run held
  [ "$status" = 1 ] && [[ $output == *"a directory that tests/lint/rooms does not name"* ]]
  refused src/core/sign.c '"buf.h"' "is not named from src/ on"
}

@test "rooms: what goes down is taken" {
  source_file src/cli/runs.c '#include "ops/report.h"
#include <jansson.h>
  #  include "base/buf.h"'
  source_file src/store/store.c '#include "io/db.h"'
  source_file src/vm/run.h '#include <lua.h>'
  run held
  [ "$status" = 0 ] && [ -z "$output" ]
}

@test "rooms: the picture in src/README.md is today's, without a circle" {
  objects=build/$(basename "$(dirname "${FOYER:-build/foyer}")")
  [ "$objects" != build/build ] || objects=build/release
  tests/lint/draw.sh "$objects" >"$BATS_TEST_TMPDIR/today"
  sed -n '/^```rooms$/,/^```$/p' src/README.md | sed '1d;$d' >"$BATS_TEST_TMPDIR/shown"
  diff -u "$BATS_TEST_TMPDIR/shown" "$BATS_TEST_TMPDIR/today"
}

@test "rooms: files that call each other in a circle are named" {
  mkdir -p "$tree"/{base,io}
  echo 'void b(void); void a(void); void a(void) { b(); }' >"$tree/a.c"
  echo 'void c(void); void b(void); void b(void) { c(); }' >"$tree/b.c"
  echo 'void a(void); void c(void); void c(void) { a(); }' >"$tree/c.c"
  for room in cli ops work serve auth api workspace vm store core io base; do
    mkdir -p "$tree/$room"
    echo "int ${room}_x;" >"$tree/x.c" && cc -c "$tree/x.c" -o "$tree/$room/x.o"
  done
  cc -c "$tree/a.c" -o "$tree/base/a.o" && cc -c "$tree/b.c" -o "$tree/io/b.o" && cc -c "$tree/c.c" -o "$tree/base/c.o"
  run tests/lint/draw.sh "$tree"
  [ "$status" = 1 ]
  for file in base/a io/b base/c; do [[ $output == *"$file"* ]]; done
}
