#!/usr/bin/env bash
# Makes version-N.sql.gz, the store of an older foyer: make.sh N FOYER, where FOYER is the program of the last commit
# whose schema had N steps:
#
#   1  82916ec    2  72b9c0d    3  49d0bc8    4  9c8e523    5  e65c4d8
#   6  ef737fb    7  f007cc9    8  6c0a071    9  e800642
#
# Of 1 to 3 it has connections and secrets, which is all that they store; of the others also deliveries and runs in
# every state. It is always 2026-02-02 12:00 UTC. `key` seals all of them; tokens and secrets are invented.
set -euo pipefail
cd "$(dirname "$0")"
version=$1 foyer=$(realpath "$2") here=$PWD
work=$(mktemp -d)
started=()
trap 'tail -n 3 "$work/err" >&2; kill "${started[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
NOON=1770033600000 MINUTE=60000
export HOME=$work FOYER_KEY_FILE=$work/key FOYER_TEST_CLOCK=$NOON
unset FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
cp key "$work/key"
chmod 600 "$work/key"
cp -R agency "$work/agency"
cd "$work"
if [ "$version" -lt 4 ]; then # which did not know these settings
  rm -r agency/{recipes,clients/beta}
  echo 'return { name = "Acme" }' >agency/clients/acme/client.lua
fi

run() { "$foyer" -w agency "$@" </dev/null >>out 2>>err; }
# ends EXIT COMMAND...: it must
ends() {
  local code=0 want=$1
  shift
  "$@" || code=$?
  [ "$code" = "$want" ] || { tail err; echo "$* ended with $code, not $want" >&2; exit 1; }
}
# begin COMMAND...: in the background; its first line's last word
begin() {
  rm -f said
  "$foyer" "$@" >said 2>>err &
  started+=($!)
  until [ -s said ]; do kill -0 $! && sleep 0.05; done
  said=$(head -1 said)
  said=${said##* }
}
# a run by hand: begun CLIENT RECIPE EXIT
begun() { ends "$3" run run "$2" --client "$1"; }
killed() { FOYER_TEST_STOP=$2 begun acme "$1" 137 2>/dev/null; }
fault() { curl -sSf -o out.mock -d "$1" "$mock/_mock/faults"; }
at() { FOYER_TEST_CLOCK=$(($1)) run cron || true; }

companies=()
[ "$version" -lt 4 ] || companies=(--companies 2)
begin mock --listen 127.0.0.1:0 --token mock-token "${companies[@]}"
mock=$said
printf mock-token >token
printf mock-token-2 >token-2
mkdir -p agency/state
# A journal knows the whole addresses of its requests, so that they must be the same later: an address for examples, and
# the mock as the proxy that requests to it go through.
if [ "$version" -lt 4 ]; then
  echo "return { proxy = '$mock' }" >agency/foyer.lua
else
  sed -i "s|http://MOCK|$mock|" agency/foyer.lua
fi
run connect acme --token-file token --api-url http://192.0.2.1
printf key-of-the-app >secret
run secret set front.signing_key --from secret
printf key-of-the-chat >secret
run secret set chat.key --from secret

if [ "$version" -ge 4 ]; then
  curl -sSf -o out.mock -d '{"limit": 100000}' "$mock/_mock/limits"
  curl -sSf -o out.mock -d '{"late": 0}' "$mock/_mock/messages"
  run connect beta --token-file token-2 --api-url http://192.0.2.1

  # hook CONVERSATION EVENT COMPANY [preview]: a webhook; a preview has no more than the conversation's id
  hook() {
    local body mac
    body=$(jq -nc --arg id "$1" --arg event "$2" --arg company "$3" --arg preview "${4:-}" '{type: "inbound_received",
      authorization: {id: $company}, payload: {id: $event, type: "inbound", emitted_at: 1767221240.5,
      conversation: {id: $id, subject: "Wool", status: "unassigned", created_at: 1767221232.991,
      recipient: {handle: "ada@x.example", name: "Ada"}}, target: {data: {id: "msg_\($event)", is_inbound: true, body: "Wool?"}}}} | if $preview == "" then . else
      .payload.conversation |= {id} end')
    mac=$(printf '%s:%s' "$FOYER_TEST_CLOCK" "$body" | openssl dgst -sha256 -hmac key-of-the-app -binary | base64)
    curl -sSf -o out.hook -H "X-Front-Request-Timestamp: $FOYER_TEST_CLOCK" -H "X-Front-Signature: $mac" \
      -H 'Content-Type: application/json' --data-binary "$body" "$url/hooks/front"
  }
  serve() { # serve MS: the server, at that time
    export FOYER_TEST_CLOCK=$1
    begin -w agency serve --listen 127.0.0.1:0 --workers 0
    url=$said
  }
  end_serve() {
    kill "${started[-1]}"
    wait "${started[-1]}" || true
    unset 'started[-1]'
    export FOYER_TEST_CLOCK=$NOON
  }
  # a delivery whose conversation cannot be fetched for two hours, and a run whose token is refused
  serve $((NOON - 180 * MINUTE))
  hook cnv_yo1kiv7 evt_dead cmp_4thp0 preview
  end_serve
  fault '{"kind": "503", "times": 1000, "match": {"method": "GET"}}'
  for i in $(seq 0 8); do at $((NOON - (180 - i * 20) * MINUTE)); done
  curl -sSf -o out.mock -X DELETE "$mock/_mock/faults"
  FOYER_TEST_CLOCK=$((NOON - 90 * MINUTE)) begun beta held 0
  fault '{"kind": "status", "status": 401, "times": 1000, "match": {"path": "/teammates"}}'

  # Of two letters of one conversation: the first run of `ordered` fails once, the second waits for it. Noon's tick is
  # done, and the refused token is seen.
  serve $NOON
  hook cnv_yo1kiuw evt_1 cmp_4thp0
  hook cnv_yo1kiuw evt_2 cmp_4thp0
  hook cnv_none evt_3 cmp_none
  end_serve
  fault '{"kind": "503", "match": {"method": "GET", "path": "/me"}}'
  at $NOON
  serve $((NOON + 1))
  hook cnv_yo1kiul evt_4 cmp_4thp0
  end_serve

  begun acme "done" 0
  begun acme skipped 0
  begun acme sleeping 0
  begun acme waiting 0
  begun acme cancelled 0
  run runs cancel "$("$foyer" -w agency runs list --json | jq '.[0].id')"
  begun acme paused 0
  run pause --client acme --recipe paused
  fault '{"kind": "status", "status": 400, "match": {"method": "GET", "path": "/me"}}'
  begun acme dead 65
  fault '{"kind": "503", "match": {"method": "GET", "path": "/me"}}'
  begun acme queued 75
  fault '{"kind": "drop-after", "skip": 1, "match": {"method": "POST"}}'
  begun acme parked 69
  fault '{"kind": "drop-after", "skip": 1, "match": {"method": "POST"}}'
  begun acme found 69
  fault '{"kind": "drop-after", "skip": 1, "match": {"method": "POST"}}'
  begun acme lost 69
  killed killed-behind "outcome kept"
  killed killed-before "intent kept"
  "$foyer" -w agency runs list --json | jq -c 'sort_by(.id)[] | [.id, .client, .recipe, .state]'
  "$foyer" -w agency events list --json | jq -c 'sort_by(.id)[] | [.id, .state]'
fi

python3 "$here/dump.py" agency/state/foyer.db | gzip -9n >"$here/version-$version.sql.gz"
