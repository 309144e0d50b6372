#!/usr/bin/env bats
# The mock's conversations: what a change does to the next read, and the events of it.

load helper
load front_api

# One mock for all: a test moves its clock forward only, for events are listed by their time.
setup_file() {
  BATS_TEST_TMPDIR= start_mock
  export MOCK MOCK_PID
}

teardown_file() {
  kill "$MOCK_PID"
}

# began: from now on `kinds` shows the events that come.
began() {
  front GET '/events?limit=1'
  LAST=$(get '._results[0].id // "none"')
}

# kinds TEXT: the types of the events since `began` and their sources, oldest first.
kinds() {
  local found
  front GET '/events'
  found=$(jq -r --arg last "$LAST" '[label $out | ._results[] | if .id == $last then break $out else . end]
    | reverse | [.[] | .type + "/" + .source._meta.type] | join(" ")' "$BODY")
  [ "$found" = "$1" ] || { printf 'got  %s\nwant %s\n' "$found" "$1"; return 1; }
}

@test "status, assignee, inbox and tags in one change; tag_ids replace the set" {
  local id inbox first second
  id=$(conversation "$EMAIL and .tags == [] and .assignee == null")
  front GET /inboxes
  inbox=$(get '._results[2].id')
  front GET /tags
  first=$(get '._results[0].id') second=$(get '._results[1].id')
  began
  answers 204 PATCH "/conversations/$id" "{\"assignee_id\": \"alt:email:kofi@acme.example\", \"inbox_id\": \"$inbox\",
    \"tag_ids\": [\"$first\"], \"status\": \"archived\"}"
  kinds 'assign/api move/api tag/api archive/api'
  answers 200 GET "/conversations/$id"
  shows '[.assignee.username, .status, .tags[].id]' "[\"kofi\",\"archived\",\"$first\"]"
  answers 200 GET "/conversations/$id/inboxes"
  shows '[._results[].id]' "[\"$inbox\"]"
  answers 200 GET "/inboxes/$inbox/conversations?q[statuses]=archived&limit=100"
  shows "[._results[].id] | index(\"$id\") != null" true
  began
  answers 204 PATCH "/conversations/$id" "{\"tag_ids\": [\"$second\"], \"status\": \"open\"}"
  answers 204 PATCH "/conversations/$id" '{"tag_ids": [], "assignee_id": null}'
  answers 204 PATCH "/conversations/$id" '{"status": "spam"}'
  answers 204 PATCH "/conversations/$id" '{"status": "open"}'
  kinds 'tag/api untag/api reopen/api unassign/api untag/api trash/api restore/api'
  answers 204 PATCH "/conversations/$id" '{"status": "open"}' # as it is: no event
  kinds 'tag/api untag/api reopen/api unassign/api untag/api trash/api restore/api'
  refuses PATCH "/conversations/$id" '{"status": "closed"}' 'status: must be archived, open, deleted or spam'
  refuses PATCH "/conversations/$id" '{"description": "x"}' 'description, due_at: only for tasks'
  answers 404 PATCH "/conversations/$id" '{"inbox_id": "inb_none"}'
  answers 404 PATCH "/conversations/$id" "{\"tag_ids\": [\"$first\", \"tag_none\"]}"
  answers 200 GET "/conversations/$id"
  shows .tags '[]'
}

@test "custom fields replace the set; each that changed has an event; a wrong one is 400" {
  local id
  id=$(conversation "$EMAIL")
  answers 200 GET /conversations/custom_fields
  shows '[._results[].name] | index("Plan") != null' true
  answers 204 PATCH "/conversations/$id" '{"custom_fields": {"city": "Bern", "isVIP": true, "Plan": "pro"}}'
  began
  answers 204 PATCH "/conversations/$id" '{"custom_fields": {"city": "Basel", "Plan": "pro"}}'
  kinds 'custom_field_updated/api custom_field_updated/api'
  front GET "/events?limit=2"
  shows '[._results[].target | [._meta.type, .data.name]]' '[["custom_field","isVIP"],["custom_field","city"]]'
  answers 200 GET "/conversations/$id"
  shows .custom_fields '{"Plan":"pro","city":"Basel"}'
  refuses PATCH "/conversations/$id" '{"custom_fields": {"isVIP": "yes"}}' 'custom_fields.isVIP: must be of type boolean'
  refuses PATCH "/conversations/$id" '{"custom_fields": {"Plan": "gold"}}' \
    'custom_fields.Plan: must be one of free, pro, enterprise'
  refuses PATCH "/conversations/$id" '{"custom_fields": {"City": "Bern"}}' 'custom_fields: conversations has no field City'
}

@test "snooze: archived with a reminder, back when it is due; null cancels; bad times are 400" {
  local id tea
  id=$(conversation "$EMAIL and .assignee != null")
  front GET /teammates
  tea=$(get '._results[0].id')
  answers 204 PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 3300000000}" # far away, and the clock runs
  answers 204 PATCH "/conversations/$id" '{"status": "open"}'
  mock_post clock '{"now": 1800000000}' >/dev/null
  began
  answers 204 PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 1800003600}"
  answers 200 GET "/conversations/$id"
  shows '[.status, .scheduled_reminders[0].scheduled_at, (.scheduled_reminders[0]._links.related.owner | split("/") | last)]' \
    "[\"archived\",1800003600,\"$tea\"]"
  answers 200 GET "/conversations/search/is%3Asnoozed?limit=100"
  shows "[._results[].id] | index(\"$id\") != null" true
  kinds 'archive/reminder'
  mock_post clock '{"now": 1800003601}' >/dev/null
  answers 200 GET "/conversations/$id"
  shows '[.status, .scheduled_reminders]' '["assigned",[]]'
  kinds 'archive/reminder reminder/reminder'
  front GET '/events?limit=1'
  shows '._results[0] | has("target")' false

  answers 204 PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 1800007200}"
  answers 204 PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 1800009000}"
  mock_post clock '{"now": 1800007300}' >/dev/null
  answers 200 GET "/conversations/$id"
  shows '[.scheduled_reminders[].scheduled_at]' '[1800009000]' # the second time holds
  answers 204 PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": null}"
  answers 200 GET "/conversations/$id"
  shows '[.status, .scheduled_reminders]' '["assigned",[]]'
  refuses PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 1800000000}" \
    'scheduled_at: must be in the future'
  refuses PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\", \"scheduled_at\": 3900000000}" \
    'scheduled_at: must be within 50 years'
  refuses PATCH "/conversations/$id/reminders" '{"scheduled_at": 1900000000}' 'teammate_id: is required'
  refuses PATCH "/conversations/$id/reminders" "{\"teammate_id\": \"$tea\"}" 'scheduled_at: is required'
  answers 404 PATCH "/conversations/$id/reminders" '{"teammate_id": "tea_none", "scheduled_at": 1900000000}'
}

@test "followers and links" {
  local id link
  id=$(conversation "$EMAIL")
  answers 204 POST "/conversations/$id/followers" '{"teammate_ids": ["alt:email:jonas@acme.example", "alt:email:kofi@acme.example"]}'
  answers 204 DELETE "/conversations/$id/followers" '{"teammate_ids": ["alt:email:jonas@acme.example"]}'
  answers 200 GET "/conversations/$id/followers"
  shows '[._results[].username]' '["kofi"]'
  answers 404 POST "/conversations/$id/followers" '{"teammate_ids": ["tea_none"]}'
  answers 204 POST "/conversations/$id/followers?ignore_errors=true" '{"teammate_ids": ["tea_none"]}'

  began
  answers 204 POST "/conversations/$id/links" '{"link_external_urls": ["https://github.com/acme/shop/issues/7"]}'
  answers 200 GET "/conversations/$id"
  shows '[.links[] | .type, .external_url]' '["github","https://github.com/acme/shop/issues/7"]'
  link=$(get '.links[0].id')
  answers 200 GET "/links/$link/conversations"
  shows '[._results[].id]' "[\"$id\"]"
  answers 204 PATCH "/links/$link" '{"name": "Issue 7"}'
  answers 200 GET '/links?q[types][]=github'
  shows '[._results[] | .id, .name]' "[\"$link\",\"Issue 7\"]"
  answers 204 DELETE "/conversations/$id/links" "{\"link_ids\": [\"$link\"]}"
  kinds 'link_added/api link_removed/api'
  answers 200 GET "/conversations/$id"
  shows .links '[]'
  refuses POST "/conversations/$id/links" '{}' 'link_ids, link_external_urls: one of them is required'
  refuses POST /links '{"name": "x"}' 'external_url: is required'
}

@test "drafts: a version with each change, 409 for an older one, gone when deleted" {
  local id channel draft version
  id=$(conversation "$EMAIL")
  front GET /channels
  channel=$(get '._results[0].id')
  refuses POST "/conversations/$id/drafts" '{"body": "x"}' 'channel_id: is required'
  answers 200 POST "/conversations/$id/drafts" "{\"body\": \"<p>One</p>\", \"channel_id\": \"$channel\",
    \"author_id\": \"alt:email:leela@acme.example\"}"
  draft=$(get .id) version=$(get .version)
  shows '[.draft_mode, .is_inbound, .author.username, .text]' '["private",false,"leela","One"]'
  answers 200 PATCH "/drafts/$draft/" "{\"body\": \"Two\", \"channel_id\": \"$channel\", \"version\": \"$version\", \"mode\": \"shared\"}"
  shows '[.draft_mode, .body]' '["shared","Two"]'
  answers 409 PATCH "/drafts/$draft/" "{\"body\": \"Three\", \"channel_id\": \"$channel\", \"version\": \"$version\"}"
  answers 409 DELETE "/drafts/$draft" "{\"version\": \"$version\"}"
  answers 200 GET "/conversations/$id/drafts"
  shows '[._results[].body]' '["Two"]'
  refuses DELETE "/drafts/$draft" '{}' 'version: is required'
  answers 200 GET "/conversations/$id/drafts"
  answers 204 DELETE "/drafts/$draft" "{\"version\": \"$(get '._results[0].version')\"}"
  answers 200 GET "/conversations/$id/drafts"
  shows ._results '[]'
  answers 404 GET "/messages/$draft"
}

@test "comments: a reply, a mention, a change by the token that wrote it" {
  local id comment
  id=$(conversation "$EMAIL")
  began
  answers 201 POST "/conversations/$id/comments" '{"body": "Please look, @kofi.", "author_id": "alt:email:leela@acme.example"}'
  comment=$(get .id)
  kinds 'comment/teammate mention/teammate'
  answers 200 GET "/comments/$comment/mentions"
  shows '[._results[].username]' '["kofi"]'
  answers 201 POST "/comments/$comment/replies" '{"body": "I do"}'
  shows '._links.related.comment_replied_to | split("/") | last' "$comment"
  answers 200 PATCH "/comments/$comment/" '{"body": "Never mind", "is_pinned": true}'
  answers 200 GET "/comments/$comment"
  shows '[.body, .is_pinned]' '["Never mind",true]'
  mock_post do "{\"method\": \"POST\", \"path\": \"/conversations/$id/comments\", \"body\": {\"body\": \"Mine\"}}" >"$BATS_TEST_TMPDIR/do"
  answers 403 PATCH "/comments/$(jq -r .body.id "$BATS_TEST_TMPDIR/do")/" '{"body": "Yours"}'
  answers 404 PATCH "/comments/$comment" '{"body": "without the slash"}'
}

@test "new messages, incoming and imported ones" {
  local channel custom inbox uid before
  front GET /channels
  channel=$(get '._results[0].id') custom=$(get '[._results[] | select(.type == "custom")][0].id')
  front GET /inboxes
  inbox=$(get '._results[0].id')
  mock_post messages '{"late": 0}' >/dev/null
  began
  answers 202 POST "/channels/$channel/messages" '{"to": ["new@mail.example"], "subject": "Offer", "body": "<p>Hello</p>", "options": {"archive": false}}'
  kinds 'outbound/inboxes'
  front GET '/conversations?limit=1'
  shows '._results[0] | [.subject, .recipient.handle, .status]' '["Offer","new@mail.example","unassigned"]'
  refuses POST "/channels/$channel/messages" '{"body": "x"}' 'to: is required'

  began
  answers 202 POST "/channels/$custom/incoming_messages" '{"sender": {"handle": "shopper-x", "name": "Xu"}, "body": "Hi", "metadata": {"thread_ref": "t1"}}'
  answers 202 POST "/channels/$custom/incoming_messages" '{"sender": {"handle": "shopper-x"}, "body": "Again", "metadata": {"thread_ref": "t1"}}'
  kinds 'inbound/inboxes inbound/inboxes'
  front GET '/conversations?limit=1'
  shows '._results[0] | [.recipient.name, .last_message.text]' '["Xu","Again"]'
  answers 400 POST "/channels/$channel/incoming_messages" '{"sender": {"handle": "x"}, "body": "Hi"}'

  began
  local old='{"sender": {"handle": "old@mail.example"}, "to": ["support@acme.example"], "body": "Long ago", "external_id": "crm-77",
    "created_at": 1600000000, "metadata": {"is_inbound": true}}'
  answers 202 POST "/inboxes/$inbox/imported_messages" "$old"
  uid=$(get .message_uid)
  answers 202 POST "/inboxes/$inbox/imported_messages" "$old"
  shows .message_uid "$uid"
  kinds ''
  answers 200 GET "/messages/alt:uid:$uid"
  shows '[.created_at, .is_inbound]' '[1600000000,true]'
  front GET '/conversations/search/from%3Aold@mail.example'
  shows '[._total, ._results[0].status]' '[1,"archived"]'
  refuses POST "/inboxes/$inbox/imported_messages" '{"sender": {"handle": "a"}, "to": ["b"], "body": "c", "external_id": "d",
    "created_at": 1.5, "metadata": {"is_inbound": true}}' 'created_at: must be of type integer'
  mock_post messages '{}' >/dev/null
}

@test "discussions and tasks; what is in the trash can be deleted for good" {
  local id
  answers 201 POST /conversations '{"type": "task", "subject": "Order labels", "description": "Big ones", "due_at": 1900000000}'
  id=$(get .id)
  shows '[.type, .description, .due_at, .recipient]' '["task","Big ones",1900000000,null]'
  answers 204 PATCH "/conversations/$id" '{"description": null}'
  answers 200 GET "/conversations/$id"
  shows .description null
  answers 400 DELETE "/conversations/$id"
  answers 204 PATCH "/conversations/$id" '{"status": "deleted"}'
  answers 204 DELETE "/conversations/$id"
  answers 404 GET "/conversations/$id"
  refuses POST /conversations '{"type": "email", "subject": "x"}' 'type: must be one of discussion, task'
}

@test "ticketing: a status has an event, a snooze takes a waiting one" {
  local id open waiting
  id=$(conversation "$EMAIL")
  mock_post ticketing '{"enabled": true}' >/dev/null
  front GET /company/statuses
  open=$(get '._results[0].id') waiting=$(get '._results[1].id')
  began
  answers 204 PATCH "/conversations/$id" "{\"status_id\": \"$waiting\"}"
  kinds 'ticket_status_update/api'
  answers 204 PATCH "/conversations/$id/reminders" \
    "{\"teammate_id\": \"alt:email:leela@acme.example\", \"scheduled_at\": 1900000000, \"status_id\": \"$waiting\"}"
  answers 200 GET "/conversations/$id"
  shows '[.status, .status_id]' "[\"archived\",\"$waiting\"]"
  refuses PATCH "/conversations/$id/reminders" \
    "{\"teammate_id\": \"alt:email:leela@acme.example\", \"scheduled_at\": 1900000000, \"status_id\": \"$open\"}" \
    'status_id: must be of the category waiting'
  mock_post ticketing '{"enabled": false}' >/dev/null
}

@test "events: before, after, types, inboxes, order, pages of 15" {
  local id middle all
  id=$(conversation "$EMAIL")
  front GET /tags
  local tag
  tag=$(get '._results[5].id')
  mock_post clock '{"now": 1810000000}' >/dev/null
  for ((n = 0; n < 20; n++)); do
    mock_post clock "{\"now\": $((1810000000 + n))}" >/dev/null
    answers 204 PATCH "/conversations/$id" "{\"tag_ids\": $([ $((n % 2)) = 0 ] && echo "[\"$tag\"]" || echo '[]')}"
  done
  answers 200 GET '/events?q[after]=1809999999.5&q[before]=1810000005'
  shows '[._results[].emitted_at]' '[1810000004,1810000003,1810000002,1810000001,1810000000]'
  answers 200 GET '/events?q[after]=1810000017&sort_order=asc'
  shows '[._results[] | .type]' '["tag","untag"]'
  answers 200 GET '/events?q[after]=1809999999&q[types][]=untag&q[types][]=archive&limit=15'
  shows '[(._results | length), ([._results[].type] | unique)]' '[10,["untag"]]'
  answers 200 GET '/events?q[after]=1809999999'
  shows '._results | length' 15
  answers 200 GET "$(get ._pagination.next | sed "s|$MOCK||")"
  shows '[(._results | length), ._pagination.next]' '[5,null]'
  front GET "/conversations/$id/inboxes"
  answers 200 GET "/events?q[after]=1809999999&q[inboxes]=$(get '._results[0].id')&limit=1"
  shows '._results | length' 1
  answers 200 GET "/conversations/$id/events?limit=3"
  shows '[._results[].type]' '["untag","tag","untag"]'
  answers 400 GET '/events?limit=16'
  answers 400 GET '/events?q[types]=tagged'
  answers 400 GET '/events?q[before]=today'
  answers 400 GET '/events?sort_by=emitted_at'
}

@test "what another did: a teammate, a rule, a macro; conversations merged; any type of event" {
  local id other
  id=$(conversation "$EMAIL and .tags == []")
  other=$(conversation "$EMAIL and .id != \"$id\"")
  began
  mock_post do "{\"method\": \"PATCH\", \"path\": \"/conversations/$id\", \"body\": {\"status\": \"archived\"}, \"as\": \"alt:email:kofi@acme.example\"}" >/dev/null
  mock_post do "{\"method\": \"PATCH\", \"path\": \"/conversations/$id\", \"body\": {\"status\": \"open\"}, \"as\": \"rule\"}" >/dev/null
  mock_post do "{\"path\": \"/conversations/$id/comments\", \"body\": {\"body\": \"By a macro\"}, \"as\": \"macro\"}" | jq -e .body.id
  kinds 'archive/teammate reopen/rule comment/teammate'
  front GET '/events?limit=3'
  shows '[._results[] | .source.data | [.type, .username, .name]]' '[["macro","macro",null],[null,null,"Refunds to Billing"],["user","kofi",null]]'

  began
  mock_post merge "{\"conversation\": \"$id\", \"into\": \"$other\"}" >/dev/null
  answers 301 GET "/conversations/$id"
  kinds 'conversations_merged/teammate'
  front GET '/events?limit=1'
  shows '._results[0] | [.conversation.id, .target]' "[\"$other\",{\"_meta\":{\"type\":\"deleted_conversation_ids\"},\"data\":[\"$id\"]}]"

  began
  mock_post event '{"type": "macro_triggered"}' >/dev/null
  mock_post event '{"type": "forward"}' >/dev/null
  mock_post event '{"type": "call_hangup"}' >/dev/null
  kinds 'macro_triggered/teammate forward/teammate call_hangup/teammate'
  run mock_post event '{"type": "call_ended"}'
  [ "$status" -ne 0 ]
}

@test "a message: as a mail, by its uid, marked as seen ten times an hour" {
  local id message n
  id=$(conversation "$EMAIL")
  answers 200 GET "/conversations/$id/messages"
  message=$(get '._results[-1].id')
  curl -sS -H 'Authorization: Bearer mock-token' -H 'Accept: message/rfc822' "$MOCK/messages/alt:uid:$(get '._results[-1].message_uid')" |
    tr -d '\r' >"$BATS_TEST_TMPDIR/mail"
  grep '^Subject: ' "$BATS_TEST_TMPDIR/mail"
  grep '^From: ' "$BATS_TEST_TMPDIR/mail"
  for ((n = 0; n < 10; n++)); do answers 204 POST "/messages/$message/seen" '{}'; done
  answers 429 POST "/messages/$message/seen" '{}'
  [ "$(header retry-after)" -ge 1 ]
  answers 200 GET "/messages/$message/seen"
  shows '[(._results | length), (._results[0].first_seen_at | . > 1000000000000)]' '[1,true]'
}

@test "an unknown path is a 404 that names the nearest one" {
  answers 404 GET /conversation/cnv_1
  shows ._error.message 'No route for GET /conversation/cnv_1; the nearest is GET /conversations/{id}'
  answers 404 POST /drafts/msg_1/
  [[ $(get ._error.message) == *'the nearest is PATCH /drafts/{id}/' ]]
}
