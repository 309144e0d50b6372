#!/usr/bin/env bats
# The mock's webhooks: who gets which event in which form, signed how, how often.

load helper
load webhooks

teardown() {
  stop_mock
  stop_receiver
}

hook() {
  mock_post webhook "$1"
}

# inbound [MEMBERS]: Ana writes in; prints the answer.
inbound() {
  mock_post inbound "{\"from\": \"ana@mail.example\", \"subject\": \"Boots\", \"body\": \"Where are my boots?\" ${1:+, $1}}"
}

# like EXAMPLE VALUE: VALUE has all that the file in tests/data/front has. More is no mistake: the
# captures are older than the description that the mock's objects follow.
like() {
  local differences
  differences=$(jq -n -r --slurpfile example "$DATA/front/$1" --slurpfile answer <(printf '%s' "$2") \
    -f "$ROOT/tests/e2e/shape.jq" | grep -v "is not Front's$" || true)
  [ -z "$differences" ] || { echo "$1: $differences"; return 1; }
}

@test "application: challenge, envelope, signature over timestamp:body" {
  start_mock
  start_receiver
  same "$(hook "{\"url\": \"$RECEIVER/hooks/front\"}" | jq -c '[.id, .scheme, .challenge.echoed]')" '["hook-1","application",true]'
  same "$(jq -c '[.signed, .body]' "$RECEIVED")" \
    '["application","{\"authorization\":{\"id\":\"cmp_4thp0\"},\"type\":\"sync\"}"]'
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  settled 1
  local body
  body=$(received '.[0].json')
  like webhooks/application.inbound_received.json "$body"
  same "$(received 'map([.method, .path, .signed, .headers["content-type"]])')" \
    '[["POST","/hooks/front","application","application/json"]]'
  same "$(jq -c '[.type, .authorization.id, .payload.type, (.payload.source.data | type), .payload.conversation.id,
    .payload.conversation.last_message.text, .payload.target.data.is_inbound]' <<<"$body")" \
    "[\"inbound_received\",\"cmp_4thp0\",\"inbound\",\"array\",\"$conversation\",\"Where are my boots?\",true]"
  [[ $(received '.[0].headers["x-front-request-timestamp"]') =~ ^[0-9]{13}$ ]]
  same "$(deliveries '.deliveries[0] | [.conversation, .tries, .statuses, .state, .acknowledged_at != null]')" \
    "[\"$conversation\",1,[200],\"acknowledged\",true]"
}

@test "another key signs otherwise: the receiver can tell" {
  start_mock
  start_receiver another
  same "$(hook "{\"url\": \"$RECEIVER/mute/1\"}" | jq -c .challenge.echoed)" false
  same "$(hook "{\"url\": \"$RECEIVER/plain/1\", \"key\": \"another\"}" | jq -c .challenge.echoed)" true
  inbound >/dev/null
  settled 2
  same "$(received 'map([.path, .signed]) | sort')" '[["/mute/1",""],["/plain/1","application"]]'
}

@test "rule: the bare event, whole or as a preview, SHA-1; body: SHA-256, no timestamp" {
  start_mock
  start_receiver k
  hook "{\"url\": \"$RECEIVER/full\", \"scheme\": \"rule\", \"key\": \"k\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/preview\", \"scheme\": \"rule\", \"full\": false, \"key\": \"k\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/body\", \"scheme\": \"body\", \"key\": \"k\"}" >/dev/null
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  mock_post assign "{\"conversation\": \"$conversation\", \"teammate\": \"alt:email:jonas@acme.example\"}" >/dev/null
  settled 6
  same "$(received 'map(select(.json.type == "assign" or .json.payload.type == "assign") | [.path, .signed]) | sort')" \
    '[["/body","body"],["/full","rule"],["/preview","rule"]]'
  same "$(received 'map(.headers["x-front-request-timestamp"]) | unique')" '[null]'
  like webhooks/rule.assign.full-event.json "$(received 'map(select(.path == "/full" and .json.type == "assign"))[0].json' |
    jq '.source.data += {"name": "", "is_private": false, "actions": [""]} | .source.data._links.related.owner = ""')"
  like webhooks/rule.assign.preview.json "$(received 'map(select(.path == "/preview" and .json.type == "assign"))[0].json')"
  same "$(received 'map(select(.path == "/preview"))[0].json | [(.conversation, .source, .target) | keys]')" \
    '[["_links","id"],["_links","_meta","id"],["_links","_meta","id"]]'
  like webhooks/application.inbound_received.json "$(received 'map(select(.path == "/body"))[0].json')"
  # What the preview leaves out can be fetched.
  same "$(api GET "/events/$(received 'map(select(.json.type == "inbound"))[0].json.id')")" 200
  same "$(jq -c '[.type, .target.data.text]' "$BODY")" '["inbound","Where are my boots?"]'
}

@test "assignments: by hand and through the API; unassigning has no target" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\", \"events\": [\"assignee_changed\"]}" >/dev/null
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  mock_post assign "{\"conversation\": \"$conversation\", \"teammate\": \"alt:email:leela@acme.example\"}" >/dev/null
  mock_post assign "{\"conversation\": \"$conversation\", \"teammate\": null}" >/dev/null
  mock_post assign "{\"conversation\": \"$conversation\", \"teammate\": null}" >/dev/null # nothing changes
  same "$(api PUT "/conversations/$conversation/assignee" '{"assignee_id": "alt:email:kofi@acme.example"}')" 204
  settled 3
  same "$(received 'map(.json | [.type, .payload.type, .payload.source._meta.type, .payload.target.data.username])')" \
    '[["assignee_changed","assign","teammate","leela"],["assignee_changed","unassign","teammate",null],["assignee_changed","assign","api","kofi"]]'
  same "$(received 'map(.json.payload | has("target"))')" '[true,false,true]'
  like webhooks/application.assignee_changed.json "$(received '.[0].json')"
}

@test "replies are told of when they appear" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\"}" >/dev/null
  mock_post messages '{"late": 0, "times": 1}' >/dev/null
  local conversation
  conversation=$(inbound | jq -r .conversation.id)
  same "$(api POST "/conversations/$conversation/messages" '{"body": "On their way"}')" 202
  settled 2
  same "$(received 'map(.json | [.type, .payload.type, .payload.target.data.is_inbound]) | sort')" \
    '[["inbound_received","inbound",true],["outbound_sent","outbound",false]]'
  mock_post messages '{"never": true}' >/dev/null
  same "$(api POST "/conversations/$conversation/messages" '{"body": "Never seen"}')" 202
  same "$(curl -sS "$MOCK/_mock/replies" | jq -c "[.total, (.replies[\"$conversation\"] | map([.body, .visible]))]")" \
    '[2,[["On their way",true],["Never seen",false]]]'
  settled 2
}
