#!/usr/bin/env bats
# Trouble by chance on the mock's API, repeated by the seed.

load helper
load webhooks

teardown() {
  stop_mock
}

# replies N FROM: the statuses of one reply each to N conversations, 000 for a lost connection.
replies() {
  local id n=0
  for id in "${CONVERSATIONS[@]:$2:$1}"; do
    STATUSES+=("$(api POST "/conversations/$id/messages" "{\"body\": \"reply $((n++))\"}" 2>/dev/null || true)")
  done
}

# started SEED: a mock with 60 new conversations in CONVERSATIONS.
started() {
  local i
  start_mock --seed "$1"
  mock_post messages '{"late": 0}' >/dev/null
  CONVERSATIONS=()
  for ((i = 0; i < 60; i++)); do
    CONVERSATIONS+=("$(mock_post inbound "{\"from\": \"c$i@mail.example\", \"body\": \"Hi\"}" | jq -r .conversation.id)")
  done
}

logged() {
  mock_log "[.requests[] | select(.method == \"POST\")${1:-}]"
}

@test "each kind: what was done, what was answered" {
  started 1
  local STATUSES=()
  mock_post chaos '{"p429": 1}' >/dev/null
  replies 10 0
  same "$(printf '%s\n' "${STATUSES[@]}" | sort -u)" 429
  same "$(logged ' | .chaos' | jq -c unique)" '["429","429-burst"]'
  mock_post chaos '{"drop_before": 1}' >/dev/null
  replies 10 10
  mock_post chaos '{"drop_after": 1}' >/dev/null
  replies 10 20
  same "$(printf '%s\n' "${STATUSES[@]:10}" | sort -u)" 000
  mock_post chaos '{"p503": 1}' >/dev/null
  replies 20 30
  same "$(printf '%s\n' "${STATUSES[@]:30}" | sort -u)" 503
  curl -sS -X DELETE "$MOCK/_mock/chaos"
  replies 10 50
  same "$(printf '%s\n' "${STATUSES[@]:50}" | sort -u)" 202
  # What the log says was done is what there is.
  same "$(curl -sS "$MOCK/_mock/replies?count=1" | jq .total)" \
    "$(logged ' | select(.chaos == "drop-after" or .chaos == "503-after" or .status == 202)' | jq length)"
  same "$(logged ' | select(.chaos == "drop") ' | jq length)" 10
  same "$(logged ' | select(.chaos == "drop-after") ' | jq length)" 10
  local after
  after=$(logged ' | select(.chaos == "503-after")' | jq length)
  [ "$after" -gt 0 ] && [ "$after" -lt 20 ]
}

@test "both kinds of 429 say so in their headers" {
  started 1
  mock_post chaos '{"p429": 1}' >/dev/null
  local id headers burst=0 company=0
  for id in "${CONVERSATIONS[@]:0:20}"; do
    headers=$(curl -sS -o /dev/null -D - -H 'Authorization: Bearer mock-token' "$MOCK/conversations/$id" | tr -d '\r')
    grep -qi '^retry-after: 1$' <<<"$headers"
    if grep -qi '^x-front-tier: 2$' <<<"$headers"; then
      burst=$((burst + 1))
      ! grep -qi '^x-ratelimit-remaining: 0$' <<<"$headers"
    else
      company=$((company + 1))
      grep -qi '^x-ratelimit-remaining: 0$' <<<"$headers"
      [ "$(sed -n 's/^x-ratelimit-reset: //Ip' <<<"$headers")" -le $(($(date +%s) + 3)) ]
    fi
  done
  [ "$burst" -gt 0 ] && [ "$company" -gt 0 ]
}

@test "the seed repeats it, in any order of the requests" {
  local seed runs=() id i STATUSES
  for seed in 5 5 6; do
    started $seed
    mock_post chaos '{"p429": 0.2, "p503": 0.2, "drop_before": 0.1, "drop_after": 0.1}' >/dev/null
    # the second time backwards
    if [ ${#runs[@]} = 1 ]; then
      for ((i = 59; i >= 0; i--)); do api POST "/conversations/${CONVERSATIONS[i]}/messages" '{"body": "x"}' 2>/dev/null || true; done >/dev/null
    else
      STATUSES=()
      replies 60 0
    fi
    runs+=("$(logged ' | [.path, .status, .chaos]' | jq -c 'sort')")
    same "$(curl -sS "$MOCK/_mock/chaos" | jq '.happened | add')" \
      "$(logged ' | select(.chaos)' | jq length)"
    stop_mock
  done
  same "${runs[0]}" "${runs[1]}"
  [ "$(jq -c 'map(.[1:])' <<<"${runs[0]}")" != "$(jq -c 'map(.[1:])' <<<"${runs[2]}")" ]
}

@test "late and never: accepted messages that are not to be seen" {
  started 1
  curl -sS -X DELETE "$MOCK/_mock/messages"
  mock_post chaos '{"late_ms": 60000, "never": 0.5}' >/dev/null
  local STATUSES=()
  replies 20 0
  same "$(printf '%s\n' "${STATUSES[@]}" | sort -u)" 202
  same "$(curl -sS "$MOCK/_mock/replies" | jq -c '[.total, (.replies | map(.[]) | map(.never) | unique)]')" '[20,[false,true]]'
  [ "$(curl -sS "$MOCK/_mock" | jq .late)" -gt 10 ]
  mock_post chaos '{"late_ms": 1}' >/dev/null
  api POST "/conversations/${CONVERSATIONS[30]}/messages" '{"body": "soon"}'
  local uid n
  uid=$(jq -r .message_uid "$BODY")
  for ((n = 0; n < 3000; n++)); do
    [ "$(api GET "/messages/alt:uid:$uid")" != 200 ] || return 0
    sleep 0.02
  done
  return 1
}

@test "what makes no sense is refused" {
  start_mock
  local bad
  for bad in '{"p429": 0.6, "p503": 0.6}' '{"p429": -1}' '{"other": 1}' '{"never": 2}'; do
    run mock_post chaos "$bad"
    [ "$status" -ne 0 ] || { echo "$bad"; return 1; }
  done
}
