# Workers of the agency, and the recipes that they run. Beside agency.bash and store.bash; WORKERS, in setup,
# is an empty list.

settings() {
  printf 'return { name = "%s", vars = { phone = "1" }, recipes = { %s } }\n' "$1" "$2" >"$AGENCY/clients/$1/client.lua"
}

recipe() {
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", %s run = function(ctx, event)\n%s\nend }\n' "$2" "$3" >"$AGENCY/recipes/$1.lua"
}

# start_worker: one that is woken through WAKE
start_worker() {
  local fifo=$BATS_TEST_TMPDIR/wake
  [ -p "$fifo" ] || mkfifo "$fifo"
  "$FOYER" -w "$AGENCY" work --wake-fd 4 4<"$fifo" >>"$BATS_TEST_TMPDIR/work.out" 2>>"$BATS_TEST_TMPDIR/work.err" 3>&- &
  WORKER=$!
  WORKERS+=("$WORKER")
  [ -n "${WAKE:-}" ] || exec {WAKE}>"$fifo"
}

end_workers() {
  [ -z "${WAKE:-}" ] || exec {WAKE}>&-
  for pid in "${WORKERS[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

replied() {
  mock_log '[.requests[] | select(.method == "POST")] | length' | grep -qx "$1"
}

sql_is() {
  same "$(sql "$1")" "$2" >/dev/null
}
