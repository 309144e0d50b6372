#!/usr/bin/env bats
# foyer explain: what became of a customer's messages, in sentences; a page to print.

load helper
load agency
load store

setup() {
  export HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config AGENCY=$BATS_TEST_TMPDIR/agency
  export COMPANY_TOKEN=mock-token
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LOG_FORMAT FOYER_LUA_DIR
  start_mock
  mock_post limits '{"limit": 1000000}' >/dev/null
  mock_post messages '{"late": 0}' >/dev/null
  "$FOYER" init "$AGENCY" 2>/dev/null
  printf %s mock-token >"$BATS_TEST_TMPDIR/token"
  "$FOYER" -w "$AGENCY" connect acme --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK" >/dev/null
  echo 'return { apps = { front = { signing_key = "mock-signing-key" } } }' >"$AGENCY/foyer.lua"
  mkdir -p "$AGENCY/recipes" "$AGENCY/clients/acme/templates"
  settings 'bot = true'
  echo 'Dear {{name}}, your order 17 has left us.' >"$AGENCY/clients/acme/templates/gone.md"
  bot 'return ctx.call("front/send-conversation-reply", { conversation_id = id, body = ctx.template("gone", { name = "Ana" }) })'
  rm -f "$BATS_TEST_TMPDIR/serving"
  mkfifo "$BATS_TEST_TMPDIR/serving"
  "$FOYER" -w "$AGENCY" serve --dev --listen 127.0.0.1:0 --workers 0 >"$BATS_TEST_TMPDIR/serving" 2>"$BATS_TEST_TMPDIR/serve.log" 3>&- &
  SERVER=$!
  local line
  read -r -t 120 line <"$BATS_TEST_TMPDIR/serving"
  mock_post webhook "$(jq -nc --arg url "${line#listening: }/hooks/front" '{$url, events: ["inbound", "outbound"]}')" >/dev/null
}

teardown() {
  { kill -9 "$SERVER"; wait "$SERVER" || true; } 2>/dev/null
  stop_mock
}

settings() {
  printf 'return { name = "Acme & Sons", timezone = "America/New_York", replies_per_hour = 100, vars = { phone = "17" }, recipes = { %s } }\n' "$1" \
    >"$AGENCY/clients/acme/client.lua"
}

# bot BODY: what the recipe does; `id` is the conversation's
bot() {
  printf 'return { summary = "Answer each letter.", on = "front/message-received", run = function(ctx, event)
    local id = event.payload.conversation.id\n%s\nend }\n' "$1" >"$AGENCY/recipes/bot.lua"
}

settled() {
  curl -sf "$MOCK/_mock/deliveries?summary=1" | jq -e '.pending == 0 and .coming == 0' >/dev/null
}

# letter NAME BODY [CONVERSATION]: NAME@mail.example writes; the conversation's id
letter() {
  mock_post inbound "$(jq -nc --arg from "$1@mail.example" --arg body "$2" --arg conversation "${3:-}" \
    '{$from, name: "Ana <b>X</b>", subject: "My order", $body, new: true} + if $conversation != "" then {$conversation} else {} end')" |
    jq -r .conversation.id
  until_true settled
}

by_hand() {
  mock_post do "$(jq -nc --arg path "/conversations/$1/messages" '{$path, body: {body: "<p>Hello, it is Leela.</p>"}}')" |
    jq -e '.status == 202' >/dev/null
  until_true settled
}

# explain WHAT [OPTION...]
explain() {
  foyer explain "$1" --client acme "${@:2}"
  same "$status" 0 || { echo "$output $stderr"; return 1; }
}

kinds() {
  jq -r '.conversations[0].items | map(.kind) | join(" ")' <<<"$output"
}

summary() {
  jq -r ".conversations[${1:-0}].summary | join(\" \")" <<<"$output"
}

@test "did you answer ana@mail.example, and why so? a week later, after the template has changed" {
  conversation=$(letter ana "Where is my order?")
  foyer cron
  until_true settled
  echo 'Dear {{name}}, it is still here.' >"$AGENCY/clients/acme/templates/gone.md"
  export FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7 * 86400000))
  explain ana@mail.example
  holds "$output" "ana@mail.example, Acme & Sons (times in America/New_York)"
  holds "$output" "\"My order\" ($conversation)"
  holds "$output" "Ana <b>X</b> wrote once."
  holds "$output" "The first answer came "
  holds "$output" "by the rule \"bot\"."
  holds "$output" "No person answered."
  holds "$output" "      | Where is my order?"
  holds "$output" "It was a case for the rule \"bot\": Answer each letter."
  holds "$output" "      | Dear Ana, your order 17 has left us."
  holds "$output" "It was written from the template \"gone.md\" (the client's own, version $(
    printf 'Dear {{name}}, your order 17 has left us.\n' | sha256sum | cut -c -8))."
  [[ $output != *"still here"* ]]
  for what in "$conversation" "run 1" "$(sql "SELECT event FROM delivery WHERE id = 1" | jq -r .event)"; do
    explain "$what" --json
    same "$(jq -r '.conversations[].conversation' <<<"$output")" "$conversation"
    same "$(kinds)" "wrote decided sent"
  done
  same "$(jq -c '.conversations[0] | [.read, .customer, .subject, .items[2].templates[0].layer, .items[2].run]' <<<"$output")" \
    '["now","Ana <b>X</b>","My order","client",1]'
  # after keep.exchanges the text is Front's own, and the hash says that it is that one
  sed -i 's/^return {/& keep = { exchanges = "12d" },/' "$AGENCY/foyer.lua"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 14 * 86400000)) foyer cron
  explain "$conversation" --json
  same "$(jq -c '.conversations[0].items[2] | [.kind, .quote, (.body_hash | length), .templates[0].name]' <<<"$output")" \
    '["sent","Dear Ana, your order 17 has left us.",64,"gone.md"]'
  foyer disconnect acme
  explain "$conversation"
  holds "$output" "Told from what foyer has stored: acme is not connected at the moment"
  holds "$output" "The text is not kept any more; its SHA-256: "
}

@test "the release that an answer was written by, after the next one" {
  foyer deploy -m one
  same "$status" 0 || { echo "$stderr"; return 1; }
  conversation=$(letter ana "Where is my order?")
  foyer cron
  echo 'Dear {{name}}, it is still here.' >"$AGENCY/clients/acme/templates/gone.md"
  foyer deploy -m two
  export FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7 * 86400000))
  hash=$(printf 'Dear {{name}}, your order 17 has left us.\n' | sha256sum | cut -c -8)
  explain ana@mail.example
  holds "$output" "      | Dear Ana, your order 17 has left us."
  holds "$output" "It was written from the template \"gone.md\" (the client's own, version $hash, release 1)."
  foyer trace "$conversation" --client acme --bodies
  holds "$output" "Dear Ana, your order 17 has left us."
  holds "$output" "made of the template gone.md"
  holds "$output" "template clients/acme/templates/gone.md (client) $hash, release 1"
  foyer runs show 1 --json
  same "$(jq -c '.templates | map([.name, .layer, .release])' <<<"$output")" '[["gone.md","client",1]]'
  # the source itself is in the release
  same "$(sql "SELECT count(*) AS n FROM code WHERE CAST(text AS TEXT) = ?" 'Dear {{name}}, your order 17 has left us.
')" '{"n": 1}'
}

@test "a person answered too; a message that foyer was not told of; one that came late" {
  conversation=$(letter ana "First")
  foyer cron
  by_hand "$conversation"
  curl -sf -X DELETE "$MOCK/_mock/webhook"
  other=$(letter ana "Second")
  explain ana@mail.example --json
  same "$(jq -r '.conversations[].conversation' <<<"$output")" "$conversation
$other"
  same "$(kinds)" "wrote decided sent person"
  holds "$(summary)" "A person answered too: "
  same "$(jq -r '.conversations[0].items[3].quote' <<<"$output")" "Hello, it is Leela."
  same "$(jq -r '.conversations[1].items | map(.kind) | join(" ")' <<<"$output")" "wrote unheard"
  same "$(summary 1)" "Ana <b>X</b> wrote once. The message has no answer: foyer was not told of it."
  # what is not kept is not said to be missing
  sed -i 's/^return {/& keep = { deliveries = "1h" },/' "$AGENCY/foyer.lua"
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 7200000)) explain "$other" --json
  same "$(kinds)" "wrote"
  same "$(summary)" "Ana <b>X</b> wrote once. The message has no answer: what foyer did then is not known any more."
  sed -i 's/ keep = { deliveries = "1h" },//' "$AGENCY/foyer.lua"
  # what the store knows alone
  fault '{"kind": "status", "status": 403, "times": 9, "match": {"method": "GET"}}'
  explain ana@mail.example --json
  same "$(jq -r '.conversations[].conversation' <<<"$output")" "$conversation"
  same "$(jq -r '.conversations[0] | .read, (.note | test("403"))' <<<"$output" | xargs)" "store true"
  same "$(kinds)" "wrote decided sent person"
  curl -sf -X DELETE "$MOCK/_mock/faults"
  foyer missed --since 1h --run
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 3600000)) foyer cron
  explain "$other" --json
  same "$(kinds)" "wrote wait decided sent"
  holds "$(jq -r '.conversations[0].items[1].text' <<<"$output")" "foyer was not told of this message; it found it by itself, "
}

@test "an answer of another client of the same company is not another program's" {
  foyer connect beta --token-file "$BATS_TEST_TMPDIR/token" --api-url "$MOCK"
  printf 'return { name = "Beta", recipes = { bot = true }, replies_per_hour = 100 }\n' >"$AGENCY/clients/beta/client.lua"
  mkdir -p "$AGENCY/clients/beta/templates"
  echo 'Dear {{name}}, Beta has it.' >"$AGENCY/clients/beta/templates/gone.md"
  settings ''
  conversation=$(letter ana "Where is my order?")
  foyer cron
  until_true settled
  explain "$conversation"
  holds "$output" 'The client beta, which has the same company here, answered by its rule "bot":'
  holds "$output" "      | Dear Ana, Beta has it."
  holds "$output" "by foyer for the client beta."
  [[ $output != *"Another program"* && $output != *"another program"* ]]
}

@test "errors, waits and skips in plain words" {
  bot 'if event.payload.conversation.subject then ctx.sleep("1h") end
    ctx.http.get("/conversations/" .. id .. "/inboxes", { connection = "front" })
    ctx.http.post("/conversations/" .. id .. "/comments", { body = "x" }, { connection = "front" })
    error("no such order")'
  conversation=$(letter ana "First")
  foyer cron
  explain "$conversation" --json
  same "$(kinds)" "wrote decided wait"
  holds "$(summary)" "The message has no answer: run 1 of bot waits, and goes on by itself."
  fault '{"kind": "503", "match": {"path": "/conversations/'"$conversation"'/inboxes"}}'
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 4000000)) foyer cron
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 9000000)) foyer cron
  explain "$conversation" --json
  same "$(kinds)" "wrote decided wait problem did problem"
  holds "$(jq -r '.conversations[0].items[3].text' <<<"$output")" "It could not be done at once, and was tried again in "
  holds "$(jq -r '.conversations[0].items[4].text' <<<"$output")" "It also changed in Front: comments."
  holds "$(jq -r '.conversations[0].items[5].text' <<<"$output")" "no such order"
  holds "$(summary)" "The message has no answer: run 1 of bot failed: "
  bot 'return ctx.skip("it is a newsletter")'
  conversation=$(letter bea "Second")
  foyer cron
  explain bea@mail.example
  holds "$output" "The rule decided not to answer: it is a newsletter"
  holds "$output" "The message has no answer: run 2 of bot skipped it: it is a newsletter."
  # an answer that is lost on the way
  bot 'ctx.http.post("/conversations/" .. id .. "/messages", { body = "hello" }, { connection = "front" })'
  settings 'bot = { uncertain = "park" }'
  fault '{"kind": "drop", "match": {"method": "POST"}}'
  letter dan "Fourth" >/dev/null
  foyer cron
  explain dan@mail.example
  holds "$output" "The rule \"bot\" sent this answer, and the line broke: it is not known whether it arrived."
  holds "$output" "It stopped, because a person has to decide: foyer cannot tell whether "
  [[ $output != *"runs resolve"* ]]
  settings ''
  letter cleo "Third" >/dev/null
  foyer cron
  explain cleo@mail.example
  holds "$output" "Nothing was sent: the recipes for it are not switched on: first-reply, bot."
}

@test "a dry client: what it would have sent, and that no customer was answered" {
  sed -i 's/^return {/& mode = "dry",/' "$AGENCY/clients/acme/client.lua"
  conversation=$(letter ana "Where is my order?")
  foyer cron
  explain "$conversation"
  holds "$output" "The rule \"bot\" would have sent this answer; it runs dry, and nothing was sent:"
  holds "$output" "      | Dear Ana, your order 17 has left us."
  holds "$output" "It was written from the template \"gone.md\" (the client's own, version "
  holds "$output" "The message has no answer: run 1 of bot was a dry one: its answer was not sent."
  foyer missed --since 1h --json
  same "$(jq -c '.conversations | map([.why, .run])' <<<"$output")" '[["no_reply",1]]'
}

@test "the page: all is text, nothing is loaded, no file is replaced" {
  conversation=$(letter ana '</blockquote><script src="https://x.example/a.js"></script><img src=x onerror=alert(1)>')
  foyer cron
  page=$BATS_TEST_TMPDIR/page.html
  explain ana@mail.example --html "$page"
  same "$output" ""
  holds "$stderr" "is written"
  holds "$(cat "$page")" "&lt;script src=&quot;https://x.example/a.js&quot;&gt;"
  holds "$(cat "$page")" "Ana &lt;b&gt;X&lt;/b&gt; wrote &quot;My order&quot;"
  holds "$(cat "$page")" "Dear Ana, your order 17 has left us."
  holds "$(cat "$page")" "default-src 'none'"
  same "$(grep -ciE '<(script|img|link|iframe|object|a) ' "$page")" 0
  same "$(grep -c '<blockquote>' "$page")" "$(grep -c '</blockquote>' "$page")"
  same "$(stat -c %a "$page")" 600
  python3 - "$page" <<'PY'
import html.parser, sys
class Page(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attrs):
        assert tag in "html head meta title style body h1 h2 p ol li time blockquote footer".split(), tag
        assert all(name in ("lang", "charset", "http-equiv", "content", "name", "class") for name, _ in attrs), attrs
        if tag != "meta": self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
assert not page.open, page.open
PY
  cp "$page" "$page.before"
  foyer explain ana@mail.example --client acme --html "$page"
  same "$status" 65
  holds "$stderr" "is there: name another file"
  cmp "$page" "$page.before"
}

@test "nothing of that name; without a client" {
  foyer explain nobody@mail.example --client acme --json
  failed 65 not_found nobody@mail.example
  foyer explain nobody@mail.example --json
  same "$status" 64
  foyer explain nobody@mail.example --client amce --json
  failed 65 not_found acme
}

@test "an answer that was accepted and never appeared is none, whatever a person decided" {
  mock_post messages '{"never": true, "times": 1}' >/dev/null
  conversation=$(letter ana "Where is my order?")
  foyer cron
  until_true settled
  # it may still appear
  explain "$conversation" --json
  holds "$(summary)" "The first answer came "
  FOYER_TEST_CLOCK=$(($(date +%s%3N) + 601000)) foyer cron
  foyer runs resolve 1 --sent
  same "$status" 0 || { echo "$stderr"; return 1; }
  explain "$conversation" --json
  same "$(summary)" "Ana <b>X</b> wrote once. The message has no answer: Front accepted one, and has no such message."
  holds "$(jq -r '.conversations[0].items[] | select(.kind == "problem").text' <<<"$output")" \
    'The rule "bot" sent this answer, and Front accepted it; but Front has no such message:'
}

@test "a conversation that was erased: what foyer knew is not told as unheard" {
  conversation=$(letter ana "Where is my order?")
  foyer cron
  until_true settled
  foyer cron
  foyer forget ana@mail.example --client acme
  same "$status" 0 || { echo "$stderr"; return 1; }
  explain "$conversation"
  holds "$output" "What foyer knew of this message was erased on $(TZ=America/New_York date +%F)"
  holds "$output" "A program answered; whether it was foyer is not known: what foyer knew was erased on "
  [[ $output != *"was not told"* && $output != *"Another program"* ]]
}
