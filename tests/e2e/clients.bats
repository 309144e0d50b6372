#!/usr/bin/env bats
# Clients that come: their directory, their consent, the checklist, and the rows of all clients.

load helper
load agency
load consents

setup() {
  oauth_agency
}

teardown() {
  end_agency
}

# The state of a step of the checklist: step CLIENT STEP [JQ]
step() {
  "$FOYER" -w "$AGENCY" client "$1" --json | jq -r --arg step "$2" ".steps[] | select(.step == \$step) | ${3:-.done}"
}

row() { # row CLIENT JQ
  "$FOYER" -w "$AGENCY" clients --json | jq -rc --arg client "$1" ".[] | select(.client == \$client) | $2"
}

# until_served WORDS: the server's log has them.
until_served() {
  local i
  for i in $(seq 3000); do
    grep -q -e "$1" "$BATS_TEST_TMPDIR/serve.err" && return 0
    sleep 0.02
  done
  cat "$BATS_TEST_TMPDIR/serve.err"
  return 1
}

@test "client add: a client.lua that teaches, without a mistake, and what is left to do" {
  foyer client add initech --json
  done_well
  same "$(jq -rc .made <<<"$output")" '["clients/initech/client.lua"]'
  same "$(jq -r '.steps[0] | [.step, .done] | @text' <<<"$output")" '["settings",true]'
  same "$(jq -r '[.steps[] | select(.done or .optional | not) | .step] | unique | join(" ")' <<<"$output")" \
    'connected event ids keys recipes reply webhook'
  holds "$(cat "$AGENCY/clients/initech/client.lua")" 'foyer ids initech --write'
  foyer check
  same "$status" 0
  foyer client add initech --json
  failed 65 conflict 'clients/initech/client.lua is there' 'foyer client initech'
  same "$(step initech name)" false
  foyer client add ../x --json
  failed 64 usage 'cannot name a client'
  foyer client initec --json
  failed 65 not_found 'did you mean "initech"'
  foyer client add --json
  failed 64 usage 'which client'
}

@test "client add --from: the files of another client, without what is that client's own" {
  mkdir -p "$AGENCY/clients/acme/recipes/deep"
  echo 'return { summary = "x", on = "front/conversation-created", run = function() end }' \
    >"$AGENCY/clients/acme/recipes/greet.lua"
  cat >"$AGENCY/clients/acme/client.lua" <<'LUA'
-- clients/acme/client.lua: all about Acme
return {
  name  = "Acme",            -- their name
  front = {
    company = "cmp_1", client_id = "x", client_secret = secret "acme.client_secret",
    rule_key = secret "acme.rule_key",
    inboxes = { support = "inb_1" },  -- theirs
    redirect_url = "https://a.example/cb",
  },
  recipes = {
    ["first-reply"] = { author = "leela" }, -- stays
    digest = { post_to = secret "acme.slack", hook = "https://x.example/${secret:acme.x}", hour = 7 },
  },
  vars = { phone = "+1" },
}
LUA
  foyer client add initech --from acme --name 'Initech "Ltd"' --json
  done_well
  same "$(jq -rc .copied <<<"$output")" '["vars.phone"]'
  same "$(step initech name .text)" 'customers read "Initech "Ltd""'
  same "$(jq -rc '.made | sort' <<<"$output")" \
    '["clients/initech/client.lua","clients/initech/recipes/greet.lua","clients/initech/templates/first-reply.txt"]'
  same "$(jq -rc '.left_out | sort' <<<"$output")" \
    '["front.client_id","front.client_secret","front.company","front.inboxes","front.rule_key","recipes.digest.hook","recipes.digest.post_to"]'
  same "$(tail -n +2 "$AGENCY/clients/initech/client.lua")" '-- clients/initech/client.lua: all about Acme
return {
  name  = "Initech \"Ltd\"",            -- their name
  front = {
    redirect_url = "https://a.example/cb",
  },
  recipes = {
    ["first-reply"] = { author = "leela" }, -- stays
    digest = { hour = 7 },
  },
  vars = { phone = "+1" },
}'
  cmp "$AGENCY"/clients/{acme,initech}/templates/first-reply.txt
  foyer client add other --from acm --json
  failed 65 not_found 'cannot copy acm' 'did you mean "acme"'
  [ ! -e "$AGENCY/clients/other" ]
  # what cannot be copied leaves nothing behind
  echo 'local key = secret "acme.x"; return { name = "Acme", vars = { key = key } }' >"$AGENCY/clients/acme/client.lua"
  foyer client add other --from acme --json
  failed 78 settings 'outside of the table'
  ln -s /etc/hostname "$AGENCY/clients/acme/templates/out.txt"
  echo 'return { name = "Acme" }' >"$AGENCY/clients/acme/client.lua"
  foyer client add other --from acme --json
  same "$(jq -r .error.kind <<<"$output")" forbidden
  [ ! -e "$AGENCY/clients/other" ]
}

@test "client add --group: only groups that foyer.lua has" {
  foyer client add initech --group retail --json
  failed 65 not_found 'foyer.lua has no group "retail"'
  sed -i 's/return {/return { groups = { retail = { recipes = { ["first-reply"] = true } }, eu = {} },/' "$AGENCY/foyer.lua"
  foyer client add initech --group retail,eu --json
  done_well
  same "$(row initech .groups)" '["retail","eu"]'
  foyer client add hooli --group retial --json
  failed 65 not_found 'foyer.lua has no group "retial"; did you mean "retail"?'
  same "$(step initech recipes .text)" first-reply
  foyer client add globex --from initech --group eu --json
  done_well
  same "$(row globex .groups)" '["eu"]'
  foyer clients --group retail --json
  same "$(jq -rc 'map(.client)' <<<"$output")" '["initech"]'
  foyer check
  same "$status" 0
}

@test "client no. 41: added, consented, its ids written, its webhook seen, its reply sent" {
  sed -i 's/client_secret = "mock-secret"/& , signing_key = "mock-signing-key"/' "$AGENCY/foyer.lua"
  serve
  mkfifo "$BATS_TEST_TMPDIR/link"
  "$FOYER" -w "$AGENCY" client add initech --from acme --link --wait --api-url "$MOCK" --oauth-url "$MOCK" \
    >"$BATS_TEST_TMPDIR/link" 2>"$BATS_TEST_TMPDIR/added" 3>&- &
  local adding=$! link
  read -r -t 120 link <"$BATS_TEST_TMPDIR/link"
  same "$(row initech .connected)" link
  same "$(step initech connected)" false
  holds "$(step initech connected .text)" 'a link is open'
  browse "$link"
  same "$CODE" 200
  wait "$adding"
  holds "$(cat "$BATS_TEST_TMPDIR/added")" 'wrote clients/initech/ids.lua'
  holds "$(cat "$BATS_TEST_TMPDIR/added")" "[x] connected  to Acme Dry Goods ($COMPANY)"
  holds "$(cat "$AGENCY/clients/initech/ids.lua")" 'support'
  same "$(step initech webhook)" false
  curl -sSf -d "{\"url\": \"http://127.0.0.1:$PORT/hooks/front\"}" "$MOCK/_mock/webhook" >/dev/null
  same "$(step initech deployed '[.done, .text] | @json')" '[false,"in no release: nothing runs for it"]'
  foyer deploy --only initech
  same "$status" 0 || { echo "$stderr"; return 1; }
  until_served 'initech: release 2'
  # a worker may have the older release for a moment
  local replied='[.requests[] | select(.method == "POST" and (.path | endswith("/messages")))] | length > 0' n=0
  until [ "$(mock_log "$replied")" = true ]; do
    [ $((n % 100)) != 0 ] || curl -sSf "$MOCK/_mock/inbound" >/dev/null \
      -d '{"from": "ana@mail.example", "subject": "Parcel", "body": "Where is it?"}'
    n=$((n + 1))
    [ "$n" -lt 3000 ]
    sleep 0.05
  done
  local i
  for i in $(seq 600); do
    [ "$(step initech reply)" != true ] || break
    sleep 0.1
  done
  "$FOYER" -w "$AGENCY" client initech
  same "$("$FOYER" -w "$AGENCY" client initech --json | jq .left)" 0
  same "$(row initech '[.connected, .company, .last_event_at > 0, .last_reply_at > 0, .needs_you]')" \
    '["yes","Acme Dry Goods",true,true,0]'
  same "$(row acme '[.connected, .last_event_at]')" '["no",null]'
}

@test "a consent of a client that is in no release yet, and what is left until it runs" {
  foyer deploy --json
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(row acme '[.release, .differs, .mode]')" '[1,false,"live"]'
  serve --workers 0
  mock_post companies '{"name": "Initech"}' >/dev/null
  set_oauth '{"company": "Initech"}'
  foyer client add initech --link --api-url "$MOCK" --oauth-url "$MOCK"
  browse "$output"
  same "$CODE" 200 || { cat "$BATS_TEST_TMPDIR/serve.err"; return 1; }
  same "$(row initech '[.connected, .company, .release]')" '["yes","Initech",0]'
  same "$(step initech deployed '[.done, .todo] | @json')" '[false,"foyer deploy --only initech"]'
  foyer ids initech --write
  foyer deploy --only initech
  same "$status" 0
  same "$(step initech deployed '[.done, .text] | @json')" '[true,"release 2"]'
  echo '-- more' >>"$AGENCY/clients/initech/client.lua"
  same "$(row initech '[.release, .differs]')" '[2,true]'
  same "$(row acme '[.release, .differs]')" '[1,false]'
  foyer clients
  holds "$output" '2, disk differs'
  # a dry client is not in force
  sed -i 's/^return {/return { mode = "dry",/' "$AGENCY/clients/initech/client.lua"
  same "$(row initech .mode)" live # it is what runs that counts
  foyer deploy --only initech
  same "$status" 0 || { echo "$stderr"; return 1; }
  same "$(row initech .mode)" dry
  same "$(step initech 'in force' '[.done, .text] | @json')" '[false,"its mode is dry: no write is sent"]'
}

@test "client add --link: without an app nothing is made; the wait ends when the link was of no use" {
  echo 'return {}' >"$AGENCY/foyer.lua"
  foyer client add initech --link --json
  failed 78 settings apps.front.client_id
  [ ! -e "$AGENCY/clients/initech" ]
  foyer client add initech --wait --json
  failed 64 usage '--link'
  foyer client acme --wait --json
  failed 77 auth 'no open link of acme'
  app_settings "$AGENCY"
  serve
  mkfifo "$BATS_TEST_TMPDIR/link"
  "$FOYER" -w "$AGENCY" client add initech --link --wait --api-url "$MOCK" --oauth-url "$MOCK" \
    >"$BATS_TEST_TMPDIR/link" 2>"$BATS_TEST_TMPDIR/added" 3>&- &
  local adding=$! link status=0
  read -r -t 120 link <"$BATS_TEST_TMPDIR/link"
  browse "$BACK?code=wrong&state=$(parameter "$link" state)"
  wait "$adding" || status=$?
  same "$status" 77
  holds "$(cat "$BATS_TEST_TMPDIR/added")" 'no connection came of it'
  same "$(row initech .connected)" 'link failed'
}

@test "connect --group --link: a link for each that needs one, and their states" {
  sed -i 's/return {/return { groups = { retail = {} },/' "$AGENCY/foyer.lua"
  local name
  for name in initech globex hooli; do foyer client add "$name" --group retail; done
  connected hooli
  foyer connect --group retail --json
  done_well
  same "$(jq -rc 'map([.client, .connected])' <<<"$output")" '[["globex","no"],["hooli","yes"],["initech","no"]]'
  foyer connect --group retail --link --api-url "$MOCK" --oauth-url "$MOCK" --json
  done_well
  same "$(jq -rc 'map([.client, .connected, .link != null])' <<<"$output")" \
    '[["globex","link",true],["hooli","yes",false],["initech","link",true]]'
  serve
  browse "$(jq -r '.[0].link' <<<"$output")"
  same "$CODE" 200
  foyer client globex --wait
  same "$status" 0
  holds "$stderr" 'wrote clients/globex/ids.lua'
  holds "$output" '[x] ids'
  foyer connect --client globex,initech --json
  same "$(jq -rc 'map([.client, .connected])' <<<"$output")" '[["globex","yes"],["initech","link"]]'
  sql foyer.db 'UPDATE consent SET expires_ms = 1000'
  foyer connect --group retail
  holds "$output" 'link expired'
  foyer connect --group retail --paste --json
  failed 64 usage '--link'
  foyer connect --json
  failed 64 usage 'name one client'
  foyer connect initech --group retail --json
  failed 64 usage 'name one client'
}

@test "connect: a refused token leaves no new client behind, and touches no old one" {
  printf wrong >"$BATS_TEST_TMPDIR/token"
  foyer connect initech --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 77 auth 'refuses the token'
  [ ! -e "$AGENCY/clients/initech" ]
  mkdir "$AGENCY/clients/initech" && touch "$AGENCY/clients/initech/notes"
  foyer connect initech --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 77 auth
  same "$(ls "$AGENCY/clients/initech")" notes
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  failed 77 auth
  [ -e "$AGENCY/clients/acme/client.lua" ]
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  foyer connect initech --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" --json
  done_well
  holds "$stderr" 'foyer client initech'
  same "$(row initech '[.connected, .apps[0].app]')" '["token","front"]'
}

@test "clients: a client whose settings have a mistake, and one that must be connected again" {
  connected acme
  mkdir "$AGENCY/clients/broken" && echo 'return {' >"$AGENCY/clients/broken/client.lua"
  sql foyer.db 'UPDATE connection SET reconnect = 1'
  foyer clients
  same "$status" 0
  holds "$stderr" 'client broken: cannot read clients/broken/client.lua'
  holds "$output" 'needs reconnect'
  same "$(row acme .connected)" reconnect
  foyer client broken
  same "$status" 0
  holds "$output" '[ ] settings   cannot read clients/broken/client.lua'
  holds "$output" 'foyer check broken'
  # one whose directory is gone is still connected
  rm -r "$AGENCY/clients/acme"
  same "$(row acme '[.connected, .error]')" '["reconnect","there is no client \"acme\": clients/acme/client.lua is missing"]'
}

@test "a consent for a company that another client has: said on the page and wherever the client is shown" {
  connected acme
  same "$(row acme .shared_with)" '[]'
  foyer deploy
  serve --workers 0
  foyer client add initech --link --api-url "$MOCK" --oauth-url "$MOCK"
  browse "$output"
  same "$CODE" 200
  holds "$PAGE" 'was connected here before'
  holds "$PAGE" 'tell the agency'
  [[ $PAGE != *acme* ]] # the reader may be another company's administrator
  until_served "$COMPANY is also the company of acme: each of its messages is now for initech too"
  holds "$(cat "$BATS_TEST_TMPDIR/serve.err")" 'foyer disconnect initech'
  same "$(row initech .shared_with)" '["acme"]'
  same "$(row acme .shared_with)" '["initech"]'
  foyer clients
  holds "$output" 'Acme Dry Goods (also acme)'
  same "$(step initech connected)" true
  holds "$(step initech connected .text)" 'the company of acme too'
  foyer deploy --only initech
  same "$status" 0
  holds "$stderr" "client initech is connected to Acme Dry Goods ($COMPANY), the company of acme too"
  foyer doctor --json
  same "$(jq -r '.findings[] | select(.check == "sharing") | .status' <<<"$output")" warning
  holds "$output" "in client.lua of acme, initech"
  kill "$SERVE_PID"
  wait "$SERVE_PID" || true
  # a new consent of one that shares on purpose is none of the wrong company, but said again
  connected acme
  holds "$PAGE" 'also that of initech'
  # what the settings say is meant
  local name
  for name in acme initech; do
    printf 'return { name = "%s", front = { company = "%s" } }\n' "$name" "$COMPANY" >"$AGENCY/clients/$name/client.lua"
  done
  foyer doctor --json
  same "$(jq '[.findings[] | select(.check == "sharing")] | length' <<<"$output")" 0
  foyer disconnect initech
  holds "$stderr" 'acme still uses the same connection'
  [[ $stderr != *'to revoke the grant'* ]]
  same "$(row acme .shared_with)" '[]'
  foyer disconnect acme
  holds "$stderr" 'to revoke the grant'
}

@test "a consent does not take the place of another client's API token" {
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  foyer connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  serve --workers 0
  foyer client add initech --link --api-url "$MOCK" --oauth-url "$MOCK"
  browse "$output"
  same "$CODE" 400
  until_served "the API token of $COMPANY (Acme Dry Goods) is shared with acme; a grant would take its place"
  same "$(row acme .connected)" token
  same "$(row initech .connected)" 'link failed'
  kill "$SERVE_PID"
  wait "$SERVE_PID" || true
  connected initech --replace
  same "$(row acme .connected)" yes
}
