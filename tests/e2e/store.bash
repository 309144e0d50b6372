# What the workspace's store holds, and deliveries put into it.

# sql STATEMENT [VALUE...]: rows as JSON, one a line
sql() {
  python3 "$ROOT/tests/e2e/store.py" "$AGENCY/state/foyer.db" "$@"
}

# claim ID: a process that left no trace holds the delivery (store/claims.h); unclaim: none holds any
claim() {
  python3 - "$AGENCY/state/claims" "$1" <<'PY'
import struct, sys
slots = [0] * 4096
slots[int(sys.argv[2]) % 4096] = int(sys.argv[2]) << 24 | 0xabcdef
open(sys.argv[1], "wb").write(struct.pack("<4096Q", *slots))
PY
}

unclaim() { rm "$AGENCY/state/claims"; }

# empty_store: no deliveries, no runs, as if nothing had ever come
empty_store() {
  sql empty
}

# deliver CLIENT|- COMPANY|- [AT_MS] <LINES: waiting deliveries, one a line; their ids
deliver() {
  cat >"$BATS_TEST_TMPDIR/delivery.json"
  python3 "$ROOT/tests/e2e/store.py" "$AGENCY/state/foyer.db" deliver "$1" "$2" "${3:-$(date +%s%3N)}" \
    "$BATS_TEST_TMPDIR/delivery.json"
}

# event CONVERSATION [ID]: a new conversation's first message, as an application webhook has it
event() {
  jq -nc --arg id "$1" --arg event "${2:-evt_$1}" --arg company "${COMPANY:-}" '{type: "inbound_received",
    authorization: {id: $company}, payload: {id: $event, type: "inbound", emitted_at: 1700000001.25,
    conversation: {id: $id, subject: "Wool", status: "unassigned", created_at: 1700000000.5,
    recipient: {handle: "ada@x.example", name: "Ada"}}}}'
}

# note ID JQ: what is noted of a delivery
note() {
  sql "SELECT note FROM delivery WHERE id = ?" "$1" | jq -r .note | jq -c "$2"
}

state() {
  sql "SELECT state FROM delivery WHERE id = ?" "$1" | jq .state
}

# until_true COMMAND...: waits for it, at most 20 s
until_true() {
  local i
  for i in $(seq 1200); do
    "$@" && return 0
    sleep 0.1
  done
  echo "never true: $*"
  return 1
}
