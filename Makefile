# foyer: see `make help`. Objects live in build/<mode>, so that a sanitizer build never
# mixes with a release one; CC, CFLAGS, CPPFLAGS, LDFLAGS, PREFIX and DESTDIR are honoured.

PREFIX ?= /usr/local
MODE   ?= release
OUT    := build/$(MODE)
# Linked statically: a process starts a millisecond sooner without their shared objects.
STATIC_PKGS := lua5.4-cjson lua5.4 jansson libevent_openssl libevent_core sqlite3 yaml-0.1
# libcrypto first: the dynamic linker looks symbols up in this order, and half of all those
# of libcurl and its company are its.
SHARED_PKGS := libcrypto libssl libcurl libzstd
PKGS        := $(STATIC_PKGS) $(SHARED_PKGS)

DEPS       := gcc make pkg-config liblua5.4-dev lua-cjson-dev libcurl4-openssl-dev libssl-dev \
              libjansson-dev libyaml-dev libevent-dev libsqlite3-dev libzstd-dev ca-certificates tzdata
TEST_DEPS  := libcmocka-dev bats curl jq openssl lua-check clang-format mandoc python3 procps strace git \
              nginx-light zsh fish \
              $(shell . /etc/os-release; [ "$$VERSION_ID" = 12 ] && echo node-llhttp || echo libllhttp-dev)
DEMO_DEPS  := curl jq procps
TORTURE_DEPS := python3 openssl nginx-light haproxy caddy
BENCH_DEPS := nginx-light curl openssl ca-certificates wrk jq sqlite3 procps \
              $(if $(shell command -v node),,nodejs) $(if $(shell command -v npm),,npm)
# What BENCH=store compares foyer with; from npm, outside of the tree's own sources.
NODE_RED   := node-red@4

# `make V=1` shows the commands.
ifdef V
  say =
else
  Q := @
  say = @echo '  $(1)'
endif

WARN := -Wall -Wextra -Wshadow -Wundef -Wwrite-strings -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wformat=2 -Wpointer-arith
# `make test MODE=asan ONLY=e2e/errors` runs one part.
ifeq ($(MODE),asan)
  CFLAGS ?= -O1 -g
  MODE_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
  CFLAGS ?= -O2 -g
  MODE_FLAGS := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
  HARDEN := -pie -Wl,-z,relro,-z,now -Wl,--compress-debug-sections=zlib
endif
ifdef WERROR
  WARN += -Werror
endif

# Recursive on purpose: pkg-config runs after `deps` has installed it.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')
# libevent_openssl names all of libevent, whose other half is an HTTP server: not ours.
PKG_LIBS   = -Wl,-Bstatic $(filter-out -levent,$(shell pkg-config --libs $(STATIC_PKGS))) -Wl,-Bdynamic \
             $(shell pkg-config --libs $(SHARED_PKGS)) -lc -lm
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc -fPIE -pthread $(WARN) $(MODE_FLAGS) $(PKG_CFLAGS) \
             $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(MODE_FLAGS) $(HARDEN) -pthread $(LDFLAGS)

VERSION  := 0.1.0
ROOMS    := base io core vm store api workspace auth work serve ops cli
SOURCES  := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))
OBJECTS  := $(SOURCES:src/%.c=$(OUT)/%.o) $(OUT)/builtin.o
BUILTIN  := $(shell find lua recipes -type f ! -path 'lua/meta/*' ! -name '.*' ! -name README.md 2>/dev/null | LC_ALL=C sort)
UNIT     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BIN := $(UNIT:%=$(OUT)/tests/%)
# What a test puts itself in front of.
WRAP_test_db     := -Wl,--wrap=statfs
WRAP_test_run    := -Wl,--wrap=lua_yieldk
WRAP_test_golden := -Wl,--wrap=lua_yieldk
WRAP_test_lua_scripts    := -Wl,--wrap=lua_resume
WRAP_test_cron   := -Wl,--wrap=zone_find
WRAP_test_out_of_memory := -Wl,--wrap=lua_newstate
# llhttp, the reader of Node.js that ours is compared with: as source in Debian 12's
# node-llhttp, as a library in 13.
LLHTTP        := /usr/share/llhttp
LLHTTP_OBJ    := $(patsubst $(LLHTTP)/%.c,$(OUT)/llhttp/%.o,$(wildcard $(LLHTTP)/*.c))
LLHTTP_CFLAGS := $(if $(LLHTTP_OBJ),-DLLHTTP_STRICT_MODE=1 -isystem /usr/share/include/llhttp)
WRAP_test_http1_fuzz := $(or $(LLHTTP_OBJ),-lllhttp)
FOYER    := $(if $(filter release,$(MODE)),build/foyer,$(OUT)/foyer)

.PHONY: torture fuzz all deps test-deps bench-deps demo test check lint asan bench install install-unit uninstall help clean unit
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

all: deps ## build/foyer and build/man
	@$(MAKE) --no-print-directory MODE=$(MODE) $(FOYER)

# With ASK=1 a person at a terminal says yes first.
define install_missing
	@missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] || { \
	  if [ -n "$(ASK)" ] && [ -t 0 ] && [ -t 1 ]; then \
	    echo "This needs Debian packages that are missing:" $$missing; \
	    printf "Install them with apt-get? [y/N] "; read answer || answer=; \
	    case "$$answer" in y|Y|yes|Yes) ;; *) echo "Nothing was installed." >&2; exit 1;; esac; \
	  fi; \
	  echo "installing:" $$missing; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  [ -z "$$sudo" ] || command -v sudo >/dev/null || \
	  { echo "cannot install them: you are not root and there is no sudo. As root, run:" >&2; \
	    echo "  apt-get update && apt-get install -y --no-install-recommends" $$missing >&2; exit 1; }; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }
endef

deps: ## Debian packages that the build needs
	$(call install_missing,$(DEPS))

test-deps: deps ## ... that the tests need
	$(call install_missing,$(TEST_DEPS))

bench-deps: deps ## ... that the benchmarks need
	$(call install_missing,$(BENCH_DEPS))
	@[ -f build/bench/node_modules/node-red/red.js ] || { echo "installing: $(NODE_RED), by npm into build/bench"; \
	  npm install --prefix build/bench --no-audit --no-fund --no-update-notifier --loglevel=error $(NODE_RED) >/dev/null || \
	  echo "npm could not install $(NODE_RED): BENCH=store runs without it"; }

# A change of flags rebuilds everything in that mode.
$(OUT)/flags: FORCE
	@mkdir -p $(OUT)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(VERSION)' | cmp -s - $@ || \
	 echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(VERSION)' >$@
FORCE:

$(OUT)/%.o: src/%.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -DFOYER_VERSION='"$(VERSION)"' -MMD -MP -c $< -o $@

build/embed: src/tools/embed.c
	@mkdir -p build
	$(Q)$(CC) -O1 $(PKG_CFLAGS) -o $@ $< -Wl,-Bstatic $(shell pkg-config --libs lua5.4) \
	  -Wl,-Bdynamic -lm

build/describe: src/tools/describe.c
	@mkdir -p build
	$(Q)$(CC) -O1 $(PKG_CFLAGS) -o $@ $< -Wl,-Bstatic $(shell pkg-config --libs lua5.4) \
	  -Wl,-Bdynamic -lm

build/builtin.names: FORCE
	@mkdir -p build
	@echo '$(BUILTIN)' | cmp -s - $@ || echo '$(BUILTIN)' >$@

build/builtin.c: build/embed build/builtin.names $(BUILTIN)
	$(Q)build/embed $(BUILTIN) >$@

$(OUT)/builtin.o: build/builtin.c $(OUT)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(OUT)/libfoyer.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(FOYER): $(OUT)/main.o $(OUT)/libfoyer.a
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--as-needed -o $@ $^ $(PKG_LIBS)

$(OUT)/tests/%: tests/unit/%.c $(OUT)/libfoyer.a
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit $(LLHTTP_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) $(WRAP_$*) -o $@ $(OUT)/libfoyer.a $(PKG_LIBS) -lcmocka

$(OUT)/llhttp/%.o: $(LLHTTP)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -w -fPIE $(LLHTTP_CFLAGS) -c $< -o $@

$(OUT)/tests/test_http1_fuzz: $(LLHTTP_OBJ)

unit: $(UNIT_BIN)

BENCH_BIN := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(wildcard tests/bench/*.c))

$(OUT)/bench/%: tests/bench/%.c tests/bench/samples.h $(OUT)/libfoyer.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< $(ALL_LDFLAGS) -o $@ $(OUT)/libfoyer.a $(PKG_LIBS)

bench: all bench-deps ## speed and memory, as ratios to named alternatives (BENCH=store: beside Node-RED)
	@$(MAKE) --no-print-directory $(BENCH_BIN)
	@tests/bench/run.sh $(FOYER) $(OUT)/bench

demo: ASK := 1
demo: ## an agency's first minutes, against the mock Front company
	$(call install_missing,$(DEPS) $(DEMO_DEPS))
	@$(MAKE) --no-print-directory MODE=$(MODE) $(FOYER)
	@tests/demo/demo.sh

test: test-deps ## the whole suite; ends with `N passed, N failed`
	@$(MAKE) --no-print-directory MODE=$(MODE) $(FOYER) $(MANUAL) $(FRONT_MANUAL) $(FRONT_META) unit
	@tests/run.sh $(MODE) $(ONLY)

asan: ## the whole suite under ASan and UBSan
	@$(MAKE) --no-print-directory MODE=asan test

torture: all ## kills, stops, bad requests behind proxies, fuzzing: none lost, none doubled (SEED=7)
	$(call install_missing,$(TORTURE_DEPS))
	@dir=$$(mktemp -d) && python3 -B tests/e2e/http_proxies.py $(FOYER) $$dir nginx nginx-streaming haproxy \
	  haproxy-lenient caddy && rm -rf $$dir
	@dir=$$(mktemp -d) && python3 -B tests/e2e/http_direct.py $(FOYER) $$dir --tls --seed $(or $(SEED),7) && rm -rf $$dir
	@dir=$$(mktemp -d) && python3 -B tests/e2e/crash.py $(FOYER) $$dir --events 2000 --kills 20 \
	  --seed $(or $(SEED),7) --limit 600 && rm -rf $$dir
	@dir=$$(mktemp -d) && python3 -B tests/e2e/crash_mix.py $(FOYER) $$dir --events 500 --walked 100 --kills 16 \
	  --stops 4 --freezes 4 --last-look 65s --seed $(or $(SEED),7) --limit 900 && rm -rf $$dir
	@dir=$$(mktemp -d) && python3 -B tests/e2e/week.py $(FOYER) $$dir && rm -rf $$dir
	@$(MAKE) --no-print-directory fuzz

fuzz: test-deps ## the HTTP server's reader, against itself and against llhttp (FUZZ_SECONDS=60 each, FUZZ_SEED=1)
	@$(MAKE) --no-print-directory $(OUT)/tests/test_http1_fuzz
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) $(OUT)/tests/test_http1_fuzz

# The manual of the Lua API has one source; made at build time, so that it cannot drift.
MANUAL := build/man/foyer-lua.7
META   := $(addprefix lua/meta/,script.lua ctx.lua http.lua error.lua json.lua text.lua url.lua \
            hmac.lua standard.lua settings.lua)

$(MANUAL): src/tools/manual.awk $(sort $(META) $(wildcard lua/meta/*.lua))
	$(if $(filter-out $(META),$(wildcard lua/meta/*.lua)),$(error lua/meta has a file that META does not name))
	@mkdir -p $(@D)
	$(call say,MAN $@)
	$(Q)awk -f src/tools/manual.awk $(META) >$@

# What Front's actions say of themselves, for people and for editors.
FRONT        := $(filter lua/front/actions/%,$(BUILTIN))
FRONT_EVENTS := $(filter lua/front/triggers/%,$(BUILTIN))
FRONT_MANUAL := build/man/foyer-front.7
FRONT_META   := build/meta/front.lua

$(FRONT_MANUAL): build/describe src/tools/actions.lua build/builtin.names $(FRONT) $(FRONT_EVENTS)
	@mkdir -p $(@D)
	$(call say,MAN $@)
	$(Q)build/describe src/tools/actions.lua man $(FRONT) $(FRONT_EVENTS) >$@

$(FRONT_META): build/describe src/tools/actions.lua build/builtin.names $(FRONT) $(META)
	@mkdir -p $(@D)
	@cp $(META) $(@D)
	$(Q)build/describe src/tools/actions.lua meta $(FRONT) >$@

all: $(MANUAL) $(FRONT_MANUAL) $(FRONT_META)

lint: test-deps $(MANUAL) $(FRONT_MANUAL) ## floors, banned functions, format, luacheck, cppcheck, manual pages, warnings
	$(call install_missing,cppcheck)
	@tests/lint/lint.sh
	@$(CC) $(ALL_CFLAGS) -Werror -DFOYER_VERSION='""' -Itests/unit -fsyntax-only \
	  $(LLHTTP_CFLAGS) src/*.c src/*/*.c tests/unit/*.c && echo "ok: no warnings"

install: all $(MANUAL) ## into $(DESTDIR)$(PREFIX)
	install -D -m 755 build/foyer $(DESTDIR)$(PREFIX)/bin/foyer
	install -D -m 644 src/man/foyer.1 $(DESTDIR)$(PREFIX)/share/man/man1/foyer.1
	install -D -m 644 src/man/foyer-connector.5 $(DESTDIR)$(PREFIX)/share/man/man5/foyer-connector.5
	install -D -m 644 src/man/foyer-workspace.5 $(DESTDIR)$(PREFIX)/share/man/man5/foyer-workspace.5
	install -D -m 644 $(MANUAL) $(DESTDIR)$(PREFIX)/share/man/man7/foyer-lua.7
	install -D -m 644 $(FRONT_MANUAL) $(DESTDIR)$(PREFIX)/share/man/man7/foyer-front.7
	install -d $(DESTDIR)$(PREFIX)/share/foyer/meta
	install -m 644 $(META) $(FRONT_META) $(DESTDIR)$(PREFIX)/share/foyer/meta
	install -d $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	build/foyer completion bash >$(DESTDIR)$(BASH_COMPLETIONS)/foyer
	build/foyer completion zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_foyer
	build/foyer completion fish >$(DESTDIR)$(FISH_COMPLETIONS)/foyer.fish
	@$(MAKE) --no-print-directory install-unit

BASH_COMPLETIONS := $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS  := $(PREFIX)/share/zsh/site-functions
FISH_COMPLETIONS := $(PREFIX)/share/fish/vendor_completions.d

install-unit: # the systemd units alone
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's#@BINDIR@#$(PREFIX)/bin#' src/systemd/foyer.service.in >$(DESTDIR)$(PREFIX)/lib/systemd/system/foyer.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/foyer.service
	install -m 644 src/systemd/foyer.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/foyer.socket

uninstall: ## removes what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/foyer $(DESTDIR)$(PREFIX)/share/man/man1/foyer.1 \
	  $(DESTDIR)$(PREFIX)/share/man/man5/foyer-workspace.5 $(DESTDIR)$(PREFIX)/share/man/man5/foyer-connector.5 $(DESTDIR)$(PREFIX)/share/man/man7/foyer-lua.7 \
	  $(DESTDIR)$(PREFIX)/share/man/man7/foyer-front.7 \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system/foyer.service \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system/foyer.socket
	rm -f $(DESTDIR)$(BASH_COMPLETIONS)/foyer $(DESTDIR)$(ZSH_COMPLETIONS)/_foyer $(DESTDIR)$(FISH_COMPLETIONS)/foyer.fish
	rm -rf $(DESTDIR)$(PREFIX)/share/foyer

clean: ## removes build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

-include $(OBJECTS:.o=.d) $(OUT)/main.d $(UNIT_BIN:=.d)
