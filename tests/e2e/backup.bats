#!/usr/bin/env bats
# foyer backup and restore: a whole store while others write, what is kept, and the way back.

load helper
load agency
load consents
load serve

setup() {
  oauth_agency
  connected acme
  SERVE_PID= TO=$BATS_TEST_TMPDIR/kept
  mkdir -p "$AGENCY/recipes"
  echo 'return { summary = "x", run = function(ctx) return #ctx.call("front/list-inboxes", {}).results end }' >"$AGENCY/recipes/look.lua"
  echo 'return { summary = "x", run = function(ctx) return ctx.call("front/create-company-tag", { name = "VIP" }).id end }' >"$AGENCY/recipes/tag.lua"
}

teardown() {
  end_serve
  end_agency
}

backups() { (cd "$TO" && ls) | wc -l; }

@test "a backup, made while foyer serves and writes, is whole" {
  app_settings "$AGENCY"
  start_serve
  foyer run tag --client acme
  "$FOYER" -w "$AGENCY" call front/create-company-tag --client acme --json name=A >/dev/null &
  foyer backup --to "$TO" --json
  done_well
  wait %% 2>/dev/null || true
  same "$(jq -r .removed <<<"$output")" 0
  same "$(jq -r .key <<<"$output")" "$XDG_CONFIG_HOME/foyer/key"
  local file
  file=$(jq -r .file <<<"$output")
  same "$(stat -c %a "$file")" 600
  same "$(stat -c %a "$TO")" 700
  same "$(stat -c %s "$file")" "$(jq .bytes <<<"$output")"
  same "$(backups)" 1
  # no key is in it, and it is one file without a log
  ! grep -qF "$(cat "$XDG_CONFIG_HOME/foyer/key")" "$file"
  same "$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])' "$file")" ok
}

@test "--keep leaves the newest, and files of other names" {
  local i
  mkdir "$TO"
  for i in 20260101T000000Z 20260102T000000Z 20260103T000000Z; do echo x >"$TO/foyer-$i.db"; done
  echo x >"$TO/foyer-mine.db"
  foyer backup --to "$TO" --keep 2 --json
  done_well
  same "$(jq .removed <<<"$output")" 2
  same "$(cd "$TO" && ls | head -1)" foyer-20260103T000000Z.db
  same "$(cd "$TO" && ls | tail -1)" foyer-mine.db
  same "$(backups)" 3
  foyer backup --to "$TO" --keep 0 --json
  failed 64 usage '--keep'
  foyer backup --json
  failed 64 usage '--to DIR'
  mkdir "$AGENCY/state/kept"
  foyer backup --to "$AGENCY/state/kept" --json
  failed 64 usage 'below state/'
  ln -s /dev/full/x "$TO.file"
  foyer backup --to "$TO.file" --json
  [ "$status" != 0 ]
}

@test "restore: the store of before stays, and the new one sends nothing until promote" {
  foyer backup --to "$TO"
  holds "$output" 'the sealing key'
  local file
  file=$(ls "$TO"/foyer-*.db)
  foyer run tag --client acme
  local written
  written=$(mock_log '[.requests[] | select(.method == "POST" and .path == "/company/tags")] | length')
  foyer restore "$file"
  same "$status" 0
  holds "$output" 'until `foyer promote`'
  same "$(ls "$AGENCY"/state/foyer.db.replaced-* | wc -l)" 1
  same "$("$FOYER" -w "$AGENCY" runs list --json)" '[]'
  foyer run tag --client acme --json
  done_well
  same "$(jq -r .result.dry_run.to <<<"$output")" /company/tags
  same "$(mock_log '[.requests[] | select(.method == "POST" and .path == "/company/tags")] | length')" "$written"
  foyer refresh acme --json
  failed 75 unavailable 'cannot refresh a token'
  foyer promote
  foyer run look --client acme --json
  done_well
  foyer refresh acme
  same "$status" 0
}

@test "a backup that a person copies over the store is a copy, too: the file stays the same one" {
  foyer backup --to "$TO"
  local inode
  inode=$(stat -c %i "$AGENCY/state/foyer.db")
  rm -f "$AGENCY"/state/foyer.db-*
  cp "$TO"/foyer-*.db "$AGENCY/state/foyer.db"
  same "$(stat -c %i "$AGENCY/state/foyer.db")" "$inode"
  forget
  foyer run tag --client acme --json
  done_well
  same "$(jq -r .result.dry_run.to <<<"$output")" /company/tags
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 0
  foyer promote
  foyer run tag --client acme --json
  done_well
  same "$(mock_log '[.requests[] | select(.method == "POST")] | length')" 1
}

@test "restore refuses what is no whole store, and a store in use; nothing is lost" {
  foyer backup --to "$TO"
  local file before
  file=$(ls "$TO"/foyer-*.db)
  before=$("$FOYER" -w "$AGENCY" connections --json | jq -c '.[0] | [.id, .state]')
  echo text >"$BATS_TEST_TMPDIR/text"
  foyer restore "$BATS_TEST_TMPDIR/text" --json
  [ "$status" != 0 ]
  foyer restore "$BATS_TEST_TMPDIR/none" --json
  failed 64 usage 'cannot read'
  python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table t (a)").connection.commit()' "$BATS_TEST_TMPDIR/other.db"
  foyer restore "$BATS_TEST_TMPDIR/other.db" --json
  failed 64 usage 'it is no store of foyer'
  cp "$file" "$BATS_TEST_TMPDIR/live.db"
  echo x >"$BATS_TEST_TMPDIR/live.db-wal"
  foyer restore "$BATS_TEST_TMPDIR/live.db" --json
  failed 64 usage 'a store in use and not a backup'
  python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("PRAGMA user_version = 99"); c.commit()' "$BATS_TEST_TMPDIR/live.db"
  rm -f "$BATS_TEST_TMPDIR/live.db-wal"
  foyer restore "$BATS_TEST_TMPDIR/live.db" --json
  holds "$output" 'a newer foyer made it'
  app_settings "$AGENCY"
  start_serve
  foyer restore "$file" --json
  failed 75 unavailable 'end'
  stop_serve
  same "$("$FOYER" -w "$AGENCY" connections --json | jq -c '.[0] | [.id, .state]')" "$before"
  same "$(cd "$AGENCY/state" && ls | grep -cE 'replaced|new$')" 0
}

@test "a backup that an older foyer made is a copy, too" {
  python3 "$DATA/older/store/load.py" "$DATA/older/store/version-5.sql.gz" "$BATS_TEST_TMPDIR/older.db"
  foyer restore "$BATS_TEST_TMPDIR/older.db"
  same "$status" 0 || { echo "$stderr"; return 1; }
  foyer doctor --json
  holds "$output" 'nothing is sent: this store is a copy'
  holds "$output" '"problem"' # another key than this workspace's sealed its values
  foyer promote --json
  same "$(jq .promoted <<<"$output")" true
}
