# `foyer store compact`: the file of pages as an older foyer made it becomes small, or stays as it was.

load helper
load agency
load consents
load store
load serve

setup() {
  serving_agency
  foyer connections
  event cnv_1 | deliver acme - >/dev/null
  enlarge
}

teardown() {
  end_serve
}

# Pages of 16 KB, as foyer made them once, and 24 MB of room that nothing needs any more.
enlarge() {
  python3 - "$AGENCY/state/foyer.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in ("PRAGMA journal_mode=DELETE", "PRAGMA page_size=16384", "VACUUM", "CREATE TABLE x (y)",
                  "INSERT INTO x VALUES (zeroblob(24000000))", "DROP TABLE x", "PRAGMA journal_mode=WAL"):
    db.execute(statement).fetchall()
END
  WAS=$(size)
}

size() { stat -c %s "$AGENCY/state/foyer.db"; }

page() {
  python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA page_size").fetchone()[0])' \
    "$AGENCY/state/foyer.db"
}

@test "store compact: pages of 1 KB, nothing unused, and what was there is there" {
  same "$(page)" 16384
  foyer store compact
  same "$status|$stderr" "0|"
  [[ $output =~ ^state/foyer\.db\ has\ 0\.[0-9]\ MB\ now\;\ it\ had\ 2[45]\.[0-9]\ MB$ ]] || { echo "$output"; return 1; }
  same "$(page)" 1024
  foyer events list --json
  same "$(jq -c 'map(.conversation)' <<<"$output")" '["cnv_1"]'
  foyer store compact --json
  same "$status|$(jq -c keys <<<"$output")" '0|["after","before"]'
  same "$(jq .before <<<"$output")" "$(jq .after <<<"$output")"
}

@test "store compact: while a server runs it changes nothing, and says what to do" {
  start_serve --workers 0
  foyer store compact
  same "$status" 75
  holds "$stderr" "state/foyer.db: another process has it open; stop foyer (serve, work and other commands) and try again"
  same "$(post_hook)" 200
  stop_serve
  same "$(page)" 16384
  foyer store compact
  same "$status" 0
}

# Kills `store compact` when it has begun to change the file. Fails when it was over before.
killed_compact() {
  python3 - "$FOYER" "$AGENCY" <<'END'
import os, subprocess, sys, time
foyer, agency = sys.argv[1:]
journal = agency + "/state/foyer.db-journal"
process = subprocess.Popen([foyer, "-w", agency, "store", "compact"])
while process.poll() is None:
    if os.path.exists(journal) and os.path.getsize(journal) > 1000000:
        process.kill()
    time.sleep(0.0005)
sys.exit(0 if os.path.exists(journal) else 1)
END
}

@test "store compact: killed while it writes, the next command finds all that was there" {
  sql "CREATE TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    SELECT i, randomblob(1000) AS y FROM n"
  local killed=0 try
  for try in $(seq 20); do
    killed_compact && killed=1 && break
    enlarge
  done
  same "$killed" 1
  foyer events list --json
  same "$(jq -c 'map(.conversation)' <<<"$output")" '["cnv_1"]'
  same "$(page)" 16384
  same "$(sql "PRAGMA integrity_check" | jq -r .integrity_check)" ok
  same "$(sql "SELECT count(*) AS n FROM x" | jq .n)" 40000
  foyer store compact
  same "$status" 0
  same "$(page)" 1024
  same "$(sql "SELECT count(*) AS n FROM x" | jq .n)" 40000
}

@test "store compact: without room for the new file nothing changes" {
  sql "CREATE TABLE x AS SELECT randomblob(8000000) AS y"
  local was
  was=$(size)
  (ulimit -f 4000; exec "$FOYER" -w "$AGENCY" store compact) 2>"$BATS_TEST_TMPDIR/err" && return 1
  holds "$(cat "$BATS_TEST_TMPDIR/err")" "state/foyer.db"
  same "$(size)" "$was"
  same "$(sql "PRAGMA integrity_check" | jq -r .integrity_check)" ok
}
