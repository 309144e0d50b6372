#!/usr/bin/env bats
# The mock's app channels: it asks a channel's server, and the server asks it.

load helper
load webhooks

setup() {
  start_mock
  start_receiver mock-channel-key
}

teardown() {
  stop_mock
  stop_receiver
}

like() {
  local differences
  differences=$(jq -n -r --slurpfile example "$DATA/front/$1" --slurpfile answer <(printf '%s' "$2") \
    -f "$ROOT/tests/e2e/shape.jq")
  [ -z "$differences" ] || { echo "$1: $differences"; return 1; }
}

channel() {
  mock_post channel "{\"url\": \"$RECEIVER/$1\"}"
}

# token CHANNEL [KEY ISS EXP ALG]: a token as a server makes it, by Python's own means.
token() {
  python3 - "$1" "${2-mock-channel-key}" "${3-mock-app}" "${4-10}" "${5-HS256}" <<'E2'
import base64, hashlib, hmac, json, sys, time
channel, key, iss, seconds, alg = sys.argv[1:]
def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
claims = {"iss": iss, "sub": channel, "jti": "c0ffee\u00e9?>", "exp": int(time.time()) + int(seconds)}
text = part(json.dumps({"alg": alg, "typ": "JWT"}).encode()) + b"." + part(json.dumps(claims).encode())
print((text + b"." + part(hmac.new(key.encode(), text, hashlib.sha256).digest())).decode())
E2
}

@test "authorization, message, autoreply, delete: signed, answered, reported" {
  local answer
  answer=$(channel channel)
  same "$(jq -c '[.ok, .status, .webhook_url]' <<<"$answer")" "[true,200,\"$RECEIVER/channel/messages\"]"
  CHANNEL=$(jq -r .channel <<<"$answer")
  answer=$(mock_post channel/message '{"body": "<p>Anything less</p>", "author": "alt:email:kofi@acme.example"}')
  same "$(jq -c '[.ok, .answer.external_conversation_id, .answer.external_id == "ext-" + .message]' <<<"$answer")" \
    '[true,"ext-conversation",true]'
  local conversation
  conversation=$(jq -r .conversation <<<"$answer")
  answer=$(mock_post channel/message "{\"body\": \"More\", \"conversation\": \"$conversation\"}")
  same "$(jq .ok <<<"$answer")" true
  mock_post channel/autoreply "{\"body\": \"We are closed\", \"conversation\": \"$conversation\"}" >/dev/null
  same "$(curl -sS -X DELETE "$MOCK/_mock/channel" | jq .ok)" true
  same "$(received 'map([.method, .path, .signed, .json.type])')" \
    '[["POST","/channel","application","authorization"],["POST","/channel/messages","application","message"],["POST","/channel/messages","application","message"],["POST","/channel/messages","application","message_autoreply"],["DELETE","/channel","undefined","delete"]]'
  like channel-api/authorization.request.json "$(received '.[0].json')"
  like channel-api/message.request.json "$(received '.[2].json')"
  like channel-api/message_autoreply.request.json "$(received '.[3].json | del(.metadata)')"
  same "$(received '[.[1].json.metadata, .[2].json.metadata.external_conversation_ids, .[3].json.payload.id, .[3].json.payload._links.self]')" \
    '[null,["ext-conversation"],null,null]'
  same "$(received '.[4].json')" "{\"payload\":{\"channel_id\":\"$CHANNEL\"},\"type\":\"delete\"}"
}

@test "a server that refuses, or answers without an id: the message failed" {
  mock_post webhook "{\"url\": \"$RECEIVER/hook\", \"scheme\": \"body\", \"events\": [\"sending_error\"]}" >/dev/null
  same "$(channel refuse | jq .ok)" false
  local answer message
  answer=$(mock_post channel/message '{"body": "Hello"}')
  same "$(jq -c '[.ok, .answer.type]' <<<"$answer")" '[false,"bad_request"]'
  message=$(jq -r .message <<<"$answer")
  settled 1
  same "$(received 'map(select(.path == "/hook").json | [.type, .payload.type, .payload.target.data.id])')" \
    "[[\"message_delivery_failed\",\"sending_error\",\"$message\"]]"
  same "$(channel status/200 | jq .ok)" false
}

@test "a reply through the API reaches the channel's server" {
  channel channel >/dev/null
  mock_post messages '{"late": 0}' >/dev/null
  local conversation n
  conversation=$(mock_post inbound '{"from": "shopper-9", "body": "Hi", "inbox": "Web shop chat"}' | jq -r .conversation.id)
  same "$(api POST "/conversations/$conversation/messages" '{"body": "Hello back"}')" 202
  for ((n = 0; n < 3000; n++)); do
    [ "$(received length)" != 2 ] || break
    sleep 0.02
  done
  same "$(received '.[1].json | [.type, .payload.body]')" '["message","Hello back"]'
}

@test "the server brings messages in, with its own token" {
  local id key
  id=$(channel channel | jq -r .channel)
  mock_post messages '{"late": 0}' >/dev/null
  mock_post webhook "{\"url\": \"$RECEIVER/hook\", \"scheme\": \"body\"}" >/dev/null
  local body='{"sender": {"handle": "shopper-77", "name": "Sam"}, "body": "Hello", "metadata": {"external_id": "e1", "external_conversation_id": "c1"}}'
  TOKEN=$(token "$id")
  same "$(api POST "/channels/$id/inbound_messages" "$body")" 202
  same "$(jq -c 'keys' "$BODY")" '["message_uid","status"]'
  local uid
  uid=$(jq -r .message_uid "$BODY")
  same "$(api POST "/channels/$id/outbound_messages" '{"to": [{"handle": "shopper-77"}], "body": "Sent elsewhere", "metadata": {"external_id": "e2", "external_conversation_id": "c1"}}')" 202
  settled 2
  TOKEN=mock-token
  same "$(api GET "/messages/alt:uid:$uid")" 200
  same "$(jq -c '[.is_inbound, .text]' "$BODY")" '[true,"Hello"]'
  # one conversation for one external id
  same "$(received 'map(select(.path == "/hook").json.payload | [.type, .conversation.id]) | [length, (map(.[1]) | unique | length), (map(.[0]) | sort)]')" \
    '[2,1,["inbound","outbound"]]'
  local n
  for ((n = 0; n < 3000; n++)); do
    [ "$(received 'map(select(.json.type == "message_imported")) | length')" != 2 ] || break
    sleep 0.02
  done
  like channel-api/message_imported.request.json "$(received 'map(select(.json.type == "message_imported"))[0].json')"
  same "$(received 'map(select(.json.type == "message_imported")) | map([.signed, .json.metadata.external_conversation_id]) | unique')" \
    '[["application","c1"]]'
}

@test "tokens that are not that channel's are refused" {
  local id bad
  id=$(channel channel | jq -r .channel)
  local body='{"sender": {"handle": "s"}, "body": "Hello", "metadata": {"external_id": "e1", "external_conversation_id": "c1"}}'
  for bad in "$(token "$id" wrong-key)" "$(token cha_other)" "$(token "$id" mock-channel-key other-app)" \
    "$(token "$id" mock-channel-key mock-app -5)" "$(token "$id" mock-channel-key mock-app 10 none)" mock-token x.y.z; do
    TOKEN=$bad
    same "$(api POST "/channels/$id/inbound_messages" "$body")" 401
  done
  TOKEN=$(token "$id")
  same "$(api POST "/channels/$id/inbound_messages" '{"sender": {}, "body": "x", "metadata": {"external_id": "e"}}')" 400
  same "$(jq -c ._error.details "$BODY")" \
    '["metadata.external_conversation_id: is required","sender.handle: is required"]'
  # It is good for nothing else.
  same "$(api GET /me)" 401
}
