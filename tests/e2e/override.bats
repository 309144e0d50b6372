#!/usr/bin/env bats
# A client's three lines change what that client sends, and no other client's: two clients in one
# process, what the company received compared byte for byte.

load helper
load agency

setup_file() {
  start_agency
  "$FOYER" -w "$AGENCY" connect zed --token-file "$TOKEN" --api-url "$MOCK" 2>/dev/null
  CHANNEL=$(company /channels 'map(select(.type == "smtp"))[0].id')
  export CHANNEL
  local client
  for client in Acme Zed; do
    cat >"$AGENCY/clients/${client,}/client.lua" <<LUA
return {
  name = "$client & Sons",
  front = { channels = { support = "$CHANNEL" } },
  recipes = { ["first-reply"] = true },
}
LUA
  done
  rm "$AGENCY/clients/acme/templates/first-reply.txt"
  replies >"$BATS_FILE_TMPDIR/before"
}

teardown_file() {
  stop_agency
}

setup() {
  fresh
}

teardown() {
  rm -rf "$AGENCY"/{lua,templates,recipes} "$AGENCY"/clients/*/{lua,templates,recipes}
}

# Both clients answer in one process; each request as it was received, without the company's
# verdict, in the clients' order.
replies() {
  forget
  "$FOYER" -w "$AGENCY" run first-reply --all-clients --conversation "$CONVERSATION" --json >"$BATS_FILE_TMPDIR/replies"
  [ "$(jq -c '[.[].outcome]' "$BATS_FILE_TMPDIR/replies")" = '["done","done"]' ]
  mock_log '[.requests[] | select(.method == "POST") | del(.status, .dropped)] | sort_by(.body | contains("Zed")) | .[]'
}

before() { sed -n "$1p" "$BATS_FILE_TMPDIR/before"; }
after() { sed -n "$1p" "$BATS_TEST_TMPDIR/after"; }

# What the two clients' bodies are: bodies ACME ZED
run_both() {
  replies >"$BATS_TEST_TMPDIR/after"
  same "$(wc -l <"$BATS_TEST_TMPDIR/after")" 2
}

# A file of a layer: put PATH, from standard input
put() {
  mkdir -p "$(dirname "$AGENCY/$1")"
  cat >"$AGENCY/$1"
}

ACTION=lua/front/actions/send-conversation-reply.lua

@test "without an override the two send the same, but for the name; twice the same bytes" {
  same "$(before 1 | sed 's/Acme/Zed/g' | jq -c 'del(.headers["content-length"])')" "$(before 2 | jq -c 'del(.headers["content-length"])')"
  same "$(before 1 | jq -r .json.body | grep -o 'writing to [^.]*')" 'writing to Acme &amp; Sons'
  run_both
  cmp "$BATS_FILE_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "three lines of code for one client" {
  put "clients/acme/$ACTION" <<'LUA'
return super {
  run = function(ctx, input, base)
    input.channel_id = input.channel_id or ctx.client.front.channels.support
    return base(ctx, input)
  end,
}
LUA
  run_both
  same "$(after 2)" "$(before 2)"
  same "$(after 1 | jq -cS .json)" "$(before 1 | jq -cS ".json + {channel_id: \"$CHANNEL\"}")"
  same "$(after 1 | jq -c 'del(.body, .json, .headers["content-length"])')" \
    "$(before 1 | jq -c 'del(.body, .json, .headers["content-length"])')"
  rm -r "$AGENCY/clients/acme/lua"
  run_both
  cmp "$BATS_FILE_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "no code at all: another default" {
  echo 'return super { input = { archive = { default = true } } }' | put "clients/zed/$ACTION"
  run_both
  same "$(after 1)" "$(before 1)"
  same "$(after 2 | jq -c .json)" "$(before 2 | jq -c '.json.options.archive = true | .json')"
  # what is said goes before the default
  forget
  foyer call front/send-conversation-reply --client zed conversation_id="$CONVERSATION" body=x archive=false
  same "$(mock_log '.requests[0].json.options.archive')" false
}

@test "a template of the client's" {
  printf 'Dear {{conversation.recipient.name}},\n\nyours, {{client.name}}\n' | put clients/zed/templates/first-reply.txt
  run_both
  same "$(after 1)" "$(before 1)"
  holds "$(after 2 | jq -r .json.body)" 'yours, Zed &amp; Sons'
  holds "$(after 2 | jq -r .json.body)" 'Dear '
}

@test "the workspace's layer is for both; the client's lies over it" {
  put "$ACTION" <<'LUA'
return super {
  run = function(ctx, input, base)
    input.body = input.body .. "<p>workspace</p>"
    return base(ctx, input)
  end,
}
LUA
  put "clients/acme/$ACTION" <<'LUA'
return super {
  run = function(ctx, input, base)
    input.body = input.body .. "<p>client</p>"
    return base(ctx, input)
  end,
}
LUA
  run_both
  same "$(after 1 | jq -r .json.body)" "$(before 1 | jq -r .json.body)<p>client</p><p>workspace</p>"
  same "$(after 2 | jq -r .json.body)" "$(before 2 | jq -r .json.body)<p>workspace</p>"
}

@test "a template of the workspace's, a recipe of a client's" {
  echo 'From the workspace for {{client.name}}' | put templates/first-reply.md
  put clients/zed/recipes/first-reply.lua <<'LUA'
return super {
  run = function(ctx, event, base)
    ctx.call("front/send-conversation-reply",
      { conversation_id = event.payload.conversation.id, type = "comment", body = "Zed will answer" })
    return base(ctx, event)
  end,
}
LUA
  forget
  foyer run first-reply --all-clients --conversation "$CONVERSATION" --json
  same "$(jq -c '[.[].outcome]' <<<"$output")" '["done","done"]'
  same "$(mock_log '[.requests[] | select(.method == "POST") | .json.body] | sort')" \
    '["From the workspace for Acme & Sons\n","From the workspace for Zed & Sons\n","Zed will answer"]'
}

@test "one client's broken override is that client's alone" {
  echo 'return super { run = function(ctx, input, base) return base(ctx, input) ennd }' | put "clients/zed/$ACTION"
  forget
  foyer run first-reply --all-clients --conversation "$CONVERSATION" --json
  same "$status" 70
  same "$(jq -c '[.[] | [.client, .outcome, .error.kind]]' <<<"$output")" '[["acme","done",null],["zed","failed","script"]]'
  holds "$stderr" "clients/zed/$ACTION:1:"
  same "$(mock_log '.requests[] | select(.method == "POST") | del(.status, .dropped)')" "$(before 1)"
}
