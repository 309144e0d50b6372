#!/usr/bin/env bats
# What a company has besides conversations and contacts, in the mock: tags, inboxes, channels, people, templates, signatures,
# shifts, time off, rules, exports, downloads; and the operations without state.

load helper
load front_api

setup_file() {
  BATS_TEST_TMPDIR= start_mock
  export MOCK MOCK_PID
}

teardown_file() {
  kill "$MOCK_PID"
}

@test "tags: of the company and of a team, children, gone from conversations when deleted" {
  local tag child conversation
  answers 201 POST /company/tags '{"name": "Escalated", "highlight": "red", "description": "Now"}'
  tag=$(get .id)
  shows '[._links.related.owner, .is_private, .highlight]' '[null,false,"red"]'
  answers 200 GET /company/tags
  shows '[._results[].name]' '["Escalated"]'
  answers 201 POST "/tags/$tag/children" '{"name": "Twice"}'
  child=$(get .id)
  answers 200 GET "/tags/$tag/children"
  shows '[._results[].id]' "[\"$child\"]"
  answers 204 PATCH "/tags/$tag" '{"name": "Urgent", "highlight": null}'
  answers 200 GET "/tags/$tag"
  shows '[.name, .highlight, .description]' '["Urgent",null,"Now"]'
  refuses PATCH "/tags/$tag" "{\"parent_tag_id\": \"$child\"}" 'parent_tag_id: is the tag itself, or below it'
  refuses POST /tags '{"name": "x", "highlight": "brown"}' \
    'highlight: must be one of grey, pink, red, orange, yellow, green, light-blue, blue, purple'
  refuses POST /tags "{\"name\": \"$(printf 'x%.0s' {1..65})\"}" 'name: at most 64'
  conversation=$(conversation "$EMAIL")
  answers 204 POST "/conversations/$conversation/tags" "{\"tag_ids\": [\"$tag\"]}"
  answers 204 DELETE "/tags/$tag"
  answers 200 GET "/conversations/$conversation"
  shows "[.tags[].id] | index(\"$tag\")" null
  front GET /teams
  local team
  team=$(get '._results[1].id')
  answers 201 POST "/teams/$team/tags" '{"name": "Office only"}'
  answers 200 GET "/teams/$team/tags"
  shows '[._results[].name]' '["Office only"]'
}

@test "inboxes and channels: made, seen, moved" {
  local inbox channel
  answers 201 POST /inboxes '{"name": "Events", "teammate_ids": ["alt:email:kofi@acme.example"], "custom_fields": {"city": "Bern"}}'
  inbox=$(get .id)
  answers 200 GET "/inboxes/$inbox/teammates"
  shows '[._results[].username]' '["kofi"]'
  answers 204 POST "/inboxes/$inbox/teammates" '{"teammate_ids": ["alt:email:leela@acme.example"]}'
  answers 204 DELETE "/inboxes/$inbox/teammates" '{"teammate_ids": ["alt:email:kofi@acme.example"]}'
  answers 200 GET "/inboxes/$inbox/teammates"
  shows '[._results[].username]' '["leela"]'
  answers 204 POST "/inboxes/$inbox/channels" '{"type": "smtp", "send_as": "events@acme.example", "name": "Events"}'
  answers 200 GET '/channels/alt:address:events@acme.example'
  channel=$(get .id)
  shows '[.is_valid, .type, (._links.related.inbox | split("/") | last)]' "[false,\"smtp\",\"$inbox\"]"
  answers 202 POST "/channels/$channel/validate"
  answers 204 PATCH "/channels/$channel" '{"settings": {"undo_send_time": 60}}'
  answers 200 GET "/channels/$channel"
  shows '[.is_valid, .settings.undo_send_time]' '[true,60]'
  refuses PATCH "/channels/$channel" '{"settings": {"undo_send_time": 7}}' 'settings.undo_send_time: must be 0, 5, 10, 15, 30 or 60'
  refuses POST "/inboxes/$inbox/channels" '{"type": "gmail"}' 'type: must be one of custom, smtp, twilio'
  answers 201 POST '/teammates/alt:email:kofi@acme.example/private_inboxes' '{"name": "Kofi"}'
  answers 200 GET '/teammates/alt:email:kofi@acme.example/private_inboxes'
  shows '[._results[] | .name, .is_private]' '["Kofi",true]'
}

@test "people: a teammate changes, teams have members, rules are read" {
  local team
  answers 204 PATCH '/teammates/alt:email:jonas@acme.example' '{"is_available": false, "custom_fields": {"city": "Ulm"}}'
  answers 200 GET '/teammates/alt:email:jonas@acme.example'
  shows '[.is_available, .custom_fields]' '[false,{"city":"Ulm"}]'
  front GET /teams
  team=$(get '._results[0].id')
  answers 204 DELETE "/teams/$team/teammates" '{"teammate_ids": ["alt:email:jonas@acme.example"]}'
  answers 200 GET "/teams/$team"
  shows '[.members[].username] | index("jonas")' null
  answers 204 POST "/teams/$team/teammates" '{"teammate_ids": ["alt:email:jonas@acme.example"]}'
  answers 200 GET "/teams/$team/rules"
  shows '[._results[].name]' '["Refunds to Billing","VIP first"]'
  answers 404 GET /rules/rul_none
  answers 404 POST /rules '{"name": "x"}'
}

@test "templates in folders, signatures with one default" {
  local folder template team
  answers 201 POST /message_template_folders '{"name": "Answers"}'
  folder=$(get .id)
  answers 201 POST /message_templates "{\"name\": \"Thanks\", \"body\": \"<p>Thanks</p>\", \"folder_id\": \"$folder\"}"
  template=$(get .id)
  shows '[.is_available_for_all_inboxes, .inbox_ids, (._links.related.parent_folder | split("/") | last)]' "[true,null,\"$folder\"]"
  answers 200 PATCH "/message_templates/$template" '{"subject": "Thank you"}'
  shows '[.name, .subject, .body]' '["Thanks","Thank you","<p>Thanks</p>"]'
  answers 200 GET "/message_template_folders/$folder/message_templates"
  shows '[._results[].id]' "[\"$template\"]"
  answers 201 POST "/message_template_folders/$folder/message_template_folders" '{"name": "Short"}'
  refuses PATCH "/message_template_folders/$folder" "{\"parent_folder_id\": \"$(get .id)\"}" \
    'parent_folder_id: is the folder itself, or below it'
  answers 202 DELETE "/message_template_folders/$folder"
  answers 404 GET "/message_templates/$template"
  front GET /teams
  team=$(get '._results[0].id')
  answers 201 POST "/teams/$team/signatures" '{"name": "Holiday", "body": "<p>Ho</p>", "is_default": true}'
  answers 200 GET "/teams/$team/signatures"
  shows '[._results[] | select(.is_default) | .name]' '["Holiday"]'
  refuses POST "/teams/$team/signatures" '{"name": "x"}' 'body: is required'
}

@test "shifts and time off" {
  local shift off
  answers 201 POST /shifts '{"name": "Night", "color": "black", "timezone": "Europe/Rome", "times": {"mon": {"start": "22:00", "end": "06:00"}},
    "teammate_ids": ["alt:email:kofi@acme.example"]}'
  shift=$(get .id)
  answers 204 POST "/shifts/$shift/teammates" '{"teammate_ids": ["alt:email:leela@acme.example"]}'
  answers 200 GET "/shifts/$shift/teammates"
  shows '[._results[].username]' '["kofi","leela"]'
  answers 200 GET '/teammates/alt:email:kofi@acme.example/shifts'
  shows '[._results[].name]' '["Night"]'
  refuses POST /shifts '{"name": "x", "color": "red", "timezone": "UTC", "times": {"mon": {"start": "9"}}, "teammate_ids": []}' \
    'times.mon.end: is required'
  answers 201 POST '/teammates/alt:email:kofi@acme.example/time_offs' '{"name": "Sea", "start_at": 1900000000, "end_at": 1900086400}'
  off=$(get .id)
  answers 204 PATCH "/time_offs/$off" '{"end_at": null, "auto_responder": {"body": "Away", "is_enabled": true}}'
  answers 200 GET "/time_offs/$off"
  shows '[.end_at, .auto_responder.body]' '[null,"Away"]'
  refuses PATCH "/time_offs/$off" '{"end_at": 1}' 'end_at: must be after start_at'
  answers 204 DELETE "/time_offs/$off"
  answers 200 GET '/teammates/alt:email:kofi@acme.example/time_offs'
  shows ._results '[]'
}

@test "an export runs and is done; its file is downloaded" {
  local export
  mock_post clock '{"now": 1800000000}' >/dev/null
  answers 201 POST /analytics/exports '{"type": "messages", "start": 1, "end": 2, "columns": ["Message ID", "Tags"]}'
  export=$(get .id)
  shows '[.status, .progress, .url]' '["running",0,null]'
  mock_post clock '{"now": 1800000001}' >/dev/null
  answers 200 GET "/analytics/exports/$export"
  shows '[.status, .progress]' '["running",50]'
  mock_post clock '{"now": 1800000002}' >/dev/null
  answers 200 GET "/analytics/exports/$export"
  shows .status done
  local size
  size=$(get .size)
  answers 200 GET "$(get .url | sed "s|$MOCK||")"
  [ "$(wc -c <"$BODY")" = "$size" ]
  [ "$(head -n 1 "$BODY")" = "Message ID,Tags" ]
  refuses POST /analytics/reports '{"start": 2, "end": 1, "metrics": []}' 'end: must be after start'
}

@test "downloads: what was sent, byte for byte; a long one has its length" {
  local message file
  message=$(mock_post inbound '{"from": "files@mail.example", "body": "See", "attachments": [
    {"filename": "a.txt", "content_type": "text/plain", "text": "Zoë\n"}, {"filename": "b.bin", "size": 3000000}]}' | jq -r .message.id)
  answers 200 GET "/messages/$message"
  shows '[.attachments[] | .filename, .size]' '["a.txt",5,"b.bin",3000000]'
  answers 200 GET "/download/$(get '.attachments[0].id')"
  [ "$(cat "$BODY")" = Zoë ]
  [ "$(header content-type)" = text/plain ]
  answers 200 GET "/messages/$message"
  file=$(get '.attachments[1].id')
  answers 200 GET "/messages/$message/download/$file"
  [ "$(wc -c <"$BODY")" = 3000000 ]
  answers 404 GET "/messages/$message/download/fil_none"
  local comment conversation
  conversation=$(conversation "$EMAIL")
  head -c 70000 /dev/urandom >"$BATS_TEST_TMPDIR/noise.bin"
  comment=$(curl -sS --fail-with-body -H 'Authorization: Bearer mock-token' -F body=x -F "attachments[]=@$BATS_TEST_TMPDIR/noise.bin" \
    "$MOCK/conversations/$conversation/comments")
  answers 200 GET "$(jq -r '.attachments[0].url' <<<"$comment" | sed "s|$MOCK||")"
  cmp "$BODY" "$BATS_TEST_TMPDIR/noise.bin"
}

@test "operations without state: checked against the description, marked in the log" {
  local view
  answers 201 POST /knowledge_bases '{"name": "Help", "type": "internal"}'
  shows '[.name, .type, .id[:4]]' '["Help","internal","knb_"]'
  answers 200 GET "/knowledge_bases/$(get .id)/content"
  shows .name Help
  answers 404 GET /knowledge_bases/kbc_1
  refuses POST /knowledge_bases '{"name": "x", "type": "secret"}' 'type: must be one of internal, external'
  refuses POST /knowledge_bases '{}' 'name: is required'
  front GET /inboxes
  local inbox
  inbox=$(get '._results[0].id')
  front GET /teams
  answers 201 POST "/teams/$(get '._results[0].id')/views" "{\"name\": \"Mine\", \"inbox_ids\": [\"$inbox\"]}"
  view=$(get .id)
  answers 204 PATCH "/views/$view" '{"name": "Ours"}'
  answers 200 GET "/views/$view"
  shows '[.name, .inbox_ids]' "[\"Ours\",[\"$inbox\"]]"
  refuses POST "/views/$view/teammates" '{"teammate_ids": "all"}' 'teammate_ids: must be of type list'
  [ "$(mock_log '[.requests[-3:][] | [(.path | split("/")[1]), .described]]')" = '[["views",true],["views",true],["views",true]]' ]
}
