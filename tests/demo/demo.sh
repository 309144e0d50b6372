#!/usr/bin/env bash
# The demo: an agency's first ten minutes with foyer against the mock Front company. Each line it
# shows is a command, what that command printed, or what the company received; it stops with an
# error at the first thing that is not as it should be.
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
foyer=$root/build/foyer
work=$(mktemp -d)
export XDG_CONFIG_HOME=$work/config
unset FOYER_KEY_FILE FOYER_LUA_DIR
mock_pid='' connect_pid='' serve_pid=''
finish() {
  local code=$? pid
  for pid in $serve_pid $mock_pid $connect_pid; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  [ "$code" = 0 ] || echo "the demo stopped: see the last command" >&2
}
trap finish EXIT

bold='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
title() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }

# show COMMAND...: as typed by a person in the workspace. What it printed on both streams goes to
# $work/out as well, and standard output alone to $work/printed.
show() {
  local word
  printf '$'
  if [ "$1" = sh ]; then # sh -c COMMAND: what a person would type
    printf ' %s' "$3"
  else
    for word; do
      [[ $word =~ ^[A-Za-z0-9_./:=,@-]+$ ]] || word=${word@Q}
      printf ' %s' "$word"
    done
  fi
  echo
  local code=0
  (cd "$work/agency" 2>/dev/null || cd "$work" && PATH=$root/build:$PATH "$@") >"$work/printed" 2>"$work/told" || code=$?
  cp "$work/printed" "$work/out"
  [ -z "$(tail -c1 "$work/out")" ] || echo >>"$work/out"
  cat "$work/told" >>"$work/out"
  cat "$work/out"
  return "$code"
}

# expect TEXT: the last command showed it.
expect() {
  grep -qF -- "$1" "$work/out" || { echo "expected to see: $1" >&2; exit 1; }
}

json() { (cd "$work/agency" && "$foyer" "$@" --json); }

# received JQ: from the mock's log of what the company got.
received() { curl -sf "$mock/_mock/log" | jq -r "$1" | tee "$work/out"; }
forget() { curl -sf -X DELETE "$mock/_mock/log" >/dev/null; }

# connect CLIENT: foyer waits for the browser; here curl is the browser, and clicks Allow.
connect() {
  local link='' line
  printf '$ foyer connect %s --api-url %s --oauth-url %s\n' "$1" "$mock" "$mock"
  mkfifo "$work/shown"
  (cd "$work/agency" && exec "$foyer" connect "$1" --api-url "$mock" --oauth-url "$mock") >"$work/connected" 2>"$work/shown" &
  connect_pid=$!
  exec 4<"$work/shown"
  while [ -z "$link" ] && read -r line <&4; do
    echo "$line"
    [[ $line != http* ]] || link=$line
  done
  curl -sSf "$link" | grep -o 'The app [^<]*' | sed 's/^/  (the browser) /'
  # the page's form has what the link has, and the button
  curl -sSfL -d "${link#*\?}&decision=allow" "${link%%\?*}" | sed -n 's/.*<p>\(.*\)<.p>.*/  (the browser) \1/p'
  cat <&4
  exec 4<&-
  wait "$connect_pid"
  connect_pid=
  rm "$work/shown"
  tee "$work/out" <"$work/connected"
}

mkfifo "$work/mock.out"
"$foyer" mock --listen 127.0.0.1:0 >"$work/mock.out" 2>"$work/mock.err" &
mock_pid=$!
exec 3<"$work/mock.out"
read -r line <&3
mock=${line#mock Front: }

# Where the browser comes back to: foyer's own default, or the next free port.
port=8976
while (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done

title "A workspace; the agency's app at Front, its secret sealed"
show foyer init agency
show sh -c "echo mock-secret | foyer secret set front.client_secret --from -"
cat >"$work/agency/foyer.lua" <<LUA
return {
  timezone = "UTC",
  apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret",
                     redirect_url = "http://127.0.0.1:$port/oauth/callback" } },
}
LUA
show cat foyer.lua

title "A client's Front company, connected: its administrator consents in a browser"
connect acme
expect "client acme is connected to Acme Dry Goods (cmp_"
show foyer connections
expect "Acme Dry Goods"

title "An hour later: the token has expired, and the next command refreshes it"
curl -sSf -d '{"expire": true}' -H 'Content-Type: application/json' "$mock/_mock/oauth" >/dev/null
forget
show foyer call front/list-inboxes --client acme
expect "Support"
title "... which is what the company received:"
received '.requests[] | "\(.method) \(.path) -> \(.status)"'
[ "$(cat "$work/out")" = $'GET /inboxes -> 401\nPOST /oauth/token -> 200\nGET /inboxes -> 200' ] ||
  { echo "expected one refresh" >&2; exit 1; }

title "Its conversations; one of them"
show foyer call front/list-conversations --client acme statuses=unassigned limit=5
expect "unassigned"
conversation=$(json call front/list-conversations --client acme statuses=unassigned limit=1 | jq -r '.results[0].id')
subject=$(json call front/get-conversation --client acme conversation_id="$conversation" | jq -r .subject)
show sh -c "foyer call front/get-conversation --client acme conversation_id=$conversation | grep -E '^(id|subject|status|recipient)'"
expect "subject: $subject"

title "What would Acme answer? Its own template lies over the built-in one"
show foyer which first-reply --client acme
show foyer which templates/first-reply.txt --client acme
expect "clients/acme/templates/first-reply.txt"
show foyer render first-reply --client acme --conversation "$conversation"
expect "$subject"
cp "$work/printed" "$work/rendered"

title "Answer it"
forget
show foyer run first-reply --client acme --conversation "$conversation"
expect "message_uid:"
title "... which is what the company received:"
received '.requests[] | select(.method == "POST") | "\(.method) \(.path) -> \(.status)\n\(.json.body)\narchive: \(.json.options.archive)"'
expect "POST /conversations/$conversation/messages -> 202"
expect "archive: false"
[ "$(received '.requests[] | select(.method == "POST") | .json.body' 2>/dev/null)" = "$(cat "$work/rendered")" ] ||
  { echo "what was sent is not what was rendered" >&2; exit 1; }

title "A contact"
show foyer call front/create-contact --client acme name="Ada Lovelace" \
  'handles:=[{"source":"email","handle":"ada@customer.example"}]' custom_fields.city=London
expect "ada@customer.example"

title "A second client, another brand of the same company: they share its connection"
connect globex
expect "client globex is connected to Acme Dry Goods (cmp_"

title "Three lines of Lua for Acme alone"
mkdir -p "$work/agency/clients/acme/lua/front/actions"
cat >"$work/agency/clients/acme/lua/front/actions/send-conversation-reply.lua" <<'LUA'
return super { run = function(ctx, input, base)
  input.sender_name = "Acme Customer Care"
  return base(ctx, input)
end }
LUA
show cat clients/acme/lua/front/actions/send-conversation-reply.lua
show foyer check
show foyer which front/send-conversation-reply --client acme
expect "clients/acme/lua/front/actions/send-conversation-reply.lua"
forget
for client in acme globex; do
  show foyer run first-reply --client $client --conversation "$conversation"
done
title "... Acme's reply carries its sender, Globex's does not:"
received '.requests[] | select(.method == "POST") | "sender_name: \(.json.sender_name)"'
[ "$(cat "$work/out")" = $'sender_name: Acme Customer Care\nsender_name: null' ] ||
  { echo "the override is not where it belongs" >&2; exit 1; }

title "All that the company received in these last two runs"
received '.requests[] | "\(.method) \(.path) -> \(.status)"'
[ "$(wc -l <"$work/out")" = 4 ] || { echo "expected 4 requests" >&2; exit 1; }

# ---- webhooks ----

tell() { curl -sSf -H 'Content-Type: application/json' -d "$2" "$mock/_mock/$1"; }

# serve: starts `foyer serve` as a service would, in the background; sets $hooks, its address.
serve() {
  local line
  rm -f "$work/serve.out"
  mkfifo "$work/serve.out"
  echo "\$ foyer serve &"
  (cd "$work/agency" && exec "$foyer" serve) >"$work/serve.out" 2>>"$work/serve.log" &
  serve_pid=$!
  read -r line <"$work/serve.out"
  echo "$line"
  hooks=${line#listening: }
}

# until_seen COMMAND...: it prints something (and ends well) at last.
until_seen() {
  local tries seen
  for ((tries = 0; tries < 400; tries++)); do
    seen=$("$@") && [ -n "$seen" ] && return
    sleep 0.1
  done
  echo "waited in vain for: $*" >&2
  tail -n 20 "$work/serve.log" >&2
  exit 1
}

# thread CONVERSATION: its authors and messages, as the company has them.
thread() {
  curl -sSf "$mock/_mock/conversations/$1" |
    jq -r '.messages[] | "\(if .is_inbound then "customer" else "Acme" end): \(.text | split("\n")[0])"' | tee "$work/out"
}

replied() { curl -sSf "$mock/_mock/replies" | jq -r --arg id "$1" '.replies[$id][]?.message_uid'; }
ended() { json runs list --client acme --state done | jq -r --arg id "$1" '.. | objects | select(.conversation? == $id) | .id'; }

title "The webhooks of the agency's app: its signing key, and where Front sends them"
show sh -c "echo mock-signing-key | foyer secret set front.signing_key --from -"
cat >"$work/agency/foyer.lua" <<LUA
return {
  timezone = "UTC",
  listen   = "127.0.0.1:0",
  confirm  = { "2s", "10s", "30s" },  -- when a write whose answer was lost is looked for
  apps     = { front = { client_id = "mock-client", client_secret = secret "front.client_secret",
                         signing_key = secret "front.signing_key",
                         redirect_url = "http://127.0.0.1:$port/oauth/callback" } },
}
LUA
serve
show foyer hooks acme
expect "/hooks/front"
tell messages '{"late": 0}' >/dev/null
tell webhook "{\"url\": \"$hooks/hooks/front\", \"scheme\": \"application\"}" |
  jq -r '"  (Front) asked the address to echo a challenge: \(if .challenge.echoed then "it did" else "NO" end)"' |
  tee "$work/out"
expect "challenge: it did"

title "A customer writes in"
echo '  (Ana) Where are my boots?'
conversation=$(tell inbound '{"from": "ana@mail.example", "name": "Ana", "subject": "Boots", "body": "Where are my boots?"}' |
  jq -r .conversation.id)
until_seen replied "$conversation" >/dev/null
until_seen ended "$conversation" >/dev/null
title "... the signed webhook, as it was answered when it was on the disk:"
curl -sSf "$mock/_mock/deliveries" | jq -r --arg id "$conversation" '.deliveries[] | select(.conversation == $id) | "\(.type), \(.scheme): \(.statuses[0])"' |
  tee "$work/out"
expect ": 200"
title "... and the thread, with the client's own reply:"
thread "$conversation"
expect "customer: Where are my boots?"
expect "Acme: "

title "Another one, while Front is slow; power fails after the reply has left, before its answer"
echo '  (Ben) Do you have red laces?'
tell faults '{"kind": "slow", "after": 20, "match": {"method": "POST", "path": "/conversations"}}' >/dev/null
conversation=$(tell inbound '{"from": "ben@mail.example", "name": "Ben", "subject": "Laces", "body": "Do you have red laces?"}' |
  jq -r .conversation.id)
until_seen replied "$conversation" >/dev/null
echo "\$ kill -9 foyer serve, and its worker"
worker_pid=$(pgrep -P "$serve_pid")
# bash says "Killed" of a job as soon as it knows, not only in `wait`
{ kill -9 "$worker_pid" "$serve_pid" && wait "$serve_pid" || true; } 2>/dev/null
show foyer runs list --client acme --state running
expect "first-reply"

title "It comes back: whether the reply is there is looked up before anything is sent again"
sed -i "s/127.0.0.1:0/${hooks#http://}/" "$work/agency/foyer.lua"
serve
until_seen ended "$conversation" >/dev/null
thread "$conversation"
[ "$(grep -c '^Acme: ' "$work/out")" = 1 ] || { echo "expected one reply" >&2; exit 1; }
[ "$(replied "$conversation" | wc -l)" = 1 ] || { echo "expected the company to have taken one reply" >&2; exit 1; }

title "What happened, told from the delivery on"
show foyer trace "$conversation" --client acme
expect "messages was done"
kill "$serve_pid"
wait "$serve_pid"
serve_pid=
printf '\ndone: every answer was the one expected\n'
