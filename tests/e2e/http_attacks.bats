# What a client without a key does to `foyer serve` by being slow, silent, deaf or many: webhooks are taken meanwhile.
load helper

attack() { # attack NAME
  mkdir "$BATS_TEST_TMPDIR/$1"
  python3 -B "$ROOT/tests/e2e/http_attacks.py" "$FOYER" "$BATS_TEST_TMPDIR/$1" "$1" 3>&-
}

@test "more connections than there are places: idle ones" {
  attack idle
  attack idle-over-tls
}

@test "more connections than there are places: silent ones, in a handshake" {
  attack silent
  attack handshakes-over-tls
}

@test "more connections than there are places: in a head, in a body" {
  attack half-said
  attack half-sent
}

@test "slow clients are ended although they go on" {
  attack slow &
  local plain=$!
  attack slow-over-tls
  wait "$plain"
}

@test "a client that reads no answer takes no memory, and gets each answer at last" {
  attack deaf
  attack deaf-over-tls
}

@test "50 clients that read no answer take no memory" {
  attack deaf-crowd
}

@test "TLS: a client that closes one half is answered; nothing is negotiated again" {
  attack half-closed-over-tls
  attack renegotiation-over-tls
}
