#!/usr/bin/env bats
# The six actions through the binary against the mock company: each with every parameter, held
# against what the company received.

load helper

setup() {
  start_mock
  AGENCY=$BATS_TEST_TMPDIR/agency
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
  unset FOYER_KEY_FILE
  printf mock-token >"$BATS_TEST_TMPDIR/token"
  printf hello >"$BATS_TEST_TMPDIR/a.txt"
  "$FOYER" init "$AGENCY"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"

  INBOX=$(company /inboxes '.[0].id')
  TEAMMATE=$(company "/inboxes/$INBOX/teammates" '.[0].id')
  CONVERSATION=$(company "/inboxes/$INBOX/conversations" '.[0].id')
  CHANNEL=$(company /channels 'map(select(.type == "smtp"))[0].id')
  TAG=$(company /tags 'map(select(.is_private | not))[0].id')
  SIGNATURE=$(company "/teams/$(company /teams '.[0].id')/signatures" '.[0].id')
}

teardown() {
  stop_mock
}

# What the company itself says: company PATH JQ
company() {
  curl -sf -H 'Authorization: Bearer mock-token' "$MOCK$1" | jq -r "._results | $2"
}

# foyer call, for acme: its answer is left in $output, its errors in $stderr.
call() {
  local action=$1
  shift
  curl -sf -X DELETE "$MOCK/_mock/log"
  status=0
  output=$("$FOYER" -w "$AGENCY" call "front/$action" --client acme --json "$@" 2>"$BATS_TEST_TMPDIR/err") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/err")
  [ "$status" = 0 ] || echo "exit $status: $stderr"
}

# Field of the answer: answer JQ
answer() { jq -rc "$1" <<<"$output"; }

# Part of the one request that the company received: sent JQ
sent() {
  mock_log | jq -rcS "if length == 1 then .[0] | $1 else \"\\(length) requests\" end"
}

# Its query, decoded as far as brackets and sorted, on one line.
query() {
  sent .query | sed 's/%5[Bb]/[/g; s/%5[Dd]/]/g' | tr '&' '\n' | LC_ALL=C sort | paste -sd '&'
}

same() {
  [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }
}

# The action refuses, says why, and nothing is sent: refuses WHY ACTION KEY=VALUE...
refuses() {
  local why=$1
  shift
  call "$@"
  same "$status" 65
  [[ $stderr == *"$why"* ]] || { echo "no \"$why\" in: $stderr"; return 1; }
  same "$(sent .path)" "0 requests"
}

@test "list-inboxes" {
  call list-inboxes
  same "$(sent '.method + " " + .path + "?" + .query')" "GET /inboxes?"
  same "$(answer '.results | length')" "$(company /inboxes length)"
  same "$(answer '.results[0].id')" "$INBOX"
  same "$(answer '.results | map(.is_private | type) | unique')" '["boolean"]'
}

@test "archive-conversation: an answer without a body" {
  call archive-conversation conversation_id="$CONVERSATION"
  same "$(answer .)" '{}'
  same "$(sent '[.method, .path, (.body | fromjson)]')" \
    "[\"PATCH\",\"/conversations/$CONVERSATION\",{\"status\":\"archived\"}]"
  output=$("$FOYER" -w "$AGENCY" call front/archive-conversation --client acme conversation_id="$CONVERSATION" 2>&1)
  same "$output" "done"
}

@test "list-conversations: every parameter" {
  mock_post ticketing '{"enabled": true}'
  call list-conversations statuses=assigned statuses=unassigned status_categories=open status_ids=sts_5x \
    limit=7 sort_by=date sort_order=asc
  same "$(sent '.method + " " + .path')" "GET /conversations"
  local statuses='q[status_categories][]=open&q[status_ids][]=sts_5x&q[statuses][]=assigned&q[statuses][]=unassigned'
  same "$(query)" "limit=7&$statuses&sort_by=date&sort_order=asc"
  same "$(answer '.results | length')" 7
}

@test "list-conversations: the next page, with nothing added" {
  call list-conversations statuses=unassigned limit=3
  local next first
  next=$(answer .next)
  first=$(answer '.results[0].id')
  call list-conversations next="$next"
  same "$MOCK$(sent '.path + "?" + .query')" "$next"
  [ "$(answer '.results[0].id')" != "$first" ]
}

@test "list-conversations: search is one encoded segment" {
  call list-conversations q="is:open is:unassigned" limit=2
  same "$(sent '.path + "?" + .query')" "/conversations/search/is%3Aopen%20is%3Aunassigned?limit=2"
  same "$(answer '.total | type')" number
}

@test "list-conversations: within an inbox, a tag, a contact, an assignee" {
  call list-conversations inbox_id="$INBOX" statuses=archived limit=5
  same "$(sent .path)" "/inboxes/$INBOX/conversations"
  same "$(query)" 'limit=5&q[statuses][]=archived'
  call list-conversations tag_id="$TAG"
  same "$(sent .path)" "/tags/$TAG/conversations"
  call list-conversations assignee_id="$TEAMMATE"
  same "$(sent .path)" "/teammates/$TEAMMATE/conversations"
  local contact
  contact=$(company /contacts '.[0].id')
  call list-conversations contact_id="$contact"
  same "$(sent .path)" "/contacts/$contact/conversations"
}

@test "list-conversations: what does not go together" {
  refuses "put the status into q" list-conversations q=wool statuses=archived
  refuses "ordered by last activity" list-conversations q=wool sort_order=asc
  refuses "only the list of all conversations" list-conversations inbox_id="$INBOX" sort_order=asc
  refuses "contains the filters" list-conversations next="$MOCK/conversations?page_token=x" statuses=archived
}

@test "get-conversation" {
  call get-conversation conversation_id="$CONVERSATION"
  same "$(sent '.method + " " + .path + "?" + .query')" "GET /conversations/$CONVERSATION?"
  same "$(answer .id)" "$CONVERSATION"
}

@test "send-conversation-reply: every parameter of a message" {
  call send-conversation-reply conversation_id="$CONVERSATION" type=message body='<p>Hello &amp; welcome</p>' \
    author_id="$TEAMMATE" channel_id="$CHANNEL" signature_id="$SIGNATURE" should_add_default_signature=false \
    to=ada@customer.example to=bob@customer.example cc=cc@customer.example bcc=bcc@customer.example \
    subject='Your order' text='Hello' sender_name='Leela at Acme' quote_body='<p>Hm?</p>' tag_ids="$TAG" archive=true
  same "$(sent '.method + " " + .path')" "POST /conversations/$CONVERSATION/messages"
  same "$(sent .json)" "$(jq -ncS --arg author "$TEAMMATE" --arg channel "$CHANNEL" --arg signature "$SIGNATURE" \
    --arg tag "$TAG" '{
    body: "<p>Hello &amp; welcome</p>", author_id: $author, channel_id: $channel, signature_id: $signature,
    should_add_default_signature: false, to: ["ada@customer.example", "bob@customer.example"],
    cc: ["cc@customer.example"], bcc: ["bcc@customer.example"], subject: "Your order", text: "Hello",
    sender_name: "Leela at Acme", quote_body: "<p>Hm?</p>", options: {archive: true, tag_ids: [$tag]}}')"
  same "$(answer .status)" accepted
  [ -n "$(answer .message_uid)" ]
}

@test "send-conversation-reply: archive is always said, and null is no signature" {
  call send-conversation-reply conversation_id="$CONVERSATION" body=x 'signature_id:=null'
  same "$(sent .json)" '{"body":"x","options":{"archive":false},"signature_id":null}'
}

@test "send-conversation-reply: files go as multipart" {
  call send-conversation-reply conversation_id="$CONVERSATION" body='<b>x</b>' to=ada@customer.example \
    attachments=@"$BATS_TEST_TMPDIR/a.txt" tag_ids="$TAG"
  same "$(sent '.headers["content-type"] | split(";")[0]')" multipart/form-data
  same "$(sent '.fields | del(.attachments)')" "$(jq -ncS --arg tag "$TAG" \
    '{body: "<b>x</b>", to: ["ada@customer.example"], options: {archive: "false", tag_ids: [$tag]}}')"
  same "$(sent '.fields.attachments | map([.filename, .size])')" '[["a.txt",5]]'
}

@test "send-conversation-reply: a comment" {
  call send-conversation-reply conversation_id="$CONVERSATION" type=comment body='Looks **good**' \
    author_id="$TEAMMATE" is_pinned=true
  same "$(sent '.method + " " + .path')" "POST /conversations/$CONVERSATION/comments"
  same "$(sent .json)" "$(jq -ncS --arg author "$TEAMMATE" '{body: "Looks **good**", author_id: $author, is_pinned: true}')"
  [[ $(answer .id) == com_* ]]
  call send-conversation-reply conversation_id="$CONVERSATION" type=comment body=f attachments=@"$BATS_TEST_TMPDIR/a.txt"
  same "$(answer '.attachments[0].filename')" a.txt
}

@test "send-conversation-reply: fields of the other type, and a 403 explained" {
  refuses "subject is for type=message" send-conversation-reply conversation_id="$CONVERSATION" type=comment body=x subject=y
  refuses "is_pinned is for type=comment" send-conversation-reply conversation_id="$CONVERSATION" body=x is_pinned=true
  local chat
  chat=$(company /channels 'map(select(.type == "twilio"))[0].id')
  call send-conversation-reply conversation_id="$CONVERSATION" body=x channel_id="$chat" signature_id="$SIGNATURE"
  same "$status" 65
  [[ $stderr == *"access to the conversation's inbox"*messages:send*signature_id* ]]
}

@test "list-contacts: every parameter" {
  call list-contacts updated_after=1970-01-01T00:16:40Z updated_before=4000000000 limit=9 sort_by=updated_at sort_order=desc
  same "$(sent '.method + " " + .path')" "GET /contacts"
  same "$(query)" 'limit=9&q[updated_after]=1000&q[updated_before]=4000000000&sort_by=updated_at&sort_order=desc'
  same "$(answer '.results | length')" 9
}

@test "create-contact: every parameter" {
  call create-contact name='Ada Example' description='Buys wool' links=https://customer.example \
    list_names=Customers group_names=Old custom_fields:='{"Job Title":"Buyer","Since":2026}' \
    handles:='[{"handle":"ada.new@customer.example","source":"email"},{"handle":"ada-x","source":"custom"}]'
  same "$(sent '.method + " " + .path')" "POST /contacts"
  same "$(sent .json)" "$(jq -ncS '{
    name: "Ada Example", description: "Buys wool", links: ["https://customer.example"], list_names: ["Customers"],
    group_names: ["Old"], custom_fields: {"Job Title": "Buyer", Since: 2026}, handles: [
      {handle: "ada.new@customer.example", source: "email"}, {handle: "ada-x", source: "custom"}]}')"
  [[ $(answer .id) == crd_* ]]

  call create-contact handles:='[{"handle":"ada.new@customer.example","source":"email"}]'
  same "$status" 65
  [[ $stderr == *"taken already"* ]]
}

@test "create-contact: handles by their numbers, and names that would be lost" {
  call create-contact handles.1.handle=eve.new@customer.example handles.1.source=email \
    handles.2.handle=eve-x handles.2.source=custom custom_fields.City=Zug
  same "$(sent .json)" "$(jq -ncS '{custom_fields: {City: "Zug"}, handles: [
    {handle: "eve.new@customer.example", source: "email"}, {handle: "eve-x", source: "custom"}]}')"
  [[ $(answer .id) == crd_* ]]

  call create-contact handles:='[{"handle":"eve-y","source":"custom"}]' handles.handle=x
  same "$status" 64
  [[ $stderr == *"cannot read handles.handle=…: handles is a list: give an item's number, as in handles.1"* ]]
  call create-contact handles:='[{"handle":"eve-y","source":"custom"}]' custom_fields.A..B=x
  same "$status" 64
  [[ $stderr == *"cannot read custom_fields.A..B=…: a part of the name is empty; "*"custom_fields:='{\"A..B\": …}'"* ]]
}

@test "create-contact: a picture goes as multipart" {
  call create-contact name=Bob avatar=@"$BATS_TEST_TMPDIR/a.txt" custom_fields:='{"Job Title":"Buyer"}' \
    handles:='[{"handle":"bob.new@customer.example","source":"email"},{"handle":"bob-x","source":"custom"}]'
  same "$(sent '.fields | del(.avatar)')" "$(jq -ncS '{
    name: "Bob", custom_fields: {"Job Title": "Buyer"}, handles: [
      {handle: "bob.new@customer.example", source: "email"}, {handle: "bob-x", source: "custom"}]}')"
  same "$(sent '.fields.avatar.filename')" a.txt
  [[ $(answer .id) == crd_* ]]
}
