#!/usr/bin/env bats
# Completion at the prompt: what foyer suggests, and that each shell takes it.

load helper
load agency

setup_file() { start_agency; }
teardown_file() { stop_agency; }

setup() {
  cd "$AGENCY"
  mkdir -p clients/beta recipes "$BATS_TEST_TMPDIR/bin"
  printf 'return { name = "Beta", groups = { "retail" } }\n' >clients/beta/client.lua
  printf 'return { summary = "x", options = { depth = { "integer" } }, run = function() end }\n' >recipes/own.lua
  ln -sf "$FOYER" "$BATS_TEST_TMPDIR/bin/foyer"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# suggests "WANT" WORD…: the words behind foyer, of which the last is being typed
suggests() {
  local want=$1
  shift
  same "$("$FOYER" completion words -- "$@" | tr '\n' ' ')" "${want:+$want }"
}

@test "completion: commands, options, clients, groups, actions, recipes, templates, states" {
  holds "$("$FOYER" completion words -- re)" refresh resume recipes render
  suggests "acme beta" connect ""
  suggests "acme" -w . connect a
  suggests "acme beta" pause --client ""
  suggests "acme,beta" pause --client acme,b
  suggests "retail" stats --group r
  suggests "front/assign-conversation" call front/assign
  suggests "assignee_id=" call front/assign-conversation --client acme a
  suggests "depth=" run own --client acme d
  suggests "own" run ow
  suggests "first-reply" render fi
  suggests "front" ids --app f
  suggests "front/snooze-conversation" actions front/sno
  suggests "needs-you needs-reconnect" runs list --state needs
  suggests "set list rm" secret ""
  suggests "--dry-run --dev" call front/list-inboxes --d
  suggests "" import ./x
  suggests "" nonsense x
}

@test "completion: without a workspace the built-in names are suggested" {
  cd /
  suggests "front/assign-conversation" call front/assign
  suggests "" connect ""
}

@test "completion: bash" {
  complete_in_bash() {
    bash --norc -c 'source <(foyer completion bash); compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _foyer
      printf "%s\n" "${COMPREPLY[@]}"; complete -p foyer' - "$@"
  }
  same "$(complete_in_bash foyer call front/assign)" "front/assign-conversation
complete -o default -F _foyer foyer"
  same "$(complete_in_bash foyer pause --client acme,b | head -1)" acme,beta
  same "$(complete_in_bash foyer import ./x | head -1)" ""
}

@test "completion: zsh" {
  complete_in_zsh() {
    zsh -f -c 'compdef() { print -r -- "compdef $*"; }; compadd() { print -rl -- "$@"; }; _files() { print files; }
      source <(foyer completion zsh); words=("$@"); CURRENT=$#; _foyer' - "$@"
  }
  same "$(complete_in_zsh foyer call front/assign)" "compdef _foyer foyer
-Q
--
front/assign-conversation"
  same "$(complete_in_zsh foyer import ./x | tail -1)" files
}

@test "completion: fish" {
  same "$(fish --no-config -c 'source (foyer completion fish | psub); complete -C "foyer call front/assign"')" front/assign-conversation
  same "$(fish --no-config -c 'source (foyer completion fish | psub); complete -C "foyer pause --client acme,b"')" acme,beta
  touch "$BATS_TEST_TMPDIR/api.yaml"
  same "$(fish --no-config -c "source (foyer completion fish | psub); complete -C 'foyer import $BATS_TEST_TMPDIR/api.y'")" "$BATS_TEST_TMPDIR/api.yaml"
}

@test "completion: another shell is refused by name" {
  foyer completion tcsh
  same "$status" 64
  holds "$stderr" "there is no completion for tcsh: bash, zsh, fish"
}
