# A store that is not there any more while a process has it open.

load helper
load agency
load consents
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

@test "foyer.db comes back: what was there goes on" {
  start_serve
  same "$(post_hook)" 200
  mkdir "$BATS_TEST_TMPDIR/away"
  mv "$AGENCY"/state/foyer.db* "$BATS_TEST_TMPDIR/away"
  store_is_gone
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
