#!/usr/bin/env bats
# What is done with a byte order mark, line ends, NUL and other encodings in whatever is read from a
# file, and that JSON means the same wherever it comes from.

load helper
load agency

setup_file() {
  start_agency
}

teardown_file() {
  stop_agency
}

MARK=$'\xef\xbb\xbf'
NUL='NUL byte'

setup() {
  fresh
  mkdir -p "$AGENCY/recipes" "$AGENCY/clients/acme/templates"
  cp "$AGENCY/foyer.lua" "$AGENCY/clients/acme/client.lua" "$BATS_TEST_TMPDIR"
}

teardown() {
  cp "$BATS_TEST_TMPDIR/foyer.lua" "$AGENCY/foyer.lua"
  cp "$BATS_TEST_TMPDIR/client.lua" "$AGENCY/clients/acme/client.lua"
  rm -rf "$AGENCY/recipes" "$AGENCY/lua" "$AGENCY/clients/acme/templates"
}

# A recipe `say` that returns EXPRESSION; its text is printed.
say() {
  printf 'return {\n  summary = "x",\n  options = { x = { "string" }, f = { "file" } },\n  run = function(ctx)\n    return %s\n  end,\n}\n' "$1"
}

run_say() {
  foyer run say --client acme --json "$@"
}

result() {
  done_well
  same "$(jq -c .result <<<"$output")" "$1"
}

# ends LF|CRLF|CR <TEXT
ends() {
  case $1 in
  LF) cat ;;
  CRLF) sed 's/$/\r/' ;;
  CR) tr '\n' '\r' ;;
  esac
}

# file NAME: standard input into a file outside of the workspace
FILES=$BATS_TEST_TMPDIR
file() {
  cat >"$FILES/$1"
}

# ---- marks and line ends ----

@test "settings, scripts, templates, JSON and secrets with any line ends, with a mark or without" {
  local how mark
  printf 'return {\n  name = "Acme",\n  vars = { k = secret "k", greeting = "Grüße", phone = "1" },\n}\n' >"$BATS_TEST_TMPDIR/client"
  for how in LF CRLF CR; do
    for mark in "" "$MARK"; do
      { printf %s "$mark"; ends $how <"$BATS_TEST_TMPDIR/foyer.lua"; } >"$AGENCY/foyer.lua"
      { printf %s "$mark"; ends $how <"$BATS_TEST_TMPDIR/client"; } >"$AGENCY/clients/acme/client.lua"
      { printf %s "$mark"; say '{ ctx.vars.greeting, ctx.template("t", { n = 1 }), ctx.options.x,
        hmac.sha256(ctx.vars.k, "d"), #text.csv(ctx.options.f) }' | ends $how; } >"$AGENCY/recipes/say.lua"
      { printf %s "$mark"; printf 'one {{n}}\ntwo\n' | ends $how; } >"$AGENCY/clients/acme/templates/t.md"
      { printf %s "$mark"; printf 'a\nb\n' | ends $how; } | file text
      { printf %s "$mark"; printf 'key\n' | ends $how; } | file secret
      foyer secret set k --from "$FILES/secret"
      { printf %s "$mark"; printf 'x\n1\n2\n' | ends $how; } | file rows
      foyer check
      same "$output" ""
      run_say "x=@$FILES/text" "f=@$FILES/rows"
      result "$(jq -nc --arg mac "$(printf d | openssl dgst -sha256 -hmac key -r | cut -d' ' -f1)" \
        '["Grüße", "one 1\ntwo\n", "a\nb\n", $mac, 2]')"
      { printf %s "$mark"; printf '{\n"x": "y"\n}\n' | ends $how; } | file input
      run_say --input "$FILES/input" "f=@$FILES/rows"
      same "$(jq -r '.result[2]' <<<"$output")" y
    done
  done
}

@test "an error names the line also where lines end in CR" {
  printf 'return {\r  summary = "x",\r  run = function(ctx)\r    ctx.log("info"\r  end,\r}\r' >"$AGENCY/recipes/say.lua"
  foyer check
  same "$status" 65
  holds "$output" "recipes/say.lua:5: syntax error"
  say 'nil .. 1' | ends CR >"$AGENCY/recipes/say.lua"
  run_say
  failed 70 script "recipes/say.lua:5:"
  printf '{"x":\r\r  }' | file input
  run_say --input "$FILES/input"
  failed 65 invalid "$FILES/input: line 3, column 3: '}' where a value is due"
}

# ---- other encodings ----

# bad HOW: a text of two lines, the second of which is not UTF-8 (or all of it)
bad() {
  case $1 in
  latin1) printf -- '-- x\n-- Gr\xfc\xdfe\n' ;;
  utf16) printf '\xff\xfe' && printf -- '-- x\n' | sed 's/./&\n/g' | tr '\n' '\0' ;;
  nul) printf -- '-- x\n-- \0\n' ;;
  esac
}

says() {
  case $1 in
  latin1) echo ":2: it is not UTF-8 (byte 0xfc); save the file as UTF-8" ;;
  utf16) echo ":1: it is UTF-16; save the file as UTF-8" ;;
  nul) echo ":2: it holds a NUL byte, which no text has; save the file as text, in UTF-8" ;;
  esac
}

@test "check names file and line of what is not UTF-8, and so does the command that reads it" {
  local how path message
  for how in latin1 utf16 nul; do
    message=$(says $how)
    message=${message#*: }
    for path in foyer.lua clients/acme/client.lua recipes/say.lua clients/acme/templates/first-reply.txt \
      clients/acme/lua/front/actions/get-conversation.lua; do
      mkdir -p "$(dirname "$AGENCY/$path")"
      [ ! -e "$AGENCY/$path" ] || cp "$AGENCY/$path" "$BATS_TEST_TMPDIR/before"
      bad $how >"$AGENCY/$path"
      foyer check
      same "$status" 65
      holds "$output" "$path$(says $how)"
      case $path in
      recipes/*) run_say ;;
      *templates/*) foyer render first-reply --client acme --conversation "$CONVERSATION" --json ;;
      *) call front/get-conversation conversation_id="$CONVERSATION" ;;
      esac
      [[ $status = 65 || $status = 78 ]]
      holds "$stderr" "$path"
      holds "$stderr" "$message"
      [ -e "$BATS_TEST_TMPDIR/before" ] && mv "$BATS_TEST_TMPDIR/before" "$AGENCY/$path" || rm "$AGENCY/$path"
    done
  done
}

@test "a text, JSON, secret or CSV file in another encoding is named" {
  say '#text.csv(ctx.options.f)' >"$AGENCY/recipes/say.lua"
  local how message
  for how in latin1 utf16 nul; do
    message=$(says $how)
    message=${message#*: }
    bad $how | file bad
    run_say x="@$FILES/bad"
    failed 65 invalid "$FILES/bad" "$message"
    run_say --input "$FILES/bad"
    failed 65 invalid "$FILES/bad" "$message"
    foyer render first-reply --client acme --data "$FILES/bad" --json
    failed 65 invalid "$FILES/bad" "$message"
    foyer secret set k --from "$FILES/bad" --json
    failed 65 invalid "$FILES/bad" "$message"
    foyer connect beta --token-file "$FILES/bad" --api-url "$MOCK" --json
    failed 65 invalid "$FILES/bad" "$message"
    [ $how = latin1 ] || { run_say f="@$FILES/bad"; failed 65 invalid bad "$message"; }
  done
}

# ---- JSON ----

# jq 1.7 prints a big number as it was written, jq 1.6 as the double that it stands for.
as_doubles() {
  jq -cS "$1 | walk(if type == \"number\" then . + 0 else . end)"
}

@test "a result shows whatever a script may hold" {
  local json
  for json in '{"a\u0000b":{"\u0000":"\u0000"},"a":1}' '[12345678901234567890,-9223372036854775809]' '{"":1,"\u0001\u0002":2}'; do
    say "json.decode([==[$json]==])" >"$AGENCY/recipes/say.lua"
    run_say
    done_well
    same "$(as_doubles .result <<<"$output")" "$(as_doubles . <<<"$json")"
    foyer runs show "$(jq .run <<<"$output")" --json
    done_well
    same "$(as_doubles .result <<<"$output")" "$(as_doubles . <<<"$json")"
  done
}

@test "JSON is wrong in foyer's own words, with file, line and column" {
  say '1' >"$AGENCY/recipes/say.lua"
  printf '{"x": "y"} z' | file input
  run_say --input "$FILES/input"
  failed 65 invalid "cannot read $FILES/input: line 1, column 12: 'z' where the end of the text is due"
  foyer run first-reply --client acme --event "$FILES/input" --json
  failed 65 invalid "cannot read $FILES/input: line 1, column 12"
}

# ---- large files ----

# rows N: a CSV file of N contacts
rows() {
  awk -v n="$1" 'BEGIN { print "email,name,phone,description"
    for (i = 0; i < n; i++) printf "user%d@mail.example,User Number %d,+1555%07d,Some text here\n", i, i, i }' | file rows
}

@test "a CSV file is read whole whatever time that takes, or refused with the limit that it met" {
  say '#text.csv(ctx.options.f)' >"$AGENCY/recipes/say.lua"
  rows 70000
  run_say f="@$FILES/rows"
  result 70000
  rows 200000
  run_say f="@$FILES/rows"
  failed 70 limit "cannot read rows ($(stat -c %s "$FILES/rows") bytes)" '32 MiB' 'split the file'
}
