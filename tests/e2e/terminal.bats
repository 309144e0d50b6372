#!/usr/bin/env bats
# What a person at a terminal types and sees: secrets, tokens, codes.

load helper
load agency
load consents

setup() {
  oauth_agency
}

teardown() {
  end_agency
}

# types [WANT SEND]... -- ARGUMENT...: foyer at a terminal; sets $shown, $status and $flags,
# which say whether the terminal echoes and reads lines afterwards.
types() {
  local steps=() told
  while [ "$1" != -- ]; do steps+=("$1") && shift; done
  told=$(python3 "$ROOT/tests/e2e/terminal.py" "${steps[@]}" -- "$FOYER" -w "$AGENCY" "${@:2}" 3>&-)
  shown=$(jq -r .shown <<<"$told")
  status=$(jq -r .status <<<"$told")
  flags=$(jq -c '[.echo, .sane]' <<<"$told")
}

secrets() {
  "$FOYER" -w "$AGENCY" secret list --json | jq -c '[.[] | .name]'
}

nothing_kept() {
  same "$status" 65
  holds "$shown" 'more text came with its first line'
  [[ $shown != *swordfish* ]] # nor shown
  same "$flags" '[true,true]'
}

@test "secret set and connect --paste: Enter ends the line, which is not shown" {
  sed -i 's/"mock-secret"/secret "app"/' "$AGENCY/foyer.lua"
  types 'value of app, then Enter: ' 'mock-secret\n' -- secret set app
  same "$status" 0
  same "$shown" 'value of app, then Enter: '
  same "$flags" '[true,true]'
  # the company takes the code only with that secret
  types 'address or code: ' 'BACK\n' -- connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK"
  same "$status" 0
  holds "$shown" "client acme is connected"
  [[ $shown != *code=* ]]
  same "$flags" '[true,true]'
}

@test "connect --token-file -: Enter ends the token; the terminal's own keys work" {
  types 'token of acme, then Enter: ' 'mock-tokenx\x7f\n' -- connect acme --token-file - --api-url "$MOCK"
  same "$status" 0
  holds "$shown" "client acme is connected"
  [[ $shown != *mock-token* ]]
  # Ctrl-D ends a line too
  types 'token of globex, then Enter: ' 'mock-token\x04' -- connect globex --token-file - --api-url "$MOCK"
  same "$status" 0
  types 'token of umbra, then Enter: ' '\x04' -- connect umbra --token-file - --api-url "$MOCK"
  same "$status" 65
  holds "$shown" 'it is empty'
  [ ! -e "$AGENCY/clients/umbra" ]
}

@test "a second line that is pasted with the first: an error, and nothing is kept" {
  local more
  for more in 'foyer connect initech\n' 'foyer conn' '\n'; do
    types 'value of k' "swordfish\n$more" -- secret set k
    nothing_kept
    types 'value of k' "swordfish\n$more" -- secret set k --from -
    nothing_kept
    types 'token of umbra' "swordfish\n$more" -- connect umbra --token-file - --api-url "$MOCK"
    nothing_kept
    types 'address or code' "swordfish\n$more" -- connect umbra --paste --api-url "$MOCK" --oauth-url "$MOCK"
    nothing_kept
  done
  same "$(secrets)" '[]'
  same "$(counts .token_requests)" 0
  # a line that the terminal cuts is not kept either
  types 'value of k' "$(printf '%05000d' 1)\n" -- secret set k
  same "$status" 65
  holds "$shown" '4095 characters'
  same "$(secrets)" '[]'
}

@test "Ctrl-C at a prompt: nothing is kept, and the terminal is as before" {
  types 'value of k' 'sword\x03' -- secret set k
  same "$status $flags" '130 [true,true]'
  types 'token of acme' '\x03' -- connect acme --token-file - --api-url "$MOCK"
  same "$status $flags" '130 [true,true]'
  types 'address or code' 'x\x03' -- connect acme --paste --api-url "$MOCK" --oauth-url "$MOCK"
  same "$status $flags" '130 [true,true]'
  types 'value of k' '\x1c' -- secret set k # Ctrl-\, SIGQUIT
  same "$status $flags" '131 [true,true]'
  same "$(secrets)" '[]'
}

@test "a pipe and a file are read to their end" {
  printf -- '-----BEGIN KEY-----\nabc\n-----END KEY-----\n' >"$BATS_TEST_TMPDIR/key"
  "$FOYER" -w "$AGENCY" secret set a <"$BATS_TEST_TMPDIR/key"
  "$FOYER" -w "$AGENCY" secret set b --from "$BATS_TEST_TMPDIR/key"
  printf 'mock-token\n\n' | "$FOYER" -w "$AGENCY" connect acme --token-file - --api-url "$MOCK"
  same "$(secrets)" '["a","b"]'
}

@test "the demo writes escape codes to a terminal, and none into a file" {
  local title=$BATS_TEST_TMPDIR/title.sh
  sed -n '/^bold=/,/^title()/p' "$ROOT/tests/demo/demo.sh" >"$title"
  echo 'title "a day"' >>"$title"
  bash "$title" >"$BATS_TEST_TMPDIR/file"
  same "$(od -An -c "$BATS_TEST_TMPDIR/file" | tr -s ' ')" ' \n # a d a y \n'
  same "$(python3 "$ROOT/tests/e2e/terminal.py" -- bash "$title" | jq -c .shown)" '"\n\u001b[1m# a day\u001b[0m\n"'
}
