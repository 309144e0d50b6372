# BENCH=store: what foyer writes, uses and keeps for a webhook and its reply, beside Node-RED that does
# the same without keeping anything. Sourced by run.sh. FILL is how many runs the store has before,
# ROUNDS how often both are measured, in turn. Node-RED: $NODE_RED, or where `make bench-deps` put it;
# without it its column is empty. Ten minutes after a reply foyer asks the API whether the message is
# there: those requests are not in the numbers.

store_rounds=${ROUNDS:-3}
store_fill=${FILL:-20000}
store_key=bench-signing-key
front_pid='' server_pid='' counter=''

stop_server() {
  stop_process "$server_pid"
  server_pid=
}

stop_store() {
  stop_server
  stop_process "$front_pid"
  front_pid=
}

# ask COMMAND...: what front says to that; it ends when something is lost or doubled.
ask() {
  local line
  echo "$*" >&8
  read -r -t 600 line <&9 || { tail -n 3 "$dir/stderr" >&3; return 1; }
  echo "${line#* }"
}

start_front() {
  local sample=$here/../../lua/front/samples/conversation-created.json line
  jq -c '.payload.emitted_at = "@AT@" | .payload.conversation.created_at = "@AT@"
    | .payload.target.data.message_uid = "uid_@ID@"' "$sample" |
    sed 's/"@AT@"/@AT@/g; s/\(cnv\|evt\|msg\)_[a-z0-9]*/\1_@ID@/g' >"$dir/event"
  mkfifo "$dir/front.in" "$dir/front.out"
  "$programs/front" "$store_key" "$dir/event" <"$dir/front.in" >"$dir/front.out" &
  front_pid=$!
  exec 8>"$dir/front.in" 9<"$dir/front.out"
  read -r -t 20 line <&9
  front_api=${line#api: }
}

# ---- the two servers ----

start_foyer() {
  rm -f "$dir/serve.out"
  mkfifo "$dir/serve.out"
  env FOYER_LOG=error "$foyer" -w "$agency" serve --listen 127.0.0.1:0 --workers 1 >"$dir/serve.out" 8>&- 9>&- &
  server_pid=$!
  local line
  line=$(first_line "$dir/serve.out")
  ask to "${line##*:}" >/dev/null
}

make_store_workspace() {
  agency=$dir/agency
  "$foyer" init "$agency"
  cat >"$agency/foyer.lua" <<LUA
return { timezone = "UTC", recipes = {}, apps = { front = { signing_key = secret "front.signing_key" } } }
LUA
  echo "$store_key" | "$foyer" -w "$agency" secret set front.signing_key --from -
  echo bench-token | "$foyer" -w "$agency" connect acme --token-file - --api-url "$front_api" >/dev/null
}

find_node_red() {
  local version
  node=${NODE:-$(command -v node || true)}
  node_red=${NODE_RED:-$here/../../build/bench/node_modules/node-red}
  without="Node-RED is not installed: make bench-deps does that, by npm"
  [ -f "$node_red/red.js" ] || return 1
  without="Node-RED needs Node.js 18.5 or newer; set NODE to one"
  [ -n "$node" ] && version=$("$node" -p 'process.versions.node.split(".").slice(0, 2).join(" ")') || return 1
  awk -v v="$version" 'BEGIN { split(v, n, " "); exit !(n[1] > 18 || (n[1] == 18 && n[2] >= 5)) }' || return 1
  peer_name="Node-RED $(jq -r .version "$node_red/package.json") on Node.js $("$node" -v)"
  without=
}

make_flow() {
  mkdir "$dir/node-red"
  jq --rawfile answer "$here/node-red/answer.js" 'map(if .func then .func = $answer else . end)' \
    "$here/node-red/flows.json" >"$dir/node-red/flows.json"
}

# Ready is Node-RED when its flow refuses a webhook without a signature.
start_node_red() {
  local port tries
  port=$(free_port)
  PORT=$port KEY=$store_key API=$front_api NODE_ENV=production "$node" "$node_red/red.js" \
    -s "$here/node-red/settings.js" -u "$dir/node-red" >"$dir/node-red.log" 2>&1 8>&- 9>&- &
  server_pid=$!
  for ((tries = 0; tries < 300; tries++)); do
    if [ "$(curl -s -o /dev/null -w '%{http_code}' -d '{}' "http://127.0.0.1:$port/hooks/front")" = 401 ]; then
      ask to "$port" >/dev/null
      return
    fi
    sleep 0.1
  done
  tail -n 5 "$dir/node-red.log" >&3
  return 1
}

# ---- what a server has used, with its children ----

family() { echo "$server_pid"; pgrep -P "$server_pid" || true; }

# spent: "CPU-MS BYTES-WRITTEN"
spent() {
  local pid
  for pid in $(family); do
    sed 's/.*) //' "/proc/$pid/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) * 1000 / hz, 0 }'
    awk -v name="$counter:" '$1 == name { print 0, $2 }' "/proc/$pid/io"
  done | awk '{ ms += $1; bytes += $2 } END { printf "%d %d\n", ms, bytes }'
}

# memory_mb VmRSS|VmHWM: of all its processes, in MB; VmHWM is the most that it ever was
memory_mb() {
  local pid
  for pid in $(family); do
    awk -v name="$1:" '$1 == name { print $2 }' "/proc/$pid/status"
  done | awk '{ kb += $1 } END { printf "%.1f\n", kb / 1024 }'
}

# Waits until the server does nothing more: less than 4 % of a core during half a second.
settle() {
  local before after tries
  before=$(spent)
  for ((tries = 0; tries < 60; tries++)); do
    sleep 0.5
    after=$(spent)
    [ $((${after% *} - ${before% *})) -gt 20 ] || return 0
    before=$after
  done
}

# Bytes that what waits in foyer's log still has to write.
move_log() {
  [ "$1" = foyer ] || { echo 0; return; }
  "$programs/written" "$agency/state/foyer.db" "$counter"
}

note() { echo "$3" >>"$dir/store-$1-$2"; }

# measured WHO NAME COUNT RATE: notes kb-NAME, cpu-NAME (both for a webhook), median-NAME and rate-NAME
measured() {
  local before after result late
  move_log "$1" >/dev/null
  before=$(spent)
  result=$(ask send "$3" "$4")
  settle
  after=$(spent)
  late=$(move_log "$1")
  note "$1" "kb-$2" "$(ratio $((${after#* } - ${before#* } + late)) $(($3 * 1024)))"
  note "$1" "cpu-$2" "$(ratio $((${after% *} - ${before% *})) "$3")"
  note "$1" "median-$2" "${result%% *}"
  note "$1" "rate-$2" "${result##* }"
}

# store_round WHO: the server runs, and stops
store_round() {
  "start_$1"
  ask send 100 50 >/dev/null # what starts is warm
  settle
  measured "$1" slow 600 50
  note "$1" memory "$(memory_mb VmRSS)"
  measured "$1" burst 3000 0
  note "$1" peak "$(memory_mb VmHWM)"
  stop_server
}

# ---- a store with many runs ----

# Prints SQL that copies what 100 webhooks left in the store, COPIES times. Nothing here names a table
# of foyer's but two: a table with a row for each of them is copied whole, with other ids. Numbers that
# are ids (by their names) move by the same distance everywhere, front's mark in a text becomes another
# one, and bytes of a unique index are drawn. A receipt is left out: it is something still to do.
copying() {
  cat <<SQL
.mode list
CREATE TEMP TABLE size (name TEXT, n INTEGER);
$(sqlite3 "$1" "SELECT format('INSERT INTO temp.size SELECT %Q, count(*) FROM \"%w\";', name, name)
  FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'receipt'")
CREATE TEMP TABLE field AS
  SELECT s.name AS owner, c.cid, c.name, c.type, (c.pk > 0 AND c.type = 'INTEGER'
      AND 1 = (SELECT count(*) FROM pragma_table_info(s.name) WHERE pk > 0))
    OR c.name IN ('run', 'delivery', 'activation', 'since') OR c.name LIKE '%\_id' ESCAPE '\' AS is_id,
    (c.pk > 0 OR EXISTS (SELECT 1 FROM pragma_index_list(s.name) l, pragma_index_info(l.name) i
      WHERE l."unique" AND i.name = c.name)) AS is_unique
  FROM temp.size s, pragma_table_info(s.name) c WHERE s.n >= 100;
SELECT 'PRAGMA foreign_keys=OFF; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-500000;';
SELECT 'BEGIN;';
SELECT format('WITH copy(n) AS (SELECT value FROM generate_series(1, %d))
  INSERT INTO "%w" (%s) SELECT %s FROM copy, (SELECT * FROM "%w" ORDER BY 1) o ORDER BY copy.n;', $2, owner,
  group_concat(format('"%w"', name)), group_concat(CASE
    WHEN owner = 'entry' AND name = 'id' THEN 'o.id + (copy.n * 10000 << 24)' -- of its run
    WHEN is_id AND type = 'INTEGER' THEN format('iif(o."%w" > 0, o."%w" + copy.n * 10000, o."%w")', name, name, name)
    WHEN type = 'INTEGER' AND name LIKE '%\_ms' ESCAPE '\'
      THEN format('iif(o."%w" > 0, o."%w" - (%d - copy.n) * %d, o."%w")', name, name, $2, 5 * 86400000 / $2, name)
    WHEN type = 'TEXT' THEN format('replace(o."%w", ''b00000000n'', format(''b%%08xn'', copy.n))', name)
    WHEN type = 'BLOB' AND is_unique THEN format('randomblob(length(o."%w"))', name)
    ELSE format('o."%w"', name) END), owner)
  FROM (SELECT * FROM temp.field ORDER BY owner, cid) GROUP BY owner;
SELECT 'COMMIT; PRAGMA journal_mode=WAL;';
SQL
}

# fill N: the store has N finished runs then, and their deliveries, steps and history.
fill() {
  local db=$agency/state/foyer.db copies=$(($1 / 100 - 1)) runs
  [ "$copies" -gt 0 ] || return 0
  copying "$db" "$copies" | sqlite3 "file:$db?mode=ro" >"$dir/fill.sql"
  sqlite3 "$db" <"$dir/fill.sql" >/dev/null
  runs=$(sqlite3 "$db" "SELECT count(*) FROM run")
  [ "$runs" = $((copies * 100 + 100)) ] || { echo "the store has $runs runs instead of $1" >&3; return 1; }
  sync # what writing that much has left to do is not measured
}

# kept_bytes: foyer.db without free pages and without the tables of exchanges, which are kept for a time only;
# and files beside it, if there are, but for logs and what may be lost.
kept_bytes() {
  local beside
  "$programs/written" "$agency/state/foyer.db" "$counter" >/dev/null
  beside=$(find "$agency/state" -type f ! -name 'foyer.db*' ! -name 'live.db*' ! -path '*/owners/*' ! -name 'exchange*' \
    -printf '%s\n' | awk '{ n += $1 } END { printf "%d", n }')
  sqlite3 "file:$agency/state/foyer.db?mode=ro" "SELECT $beside + (c.page_count - f.freelist_count) * s.page_size
      - coalesce((SELECT sum(d.pgsize) FROM sqlite_schema t JOIN dbstat('main', 1) d ON d.name = t.name
        WHERE t.tbl_name LIKE 'exchange%'), 0)
    FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s"
}

# ---- the table ----

# other_work: how much of the cores is busy, in percent, during two seconds in which nothing is measured
other_work() {
  { grep '^cpu ' /proc/stat; sleep 2; grep '^cpu ' /proc/stat; } | awk '
    { idle = $5 + $6; all = 0; for (i = 2; i <= 9; i++) all += $i }
    NR == 1 { idle0 = idle; all0 = all }
    END { printf "%.0f", 100 - (idle - idle0) / (all - all0) * 100 }'
}

# line NAME MEASURE DIGITS [at-most|at-least N] [the-ratio]: of the medians; with the-ratio the target is the ratio's
line() {
  local ours theirs=
  ours=$(median <"$dir/store-foyer-$2")
  [ ! -f "$dir/store-node_red-$2" ] || theirs=$(median <"$dir/store-node_red-$2")
  awk -v name="$1" -v a="$ours" -v b="$theirs" -v digits="$3" -v how="${4:-}" -v target="${5:-}" -v by="${6:-}" '
    function shown(x, d) { return x == "" ? "-" : sprintf("%.*f", d, x) }
    BEGIN {
      r = b == "" || b == 0 ? "" : a / b
      value = by == "" ? a : r
      verdict = how == "" || value == "" ? "" : (how == "at-most" ? value <= target : value >= target) ? "PASS" : "MISS"
      words = how == "" ? "" : (how == "at-most" ? "at most " : "at least ") target (by == "" ? "" : " x Node-RED")
      printf "%-4s  %-50s %9s %9s %7s  %s\n", verdict, name, shown(a, digits), shown(b, digits), shown(r, 2), words
    }'
}

bench_store() {
  local i who before after sent kind busy peer_name='' without=''
  local -a servers=(foyer)
  ! find_node_red || servers+=(node_red)
  kind=$(df --output=fstype "$dir" | tail -n 1)
  counter=write_bytes
  [ "$kind" != tmpfs ] || counter=wchar
  busy=$(other_work)
  start_front
  make_store_workspace
  [ -n "$without" ] || make_flow
  start_foyer
  ask send 100 50 >/dev/null # these are copied
  settle
  stop_server
  fill "$store_fill"
  before=$(kept_bytes)
  for ((i = 0; i < store_rounds; i++)); do
    for who in "${servers[@]}"; do store_round "$who"; done
  done
  after=$(kept_bytes)
  sent=$((store_rounds * 3700))
  note foyer kept "$(ratio $((after - before)) $((sent * 1024)))"
  stop_store

  echo "each webhook is verified and gets one reply; foyer has one worker and $store_fill runs in its store"
  echo "      (600 webhooks at 50 a second, then 3000 at once; medians of $store_rounds; KB of 1024 bytes)"
  [ "$busy" -lt 20 ] || echo "      other work kept $busy % of the cores busy: times and rates are worse than they would be alone"
  [ -z "$without" ] || echo "      $without"
  [ -n "$without" ] || echo "      beside it: $peer_name, which keeps nothing of a webhook on the disk"
  if [ "$counter" = wchar ]; then
    echo "      the workspace lies in memory (tmpfs): \"written\" is all that its processes wrote, also to sockets (wchar)"
  else
    echo "      \"written\" is what its processes gave the disk ($kind; write_bytes), with the log moved into the store"
  fi
  printf '      %-50s %9s %9s %7s  %s\n' "" foyer Node-RED ratio target
  line "KB written for a webhook, 50 a second" kb-slow 1 at-most 80
  line "KB written for a webhook, 3000 at once" kb-burst 1 at-most 45
  line "ms of CPU for a webhook, 50 a second" cpu-slow 2 at-most 3
  line "ms of CPU for a webhook, 3000 at once" cpu-burst 2
  line "ms from webhook to reply, median, 50 a second" median-slow 1 at-most 1.3 the-ratio
  line "replies a second, 3000 at once" rate-burst 0 at-least 1 the-ratio
  line "MB of memory, all processes, 50 a second" memory 0
  line "MB of memory, all processes, at their peak" peak 0
  line "KB kept for a webhook and its reply" kept 1 at-most 6
}
