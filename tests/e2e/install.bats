# The systemd unit that `make install` puts in place.

load helper

setup() {
  make -s -C "$ROOT" install-unit DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr
  UNIT=$BATS_TEST_TMPDIR/root/usr/lib/systemd/system/foyer.service
  SOCKET=${UNIT%.service}.socket
}

@test "install: the unit starts the installed program, and writes nothing but the state" {
  grep -qx 'ExecStart=/usr/bin/foyer -w /srv/foyer serve' "$UNIT"
  [ "$(grep -c '^ReadWritePaths=' "$UNIT")" = 1 ]
  grep -qx 'ReadWritePaths=/srv/foyer/state' "$UNIT"
  ! grep -q @ <(grep -v '^#\|^SystemCallFilter' "$UNIT")
  ! grep -q '^ProcSubset=pid' "$UNIT" # /proc/sys/kernel/random/boot_id is read
  [ "$(stat -c %a "$UNIT")" = 644 ]
}

@test "install: systemd knows every key of the unit" {
  command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
  local root=$BATS_TEST_TMPDIR/root
  mkdir -p "$root"/{usr/bin,bin}
  cp /bin/true "$root/usr/bin/foyer"
  cp /bin/kill "$root/bin/kill"
  verify() { systemd-analyze verify --root="$root" --man=no --recursive-errors=no foyer.service foyer.socket 2>&1; }
  said=$(verify)
  [ -z "$said" ] || { echo "$said"; return 1; }
  sed -i 's/^LimitCORE/LimitCoar/' "$UNIT" # it would say so
  [[ $(verify) == *LimitCoar* ]]
  sed -i 's/^Backlog/Backlot/' "$SOCKET"
  [[ $(verify) == *Backlot* ]]
}

@test "install: the socket listens where serve does by itself" {
  [ "$(stat -c %a "$SOCKET")" = 644 ]
  grep -qx 'ListenStream=127.0.0.1:8080' "$SOCKET"
}

@test "make deps as a user without sudo names what root is to install" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  local tool
  for tool in sh make grep echo; do ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"; done
  printf '#!/bin/sh\necho 1000\n' >"$BATS_TEST_TMPDIR/bin/id"
  printf '#!/bin/sh\n[ "$4" = make ] || exit 1\necho install ok installed\n' >"$BATS_TEST_TMPDIR/bin/dpkg-query"
  chmod +x "$BATS_TEST_TMPDIR/bin"/{id,dpkg-query}
  run env PATH="$BATS_TEST_TMPDIR/bin" make -s -C "$ROOT" deps
  [ "$status" != 0 ]
  [[ $output == *'there is no sudo. As root, run:'* ]]
  [[ $output == *'apt-get install -y --no-install-recommends gcc pkg-config liblua5.4-dev '* ]]
  [[ $output != *"sudo: not found"* ]] || { echo "$output"; return 1; }
}

# A machine that lacks jq, where apt-get writes down what it was asked for.
lacks_jq() {
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\n[ "$4" = jq ] && exit 1\necho install ok installed\n' >"$BATS_TEST_TMPDIR/bin/dpkg-query"
  printf '#!/bin/sh\necho "$*" >>"%s/asked"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/apt-get"
  printf '#!/bin/sh\nexec env "$@"\n' >"$BATS_TEST_TMPDIR/bin/sudo"
  chmod +x "$BATS_TEST_TMPDIR/bin"/*
}

# Of the Makefile the two lines of `demo` that install and ask; what it builds and plays is left out.
demo_deps() {
  sed '/^demo: ##/,/^$/ { /MAKE/d; s|tests/demo/demo.sh|echo played|; }' "$ROOT/Makefile" >"$BATS_TEST_TMPDIR/Makefile"
  PATH="$BATS_TEST_TMPDIR/bin:$PATH" script -qec "make -s -C '$ROOT' -f '$BATS_TEST_TMPDIR/Makefile' MODE=release demo" /dev/null
}

@test "make demo names what it will install, and waits for a yes on a terminal" {
  lacks_jq
  run demo_deps <<<n
  [ "$status" != 0 ]
  [[ $output == *"needs Debian packages that are missing: jq"*"Nothing was installed."* ]] || { echo "$output"; return 1; }
  [ ! -e "$BATS_TEST_TMPDIR/asked" ]
  run demo_deps <<<y
  [ "$status" = 0 ] || { echo "$output"; return 1; }
  [[ $output == *"installing: jq"*played* ]] || { echo "$output"; return 1; }
  grep -q 'install .* jq' "$BATS_TEST_TMPDIR/asked"
}
