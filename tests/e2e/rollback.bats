#!/usr/bin/env bats
# A bad template at 17:55, and back: a server that runs takes up what is deployed and rolled back, without a restart.

bats_require_minimum_version 1.5.0
load helper
load agency
load serve

setup_file() {
  start_agency
  SIGNING_KEY=key-of-the-app
  export SIGNING_KEY
  printf 'return { apps = { front = { client_id = "a", client_secret = "b", signing_key = "%s" } } }\n' \
    "$SIGNING_KEY" >"$AGENCY/foyer.lua"
  printf 'return { name = "Acme", vars = { phone = "1" }, recipes = { ["first-reply"] = true } }\n' \
    >"$AGENCY/clients/acme/client.lua"
  rm -rf "$AGENCY"/clients/acme/templates
}

teardown_file() {
  stop_agency
}

teardown() {
  end_serve
}

template() { # what the customers get from now on
  mkdir -p "$AGENCY/templates"
  echo "$1" >"$AGENCY/templates/first-reply.txt"
}

# What NAME gets in answer to a letter: letter NAME
letter() {
  local conversation body n
  conversation=$(mock_post inbound "{\"from\": \"$1@mail.example\", \"subject\": \"Boots\", \"body\": \"Where?\"}" | jq -r .conversation.id)
  for ((n = 0; n < 1200; n++)); do
    body=$(company "/conversations/$conversation/messages" '[.[] | select(.is_inbound == false) | .body][0] // empty')
    [ -z "$body" ] || { echo "$body"; return; }
    sleep 0.05
  done
  return 1
}

# Waits until the server says that it has taken up so many changes: taken N
taken() {
  until_true eval "[ \$(grep -c 'info: reloaded' '$LOG') -ge $1 ]"
}

@test "a bad template is deployed, and one command takes it back" {
  template "We have got your letter."
  FOYER_LOG=info start_serve
  mock_post webhook "{\"url\": \"$URL/hooks/front\", \"key\": \"$SIGNING_KEY\"}" | jq -e .challenge.echoed
  [[ $(letter ana) == *"We have got your letter."* ]]

  # an edited file changes nothing, nor does a deploy that is refused
  template "Hello {{ contct.name }}, your account is closed."
  run --separate-stderr "$FOYER" -w "$AGENCY" deploy
  same "$status" 65
  [[ $stderr == *"templates/first-reply.txt:1: unknown variable 'contct.name'; did you mean 'contact.name'?"* ]]
  [[ $(letter bo) == *"We have got your letter."* ]]

  template "Your account is closed."
  "$FOYER" -w "$AGENCY" deploy
  taken 1
  [[ $(letter cy) == *"Your account is closed."* ]]

  "$FOYER" -w "$AGENCY" rollback -m "wrong words"
  taken 2
  grep "client acme: release 1, before 2 (by $(id -un): rollback: wrong words)" "$LOG"
  [[ $(letter di) == *"We have got your letter."* ]]
  kill -0 "$SERVE_PID"

  # which release wrote it is told a week later, too
  run --separate-stderr "$FOYER" -w "$AGENCY" trace cy@mail.example --client acme
  [[ $output == *"run 3 of first-reply, release 2: done"* ]]
  run --separate-stderr "$FOYER" -w "$AGENCY" trace di@mail.example --client acme
  [[ $output == *"run 4 of first-reply, release 1: done"* ]]
  "$FOYER" -w "$AGENCY" runs list --json | jq -e 'length == 4 and all(.[]; .state == "done")'
}
