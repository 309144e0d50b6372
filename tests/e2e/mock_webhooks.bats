#!/usr/bin/env bats
# The mock's webhooks: which server gets which event, in which form, how signed and how often.

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

@test "tries: application three, a new timestamp each, the same body; rules one" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/status/503\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/status/500\", \"scheme\": \"rule\", \"key\": \"mock-signing-key\"}" >/dev/null
  mock_post clock '{"now": 1800000000}' >/dev/null
  inbound >/dev/null
  until_delivery '.deliveries | length == 2 and all(.tries == 1 and .statuses != [])'
  same "$(deliveries '.deliveries | map([.scheme, .state, .statuses])')" \
    '[["application","pending",[503]],["rule","failed",[500]]]'
  mock_post clock '{"now": 1800000001}' >/dev/null
  until_delivery '.deliveries[0].statuses | length == 2'
  mock_post clock '{"now": 1800000006}' >/dev/null
  settled 2
  same "$(deliveries '.deliveries[0] | [.tries, .state, .statuses, .acknowledged_at]')" '[3,"failed",[503,503,503],null]'
  same "$(received 'map(select(.path == "/status/503")) | [(map(.headers["x-front-request-timestamp"])), (map(.body) | unique | length), (map(.signed) | unique)]')" \
    '[["1800000000000","1800000001000","1800000006000"],1,["application"]]'
}

@test "a lost connection and a silent receiver are tried again as well; 2xx ends it" {
  start_mock
  start_receiver
  mock_post webhooks-faults '{"retry": [0.01, 0.01], "timeout": 0.3}' >/dev/null
  hook "{\"url\": \"$RECEIVER/drop/1/a\", \"scheme\": \"body\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/hang/b\", \"scheme\": \"body\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/fail/2/c\", \"scheme\": \"body\"}" >/dev/null
  hook '{"url": "http://127.0.0.1:1/", "scheme": "body"}' >/dev/null
  inbound >/dev/null
  settled 4
  same "$(deliveries '.deliveries | map([.state, .statuses])')" \
    '[["acknowledged",["network",200]],["failed",["timeout","timeout","timeout"]],["acknowledged",[503,503,200]],["failed",["network","network","network"]]]'
  same "$(deliveries '[.acknowledged, .failed]' '?summary=1')" '[2,2]'
  same "$(deliveries '.deliveries | length' '?state=failed')" 2
}

@test "repeats and another order come from the seed" {
  local i seen=() seed
  for seed in 3 3 4; do
    start_mock --seed $seed
    start_receiver
    hook "{\"url\": \"$RECEIVER/\"}" >/dev/null
    mock_post clock '{"now": 1800000000}' >/dev/null
    mock_post webhooks-faults '{"repeats": 0.5, "times": 3, "reorder": 10, "concurrency": 1}' >/dev/null
    for i in 1 2 3 4 5 6 7 8; do inbound "\"name\": \"n$i\"" >/dev/null; done
    same "$(received length)" 0 # all are held
    mock_post clock '{"now": 1800000011}' >/dev/null
    settled 8
    seen+=("$(received 'map(.json.payload.id)')")
    same "$(received length)" "$(deliveries '.deliveries | map(.copies) | add')"
    same "$(deliveries '.deliveries | map(.copies) | unique')" '[1,3]'
    [ "$(received 'map(.json.payload.id) | . != sort')" = true ]
    stop_receiver
    stop_mock
  done
  same "${seen[0]}" "${seen[1]}"
  [ "${seen[0]}" != "${seen[2]}" ]
}

@test "a burst: all write in, each is told once; one customer, one conversation" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\"}" >/dev/null
  mock_post burst '{"count": 200}' >/dev/null
  settled 200
  same "$(received '[length, (map(.json.payload.id) | unique | length), (map(.json.payload.conversation.id) | unique | length), (map(.signed) | unique)]')" \
    '[200,200,200,["application"]]'
  same "$(deliveries '[.acknowledged, .pending, .coming]' '?summary=1')" '[200,0,0]'
  curl -sS -X DELETE "$MOCK/_mock/deliveries"
  mock_post burst '{"count": 7, "distinct": false, "rate": 200}' >/dev/null
  settled 7
  same "$(deliveries '.deliveries | map(.conversation) | unique | length')" 1
}

@test "customers go on in a conversation: by its id, or in their last one" {
  start_mock
  local first
  first=$(inbound | jq -r .conversation.id)
  same "$(inbound "\"conversation\": \"$first\"" | jq -r .conversation.id)" "$first"
  same "$(inbound '"new": false' | jq -r .conversation.id)" "$first"
  [ "$(inbound | jq -r .conversation.id)" != "$first" ]
}

@test "private inboxes: application webhooks see nothing of them, rules do" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/application\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/rule\", \"scheme\": \"rule\"}" >/dev/null
  inbound '"inbox": "Management"' >/dev/null
  settled 1
  same "$(received 'map(.path)')" '["/rule"]'
}

@test "companies: an app hears of all, a rule of its own" {
  start_mock --companies 2
  start_receiver
  hook "{\"url\": \"$RECEIVER/application\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/rule\", \"scheme\": \"rule\"}" >/dev/null
  hook "{\"url\": \"$RECEIVER/second\", \"scheme\": \"rule\", \"companies\": [2]}" >/dev/null
  mock_post 'inbound?company=2' '{"from": "b@mail.example", "body": "Hello"}' >/dev/null
  settled 2
  same "$(received 'map(.path) | sort')" '["/application","/second"]'
  local second
  second=$(TOKEN=mock-token-2 api GET /me >/dev/null; jq -r .id "$BODY")
  same "$(received 'map(select(.path == "/application"))[0].json.authorization.id')" "$second"
}

@test "plain events: nothing of Front's, but people send them" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\", \"scheme\": \"body\"}" >/dev/null
  mock_post event '{"type": "conversation_created"}' >/dev/null
  mock_post event '{"type": "conversation_assigned", "teammate": "alt:email:kofi@acme.example"}' >/dev/null
  mock_post contact '{"handles": [{"handle": "new@mail.example", "source": "email"}], "event": true}' >/dev/null
  mock_post contact '{"handles": [{"handle": "quiet@mail.example", "source": "email"}]}' >/dev/null
  settled 3
  same "$(received 'map(.json | [.type, .payload.type, .authorization.id, .payload.conversation.id[:4], .payload.target.data.username,
    .payload.contact.handles[0].handle]) | sort')" \
    '[["contact_created","contact_created","cmp_4thp0",null,null,"new@mail.example"],["conversation_assigned","conversation_assigned","cmp_4thp0","cnv_","kofi",null],["conversation_created","conversation_created","cmp_4thp0","cnv_",null,null]]'
  run mock_post event '{"type": "unheard_of"}'
  [ "$status" -ne 0 ]
}

@test "a sent message comes back" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\", \"events\": [\"message_delivery_failed\"]}" >/dev/null
  mock_post messages '{"late": 0}' >/dev/null
  local conversation uid
  conversation=$(inbound | jq -r .conversation.id)
  api POST "/conversations/$conversation/messages" '{"body": "Hello"}'
  uid=$(jq -r .message_uid "$BODY")
  mock_post bounce "{\"message\": \"$uid\"}" >/dev/null
  settled 1
  same "$(received 'map(.json | [.type, .payload.type, .payload.source.data.handle, .payload.target.data.message_uid])')" \
    "[[\"message_delivery_failed\",\"message_bounce_error\",\"ana@mail.example\",\"$uid\"]]"
}

@test "receivers by options, listed and removed; what is wrong is said" {
  start_receiver opt
  start_mock --webhook "$RECEIVER/hooks/front" --signing-key opt
  until [ "$(curl -sS "$MOCK/_mock/webhook" | jq -c '.webhooks[0].challenge.echoed')" != null ]; do sleep 0.02; done
  inbound >/dev/null
  settled 1
  same "$(jq -rsc 'map([.path, .signed])' "$RECEIVED")" '[["/hooks/front","application"],["/hooks/front","application"]]'
  same "$(curl -sS "$MOCK/_mock/webhook" | jq -c '.webhooks | map([.id, .challenge.echoed])')" '[["hook-1",true]]'
  curl -sS -X DELETE "$MOCK/_mock/webhook?id=hook-1"
  same "$(curl -sS "$MOCK/_mock/webhook" | jq -c .webhooks)" '[]'
  run hook '{"url": "ftp://x/"}'
  [[ $status -ne 0 && $output == *"url: must be http"* ]]
  run hook '{"url": "http://x/", "scheme": "none"}'
  [[ $status -ne 0 && $output == *"scheme: must be application, rule or body"* ]]
  hook '{"url": "http://[no-host/"}' | jq -e '.challenge.echoed == false and (.challenge.error | length > 0)'
  curl -sS -X DELETE "$MOCK/_mock/webhook"
  run mock_post webhooks-faults '{"retry": ["soon"]}'
  [[ $status -ne 0 && $output == *"list of seconds"* ]]
  stop_mock
  : >"$RECEIVED"
  start_mock --webhook "$RECEIVER/hooks/acme/front" --rule-key opt
  inbound >/dev/null
  settled 1
  same "$(jq -rsc 'map([.path, .signed])' "$RECEIVED")" '[["/hooks/acme/front","rule"]]'
}

@test "what else happens through the API is sent to a webhook that asks for it" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\", \"events\": [\"tag_added\", \"untag\", \"comment\", \"archive\", \"conversation_reopened\", \"trash\", \"restore\"]}" >/dev/null
  mock_post webhooks-faults '{"concurrency": 1}' >/dev/null
  local conversation tag
  conversation=$(inbound | jq -r .conversation.id)
  api GET /tags
  tag=$(jq -r '._results[0].id' "$BODY")
  api POST "/conversations/$conversation/tags" "{\"tag_ids\": [\"$tag\"]}"
  api POST "/conversations/$conversation/tags" "{\"tag_ids\": [\"$tag\"]}" # it is there
  api DELETE "/conversations/$conversation/tags" "{\"tag_ids\": [\"$tag\"]}"
  api POST "/conversations/$conversation/comments" '{"body": "Look", "author_id": "alt:email:kofi@acme.example"}'
  api PATCH "/conversations/$conversation" '{"status": "archived"}'
  inbound "\"conversation\": \"$conversation\"" >/dev/null
  api PATCH "/conversations/$conversation" '{"status": "deleted"}'
  api PATCH "/conversations/$conversation" '{"status": "open"}'
  settled 7
  same "$(received 'map(.json | [.type, .payload.type, .payload.target._meta.type])')" \
    '[["tag_added","tag","tag"],["tag_removed","untag","tag"],["new_comment_added","comment","comment"],["conversation_archived","archive",null],["conversation_reopened","reopen",null],["conversation_deleted","trash",null],["conversation_restored","restore",null]]'
  api GET "/conversations/$conversation/events"
  same "$(jq -c '[._results[].type]' "$BODY")" '["restore","trash","inbound","reopen","archive","comment","untag","tag","inbound"]'
  api GET "/events?limit=2"
  same "$(jq -c '[(._results | map(.type)), ._pagination.next != null]' "$BODY")" '[["restore","trash"],true]'
  same "$(api GET '/events?limit=16')" 400
}

@test "a receiver of all: applications are told the types that have a name for them, rules all" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/application\", \"events\": [\"*\"]}" >/dev/null
  hook "{\"url\": \"$RECEIVER/rule\", \"scheme\": \"rule\", \"events\": [\"*\"]}" >/dev/null
  local conversation type
  conversation=$(inbound | jq -r .conversation.id)
  for type in reminder mention out_reply move link_added link_removed forward conversations_merged custom_field_updated \
    macro_triggered topic_identified ticket_status_update call_hangup; do
    mock_post event "{\"type\": \"$type\", \"conversation\": \"$conversation\"}" >/dev/null
  done
  mock_post do "{\"method\": \"PATCH\", \"path\": \"/conversations/$conversation/reminders\",
    \"body\": {\"teammate_id\": \"alt:email:kofi@acme.example\", \"scheduled_at\": 2000000000}}" >/dev/null
  settled 21
  same "$(received 'map(select(.path == "/application") | .json | .type + "/" + .payload.type) | sort')" \
    '["conversation_moved/move","conversation_snooze_expired/reminder","conversation_snoozed/archive","inbound_received/inbound","link_added/link_added","link_removed/link_removed"]'
  same "$(received 'map(select(.path == "/rule") | .json.type) | length')" 15
  same "$(received 'map(select(.json.type == "conversations_merged"))[0].json.target | [._meta.type, (.data | type)]')" \
    '["deleted_conversation_ids","array"]'
}

@test "events that Front never sends: some, all; in the list they are" {
  start_mock
  start_receiver
  hook "{\"url\": \"$RECEIVER/\", \"scheme\": \"body\"}" >/dev/null
  mock_post webhooks-faults '{"lose": 0.5}' | jq -e '.lose == 0.5'
  mock_post burst '{"count": 40}' >/dev/null
  settled 40
  local lost
  lost=$(deliveries .lost '?summary=1')
  [ "$lost" -gt 5 ] && [ "$lost" -lt 35 ]
  same "$(deliveries '.acknowledged + .lost' '?summary=1')" 40
  same "$(received length)" $((40 - lost))
  same "$(deliveries '[.deliveries[] | .state] | unique' '?state=lost')" '["lost"]'
  mock_post webhooks-faults '{"lose": 1}' >/dev/null
  mock_post burst '{"count": 5}' >/dev/null
  settled 45
  same "$(received length)" $((40 - lost))
  curl -sS --fail-with-body -X DELETE "$MOCK/_mock/webhooks-faults" >/dev/null
  inbound >/dev/null
  settled 46
  same "$(received length)" $((41 - lost))
  api GET '/events?limit=15'
  same "$(jq '._results | length' "$BODY")" 15
}
