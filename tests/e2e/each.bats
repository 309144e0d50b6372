#!/usr/bin/env bats
# foyer call --each: one call for each line of a file, each done once, whatever happens.

load helper
load agency
load store

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  FILE=$BATS_TEST_TMPDIR/people.jsonl
  N=$BATS_TEST_NUMBER
}

# people COUNT: a file with so many contacts of this test
people() {
  local i
  for i in $(seq "$1"); do
    printf '{"handles":[{"handle":"p%d@t%d.example","source":"email"}],"name":"P %d"}\n' "$i" "$N" "$i"
  done >"$FILE"
}

# An uncertain contact is looked for after a second, not after a minute.
look_soon() {
  mkdir -p "$AGENCY/lua/front/actions"
  sed 's/intent.at >= 60/intent.at >= 2/' "$ROOT/lua/front/actions/create-contact.lua" \
    >"$AGENCY/lua/front/actions/create-contact.lua"
  cp "$AGENCY/clients/acme/client.lua" "$BATS_TEST_TMPDIR/client.lua"
  printf 'return { name = "Acme", confirm = { "1s", "3s", "5s" } }\n' >"$AGENCY/clients/acme/client.lua"
}

teardown() {
  rm -f "$AGENCY/lua/front/actions/create-contact.lua"
  [ ! -e "$BATS_TEST_TMPDIR/client.lua" ] || cp "$BATS_TEST_TMPDIR/client.lua" "$AGENCY/clients/acme/client.lua"
}

each() {
  foyer call front/create-contact --client acme --each "$@"
}

# What was printed, by line: lines JQ
lines() {
  jq -cs "sort_by(.line) | $1" <<<"$output"
}

# How many contacts the company has of this test, and of how many names: "COUNT NAMES"
contacts() {
  python3 - "$MOCK" "@t$N.example" "$COMPANY_TOKEN" <<'PY'
import json, sys, urllib.request
url, found = sys.argv[1] + "/contacts?limit=100", []
while url:
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + sys.argv[3]})
    page = json.load(urllib.request.urlopen(request))
    found += [h["handle"] for c in page["_results"] for h in c["handles"] if h["handle"].endswith(sys.argv[2])]
    url = page["_pagination"]["next"]
print(len(found), len(set(found)))
PY
}

@test "each line is called once, and the same command does not repeat what is done" {
  people 12
  each "$FILE"
  same "$status" 0
  same "$(lines 'map(.line)')" "[1,2,3,4,5,6,7,8,9,10,11,12]"
  same "$(lines 'map(.ok) | unique')" "[true]"
  same "$(lines '.[4].result.name')" '"P 5"'
  holds "$stderr" "foyer: 12 lines: 12 done in "
  same "$(contacts)" "12 12"
  local first
  first=$(lines 'map(.result.id)')
  forget
  each "$FILE" --jobs 3
  same "$status" 0
  nothing_sent
  same "$(lines 'map(.before) | unique')" "[true]"
  same "$(lines 'map(.result.id)')" "$first"
  holds "$stderr" "12 done (12 by an earlier command)"
}

@test "CSV: columns are typed by the action, a bad line is named, and the others are done" {
  local csv=$BATS_TEST_TMPDIR/people.csv
  {
    printf '\xef\xbb\xbfhandles.1.handle;name;list_names;custom_fields.Job\r\n'
    printf 'a@t%d.example;"Ada; ""the"" first";;Buyer\r\n' "$N"
    printf 'b@t%d.example;Bob\r\n' "$N"
    printf '"c@t%d.example";Cy;VIP;\r\n\r\n' "$N"
  } >"$csv"
  each "$csv" handles.1.source=email name=none
  same "$status" 65
  same "$(lines 'map([.line, .ok])')" "[[2,true],[3,false],[4,true]]"
  same "$(lines '.[1].error')" '{"kind":"invalid","message":"cannot read line 3 of people.csv: it has 2 fields, the first line has 4"}'
  same "$(lines 'map(.result.name)')" '["Ada; \"the\" first",null,"Cy"]'
  same "$(lines '.[0].result.custom_fields')" '{"Job":"Buyer"}'
  holds "$stderr" "3 lines: 2 done, 1 failed"
  same "$(contacts)" "2 2"
}

@test "JSON Lines: what all lines share, from standard input; bad lines are named" {
  {
    printf '{"handles":[{"handle":"a@t%d.example","source":"email"}]}\n\n' "$N"
    printf '[1]\n{"name":\n{"handles":[],"name":"x"}\n'
    printf '{"handles":[{"handle":"b@t%d.example","source":"email"}],"name":"Bob"}' "$N"
  } >"$FILE"
  status=0
  output=$("$FOYER" -w "$AGENCY" call front/create-contact --client acme --each - name=Ann <"$FILE" 2>/dev/null) || status=$?
  same "$status" 65
  same "$(lines 'map([.line, .ok])')" "[[1,true],[3,false],[4,false],[5,false],[6,true]]"
  same "$(lines '.[0].result.name')" '"Ann"'
  holds "$(lines '.[1].error.message')" "cannot read line 3 of standard input: it is not a JSON object such as "
  holds "$(lines '.[2].error.message')" "cannot read line 4 of standard input: column "
  holds "$(lines '.[3].error.message')" "handles"
  same "$(lines '.[4].result.name')" '"Bob"'
  same "$(contacts)" "2 2"
}

@test "300 lines, killed three times: each is done once" {
  people 300
  look_soon
  local out=$BATS_TEST_TMPDIR/killed stop pid
  for stop in 40 110 200; do
    "$FOYER" -w "$AGENCY" call front/create-contact --client acme --each "$FILE" >"$out" 2>/dev/null 3>&- </dev/null &
    pid=$!
    until [ "$(wc -l <"$out")" -ge "$stop" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    kill -9 "$pid"
    wait "$pid" || true
  done
  each "$FILE"
  same "$status" 0 || { tail -3 <<<"$output"; echo "$stderr"; return 1; }
  same "$(lines 'map(.line) == [range(1; 301)]')" true
  same "$(lines 'map(.ok) | unique')" "[true]"
  same "$(lines 'map(.result.id) | unique | length')" 300
  same "$(contacts)" "300 300"
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 300
}

@test "a line whose answer was lost is looked for, also by foyer cron" {
  people 2
  FOYER_TEST_STOP="outcome known" each "$FILE" --jobs 1
  same "$status" 137
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 120000)) foyer cron
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 120000)) foyer cron
  same "$(sql "SELECT state FROM run" | jq .state)" 7
  each "$FILE"
  same "$status" 0
  same "$(lines 'map([.line, .ok, .before, .result.name])')" '[[1,true,true,"P 1"],[2,true,null,"P 2"]]'
  same "$(contacts)" "2 2"
}

@test "a failed line is told again, or tried again with --retry-failed" {
  people 3
  fault '{"kind": "status", "status": 422, "skip": 1, "match": {"method": "POST"}}'
  each "$FILE" --jobs 1
  same "$status" 65
  same "$(lines 'map(.ok)')" "[true,false,true]"
  forget
  each "$FILE"
  same "$status" 65
  nothing_sent
  same "$(lines '.[1] | [.before, .error.status // .error.kind]')" '[true,"invalid"]'
  holds "$stderr" "--retry-failed"
  each "$FILE" --retry-failed
  same "$status" 0
  same "$(received)" "POST /contacts"
  same "$(contacts)" "3 3"
}

@test "a repaired file is not done twice" {
  people 3
  sed -i '2s/^/x/' "$FILE"
  each "$FILE"
  same "$status" 65
  sed -i '2s/^x//' "$FILE"
  forget
  foyer call front/create-contact --client acme --each "$FILE" --json
  failed 65 conflict "2 of the 3 lines of people.jsonl were done before" --skip-done --again
  nothing_sent
  each "$FILE" --skip-done
  same "$status" 0
  same "$(received)" "POST /contacts"
  same "$(lines 'map(.before)')" "[true,null,true]"
  same "$(contacts)" "3 3"
  # --again sends the lines of other files once more
  sed -i 's/"P /"Q /' "$FILE"
  sed -i '1s/"Q /"P /' "$FILE"
  forget
  each "$FILE" --again --jobs 1
  same "$status" 65
  same "$(received)" "POST /contacts,POST /contacts,POST /contacts"
  same "$(lines 'map(.error.kind)')" '["conflict","conflict","conflict"]'
}

@test "it stops where going on is of no use, and goes on from there" {
  people 40
  fault '{"kind": "status", "status": 401, "times": 1000, "match": {"method": "POST"}}'
  each "$FILE" --jobs 2
  same "$status" 77
  holds "$stderr" "it stopped: "
  holds "$stderr" "start the same command again"
  [ "$(lines length)" -le 4 ]
  curl -sf -X DELETE "$MOCK/_mock/faults"
  printf %s "$COMPANY_TOKEN" >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  each "$FILE"
  same "$status" 0
  same "$(contacts)" "40 40"
}

@test "a dry run shows what each line would send" {
  people 2
  echo '{"name": 3}' >>"$FILE"
  each "$FILE" --dry-run
  same "$status" 65
  nothing_sent
  same "$(lines 'map(.result.dry_run.body.name)')" '["P 1","P 2",null]'
  holds "$(lines '.[2].error.message')" handles
  same "$(sql "SELECT count(*) AS n FROM run" | jq .n)" 0
}

@test "the command line is checked before anything is sent" {
  people 1
  foyer call front/create-contakt --client acme --each "$FILE" --json
  failed 65 not_found create-contact
  each "$FILE" --jobs 0 --json
  failed 64 usage "from 1 to 64"
  each "$FILE" --all --json
  failed 64 usage "--all does not go with --each"
  foyer call front/create-contact --client acme --jobs 2 --json
  failed 64 usage "--each"
  each "$BATS_TEST_TMPDIR/none.csv" --json
  failed 65 invalid none.csv
  : >"$BATS_TEST_TMPDIR/empty.csv"
  each "$BATS_TEST_TMPDIR/empty.csv" --json
  failed 65 invalid empty.csv "no first line"
  nothing_sent
}

@test "a terminal of 80 columns shows a bar, and the results above it" {
  people 30
  fault '{"kind": "slow", "after": 0.2, "times": 1000, "match": {"method": "POST"}}'
  local told
  told=$(python3 "$ROOT/tests/e2e/terminal.py" -- "$FOYER" -w "$AGENCY" call front/create-contact --client acme \
    --each "$FILE" --jobs 4 3>&-)
  same "$(jq -r .status <<<"$told")" 0
  python3 - "$told" <<'PY'
import json, sys
shown = json.loads(sys.argv[1])["shown"]
bars = [part.split("\r")[0] for part in shown.split("\r\x1b[K")[1:]]
bars = [bar for bar in bars if bar.startswith("people.jsonl  [")]
assert bars, shown
assert all(len(bar) <= 79 and " of 30  " in bar for bar in bars), bars
lines = [line for line in shown.replace("\r\x1b[K", "\n").split("\n") if line.startswith("{")]
assert len(lines) == 30 and all(json.loads(line)["ok"] for line in lines), lines
assert "foyer: 30 lines: 30 done in " in shown
PY
}
