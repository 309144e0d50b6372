#!/usr/bin/env bats
# foyer missed: customers who got no answer, by us or by a person, and why; --run starts what is missing.

load helper
load agency
load store

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  export COMPANY_TOKEN=mock-token
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  start_mock
  mock_post limits '{"limit": 1000000}' >/dev/null
  mock_post messages '{"late": 0}' >/dev/null
  "$FOYER" init "$AGENCY" 2>/dev/null
  printf %s mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  echo 'return { apps = { front = { signing_key = "mock-signing-key" } } }' >"$AGENCY/foyer.lua"
  mkdir -p "$AGENCY/recipes"
  # what the subject says is what becomes of it
  cat >"$AGENCY/recipes/bot.lua" <<'END'
return {
  summary = "x", on = "front/message-received",
  run = function(ctx, event)
    local conversation = event.payload.conversation
    local subject = conversation.subject
    if subject:find("skip") then return ctx.skip("it is a newsletter") end
    if subject:find("fail") then error("no such order") end
    if subject:find("sleep") then ctx.sleep("1h") end
    if subject:find("quiet") then return "nothing to say" end
    ctx.call("front/send-conversation-reply", { conversation_id = conversation.id, body = "Dear customer" })
  end,
}
END
  settings 'bot = true'
}

teardown() {
  stop_serve
  stop_mock
}

# settings RECIPES [MORE]
settings() {
  printf 'return { name = "Acme", replies_per_hour = 100, confirm = { "1s" }, %s recipes = { %s } }\n' "${2:-}" "$1" \
    >"$AGENCY/clients/acme/client.lua"
}

# The server without workers: what it takes is tried by `foyer cron`.
serve() {
  rm -f "$BATS_TEST_TMPDIR/serving"
  mkfifo "$BATS_TEST_TMPDIR/serving"
  "$FOYER" -w "$AGENCY" serve --dev --listen 127.0.0.1:0 --workers 0 >"$BATS_TEST_TMPDIR/serving" 2>"$BATS_TEST_TMPDIR/serve.log" 3>&- &
  SERVER=$!
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving"
  URL=${line#listening: }
}

stop_serve() {
  [ -z "${SERVER:-}" ] || { kill -9 "$SERVER"; wait "$SERVER" || true; } 2>/dev/null
  SERVER=
}

# The company sends webhooks to URL, signed with this key: webhooks [KEY]
webhooks() {
  no_webhooks
  mock_post webhook "$(jq -nc --arg url "$URL/hooks/front" --arg key "${1:-mock-signing-key}" \
    '{url: $url, events: ["inbound"], $key}')" >/dev/null
}

no_webhooks() {
  curl -sf -X DELETE "$MOCK/_mock/webhook"
}

settled() {
  curl -sf "$MOCK/_mock/deliveries?summary=1" | jq -e '.pending == 0 and .coming == 0' >/dev/null
}

# letter NAME [SUBJECT] [CONVERSATION]: NAME@mail.example writes; the conversation's id
letter() {
  mock_post inbound "$(jq -nc --arg from "$1@mail.example" --arg subject "${2:-$1}" --arg conversation "${3:-}" \
    '{$from, $subject, body: "Hello", new: true} + if $conversation != "" then {$conversation} else {} end')" |
    jq -r .conversation.id
  until_true settled
}

# A teammate answers: by_hand CONVERSATION
by_hand() {
  mock_post do "$(jq -nc --arg path "/conversations/$1/messages" '{$path, body: {body: "Hello, Leela here"}}')" | jq -e '.status == 202' >/dev/null
}

# missed [OPTION...]: what is missed, as "customer why"
missed() {
  foyer missed --since 1h --json "$@"
  same "$status" 0 || { echo "$output $stderr"; return 1; }
  WHY=$(jq -r '.conversations[] | (.customer | sub("@.*"; "")) + " " + .why + (if .starts then " " + .starts else "" end)' <<<"$output" | sort)
}

said() {
  jq -r --arg who "$1@mail.example" '.conversations[] | select(.customer == $who) | .sentence' <<<"$output"
}

@test "serve was down, webhooks were lost, answers by hand, skips: the exact set, and why" {
  serve
  webhooks
  # its answer is lost, and it may have been sent
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  letter parked >/dev/null
  foyer cron
  curl -sf -X DELETE "$MOCK/_mock/faults"
  later 100
  later 1000
  later 100000
  letter answered >/dev/null
  letter skip >/dev/null
  letter fail >/dev/null
  letter sleep >/dev/null
  letter quiet >/dev/null
  letter twice >/dev/null
  trashed=$(letter binned skip)
  foyer cron
  settings ''
  letter off >/dev/null
  foyer cron
  settings 'bot = true'
  "$FOYER" -w "$AGENCY" pause --recipe bot --reason "holidays" 2>/dev/null
  letter paused >/dev/null
  foyer cron
  # a webhook that is signed with another key is refused
  webhooks another-key-of-the-app
  letter refused >/dev/null
  # nothing listens: webhooks are lost
  no_webhooks
  stop_serve
  letter lost >/dev/null
  byhand=$(letter byhand)
  by_hand "$byhand"
  one=$(letter merged)
  into=$(letter merged)
  mock_post merge "{\"conversation\": \"$one\", \"into\": \"$into\"}" >/dev/null
  by_hand "$into"
  # an answer by hand that the customer did not get
  bounced=$(letter bounced)
  by_hand "$bounced"
  mock_post bounce "$(company "/conversations/$bounced/messages?limit=1" '.[0].id' | jq -Rc '{message: .}')" >/dev/null
  # the customer writes again, after the answer
  again=$(letter again)
  by_hand "$again"
  letter again again "$again" >/dev/null
  mock_post do "$(jq -nc --arg path "/conversations/$trashed" '{method: "PATCH", $path, body: {status: "deleted"}}')" >/dev/null
  missed
  same "$WHY" "$(sort <<'END'
again never_came webhook
bounced never_came webhook
fail failed
lost never_came webhook
off off replay
parked needs_you
paused paused
quiet no_reply
refused refused webhook
skip skipped
sleep paused
END
)"
  same "$(jq -c '.clients[] | [.client, .company, .messages, .conversations, .binned, .open]' <<<"$output")" \
    '["acme","Acme Dry Goods",18,16,1,11]'
  holds "$(said skip)" "bot skipped it: it is a newsletter"
  holds "$(said fail)" "no such order"
  holds "$(said refused)" "its webhook did not come in; about then"
  holds "$(said refused)" "/hooks/front"
  holds "$(said paused)" "it is paused: holidays"
  holds "$(said off)" "the recipe bot was not switched on then; it is now"
  holds "$(said parked)" "needs you: "
  # nothing was sent, nothing was started
  same "$(sql "SELECT count(*) AS n FROM delivery WHERE scheme = 'heal'")" '{"n": 0}'

  # what is missing is started, once
  missed --run
  holds "$stderr" "5 events are taken"
  missed --run
  holds "$stderr" "there is nothing to start"
  same "$(grep -E '^(again|bounced|lost|off|refused) ' <<<"$WHY")" \
    "$(printf '%s waiting\n' again bounced lost off refused)"
  holds "$(said lost)" "its webhook is here, and waits for a worker"
  "$FOYER" -w "$AGENCY" resume --recipe bot 2>/dev/null
  foyer cron
  foyer cron
  missed
  same "$WHY" "$(printf '%s\n' 'fail failed' 'parked needs_you' 'quiet no_reply' 'skip skipped' 'sleep waiting')"
  # heal looks too: no letter is answered twice
  serve
  webhooks
  foyer heal --since 2020-01-01
  foyer cron
  same "$(sql "SELECT key, count(*) AS n FROM activation GROUP BY trigger, key HAVING n > 1")" ""
  same "$(sql "SELECT activation, count(*) AS n FROM run GROUP BY activation HAVING n > 1")" ""
  same "$(sql "SELECT event, count(*) AS n FROM delivery GROUP BY event HAVING n > 1")" ""
}

# foyer cron so many seconds from now
later() {
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + $1 * 1000)) foyer cron
}

@test "how far back the app's list goes; the time; clients that cannot be asked" {
  letter early >/dev/null
  now=$(date +%s.%N)
  letter late >/dev/null
  missed
  same "$WHY" "$(printf '%s never_came webhook\n' early late)"
  missed --until "$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%S.%3NZ)"
  same "$WHY" "early never_came webhook"
  foyer missed --since 1d
  holds "$stderr" "Acme Dry Goods): 2 messages of customers since "
  holds "$stderr" "Front lists its events from "
  holds "$stderr" "nothing can be said about the time before"
  holds "$stderr" "--run starts what is missing in 2 conversations"
  holds "$output" "its webhook never came"
  mock_post history "{\"from\": $now}" >/dev/null
  missed
  same "$WHY" "late never_came webhook"
  same "$(jq -c ".clients[0].oldest_at >= $now" <<<"$output")" true
  foyer missed
  same "$status" 64
  foyer missed --since 1h --until 2h --json
  failed 64 usage "later than --since"
  foyer missed --since 1h --client amce --json
  failed 65 not_found acme
  mkdir -p "$AGENCY/clients/zed"
  cp "$AGENCY/clients/acme/client.lua" "$AGENCY/clients/zed/client.lua"
  foyer missed --since 1h --json
  same "$status" 77
  same "$(jq -c '[(.conversations | length), (.clients[] | [.client, has("error")])]' <<<"$output")" '[1,["acme",false],["zed",true]]'
  foyer missed --since 1h --client acme,zed
  same "$status" 77
  holds "$stderr" "client zed: not connected to an app that lists its events"
}

@test "what is said of several clients is one line; in a pipe a cell is whole" {
  long=$(printf 'l%.0s' {1..64})
  letter "$long" >/dev/null
  for name in c1 c2 c3 c4 c5; do
    mkdir -p "$AGENCY/clients/$name"
    cp "$AGENCY/clients/acme/client.lua" "$AGENCY/clients/$name/client.lua"
  done
  foyer missed --since 1h
  same "$status" 77
  holds "$stderr" "clients c1, c2, c3 and 2 more: not connected to an app that lists its events"
  same "$(grep -c "not connected" <<<"$stderr")" 1
  holds "$output" "$long@mail.example  cnv_"
  for name in c1 c2 c3 c4 c5; do
    "$FOYER" -w "$AGENCY" connect "$name" --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null 2>&1
  done
  # each has a customer without an answer: a line each, and one for how far back the list goes
  now=$(date +%s.%N)
  letter late >/dev/null
  mock_post history "{\"from\": $now}" >/dev/null
  later=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
  foyer missed --since 1h
  holds "$stderr" "clients acme, c1, c2 and 3 more: Front lists its events from "
  same "$(grep -c "nothing can be said" <<<"$stderr")" 1
  # none has: one line
  foyer missed --since "$later"
  holds "$stderr" "clients acme, c1, c2 and 3 more: 0 messages of customers since "
  same "$(wc -l <<<"$stderr")" 1
}

@test "a customer that was forgotten: nothing of it is started again" {
  serve
  webhooks
  settings ''
  conversation=$(letter gone)
  # its hash is not known: its webhook does not come
  no_webhooks
  letter gone gone "$conversation" >/dev/null
  webhooks
  letter here >/dev/null
  foyer cron
  foyer forget gone@mail.example --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  settings 'bot = true'
  missed --run
  same "$WHY" "$(printf '%s\n' 'gone gone' 'here off replay')"
  holds "$(said gone)" "foyer has erased what it knew of it"
  foyer cron
  same "$(sql "SELECT count(*) AS n FROM run")" '{"n": 1}'
}

@test "before the client was connected, and what is not kept any more: nothing is started" {
  "$FOYER" -w "$AGENCY" disconnect acme 2>/dev/null
  letter before >/dev/null
  sleep 0.01
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  letter after >/dev/null
  missed
  same "$WHY" "$(printf '%s\n' 'after never_came webhook' 'before unrouted')"
  holds "$(said before)" "the client was not connected then"
  sed -i 's/^return {/& keep = { deliveries = "1h" },/' "$AGENCY/foyer.lua"
  export FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000))
  missed --since 3h
  same "$WHY" "$(printf '%s\n' 'after gone' 'before gone')"
  holds "$(said after)" "foyer keeps nothing of that time any more"
}

@test "answers that are too large are read in smaller pages; a conversation that no recipe is for" {
  serve
  webhooks
  rm "$AGENCY/recipes/bot.lua"
  settings '["first-reply"] = true'
  one=$(letter known)
  foyer cron
  letter known known "$one" >/dev/null
  foyer cron
  no_webhooks
  python3 -c 'import json; print(json.dumps({"from": "large@mail.example", "body": "<p>w</p>" * 150000, "new": True}))' >"$BATS_TEST_TMPDIR/letter"
  for _ in 1 2 3 4 5 6; do curl -sf -d "@$BATS_TEST_TMPDIR/letter" "$MOCK/_mock/inbound" >/dev/null; done
  missed
  same "$(uniq -c <<<"$WHY" | xargs)" "1 known no_rule 6 large never_came webhook"
  holds "$(said known)" "no recipe is for it: front/conversation-created did not fire: "
}
