# A store that is not there any more while a process has it open, or takes no write.

load helper
load agency
load consents
load store
load serve

setup() {
  serving_agency
}

teardown() {
  end_serve
}

health() {
  curl -sS -o "$BATS_TEST_TMPDIR/health" -w '%{http_code}' --max-time 20 "$URL/healthz"
}

events() { # how many deliveries a new process finds
  "$FOYER" -w "$AGENCY" --json events list | jq length
}

waiting() { # how many of them wait
  "$FOYER" -w "$AGENCY" --json events list | jq 'map(select(.state == "waiting")) | length'
}

has_worked() { # the worker has opened the store, and done what was there
  until_true eval '[ "$(events)" = 1 ] && [ "$(waiting)" = 0 ]'
}

store_is_gone() { # what the server says then
  same "$(post_hook)" 503
  until_true eval '[ "$(health)" = 503 ]'
  holds "$(cat "$BATS_TEST_TMPDIR/health")" "was removed or replaced while this process had it open"
  logged 'webhooks are answered with 503: .*foyer.db.* removed or replaced'
  same "$(post_hook)" 503
  same "$(grep -c 'answered with 503' "$LOG")" 1
}

@test "foyer.db is removed while serve runs: 503, the log, /healthz, the metrics; a restart goes on" {
  start_serve
  same "$(post_hook)" 200
  has_worked
  rm "$AGENCY"/state/foyer.db*
  store_is_gone
  logged 'nothing is begun: .*removed or replaced'
  until_true eval '[ "$(metric foyer_store_in_place)" = 0 ]'
  stop_serve
  start_serve
  same "$(post_hook)" 200
  same "$(health)" 200
  same "$(metric foyer_store_in_place)" 1
  stop_serve
  same "$(events)" 1
}

@test "a backup takes foyer.db's name while serve runs: nothing is acknowledged, nor written into it" {
  start_serve --workers 0
  same "$(post_hook)" 200
  stop_serve
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/backup"
  start_serve --workers 0
  same "$(post_hook)" 200
  rm -f "$AGENCY"/state/foyer.db-*
  mv "$BATS_TEST_TMPDIR/backup" "$AGENCY/state/foyer.db"
  store_is_gone
  same "$(events)" 1
  stop_serve
  start_serve --workers 0
  same "$(post_hook)" 200
  stop_serve
  same "$(events)" 2
}

@test "foyer.db comes back: what was there goes on, and no worker has made a new one" {
  start_serve
  same "$(post_hook)" 200
  has_worked
  mkdir "$BATS_TEST_TMPDIR/away"
  mv "$AGENCY"/state/foyer.db* "$BATS_TEST_TMPDIR/away"
  store_is_gone
  kill -9 "$(workers)"
  logged 'foyer.db is not there, though it was when the server started'
  same "$(ls "$AGENCY"/state/foyer.db* 2>/dev/null)" ""
  mv "$BATS_TEST_TMPDIR"/away/* "$AGENCY/state"
  same "$(post_hook)" 200
  logged 'webhooks are stored again'
  stop_serve
  same "$(events)" 2
}

@test "foyer.db-wal is removed while serve runs: 503, and a restart has all that was acknowledged" {
  start_serve --workers 0
  same "$(post_hook)" 200
  rm "$AGENCY/state/foyer.db-wal"
  store_is_gone
  stop_serve
  start_serve --workers 0
  same "$(post_hook)" 200
  stop_serve
  same "$(events)" 2
}

# ---- a store that takes no write ----

# Two webhooks that wait for a worker.
with_deliveries() {
  foyer connections
  { event cnv_1; event cnv_2; } | deliver acme - >/dev/null
}

@test "cron ends with 75 and a sentence while another process holds the lock, and the next one does it all" {
  with_deliveries
  lock_store
  foyer cron
  same "$status|$output" "75|"
  holds "$stderr" 'what is due is not done, or not all of it; try again later: cannot use'
  holds "$stderr" 'another process has held its lock'
  foyer cron --json
  failed 75 unavailable 'try again later' 'held its lock'
  unlock_store
  same "$(waiting)" 2
  foyer cron
  same "$status|$stderr" "0|"
  same "$(waiting)" 0
}

@test "cron ends with 75 when there is no room for what it should write" {
  with_deliveries
  for i in $(seq 60); do event "cnv_full$i"; done | deliver acme - >/dev/null
  status=0
  # the index of the log has room, the log has not
  prlimit --fsize=32768 "$FOYER" -w "$AGENCY" cron 2>"$BATS_TEST_TMPDIR/err" || status=$?
  same "$status" 75
  holds "$(cat "$BATS_TEST_TMPDIR/err")" 'what is due is not done, or not all of it; try again later'
  [ "$(waiting)" -gt 0 ]
  foyer cron
  same "$status" 0
  same "$(waiting)" 0
}

@test "every command that writes ends with 75 while another process holds the lock" {
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) ctx.sleep("1d") end }' >"$AGENCY/recipes/nap.lua"
  with_deliveries
  foyer run nap --client acme
  same "$status" 0
  echo secret >"$BATS_TEST_TMPDIR/secret"
  lock_store
  local line n=0 pids=()
  while read -r line; do
    n=$((n + 1))
    # shellcheck disable=SC2086 # words
    "$FOYER" -w "$AGENCY" $line </dev/null >"$BATS_TEST_TMPDIR/$n.out" 2>"$BATS_TEST_TMPDIR/$n.err" 3>&- &
    pids+=($!)
  done <<END
cron
run nap --client acme
secret set a --from $BATS_TEST_TMPDIR/secret
secret rm a
vault rekey
runs cancel 1
events replay 1
pause --client acme
resume --client acme
connect acme --link
END
  for n in "${!pids[@]}"; do
    status=0
    wait "${pids[n]}" || status=$?
    same "$status" 75 || { cat "$BATS_TEST_TMPDIR/$((n + 1)).err"; return 1; }
    holds "$(cat "$BATS_TEST_TMPDIR/$((n + 1)).err")" 'has held its lock'
  done
  unlock_store
  same "$("$FOYER" -w "$AGENCY" --json runs list | jq -c 'map(.state)')" '["sleeping"]'
}

# ---- whose the files are ----

# A user other than root cannot give files away: they stay the caller's own.
other_user() {
  if [ "$(id -u)" = 0 ]; then echo nobody; else id -un; fi
}

@test "what root makes in a workspace belongs to the workspace's owner" {
  local owner
  owner=$(other_user)
  rm -rf "$AGENCY/state" "$AGENCY/clients/acme/templates"
  chown -R "$owner" "$AGENCY"
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) ctx.sleep("1d") end }' >"$AGENCY/recipes/nap.lua"
  chown -R "$owner" "$AGENCY"
  foyer run nap --client acme
  same "$status" 0
  foyer connect novel --link # makes clients/novel/client.lua
  same "$status" 0
  start_serve
  post_hook >/dev/null
  until_true eval 'ls "$AGENCY"/state/owners/* >/dev/null 2>&1' # the worker's, once it has begun
  ls "$AGENCY"/state/foyer.db-wal "$AGENCY"/state/owners/* "$AGENCY"/clients/novel/client.lua
  same "$(find "$AGENCY" ! -user "$owner")" ""
  stop_serve
  mkdir "$BATS_TEST_TMPDIR/home"
  chown "$owner" "$BATS_TEST_TMPDIR/home"
  "$FOYER" init "$BATS_TEST_TMPDIR/home/agency"
  same "$(find "$BATS_TEST_TMPDIR/home" ! -user "$owner")" ""
}

@test "a process's file that cannot be opened is said, and what it held stays held" {
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) ctx.sleep("1d") end }' >"$AGENCY/recipes/nap.lua"
  foyer run nap --client acme
  sql "UPDATE run SET state = 1, owner = '4711-00'"
  mkdir -p "$AGENCY/state/owners"
  ln -s nowhere "$AGENCY/state/owners/4711-00"
  foyer cron
  same "$status" 0
  holds "$stderr" 'the claims of process 4711 stay, as foyer cannot tell whether it is alive: cannot open'
  same "$(sql "SELECT state FROM run")" '{"state": 1}'
  rm "$AGENCY/state/owners/4711-00"
  foyer cron
  same "$stderr" ""
  same "$(sql "SELECT state FROM run")" '{"state": 2}'
}
