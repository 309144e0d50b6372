# An API that is not Front, and a workspace with its connector.

# In setup_file: sets SHOP (its address), SHOP_KEY and SHOP_LOG; shop_log JQ shows what it got.
start_shop() {
  export HOME=$BATS_FILE_TMPDIR XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config AGENCY=$BATS_FILE_TMPDIR/agency
  unset FOYER_KEY_FILE FOYER_LOG FOYER_LUA_DIR
  SHOP_KEY=k-0123456789-very-secret
  SHOP_LOG=$BATS_FILE_TMPDIR/shop.log
  : >"$SHOP_LOG"
  mkfifo "$BATS_FILE_TMPDIR/shop.port"
  python3 "$ROOT/tests/e2e/shop.py" "$SHOP_LOG" >"$BATS_FILE_TMPDIR/shop.port" 2>/dev/null 3>&- &
  SHOP_PID=$!
  read -r -t 120 SHOP <"$BATS_FILE_TMPDIR/shop.port"
  SHOP=http://127.0.0.1:$SHOP
  export SHOP SHOP_PID SHOP_KEY SHOP_LOG
  "$FOYER" init "$AGENCY" 2>/dev/null
}

stop_shop() {
  kill "$SHOP_PID" 2>/dev/null || true
}

shop_log() {
  jq -cs "$1" "$SHOP_LOG"
}

forget_shop() {
  : >"$SHOP_LOG"
}

# The key stands in none of these files: keyless FILE...
keyless() {
  local file coded
  coded=$(printf 'ana:%s' "$SHOP_KEY" | base64 -w0)
  for file in "$@"; do
    [ -e "$file" ] || { echo "$file is missing"; return 1; }
    ! grep -aqF -e "$SHOP_KEY" -e "$coded" -e of-the-shop "$file" || { echo "a key stands in $file"; return 1; }
  done
}
