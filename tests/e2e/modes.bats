#!/usr/bin/env bats
# What is not sent: by a copy of the store, until it is promoted.

load helper
load agency
load consents
load serve

setup() {
  oauth_agency
  connected acme
  ORIGINAL=$AGENCY COPY=$BATS_TEST_TMPDIR/copy SERVE_PID=
  CONVERSATION=$(curl -sgf -H "Authorization: Bearer mock-token" "$MOCK/conversations?limit=1" | jq -r '._results[0].id')
  recipe say 'return ctx.call("front/send-conversation-reply", { conversation_id = "'"$CONVERSATION"'", body = "hello" })'
  recipe look 'return #ctx.call("front/list-inboxes", {}).results'
  recipe nap 'ctx.sleep("1h"); return ctx.call("front/send-conversation-reply", { conversation_id = "'"$CONVERSATION"'", body = "late" })'
  curl -sSf -X DELETE "$MOCK/_mock/oauth"
  forget
}

teardown() {
  end_serve
  end_agency
}

recipe() { # recipe NAME BODY
  mkdir -p "$AGENCY/recipes"
  printf 'return { summary = "x", run = function(ctx)\n%s\nend }\n' "$2" >"$AGENCY/recipes/$1.lua"
}

# The workspace with its store; the key is where it was.
copy() {
  cp -a "$ORIGINAL" "$COPY"
  AGENCY=$COPY
}

writes() { mock_log '[.requests[] | select(.method != "GET" and .path != "/oauth/token")] | length'; }

refreshes() { counts .refreshes; }

@test "a copy refreshes no token and connects no client, until it is promoted" {
  copy
  foyer refresh acme --json
  failed 75 unavailable 'cannot refresh a token' 'this store is a copy' '`foyer promote`'
  foyer connect acme --paste --api-url "$MOCK" --json
  failed 75 unavailable 'cannot connect a client' '`foyer promote`'
  foyer run look --client acme --json # its token is still good
  done_well
  expire
  foyer run look --client acme --json
  failed 77 auth 'cannot refresh a token' '`foyer promote`'
  same "$(refreshes)" 0
  foyer promote
  same "$status" 0
  holds "$output" 'this store is the original now'
  foyer run look --client acme --json
  done_well
  same "$(refreshes)" 1
  foyer promote --json
  same "$(jq -c .promoted <<<"$output")" false
}

@test "a store that was restored in its place is a copy; one that was renamed is not" {
  mv "$ORIGINAL" "$ORIGINAL.moved"
  AGENCY=$ORIGINAL.moved
  foyer refresh acme
  same "$status" 0
  cp "$AGENCY/state/foyer.db" "$BATS_TEST_TMPDIR/kept.db"
  rm "$AGENCY"/state/foyer.db*
  cp "$BATS_TEST_TMPDIR/kept.db" "$AGENCY/state/foyer.db"
  foyer refresh acme --json
  failed 75 unavailable '`foyer promote`'
}

@test "what was in flight: a copy leaves it alone; promote parks it, or goes on after a move" {
  foyer run nap --client acme
  same "$(jq length < <("$FOYER" -w "$AGENCY" runs list --state sleeping --json))" 1
  copy
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  same "$(writes)" 0
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" sleeping
  cp -a "$COPY" "$COPY.2"
  foyer promote
  holds "$output" '1 runs and 0 deliveries'
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" parked
  AGENCY=$COPY.2
  foyer promote --moved
  holds "$output" 'go on where they stopped'
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) foyer cron
  same "$("$FOYER" -w "$AGENCY" runs show 1 --json | jq -r .state)" done
  same "$(writes)" 1
}
