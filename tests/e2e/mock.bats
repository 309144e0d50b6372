#!/usr/bin/env bats
# The mock Front company by itself: its shapes against Front's examples, its faults, its log.

load helper
load front_api

setup() {
  start_mock --teammate-token mock-teammate
}

teardown() {
  stop_mock
}

shape_like() {
  local differences
  differences=$(jq -n -r --slurpfile example "$DATA/front/$1" --slurpfile answer "$BODY" -f "$ROOT/tests/e2e/shape.jq")
  [ -z "$differences" ] || { echo "$1: $differences"; return 1; }
}

error_like() {
  [ "$(jq -cS 'del(._error.message, ._error.details)' "$BODY")" = "$(jq -cS 'del(._error.message)' "$DATA/front/errors/$1")" ]
}

@test "tokens: none, a wrong one, the company's, a teammate's" {
  STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' "$MOCK/me")
  BODY=$BATS_TEST_TMPDIR/body
  [ "$STATUS" = 401 ]
  diff <(jq -S . "$BODY") <(jq -S . "$DATA/front/errors/401-no-token.json")
  curl -sS -o "$BODY" -H 'Authorization: Bearer wrong' "$MOCK/me"
  diff <(jq -S . "$BODY") <(jq -S . "$DATA/front/errors/401-invalid-token.json")
  front GET /me
  shape_like me.response.json
  [[ $(get .id) == cmp_* ]]
  [ "$(get ._links.self)" = "$MOCK/me" ]
  curl -sS -o "$BODY" -H 'Authorization: Bearer mock-teammate' "$MOCK/me"
  [[ $(get .id) == tea_* ]]
}

@test "shapes are those of Front's examples" {
  front GET /inboxes
  shape_like list-inboxes.response.json
  front GET /channels
  shape_like list-channels.response.json
  front GET /teammates
  shape_like list-teammates.response.json
  front GET /tags
  shape_like list-tags.response.json
  front GET "/contacts?limit=100"
  shape_like list-contacts.response.json
  front GET "/conversations?limit=100"
  shape_like list-conversations.response.json
  front GET /conversations/search/order
  shape_like search-conversations.response.json
  front GET "/conversations/$(conversation "$EMAIL")"
  shape_like get-conversation.response.json
  local commented
  commented=$(conversation '.type == "discussion"')
  front GET "/conversations/$commented/comments"
  shape_like list-conversation-comments.response.json
  [ "$(get '._results | length')" -gt 0 ]
}

@test "the shape check can fail" {
  front GET /inboxes
  jq '._results[3].name = 7 | ._results[4].extra = 1 | del(._results[5].is_public)' "$BODY" >"$BODY.bad"
  BODY=$BODY.bad
  run shape_like list-inboxes.response.json
  [ "$status" -ne 0 ]
  [[ $output == *"name: number"* && $output == *"extra: is not Front's"* && $output == *"is_public: is missing"* ]]
}

@test "ids have Front's prefixes and the seed repeats them" {
  front GET "/conversations?limit=5"
  local first
  first=$(get '[._results[].id]')
  [ "$(get '[._results[] | .id[:4]] | unique | join(" ")')" = cnv_ ]
  stop_mock
  start_mock --seed 1
  front GET "/conversations?limit=5"
  [ "$(get '[._results[].id]')" = "$first" ]
  stop_mock
  start_mock --seed 2
  front GET "/conversations?limit=5"
  [ "$(get '[._results[].id]')" != "$first" ]
}

# Walks all pages from PATH, prints "pages items distinct".
walk() {
  local url=$MOCK$1 pages=0
  : >"$BATS_TEST_TMPDIR/ids"
  while [ "$url" != null ]; do
    front GET "${url#"$MOCK"}"
    [ "$STATUS" = 200 ]
    get '._results[].id' >>"$BATS_TEST_TMPDIR/ids"
    pages=$((pages + 1))
    url=$(get ._pagination.next)
  done
  echo "$pages $(wc -l <"$BATS_TEST_TMPDIR/ids") $(sort -u "$BATS_TEST_TMPDIR/ids" | wc -l)"
}

@test "pages: next is a whole URL with the base query; each item once; null ends" {
  front GET "/contacts?limit=7&sort_by=updated_at&sort_order=asc"
  [ "$(get '._results | length')" = 7 ]
  [[ $(get ._pagination.next) == "$MOCK/contacts?limit=7&sort_by=updated_at&sort_order=asc&page_token="* ]]
  [ "$(walk '/contacts?limit=100')" = "3 250 250" ]
  [ "$(walk '/contacts')" = "5 250 250" ]
  mock_post paging '{"cap": 40, "empty": true}'
  [ "$(walk '/contacts?limit=100')" = "13 250 250" ]
}

@test "bad lists: limit, sort, token, q" {
  for query in limit=101 limit=0 limit=ten sort_by=name sort_order=up page_token=xyz 'q=assigned' 'q[statuses]=deleted'; do
    front GET "/conversations?$query"
    [ "$STATUS" = 400 ] || { echo "$query: $STATUS"; return 1; }
    error_like 400-body.json
  done
}

@test "q[statuses] in both forms; trashed reads as deleted" {
  front GET "/conversations?q[statuses][]=assigned&limit=100"
  [ "$(get '[._results[].status] | unique | join(" ")')" = assigned ]
  front GET "/conversations?q[statuses]=assigned&q[statuses]=trashed&limit=100"
  local both
  both=$(walk "/conversations?q%5Bstatuses%5D=assigned&q%5Bstatuses%5D=trashed&limit=100" | cut -d' ' -f2)
  [ "$both" -gt "$(walk '/conversations?q[statuses]=assigned&limit=100' | cut -d' ' -f2)" ]
  front GET "/conversations?q[statuses]=trashed"
  [ "$(get '[._results[].status] | unique | join(" ")')" = deleted ]
}

@test "conversations: newest first, some without recipient, assignee, some snoozed" {
  front GET "/conversations?limit=100"
  [ "$(get '[._results[].updated_at] | . == (sort | reverse)')" = true ]
  front GET "/conversations?limit=100&sort_by=date&sort_order=asc"
  [ "$(get '[._results[].updated_at] | . == sort')" = true ]
  [ "$(get '[._results[] | select(.recipient == null)] | length > 0')" = true ]
  [ "$(get '[._results[] | select(.assignee == null)] | length > 0')" = true ]
  [ "$(get '[._results[] | select(.scheduled_reminders != [])] | length > 0')" = true ]
  [ "$(get '[._results[] | select(.scheduled_reminders != []) | .status] | unique | join(" ")')" = archived ]
}

@test "the newest conversation is an untouched letter to Support" {
  front GET "/conversations?limit=1"
  [ "$(get '._results[0] | "\(.status) \(.type) \(.last_message.type) \(.last_message.is_inbound)"')" = "unassigned conversation email true" ]
  local id
  id=$(get '._results[0].id')
  front GET "/conversations/$id/inboxes"
  [ "$(get '._results[0].name')" = Support ]
  front GET "/conversations/$id/messages"
  [ "$(get '._results | length')" = 1 ]
}

@test "search: words, phrase, filters, total, one segment" {
  front GET "/conversations/search/is%3Aarchived%20is%3Aassigned?limit=3"
  [ "$(get '._results | length')" = 3 ]
  [ "$(get '._total > 3')" = true ]
  [ "$(get '[._results[].status] | unique | join(" ")')" = archived ]
  local inbox
  front GET /inboxes
  inbox=$(get '._results[1].id')
  front GET "/inboxes/$inbox/conversations?limit=100"
  local all
  all=$(get '._results | length')
  front GET "/conversations/search/inbox%3A$inbox?limit=100"
  [ "$(get ._total)" = "$all" ]
  front GET "/conversations/search/%22ship%20to%20Iceland%22"
  [ "$(get '[._results[].subject] | unique | join("|")')" = "Do you ship to Iceland?" ]
  front GET "/conversations/search/nothing-like-this"
  [ "$(get '._total, (._results | length)' | tr '\n' ' ')" = "0 0 " ]
  front GET "/conversations/search/a/b"
  [ "$STATUS" = 404 ]
  local many
  many=$(for i in $(seq 16); do printf 'after%%3A%d%%20' "$i"; done)
  front GET "/conversations/search/$many"
  [ "$STATUS" = 400 ]
  front GET "/conversations/search/is%3Aupside"
  [ "$STATUS" = 400 ]
}

@test "unknown ids and paths" {
  front GET /conversations/cn_123
  diff <(jq -S . "$BODY") <(jq -S . "$DATA/front/errors/404-unknown-conversation.json")
  front GET /nowhere
  [ "$STATUS" = 404 ]
  error_like 404-minimal.json
  front GET /contacts/alt:email:unknown%40nowhere.example
  [ "$STATUS" = 404 ]
  front DELETE /me
  [ "$STATUS" = 404 ]
}

@test "a merged conversation redirects reads and writes, path and query kept" {
  local merged into
  read -r merged into < <(curl -sS "$MOCK/_mock" | jq -r '.merged | to_entries[0] | "\(.key) \(.value)"')
  front GET "/conversations/$merged/messages?limit=2"
  [ "$STATUS" = 301 ]
  [ "$(header location)" = "$MOCK/conversations/$into/messages?limit=2" ]
  front POST "/conversations/$merged/messages" '{"body": "x"}'
  [ "$STATUS" = 301 ]
  front DELETE "/conversations/$merged/tags" '{"tag_ids": []}'
  [ "$STATUS" = 301 ]
  [ "$(header location)" = "$MOCK/conversations/$into/tags" ]
}

@test "a reply: 202, late, wrapped, archives unless told not to" {
  local id uid
  id=$(conversation "$EMAIL")
  mock_post messages '{"late": 3600, "times": 1}'
  front POST "/conversations/$id/messages" "$(jq -c '.author_id = "alt:email:leela@acme.example" | del(.channel_id, .options.tag_ids)' "$DATA/front/create-message-reply.request.json")"
  [ "$STATUS" = 202 ]
  shape_like create-message-reply.202.response.json
  uid=$(get .message_uid)
  front GET "/messages/alt:uid:$uid"
  [ "$STATUS" = 404 ]
  curl -sS "$MOCK/_mock/conversations/$id" | jq -e --arg uid "$uid" '.waiting[0] | .message_uid == $uid and .never == false'

  mock_post messages '{"late": 0}'
  front POST "/conversations/$id/messages" '{"body": "<p>Bread & butter</p>", "author_id": "alt:email:leela@acme.example", "should_add_default_signature": true, "quote_body": "<p>you wrote</p>"}'
  uid=$(get .message_uid)
  front GET "/messages/alt:uid:$uid"
  [ "$STATUS" = 200 ]
  [ "$(get .is_inbound)" = false ]
  [[ $(get .body) == '<div class="front-body"><p>Bread & butter</p></div>'*front-signature*'<blockquote'*'you wrote'* ]]
  [ "$(get '[.recipients[].role] | join(" ")')" = "from to" ]
  front GET "/conversations/$id/messages"
  shape_like list-conversation-messages.response.json
  [ "$(get '._results[0].message_uid')" = "$uid" ]
  [ "$(get '[._results[].created_at] | . == (sort | reverse)')" = true ]
  front GET "/conversations/$id"
  [ "$(get .status)" = archived ]

  mock_post inbound "{\"from\": \"$(get .recipient.handle)\", \"body\": \"again\", \"conversation\": \"$id\"}"
  front POST "/conversations/$id/messages" '{"body": "x", "options": {"archive": false}}'
  front GET "/conversations/$id"
  [[ $(get .status) == *assigned ]]
  mock_post messages '{"never": true}'
  front POST "/conversations/$id/messages" '{"body": "x", "options": {"archive": false}}'
  [ "$STATUS" = 202 ]
  curl -sS "$MOCK/_mock/conversations/$id" | jq -e '.waiting[-1].never'
}

@test "a reply with recipients and tags" {
  local id tag
  id=$(conversation "$EMAIL")
  front GET /tags
  tag=$(get '._results[0].id')
  mock_post messages '{"late": 0}'
  front POST "/conversations/$id/messages" "{\"body\": \"x\", \"to\": [\"a@b.example\"], \"cc\": [\"c@d.example\"], \"bcc\": [\"e@f.example\"], \"subject\": \"S\", \"options\": {\"tag_ids\": [\"$tag\"]}}"
  front GET "/messages/alt:uid:$(get .message_uid)"
  [ "$(get '[.recipients[1:][] | .role + " " + .handle] | join(", ")')" = "to a@b.example, cc c@d.example, bcc e@f.example" ]
  [ "$(get .subject)" = S ]
  front GET "/conversations/$id"
  [ "$(get "[.tags[].id] | index(\"$tag\") != null")" = true ]
}

@test "bad replies: body, members, ids, author, signature" {
  local id sms signature
  id=$(conversation "$EMAIL")
  sms=$(conversation '.last_message.type == "sms"')
  for bad in '{}' '{"body": ""}' '{"body": 7}' '{"body": "x", "options": 1}' '{"body": "x", "to": "a@b.example"}' \
    '{"body": "x", "options": {"tag_ids": "tag_1"}}' '[]' '"x"'; do
    front POST "/conversations/$id/messages" "$bad"
    [ "$STATUS" = 400 ] || { echo "$bad: $STATUS"; return 1; }
    error_like 400-body.json
    [ "$(get '._error.message')" = "Body did not satisfy requirements" ]
    [ "$(get '._error.details | length > 0')" = true ]
  done
  front POST "/conversations/$id/messages" '{"body": '
  [ "$STATUS" = 400 ]
  [ "$(get '._error | keys | join(" ")')" = message ]
  front POST "/conversations/$id/messages" '{"body": "x", "author_id": "tea_zzz"}'
  [ "$STATUS" = 404 ]
  front POST "/conversations/$id/messages" '{"body": "x", "author_id": "alt:email:ivy@acme.example"}'
  [ "$STATUS" = 403 ]
  front GET /teams
  front GET "/teams/$(get '._results[0].id')/signatures"
  signature=$(get '._results[0].id')
  front POST "/conversations/$sms/messages" "{\"body\": \"x\", \"signature_id\": \"$signature\"}"
  [ "$STATUS" = 403 ]
  front POST "/conversations/$id/messages" "{\"body\": \"x\", \"signature_id\": \"$signature\"}"
  [ "$STATUS" = 202 ]
}

@test "comments: 201, by a teammate or by the app" {
  local id
  id=$(conversation "$EMAIL")
  front POST "/conversations/$id/comments" "$(jq -c '.author_id = "alt:email:jonas@acme.example"' "$DATA/front/create-comment.request.json")"
  [ "$STATUS" = 201 ]
  shape_like create-comment.201.response.json
  front POST "/conversations/$id/comments" '{"body": "seen"}'
  [ "$(get .author)" = null ]
  front GET "/conversations/$id/comments"
  [ "$(get '[._results[-2:][].body] | join("|")')" = "Looks like a duplicate of **TICKET-1**|seen" ]
  [ "$(get 'has("_pagination")')" = false ]
  front POST "/conversations/$id/comments" '{"is_pinned": true}'
  [ "$STATUS" = 400 ]
}

@test "multipart: lists, nested members, files by name and size" {
  local id uid
  id=$(conversation "$EMAIL")
  mock_post messages '{"late": 0}'
  head -c 70000 /dev/zero >"$BATS_TEST_TMPDIR/big file.bin"
  printf 'a,b\n' >"$BATS_TEST_TMPDIR/list.csv"
  uid=$(curl -sS --fail-with-body -H 'Authorization: Bearer mock-token' --form-string 'body=<p>Hi</p>' -F 'to[]=a@b.example' -F 'to[]=c@d.example' \
    -F 'options[archive]=false' -F "attachments[]=@$BATS_TEST_TMPDIR/big file.bin" \
    -F "attachments[]=@$BATS_TEST_TMPDIR/list.csv;type=text/csv" "$MOCK/conversations/$id/messages" | jq -r .message_uid)
  front GET "/messages/alt:uid:$uid"
  [ "$(get '[.attachments[] | "\(.filename) \(.size) \(.content_type)"] | join("|")')" = "big file.bin 70000 application/octet-stream|list.csv 4 text/csv" ]
  [ "$(get '[.recipients[] | select(.role == "to") | .handle] | join(" ")')" = "a@b.example c@d.example" ]
  front GET "/conversations/$id"
  [[ $(get .status) == *assigned ]]
  mock_log '.requests[] | select(.fields) | .fields | [.to, .options.archive, .attachments[1].size]' | grep -Fx '[["a@b.example","c@d.example"],"false",4]'
  local status
  status=$(curl -sS -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer mock-token' -H 'Content-Type: multipart/form-data; boundary=x' \
    -d 'no parts' "$MOCK/conversations/$id/messages")
  [ "$status" = 400 ]
}

@test "contacts: 201, aliases, updated_after, 409 for a handle that exists" {
  front POST /contacts "$(cat "$DATA/front/create-contact.request.json")"
  [ "$STATUS" = 201 ]
  shape_like create-contact.201.response.json
  local id
  id=$(get .id)
  [ "$(get '.lists[0].name')" = Customers ]
  front GET /contacts/alt:email:CALCULON%40momsbot.com
  [ "$(get .id)" = "$id" ]
  front GET "/contacts/alt:phone:%2B12345678900"
  [ "$(get .id)" = "$id" ]
  front POST /contacts '{"handles": [{"handle": "calculon@momsbot.com", "source": "email"}]}'
  [ "$STATUS" = 409 ]
  front POST /contacts '{"handles": [{"handle": "(555) 010-9999", "source": "phone"}]}'
  [ "$(get '.handles[0].handle')" = +15550109999 ]
  front GET "/contacts?q[updated_after]=1767225601&sort_by=updated_at"
  [ "$(get '._results | length')" = 2 ]
  for bad in '{}' '{"handles": []}' '{"handles": [{"handle": "x", "source": "email"}]}' \
    '{"handles": [{"handle": "x", "source": "fax"}]}' '{"handles": [{"handle": "z", "source": "custom"}], "group_names": "x"}'; do
    front POST /contacts "$bad"
    [ "$STATUS" = 400 ] || { echo "$bad: $STATUS"; return 1; }
  done
}

@test "assignee, tags, status: 204 and seen afterwards" {
  local id tag
  id=$(conversation "$EMAIL and .tags == []")
  front GET /tags
  tag=$(get '._results[2].id')
  front PUT "/conversations/$id/assignee" '{"assignee_id": "alt:email:kofi@acme.example"}'
  [ "$STATUS" = 204 ]
  front GET "/conversations/$id"
  [ "$(get '.assignee.username + " " + .status')" = "kofi assigned" ]
  front PUT "/conversations/$id/assignee" '{"assignee_id": null}'
  front POST "/conversations/$id/tags" "{\"tag_ids\": [\"$tag\"]}"
  [ "$STATUS" = 204 ]
  front GET "/conversations/$id"
  [ "$(get '.status + " " + .tags[0].id')" = "unassigned $tag" ]
  front DELETE "/conversations/$id/tags" "{\"tag_ids\": [\"$tag\"]}"
  [ "$STATUS" = 204 ]
  front POST "/conversations/$id/tags" "{\"tag_id\": \"$tag\"}"
  [ "$STATUS" = 400 ]
  front PATCH "/conversations/$id" '{"status": "archived", "assignee_id": "alt:email:jonas@acme.example"}'
  [ "$STATUS" = 204 ]
  front GET "/conversations/$id"
  [ "$(get '.status + " " + .assignee.username + " \(.tags | length)"')" = "archived jonas 0" ]
  front PATCH "/conversations/$id" '{"status": "open"}'
  front GET "/conversations/$id"
  [ "$(get .status)" = assigned ]
}

@test "ticketing: off it is 404 and 400, on it filters" {
  front GET /company/statuses
  [ "$STATUS" = 404 ]
  front GET "/conversations?q[status_categories][]=open"
  [ "$STATUS" = 400 ]
  mock_post ticketing '{"enabled": true}'
  front GET /company/statuses
  shape_like list-statuses.response.json
  local waiting id
  waiting=$(get '._results[] | select(.category == "waiting") | .id')
  front GET "/conversations?q[status_categories][]=open&q[status_categories][]=resolved&limit=100"
  [ "$(get '[._results[].status_category] | unique | join(" ")')" = "open resolved" ]
  shape_like list-conversations.response.json
  id=$(get '[._results[] | select(.status_category == "open")][0].id')
  front PATCH "/conversations/$id" "{\"status_id\": \"$waiting\"}"
  [ "$STATUS" = 204 ]
  front GET "/conversations?q[status_ids][]=$waiting&limit=100"
  [ "$(get "[._results[].id] | index(\"$id\") != null")" = true ]
}

@test "rate headers count down; a real limit answers 429" {
  front GET /me
  [ "$(header x-ratelimit-limit)" = 200 ]
  [ "$(header x-ratelimit-remaining)" = 199 ]
  mock_post limits '{"limit": 3, "window": 86400, "enforce": true}'
  front GET /me
  [ "$(header x-ratelimit-remaining)" = 2 ]
  front GET /conversations/search/order
  front GET /me
  [ "$STATUS" = 200 ]
  front GET /me
  [ "$STATUS" = 429 ]
  [ "$(header retry-after)" -ge 1 ]
  [ "$(header x-ratelimit-remaining)" = 0 ]
  error_like 429-burst.json
}

@test "faults: every kind, matched, counted, cleared" {
  fault() { mock_post faults "$1" >/dev/null; }
  local retry
  fault '{"kind": "429", "retry_after": 20}'
  front GET /me
  [ "$STATUS $(header retry-after) $(header x-ratelimit-remaining)" = "429 20 0" ]
  front GET /me
  [ "$STATUS" = 200 ]
  fault '{"kind": "429-burst", "match": {"path": "/inboxes"}}'
  front GET /me
  [ "$STATUS" = 200 ]
  front GET /inboxes
  [ "$STATUS $(header x-front-tier)" = "429 2" ]
  diff <(jq -S . "$BODY") <(jq -S . "$DATA/front/errors/429-burst.json")
  [ "$(header x-ratelimit-remaining)" -gt 0 ]
  fault '[{"kind": "500"}, {"kind": "503", "retry_after": 2}]'
  front GET /me
  [ "$STATUS" = 500 ]
  front GET /me
  [ "$STATUS $(header retry-after)" = "503 2" ]
  fault '{"kind": "301", "location": "https://elsewhere.example/me"}'
  front GET /me
  [ "$STATUS $(header location)" = "301 https://elsewhere.example/me" ]
  fault '{"kind": "html"}'
  front GET /me
  [[ $STATUS == 200 && $(header content-type) == text/html* && $(cat "$BODY") == "<!doctype"* ]]
  fault '{"kind": "truncated"}'
  front GET /me
  [ -s "$BODY" ]
  run jq . "$BODY"
  [ "$status" -ne 0 ]
  fault '{"kind": "huge", "bytes": 30000000}'
  front GET /me
  [ "$(wc -c <"$BODY")" = 30000000 ]
  fault '{"kind": "empty"}'
  front GET /me
  [ "$STATUS" = 200 ]
  [ ! -s "$BODY" ]
  fault '{"kind": "foreign-next", "match": {"method": "GET", "path": "^/con.acts$"}}'
  front GET /contacts
  [[ $(get ._pagination.next) == https://front.attacker.example/* ]]
  fault '{"kind": "error-no-fields"}'
  front GET /me
  [ "$STATUS $(jq -c . "$BODY")" = '400 {"_error":{}}' ]
  fault '{"kind": "status", "status": 418, "body": {"a": 1}, "headers": {"X-Odd": "yes"}}'
  front GET /me
  [ "$STATUS $(header x-odd) $(get .a)" = "418 yes 1" ]
  fault '{"kind": "slow", "after": 0.1}'
  front GET /me
  [ "$STATUS" = 200 ]
  fault '{"kind": "500", "times": 2, "skip": 1}'
  front GET /me
  [ "$STATUS" = 200 ]
  front GET /me
  front GET /me
  [ "$STATUS" = 500 ]
  front GET /me
  [ "$STATUS" = 200 ]
  fault '{"kind": "500", "times": 9}'
  curl -sS -X DELETE "$MOCK/_mock/faults"
  front GET /me
  [ "$STATUS" = 200 ]
  run mock_post faults '{"kind": "explode"}'
  [ "$status" -ne 0 ]
  run mock_post faults '[{"kind": "500"}, {"kind": "500", "tmies": 2}]'
  [ "$status" -ne 0 ]
  [ "$(curl -sS "$MOCK/_mock/faults" | jq -c .faults)" = '[]' ]
}

@test "faults: dropped before, dropped after the write" {
  local id before
  id=$(conversation "$EMAIL")
  before=$(curl -sS "$MOCK/_mock/conversations/$id" | jq '.comments | length')
  mock_post faults '{"kind": "drop", "match": {"method": "POST"}}'
  run front POST "/conversations/$id/comments" '{"body": "lost"}'
  [ "$status" -ne 0 ]
  mock_post faults '{"kind": "drop-after", "match": {"method": "POST"}}'
  run front POST "/conversations/$id/comments" '{"body": "kept"}'
  [ "$status" -ne 0 ]
  mock_post faults '{"kind": "503", "accept": true, "match": {"method": "POST"}}'
  front POST "/conversations/$id/comments" '{"body": "kept too"}'
  [ "$STATUS" = 503 ]
  curl -sS "$MOCK/_mock/conversations/$id" | jq -e --argjson n "$before" '[.comments[$n:][].body] == ["kept", "kept too"]'
  mock_log '[.requests[] | select(.method == "POST") | [.status, .dropped]]' | grep -Fx '[[null,true],[null,true],[503,null]]'
}

@test "the log: in order, bodies as sent, no token" {
  front GET "/conversations?limit=1"
  front POST /contacts '{"handles":[{"handle":"Zoë@café.example","source":"email"}]}'
  curl -sS -o /dev/null -H 'Authorization: Bearer secret-of-another' "$MOCK/me"
  [ "$(mock_log '[.requests[] | "\(.method) \(.path)?\(.query) \(.status) \(.headers.authorization)"]')" = \
    '["GET /conversations?limit=1 200 Bearer (token)","POST /contacts? 201 Bearer (token)","GET /me? 401 Bearer (unknown token)"]' ]
  [ "$(mock_log '.requests[1].body' | jq -r .)" = '{"handles":[{"handle":"Zoë@café.example","source":"email"}]}' ]
  [ "$(mock_log '.requests[1].json.handles[0].source')" = '"email"' ]
  run grep -e mock-token -e secret-of-another <(curl -sS "$MOCK/_mock/log")
  [ "$status" -eq 1 ]
  [ "$(curl -sS "$MOCK/_mock/log" | tail -c 1 | od -An -c)" = '  \n' ] # the prompt stays on a line of its own
  curl -sS -X DELETE "$MOCK/_mock/log"
  [ "$(mock_log)" = '[]' ]
}

@test "the clock: a Date alone, the moved one where it was moved" {
  local now moved
  now=$(date +%s)
  mock_post clock '{"offset": 86400}' >/dev/null
  front GET /me
  moved=$(date -d "$(header date)" +%s)
  [ "$(grep -ci '^date:' "$HEADERS")" = 1 ]
  [ "$moved" -ge $((now + 86400)) ]
  [ "$moved" -le $(($(date +%s) + 86401)) ]
  mock_post clock '{}' >/dev/null
  front GET /me
  [ "$(grep -ci '^date:' "$HEADERS")" = 1 ]
  [ "$(date -d "$(header date)" +%s)" -le $(($(date +%s) + 1)) ]
}

@test "what curl shows of a handle ends with a line's end, and an answer of Front's does not" {
  local command
  for command in _mock _mock/log _mock/faults _mock/limits _mock/deliveries _mock/unheard-of; do
    [ "$(curl -sS "$MOCK/$command" | tail -c 1 | od -An -c)" = '  \n' ] || { echo "$command"; false; }
  done
  curl -sS -d '{"from": "ana@mail.example", "subject": "Parcel", "body": "Where is it?"}' "$MOCK/_mock/inbound" >"$BATS_TEST_TMPDIR/in"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/in")" = 1 ]
  [ "$(jq -r .message.text "$BATS_TEST_TMPDIR/in")" = 'Where is it?' ]
  [ "$(curl -sS -H 'Authorization: Bearer mock-token' "$MOCK/me" | wc -l)" = 0 ]
}

@test "body fields that are not known are ignored and marked in the log; known ones are checked" {
  front GET '/conversations?limit=1'
  local reply="/conversations/$(get '._results[0].id')/messages"
  curl -sS -X DELETE "$MOCK/_mock/log"
  front POST "$reply" '{"body": "hi", "conversation_id": "cnv_1", "options": {"archive": false, "later": 1}}'
  [ "$(get .status)" = accepted ]
  front POST "$reply" '{"body": 5, "conversation_id": "cnv_1"}'
  [ "$(get '._error.details[]')" = 'body: must be of type string' ]
  front POST "$reply" '{"conversation_id": "cnv_1"}'
  [ "$(get '._error.details[]')" = 'body: is required' ]
  front POST "$reply" '{"body": "hi"}'
  [ "$(mock_log '[.requests[] | [.status, .unknown_fields]]')" = \
    '[[202,["conversation_id","options.later"]],[400,["conversation_id"]],[400,["conversation_id"]],[202,null]]' ]
  # a slip in the mock's own controls is still named
  run mock_post limits '{"limitt": 1}'
  [ "$status" -ne 0 ]
  [[ $output == *'limitt: is not allowed'* ]]
}

@test "a customer writes in, a teammate assigns, a contact appears" {
  local id
  id=$(mock_post inbound '{"from": "ana@new.example", "name": "Ana", "subject": "Hello", "body": "Is <this> on?", "inbox": "Sales"}' | jq -r .conversation.id)
  front GET "/conversations?limit=1"
  [ "$(get '._results[0] | .id + " " + .subject + " " + .status + " " + .recipient.name')" = "$id Hello unassigned Ana" ]
  [ "$(get '._results[0].last_message.body')" = 'Is &lt;this&gt; on?' ]
  front GET /contacts/alt:email:ana%40new.example
  [ "$(get .name)" = Ana ]
  mock_post assign "{\"conversation\": \"$id\", \"teammate\": \"alt:email:misaki@acme.example\"}" | jq -e '.assignee.first_name == "美咲"'
  mock_post contact '{"name": "Bo", "handles": [{"handle": "bo@new.example", "source": "email"}]}' | jq -e .id
  [ "$(mock_log '[.requests[].method]')" = '["GET","GET"]' ] # controls are not logged
  # curl -d alone calls its text a form; the API itself does not take it for JSON
  curl -sSf -d '{"from": "cy@new.example", "body": "x"}' "$MOCK/_mock/inbound" | jq -e .message.id
  [ "$(curl -sS -o "$BODY" -w "%{http_code}" -H "Authorization: Bearer mock-token" -d "{\"name\": \"x\"}" "$MOCK/contacts")" = 400 ]
}

@test "the company's name and clock can be set" {
  stop_mock
  start_mock --company "Zed & Söhne" --seed 7
  front GET /me
  [ "$(get .name)" = "Zed & Söhne" ]
  front GET /channels
  [ "$(get '._results[0].address')" = support@zed.example ]
  mock_post clock '{"now": 1800000000.5}'
  local at
  at=$(mock_post inbound '{"from": "a@b.example", "body": "x"}' | jq .message.created_at)
  [ "$at" = 1800000000.5 ]
}
