#!/usr/bin/env bats
# foyer selftest: what is a guess about Front is tried, here at the mock, where each guess holds.

load helper
load agency
load store
load serve

setup_file() {
  start_agency
  mock_post messages '{"late": 0}' >/dev/null
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
  empty_store
  SERVE_PID='' SELFTEST=''
  printf 'return { poll = false, heal = false, apps = { front = { client_id = "a", client_secret = "b", signing_key = "%s" } } }\n' \
    mock-signing-key >"$AGENCY/foyer.lua"
  CHAT_INBOX=$(company /inboxes '.[] | select(.name == "Web shop chat").id')
  printf 'return { name = "Acme", vars = { phone = "1" }, confirm = { "1s", "2s", "4s" }, front = { inboxes = { test = "%s" } } }\n' \
    "$CHAT_INBOX" >"$AGENCY/clients/acme/client.lua"
}

teardown() {
  end_serve
  [ -z "$SELFTEST" ] || kill "$SELFTEST" 2>/dev/null || true
}

# results GUESS...: what came of each
results() {
  local guess
  for guess; do
    jq -r --arg guess "$guess" '.[] | select(.guess == $guess).result' <<<"$output"
  done | sort -u
}

# How many tags, contacts and open conversations there are whose name says that a selftest made them.
left() {
  company '/tags?limit=100' '[.[].name | select(test("selftest"))] | length'
  company '/contacts?limit=100' '[.[].name | strings | select(test("selftest .*"))] | length'
  company '/conversations?limit=100' '[.[] | select(.subject | tostring | test("selftest")) | select(.status != "archived")] | length'
}

@test "against the mock: a webhook in, a reply out, a lost answer, merged fields and conversations" {
  local merge
  start_serve
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"key\": \"mock-signing-key\"}" >/dev/null
  "$FOYER" -w "$AGENCY" selftest acme --inbox test --by-hand --json >"$BATS_TEST_TMPDIR/rows" 2>"$BATS_TEST_TMPDIR/said" </dev/null 3>&- &
  SELFTEST=$!
  until_true grep -q 'foyer: merge cnv_.* into cnv_' "$BATS_TEST_TMPDIR/said"
  merge=$(sed -n 's/^foyer: merge \(cnv_[^ ]*\) into \(cnv_[^ ]*\) .*/{"conversation": "\1", "into": "\2"}/p' "$BATS_TEST_TMPDIR/said")
  mock_post merge "$merge" >/dev/null
  wait "$SELFTEST" || { cat "$BATS_TEST_TMPDIR/rows" "$BATS_TEST_TMPDIR/said"; return 1; }
  SELFTEST=
  output=$(cat "$BATS_TEST_TMPDIR/rows")
  same "$(jq -c 'map(select(.result != "ok").guess)' <<<"$output")" '["403 for others"]'
  same "$(results 'a webhook tells that a customer wrote' 'accepted, and the message appears later' \
    'a reply whose answer was lost is found again' 'a reply whose answer was lost is found again, and sent once' \
    "foyer's merge keeps the other fields: contacts" "foyer's merge keeps the other fields: conversations" \
    '301, which leads to the other conversation' '301 for every method' \
    'each answer has the limit, what remains and when the window ends' \
    'what was made is deleted, conversations are archived')" ok
  holds "$(cat "$BATS_TEST_TMPDIR/said")" 'foyer: all that this makes is named "foyer selftest '
  same "$(left | xargs)" '0 0 0'
}

@test "what cannot be tried says why: no server, no custom channel; what differs is an error" {
  foyer selftest acme --inbox test --wait 1s --json
  same "$(results 'a webhook tells that a customer wrote')" 'not tried'
  holds "$(jq -r '.[].saw' <<<"$output")" 'no webhook came: is foyer serve running'
  same "$(results '301 for every method')" 'not tried'
  # nothing is there to look for the lost answer
  same "$(results 'a reply whose answer was lost is found again')" 'not tried'
  same "$(left | xargs)" '0 0 0'
  foyer selftest acme --inbox "$(company /inboxes '.[0].id')" --json
  holds "$(jq -r '.[] | select(.result == "not tried").saw' <<<"$output")" 'the inbox has no custom channel'
  fault '{"kind": "empty", "status": 404, "match": {"method": "GET", "path": "/conversations/cnv_0foyer0"}}'
  foyer selftest acme --inbox "$(company /inboxes '.[0].id')"
  same "$status" 65
  holds "$output" 'differs'
}

@test "it refuses without a test inbox, and where no write is sent" {
  foyer selftest acme
  same "$status" 64
  holds "$stderr" '--inbox is missing: name an inbox that is there for tests'
  sed -i 's/^return {/return { mode = "dry",/' "$AGENCY/clients/acme/client.lua"
  forget
  foyer selftest acme --inbox test
  same "$status" 65 || { echo "$stderr"; return 1; }
  holds "$stderr" 'the selftest sends writes, and'
  nothing_sent
}

@test "by hand: the subject to write is the one that is looked for" {
  local inbox mark
  inbox=$(company /inboxes '.[0].id')
  "$FOYER" -w "$AGENCY" selftest acme --inbox "$inbox" --by-hand --json >"$BATS_TEST_TMPDIR/rows" 2>"$BATS_TEST_TMPDIR/said" </dev/null 3>&- &
  SELFTEST=$!
  until_true grep -q 'foyer: write to the inbox ' "$BATS_TEST_TMPDIR/said"
  mark=$(sed -n 's/^foyer: all that this makes is named "\(foyer selftest [0-9a-f]*\)"$/\1/p' "$BATS_TEST_TMPDIR/said")
  [ -n "$mark" ]
  holds "$(cat "$BATS_TEST_TMPDIR/said")" "now, with the subject \"$mark\", from an address"
  kill -INT "$SELFTEST"
  wait "$SELFTEST" || true
  SELFTEST=
}

@test "an inbox that is not there is an error, and nothing is tried" {
  foyer selftest acme --inbox tset
  same "$status" 65
  holds "$stderr" 'acme has no inbox "tset"; did you mean "test"?'
  same "$output" ''
  forget
  foyer selftest acme --inbox inb_zzzz
  same "$status" 65
  holds "$stderr" "the inbox inb_zzzz cannot be used: front answers 404"
  same "$output" ''
  same "$(mock_log '[.requests[] | .method + " " + .path] | join(" ")')" '"GET /inboxes/inb_zzzz/channels"'
}
