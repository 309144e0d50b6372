# `foyer serve` and the requests of http_requests.py: each is answered as RFC 9110 and RFC 9112 want, and takes no
# webhook behind it along, on a connection of its own and on one that a proxy keeps.
load helper

table() { # table NAME SCRIPT ARGUMENT...
  local dir=$BATS_TEST_TMPDIR/$1
  mkdir "$dir"
  python3 -B "$ROOT/tests/e2e/$2" "$FOYER" "$dir" "${@:3}" --seed 7 3>&-
}

@test "each request is answered as the RFCs want, at once, in pieces and byte by byte" {
  table plain http_direct.py
}

@test "and over TLS" {
  table tls http_direct.py --tls --sample 80
}

@test "behind nginx no request takes along a webhook that comes after it" {
  table nginx http_proxies.py nginx --sample 30
}
