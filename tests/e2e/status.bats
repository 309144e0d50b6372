#!/usr/bin/env bats
# foyer status: one page about a workspace, and its exit code; what /healthz and /metrics know of deploys.

load helper
load agency
load consents
load serve
load store

setup() {
  serving_agency
  rm -rf "$AGENCY"/clients/* "$AGENCY"/recipes
  mkdir -p "$AGENCY/clients/acme" "$AGENCY/clients/zed"
  echo 'return {}' | tee "$AGENCY/clients/acme/client.lua" >"$AGENCY/clients/zed/client.lua"
}

teardown() { [ -z "${SERVE_PID:-}" ] || kill -9 "$SERVE_PID" 2>/dev/null || true; }

# page CODE [OPTION...]
page() {
  foyer status "${@:2}"
  same "$status|$stderr" "$1|"
}

# what [OPTION...]: the problems and the exit code
what() {
  foyer status --json "$@"
  jq -c '[.problems[].what, .exit]' <<<"$output"
}

# a run of CLIENT in the STATE with this number
add_run() {
  sql "INSERT INTO run (client, recipe, origin, args, policy, state, due_ms, created_ms, undelivered)
    VALUES ('$1', 'hello', 'hand', '{}', '{}', $2, 0, 1, ${3:-NULL})"
}

@test "nothing runs: 75; serve and its worker do: 0; both are killed: 75" {
  page 75
  same "$(head -1 <<<"$output")" "! no foyer runs here: no webhook is taken, and no run goes on: foyer serve"
  holds "$output" "processes    none"
  start_serve
  until_true eval '[ "$(what)" = "[0]" ]'
  page 0
  same "$(head -1 <<<"$output")" "fine: foyer runs, and nothing needs you"
  holds "$output" "processes    serve $SERVE_PID since 20"
  holds "$output" "on ${URL#http://}"
  foyer status --json
  same "$(jq -c '.processes | map([.role, .alive])' <<<"$output")" '[["serve",true],["work",true]]'
  # which files it runs
  kill "$SERVE_PID"
  wait_serve
  start_serve --dev
  until_true eval '[ "$(what)" = "[0]" ]'
  page 0
  holds "$output" "on ${URL#http://}, --dev: it runs the files, and no release"
  logs=$("$FOYER" -w "$AGENCY" logs)
  holds "$logs" "serve/$SERVE_PID dev: worker"
  kill -9 "$SERVE_PID"
  until_true eval '[ "$(what)" = "[\"server\",75]" ]' # the worker ends by itself
  SERVE_PID=
}

@test "cron counts for five minutes; without a worker webhooks wait" {
  export FOYER_TEST_CLOCK=1750075200000
  foyer cron
  same "$(what)" "[0]"
  page 0
  holds "$output" "processes    cron ran last at 2025-06-16 12:00 UTC (0 s ago)"
  same "$(FOYER_TEST_CLOCK=1750075499000 what)" "[0]"
  same "$(FOYER_TEST_CLOCK=1750075501000 what)" '["server",75]'
  unset FOYER_TEST_CLOCK
  start_serve --workers 0
  page 75
  same "$(head -1 <<<"$output")" "! no worker runs: webhooks are taken, and nothing is done with them: foyer work"
}

@test "what needs a person, and what a reconnect; the worst decides the code; each client by itself" {
  export FOYER_TEST_CLOCK=1750075200000
  foyer cron
  add_run acme 6
  add_run acme 7 "'it bounced'"
  add_run gone 6
  same "$(what)" '["needs you",69]'
  page 69
  same "$(head -1 <<<"$output")" "! 3 runs need you: foyer runs list --state needs-you"
  holds "$output" "needs you       3 runs: acme 2, gone 1"
  same "$(what --client zed)" "[0]"
  add_run zed 5
  sql "INSERT INTO connection (app, id, company, token_version, token, created_ms, reconnect) VALUES ('front', 'cmp_1', 'Zed', 1, x'00', 1, 1)"
  sql "INSERT INTO client_connection VALUES ('zed', 'front', 'cmp_1')"
  same "$(what)" '["connection","needs you",77]'
  page 77
  holds "$output" "connections  0 ok; needs reconnect: zed"
  holds "$output" "needs reconnect 1 run: zed 1"
  same "$(what --client acme)" '["needs you",69]'
  foyer pause --client zed --reason holidays
  page 77
  holds "$output" "paused       client zed, recipe (all), since 2025-06-16 12:00 UTC (0 s ago): holidays"
}

@test "the queue, what came and went last, and the disk" {
  local now=1750075200000
  export FOYER_TEST_CLOCK=$now
  event cnv_1 | deliver - cmp_none $((now - 299000)) >/dev/null
  foyer status
  holds "$output" "queue        1 webhook, the oldest of 2025-06-16 11:55 UTC (4 min 59 s ago); 0 runs wait, 0 run now"
  FOYER_TEST_CLOCK=$((now + 2000))
  same "$(what)" '["server","queue",75]'
  foyer status
  holds "$output" "! the oldest webhook has waited for 5 min 1 s: foyer logs --level warn"
  sql "INSERT INTO rollup SELECT 486131, 'acme', 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"
  foyer status --json
  same "$(jq -c '.clients | map([.client, .last_event_at, .last_reply_at])' <<<"$output")" \
    '[["acme",1750071600,1750071600],["zed",null,null]]'
  # what is not counted yet is there as well
  event cnv_2 | deliver zed - $now >/dev/null
  sql "INSERT INTO reply VALUES ('acme', 'cnv_1', 1, 1, $((now - 1000)))"
  foyer status --json
  same "$(jq -c '.clients | map([.client, .last_event_at, .last_reply_at])' <<<"$output")" \
    '[["acme",1750071600,1750075199],["zed",1750075200,null]]'
  jq -e '.disk | .free_bytes > 0 and .store_bytes > 0' <<<"$output" >/dev/null
}

@test "what alerts are about: an outage, a recipe that fails" {
  foyer cron
  local at=$(($(date +%s) * 1000))
  incident() { sql "INSERT INTO incident VALUES ('$1', '$2', '$3', $4, $at, $at, 0, $at, 0, 0, 0, 1, 1, 0, 'so it is')"; }
  incident company front/cmp_1 acme 1
  incident recipe zed/hello zed 1
  incident silence zed zed 2 # closed
  same "$(what)" '["outage","trouble",75]'
  same "$(what --client zed)" '["trouble",69]'
  foyer status
  [[ $(head -1 <<<"$output") == "! "*Front* ]]
}

@test "releases: what runs, what differs on the disk, and a deploy that was refused" {
  foyer status
  holds "$output" "release      none: the files on the disk run"
  foyer deploy -m first
  export FOYER_TEST_CLOCK=$(($(date +%s) * 1000))
  foyer cron
  page 0
  holds "$output" "release      1, by "
  [[ $output != *"on the disk"* ]]
  mkdir -p "$AGENCY/clients/new"
  echo 'return {}' >"$AGENCY/clients/new/client.lua"
  echo 'return { colour = 1 }' >"$AGENCY/clients/acme/client.lua"
  page 0
  holds "$output" "on the disk  differs from what runs: clients/acme/client.lua, clients/new/ (foyer diff --live)"
  foyer deploy
  page 65
  same "$(head -1 <<<"$output")" "! the last deploy was refused; what ran before goes on: foyer check"
  holds "$output" "acme runs 1"
  holds "$output" '  clients/acme/client.lua:1: colour: unknown key "colour"'
  rm -r "$AGENCY/clients/acme"
  foyer deploy
  same "$(what)" "[0]"
  # clients of the same release are one line
  mkdir "$AGENCY/clients/acme"
  echo 'return {}' | tee "$AGENCY"/clients/{acme,new}/client.lua >/dev/null
  foyer deploy
  echo 'return { timezone = "Europe/Berlin" }' >"$AGENCY/foyer.lua"
  foyer reload --no-wait
  foyer status
  holds "$output" "new, zed run 2"
}

@test "/healthz and /metrics know of a refused deploy, and answer 200" {
  start_serve
  same "$(curl -sSf "$URL/healthz")" ok
  metric() { curl -sSf "$URL/metrics" | sed -n "s/^$1 //p"; }
  same "$(metric foyer_deploy_refused)$(metric foyer_runs_undelivered)" 00
  sql "INSERT INTO refused_deploy VALUES (1, 1, 'jane', 'a mistake')"
  add_run acme 7 "'it bounced'"
  until_true eval '[ "$(curl -sSf "$URL/healthz")" = "ok
the last deploy was refused: foyer status says why" ]'
  until_true eval '[ "$(metric foyer_deploy_refused)$(metric foyer_runs_undelivered)" = 11 ]'
}
