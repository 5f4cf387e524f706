# kenar: `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CC ?= cc
PKG_CONFIG ?= pkg-config
BUILD := build
WERROR ?= -Werror
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(WERROR)
OPTIMIZE ?= -O3 -g
KENAR_CFLAGS := -std=c11 -D_GNU_SOURCE -fPIC -fno-plt -fvisibility=hidden $(WARNINGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# One row a variant: the Lua ABI it is for, what is added to the flags, and what is put before its interpreter.
VARIANTS := 5.4 5.1 5.4-asan 5.1-asan
LUA_PACKAGE_5.4 := lua5.4
LUA_PACKAGE_5.1 := luajit
INTERPRETER_5.4 := lua5.4
INTERPRETER_5.1 := luajit
# Luarocks names a folder of headers; for 5.1 it may be that of plain Lua 5.1, which has less than LuaJIT's.
headers_5.4 = $(LUA_INCDIR)
headers_5.1 = $(patsubst %/luajit.h,%,$(wildcard $(LUA_INCDIR)/luajit.h))
abi = $(firstword $(subst -, ,$(1)))
extra = $(if $(findstring asan,$(1)),$(SANITIZE))
under = $(if $(findstring asan,$(1)),$(SANITIZER_ENVIRONMENT))
SANITIZER_ENVIRONMENT = LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

# One row a shared object: the libraries it links, and the oldest version of each that will do.
# A module whose library keeps threads or its own state, or that handles a signal, is never unloaded (nodelete).
# Those that are optional are built where pkg-config finds their library.
OPTIONAL_MODULES := sqlite
PACKAGES_core :=
PACKAGES_curl := libcurl >= 7.84
PACKAGES_httpd := libmicrohttpd >= 0.9.71
PACKAGES_sqlite := sqlite3 >= 3.35
LINK_core := -lm -Wl,-z,nodelete
LINK_curl := -Wl,-z,nodelete
LINK_httpd := -Wl,-z,nodelete
LINK_sqlite := -lm -Wl,-z,nodelete
MODULES := core curl httpd $(foreach m,$(OPTIONAL_MODULES),$(shell $(PKG_CONFIG) --exists '$(PACKAGES_$(m))' && echo $(m)))
# Each step is a short line; `make V=1` shows the commands, `make --silent` neither.
quiet = $(if $(V),,@$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,echo "  $(1)  $@";))
package_flags = $(if $(PACKAGES_$(1)),$(shell $(PKG_CONFIG) $(2) '$(PACKAGES_$(1))'))

# A module's files lie in its folder and in those below it; they include each other by their path from there.
sources = $(wildcard csrc/$(1)/*.c csrc/$(1)/*/*.c)
headers = $(wildcard csrc/$(1)/*.h csrc/$(1)/*/*.h)

define variant_rules
LUA_CFLAGS_$(1) ?= $$(addprefix -isystem ,$$(or $$(headers_$$(call abi,$(1))),$$(patsubst -I%,%,$$(shell \
	$$(PKG_CONFIG) --cflags $$(LUA_PACKAGE_$$(call abi,$(1)))))))

$(BUILD)/$(1)/spec_wire.so: $$(wildcard spec/support/wire*.c) spec/support/wire.h
	@mkdir -p $$(@D)
	$$(call quiet,LINK)$$(CC) $$(KENAR_CFLAGS) $$(OPTIMIZE) $$(CFLAGS) $$(call extra,$(1)) $$(LUA_CFLAGS_$(1)) \
		-shared $$(LDFLAGS) -o $$@ $$(filter %.c,$$^)

.PHONY: build-$(1) test-$(1)
build-$(1): $$(call objects,$(1)) ; @:
test-$(1): build-$(1)
	@echo "specs on $$(INTERPRETER_$$(call abi,$(1)))$$(if $$(call under,$(1)), under the sanitizers)"
	@$$(environment_$(1)) $$(call under,$(1)) $$(INTERPRETER_$$(call abi,$(1))) $$$$(command -v busted) $$(BUSTED) $$(SPEC)
endef

define module_rules
$(BUILD)/$(1)/obj/$(2)/%.o: csrc/$(2)/%.c $$(call headers,$(2)) Makefile
	@mkdir -p $$(@D)
	$$(call quiet,CC  )$$(CC) $$(KENAR_CFLAGS) $$(OPTIMIZE) $$(CFLAGS) $$(call extra,$(1)) $$(LUA_CFLAGS_$(1)) \
		-Icsrc/$(2) $$(call package_flags,$(2),--cflags) -c -o $$@ $$<

$(BUILD)/$(1)/kenar/$(2).so: $$(patsubst csrc/$(2)/%.c,$(BUILD)/$(1)/obj/$(2)/%.o,$$(call sources,$(2)))
	@mkdir -p $$(@D)
	$$(call quiet,LINK)$$(CC) -shared $$(call extra,$(1)) $$(LDFLAGS) -o $$@ $$^ \
		$$(call package_flags,$(2),--libs) $$(LINK_$(2))
endef

objects = $(MODULES:%=$(BUILD)/$(1)/kenar/%.so) $(if $(wildcard spec/support/wire.c),$(BUILD)/$(1)/spec_wire.so)

# Where a variant's interpreter finds this tree; `make env` prints the one of the plain builds.
lua_path = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;
lua_cpath = $(CURDIR)/$(BUILD)/$(1)/?.so;;
environment = LUA_PATH_5_4="$(lua_path)" LUA_CPATH_5_4="$(call lua_cpath,5.4$(1))" \
	LUA_PATH="$(lua_path)" LUA_CPATH="$(call lua_cpath,5.1$(1))"
$(foreach v,$(VARIANTS),$(eval environment_$(v) = $(call environment,$(patsubst $(call abi,$(v))%,%,$(v)))))

$(foreach v,$(VARIANTS),$(eval $(call variant_rules,$(v))))
$(foreach v,$(VARIANTS),$(foreach m,$(MODULES),$(eval $(call module_rules,$(v),$(m)))))

# C tests and fuzzers link the files of the core that know nothing of Lua.
PURE_CORE := $(filter-out csrc/core/core.c %_lua.c,$(call sources,core))
C_TESTS := $(patsubst spec/c/%.c,%,$(wildcard spec/c/*_test.c))
$(BUILD)/c/%: spec/c/%.c $(PURE_CORE) $(call headers,core) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(KENAR_CFLAGS) $(OPTIMIZE) $(CFLAGS) -Icsrc/core -o $@ $< $(PURE_CORE) -lm
$(BUILD)/c-asan/%: spec/c/%.c $(PURE_CORE) $(call headers,core) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(KENAR_CFLAGS) $(OPTIMIZE) $(CFLAGS) $(SANITIZE) -Icsrc/core -o $@ $< $(PURE_CORE) -lm

FUZZERS := $(patsubst spec/fuzz/%.c,%,$(wildcard spec/fuzz/*_fuzz.c))
$(BUILD)/fuzz/%: spec/fuzz/%.c $(PURE_CORE) $(call headers,core) Makefile
	@mkdir -p $(@D)
	clang $(KENAR_CFLAGS) -O1 -g $(SANITIZE) -fsanitize=fuzzer -Icsrc/core -o $@ $< $(PURE_CORE) -lm

SPEC ?= spec
SECONDS_EACH ?= 60
BUSTED := -o spec/support/tally.lua --exclude-pattern=rock_spec
JOBS := --jobs=$(shell nproc)

.PHONY: test-page screenshots help deps build build-asan env test luacheck build-c test-c test-c-asan test-rock demo soak bench lint format valgrind fuzz install clean
help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

deps: ## install the Debian packages that running and testing need and that are missing
	@.ci/deps run test rock

build: build-5.4 build-5.1 ## build for Lua 5.4 and for LuaJIT
build-asan: build-5.4-asan build-5.1-asan ## the same with AddressSanitizer and UBSan

# The build runs in a make of its own, so that it sees what `deps` has just installed.
test: ## install what is missing, build, check, and run every spec on both VMs, then under the sanitizers
	@.ci/deps run test
	@$(MAKE) $(JOBS) build build-asan
	@$(MAKE) --jobs=1 --keep-going luacheck test-5.4 test-5.1 test-c test-5.4-asan test-5.1-asan test-c-asan

build-c: $(C_TESTS:%=$(BUILD)/c/%)
run_each = @failed=0; for program in $(1); do echo "$$program"; $(2) $$program || failed=1; done; exit $$failed
test-c: $(C_TESTS:%=$(BUILD)/c/%) ## the C tests alone
	$(call run_each,$^)
test-c-asan: $(C_TESTS:%=$(BUILD)/c-asan/%)
	$(call run_each,$^)

test-rock: ## make, pack and install the rock into empty trees, and run the bot from there
	@.ci/deps run test rock
	@$(MAKE) $(JOBS) build-5.4
	@$(environment_5.4) lua5.4 $$(command -v busted) -o spec/support/tally.lua spec/rock_spec.lua

demo: ## a customer, the sandbox and the shop bot talk to each other on this machine
	@.ci/deps run
	@$(MAKE) $(JOBS) build-5.4
	@$(environment_5.4) lua5.4 -e 'os.exit(require("kenar.sandbox.demo")(dofile "examples/shop_bot.lua"), true)'

SEED ?= $(shell date +%s)
MINUTES ?= 10
soak: ## what is promised of delivery, held for MINUTES (10): with faults, kills and time; SEED=n draws the same again
	@.ci/deps run test
	@$(MAKE) $(JOBS) build-5.4
	@$(environment_5.4) lua5.4 spec/soak/run.lua $(SEED) $(MINUTES)

# The driver of the browser and the checker of its pages: neither Debian nor the rock has them.
PAGE_PACKAGES := playwright-core@1.65.1 axe-core@4.14.1
$(BUILD)/page/packages: Makefile
	@mkdir -p $(@D)
	@npm install --prefix $(@D) --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error $(PAGE_PACKAGES) \
		|| { echo "npm could not fetch $(PAGE_PACKAGES), with which the sandbox's page is tested" >&2; exit 1; }
	@touch $@

test-page: ## the sandbox's page in Debian's Chromium; pictures of it go to build/page/screenshots
	@.ci/deps run page
	@$(MAKE) $(JOBS) build-5.4 $(BUILD)/page/packages
	@$(environment_5.4) node spec/browser/run.mjs $(SPEC_TITLE)

screenshots: ## the README's pictures of the sandbox's page, into docs/
	@.ci/deps run page
	@$(MAKE) $(JOBS) build-5.4 $(BUILD)/page/packages
	@$(environment_5.4) node spec/browser/take.mjs
	@pngquant --force --ext .png --quality 80-98 --speed 1 --strip docs/sandbox-*.png

bench: ## what things cost, as ratios to lua-cjson, libcurl and nginx
	@.ci/deps run test bench
	@$(MAKE) $(JOBS) build
	@spec/bench/run

luacheck:
	@.ci/lint luacheck
lint: ## luacheck, and clang-format and clang's warnings where they are installed
	@.ci/deps run test
	@.ci/lint luacheck clang-format clang

format: ## lay out the C files by .clang-format
	clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h')

# Leaks are AddressSanitizer's part; what this adds is reads of memory that nobody has written.
VALGRIND := valgrind --quiet --error-exitcode=99
valgrind: ## the specs of the C modules and the C tests under valgrind
	@.ci/deps run test valgrind
	@$(MAKE) $(JOBS) build-5.4 build-c
	@$(environment_5.4) $(VALGRIND) lua5.4 $$(command -v busted) $(BUSTED) spec/core spec/curl spec/httpd $(filter spec/sqlite,$(MODULES:%=spec/%))
	$(call run_each,$(C_TESTS:%=$(BUILD)/c/%),$(VALGRIND))

fuzz: ## feed the core made-up bytes, SECONDS_EACH (60) seconds for each fuzzer
	@.ci/deps fuzz
	@$(MAKE) $(JOBS) $(FUZZERS:%=$(BUILD)/fuzz/%)
	@mkdir -p $(FUZZERS:%=$(BUILD)/fuzz/corpus/%)
	@for fuzzer in $(FUZZERS); do \
		$(BUILD)/fuzz/$$fuzzer -max_total_time=$(SECONDS_EACH) -max_len=4096 -artifact_prefix=$(BUILD)/fuzz/ \
			$(BUILD)/fuzz/corpus/$$fuzzer spec/fixtures || exit 1; \
	done

env: ## print the shell exports with which lua5.4, luajit and kenar run from this tree
	@echo 'export LUA_PATH_5_4="$(lua_path)"'
	@echo 'export LUA_CPATH_5_4="$(call lua_cpath,5.4)"'
	@echo 'export LUA_PATH="$(lua_path)"'
	@echo 'export LUA_CPATH="$(call lua_cpath,5.1)"'
	@echo 'export PATH="$(CURDIR)/lua/kenar/cli:$$PATH"'

# For luarocks, which gives LUA, LUADIR, LIBDIR and BINDIR. The ABI is asked of the interpreter that the rock is for:
# objects of another one may stand beside them.
ROCK_ABI = $(shell $(LUA) -e 'io.write(_VERSION:match "[%d.]+")')
.PHONY: rock
rock:
	$(MAKE) $(foreach m,$(MODULES),$(BUILD)/$(ROCK_ABI)/kenar/$(m).so)
# What an earlier installation put there goes first: a module that has moved since would shadow the one of today.
install: ## copy the library and the command into LUADIR, LIBDIR and BINDIR (luarocks calls this)
	$(if $(and $(LUA),$(LUADIR),$(LIBDIR),$(BINDIR)),,$(error make install: give LUA, LUADIR, LIBDIR and BINDIR))
	rm -rf "$(LUADIR)/kenar"
	rm -f $(foreach m,core curl httpd $(OPTIONAL_MODULES),"$(LIBDIR)/kenar/$(m).so")
	mkdir -p "$(LUADIR)" "$(LIBDIR)/kenar" "$(BINDIR)"
	cp -r lua/kenar "$(LUADIR)"
	rm "$(LUADIR)/kenar/cli/kenar"
	install -m 755 lua/kenar/cli/kenar "$(BINDIR)"
	install -m 755 $(foreach m,$(MODULES),$(BUILD)/$(ROCK_ABI)/kenar/$(m).so) "$(LIBDIR)/kenar"

clean: ## remove what was built
	rm -rf $(BUILD)
