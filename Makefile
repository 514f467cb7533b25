# paperboy: how it is built, tried and tested. `make help` lists the targets.
#
#   make            the program: build/paperboy
#   make demo       the daily job once, for the example subscribers
#   make test       everything; installs what it needs first
#   make install    PREFIX=/usr/local DESTDIR=

VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
# What the program and its templates are installed as; also compiled in, so
# that the installed program finds its templates.
DATADIR ?= $(PREFIX)/share/paperboy

PACKAGES := libcurl libxml-2.0 jansson sqlite3 libutf8proc libsodium zlib libmicrohttpd md4c
# PostgreSQL is built in where libpq is; POSTGRES=no leaves it out.
ifndef POSTGRES
POSTGRES := $(shell pkg-config --exists libpq 2>/dev/null && echo yes || echo no)
endif
ifeq ($(POSTGRES),yes)
PACKAGES += libpq
DATABASES := -DPAPERBOY_POSTGRES
endif
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wconversion
ifdef STRICT
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
LDFLAGS ?=
PYTHON ?= /usr/bin/python3

# Debian 12's names of what each target needs.
BUILD_PACKAGES := gcc make pkg-config libc6-dev libcurl4-gnutls-dev libxml2-dev libetpan-dev libpsl-dev libjansson-dev \
	libsqlite3-dev libpq-dev libmicrohttpd-dev libmd4c-dev libstemmer-dev libutf8proc-dev libsodium-dev zlib1g-dev uthash-dev \
	tzdata ca-certificates
TEST_PACKAGES := libcmocka-dev libgnutls28-dev clang libclang-rt-14-dev llvm valgrind libc6-dbg python3 python3-jsonschema \
	python3-feedparser openssl sqlite3 faketime mandoc shellcheck systemd
# postfix has smtp-source and smtp-sink.
BENCH_PACKAGES := python3 python3-feedparser python3-pystache postfix postgresql nginx-light wrk
SERVER_PACKAGES := postgresql postfix dovecot-imapd dovecot-lmtpd spamassassin chromium chromium-driver \
	python3-selenium fonts-dejavu-core nginx-light caddy curl

# The Makefile is read before its own `packages` target may have installed
# pkg-config, so its answers are asked for when a recipe runs.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES)) -letpan -lpsl -lstemmer -lresolv -lm -lpthread
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc -I$(BUILD)/generated $(WARNINGS) $(DATABASES) -fstack-protector-strong -fPIE $(CFLAGS) $(PKG_CFLAGS)
# Our names are nobody else's: libkrb5, behind libpq and libcurl, would call our
# profile_init for its own.
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--exclude-libs,libpaperboy.a $(CFLAGS) $(LDFLAGS)
DEFINES = -DPAPERBOY_VERSION='"$(VERSION)"'

LIBRARY_SOURCES := $(sort $(wildcard src/*/*.c))
ifneq ($(POSTGRES),yes)
LIBRARY_SOURCES := $(filter-out src/store/store_postgres.c src/store/postgres_%.c,$(LIBRARY_SOURCES))
endif
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libpaperboy.a
PROGRAM := $(BUILD)/paperboy

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/%)
UNIT_HELPERS := $(sort $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c)))
UNIT_HELPER_OBJECTS := $(UNIT_HELPERS:%.c=$(BUILD)/%.o)

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/%.c=$(BUILD)/%)

# A line per file; V=1 shows the whole commands.
ifdef V
SAY = @:
RUN :=
else
SAY = @printf '%s\t%s\n'
RUN := @
endif

all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/main.o $(LIBRARY)
	$(SAY) link $@
	$(RUN)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(LIBRARY): $(LIBRARY_OBJECTS)
	$(SAY) archive $@
	@rm -f $@
	$(RUN)$(AR) rcs $@ $^

# Objects made with other flags (another PREFIX, another compiler) are made again.
FLAGS := $(BUILD)/generated/flags
$(FLAGS): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(CC) $(ALL_CFLAGS) $(DEFINES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Two objects alone know where things are installed.
DATADIR_FILE := $(BUILD)/generated/datadir.inc
$(DATADIR_FILE): FORCE
	@mkdir -p $(@D)
	@printf '#define PAPERBOY_DATADIR "%s"\n' '$(DATADIR)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(BUILD)/src/commands/site.o $(BUILD)/src/commands/calendar.o: $(DATADIR_FILE)

$(BUILD)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(SAY) compile $<
	$(RUN)$(CC) $(ALL_CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# The schema is readable SQL in numbered files; this makes them one C table.
MIGRATIONS := $(sort $(wildcard src/store/migrations/*.sql))
$(BUILD)/generated/migrations.inc: $(MIGRATIONS) src/store/embed_sql.sh
	@mkdir -p $(@D)
	$(SAY) embed "$(MIGRATIONS)"
	@sh src/store/embed_sql.sh $(MIGRATIONS) > $@.new
	@mv $@.new $@
$(BUILD)/src/store/migrations.o: $(BUILD)/generated/migrations.inc

# Compiled profiles are only good for the ranking that made them.
RANKING_SOURCES := $(sort $(wildcard src/ranking/*.[ch] src/papers/tex*.[ch] src/subscribers/profile*.[ch]))
RANKING_VERSION_FILE := $(BUILD)/generated/ranking_version.inc
$(RANKING_VERSION_FILE): $(RANKING_SOURCES)
	@mkdir -p $(@D)
	@printf '#define RANKING_VERSION %su\n' "$$(cat $(RANKING_SOURCES) | cksum | cut -d ' ' -f 1)" > $@.new
	@mv $@.new $@
$(BUILD)/src/ranking/ranking.o: $(RANKING_VERSION_FILE)

units: $(UNIT_PROGRAMS)
$(BUILD)/unit/%: tests/unit/%.c $(UNIT_HELPER_OBJECTS) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) test $<
	$(RUN)$(CC) $(ALL_CFLAGS) $(DEFINES) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(UNIT_HELPER_OBJECTS) $(LIBRARY) $(PKG_LIBS) -lcmocka -lgnutls
$(BUILD)/tests/unit/%.o: ALL_CFLAGS += -Itests
.SECONDARY: $(UNIT_HELPER_OBJECTS)

# For CC=clang and CFLAGS with -fsanitize=fuzzer-no-link: tests/run.py gives them.
fuzzers: $(FUZZ_PROGRAMS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) fuzzer $<
	$(RUN)$(CC) $(ALL_CFLAGS) $(DEFINES) -Itests -MMD -MP $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(PKG_LIBS)

BENCH_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))
benches: $(BENCH_PROGRAMS)
$(BUILD)/bench/%: tests/bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(DEFINES) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIBRARY) $(PKG_LIBS)

# PAPERS=day.jsonl FEED=feed.xml give other input than ../shared/data.
# SUBSCRIBERS=100000: of the mornings that are measured from papers to sent.
bench: bench-packages
	@$(MAKE) --no-print-directory all benches
	@$(PYTHON) tests/bench/run.py $(BUILD)/bench $(if $(PAPERS),--papers $(PAPERS)) $(if $(FEED),--feed $(FEED)) \
		$(if $(SUBSCRIBERS),--subscribers $(SUBSCRIBERS))

bench-packages:
	@sh tests/packages.sh "the build and the benchmarks" $(BUILD_PACKAGES) $(BENCH_PACKAGES)

build-packages:
	@sh tests/packages.sh "the build" $(BUILD_PACKAGES)

ifeq ($(SERVERS),no)
test-packages:
	@sh tests/packages.sh "the build and the tests without servers" $(BUILD_PACKAGES) $(TEST_PACKAGES)
else
test-packages:
	@sh tests/packages.sh "the build, the tests and their servers" $(BUILD_PACKAGES) $(TEST_PACKAGES) $(SERVER_PACKAGES)
endif

# STAGES="checks gcc" runs only these; tests/run.py --help lists them.
test: test-packages
	@SERVERS=$(SERVERS) $(PYTHON) tests/run.py $(STAGES)

demo: build-packages
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@PROGRAM=$(abspath $(PROGRAM)) sh tests/demo.sh

# Units and man pages say where the program was installed.
INSTALL_EDIT = sed -e 's|/usr/bin/paperboy|$(PREFIX)/bin/paperboy|g' -e 's|/usr/share/paperboy|$(DATADIR)|g'
LIBDIR := $(if $(filter /usr,$(PREFIX)),/usr/lib,$(PREFIX)/lib)
UNITDIR ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,$(LIBDIR)/systemd/system)
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/paperboy
TEMPLATES := $(sort $(shell find templates -type f 2>/dev/null))
EXAMPLES := $(sort $(wildcard subscribers/*))
TO = $(DESTDIR)$(1)

UNITS := paperboy.service paperboy.timer paperboy-inbox.service paperboy-web.service paperboy-web.socket

install: all
	install -D -m 755 $(PROGRAM) $(call TO,$(PREFIX)/bin/paperboy)
	for file in $(TEMPLATES); do install -D -m 644 $$file $(call TO,$(DATADIR))/$$file || exit; done
	for file in $(EXAMPLES); do install -D -m 644 $$file $(call TO,$(DATADIR))/examples/$$file || exit; done
	install -D -m 644 systemd/paperboy.json $(call TO,$(DATADIR))/examples/paperboy.json
	for file in README.md LICENSE; do install -D -m 644 $$file $(call TO,$(DOCDIR))/$$file || exit; done
	for unit in $(UNITS); do \
		install -d $(call TO,$(UNITDIR)) && $(INSTALL_EDIT) systemd/$$unit > $(call TO,$(UNITDIR))/$$unit && \
		chmod 644 $(call TO,$(UNITDIR))/$$unit || exit; done
	install -D -m 644 systemd/paperboy.sysusers $(call TO,$(LIBDIR)/sysusers.d/paperboy.conf)
	install -D -m 644 systemd/paperboy.tmpfiles $(call TO,$(LIBDIR)/tmpfiles.d/paperboy.conf)
	for page in man/*.?; do \
		folder=$(call TO,$(MANDIR))/man$${page##*.}; install -d $$folder && \
		$(INSTALL_EDIT) $$page > $$folder/$${page##*/} && chmod 644 $$folder/$${page##*/} || exit; done
	@$(if $(DESTDIR),,echo "Next: systemd-sysusers; systemd-tmpfiles --create; write /etc/paperboy/paperboy.json (see paperboy.json(5)); systemctl daemon-reload; systemctl enable --now paperboy.timer, and with an inbox paperboy-inbox.service, with pages paperboy-web.service")

# Leaves /etc/paperboy and /var/lib/paperboy, which are the owner's.
uninstall:
	rm -f $(call TO,$(PREFIX)/bin/paperboy) $(foreach unit,$(UNITS),$(call TO,$(UNITDIR)/$(unit))) \
		$(call TO,$(LIBDIR)/sysusers.d/paperboy.conf) $(call TO,$(LIBDIR)/tmpfiles.d/paperboy.conf) \
		$(foreach page,$(notdir $(wildcard man/*.?)),$(call TO,$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(page)))
	rm -rf $(addprefix $(call TO,$(DATADIR)),/templates /examples) $(call TO,$(DOCDIR))
	-rmdir $(call TO,$(DATADIR))

clean:
	rm -rf $(BUILD) demo

help:
	@echo 'make              build $(PROGRAM)'
	@echo 'make demo         install what the build needs, build, and run the daily job in demo/'
	@echo 'make test         install what the tests need, and run all of them'
	@echo '                  SERVERS=no leaves the servers out; STAGES="checks gcc" runs only these stages'
	@echo 'make bench        measure the store, planning, feeds, digests, ranking, sending, serving and whole'
	@echo '                  mornings against the alternatives'
	@echo 'make units        build the unit tests; make fuzzers: the fuzz targets'
	@echo 'make install      PREFIX=$(PREFIX) DESTDIR= DATADIR= UNITDIR= MANDIR= DOCDIR='
	@echo 'make uninstall    the same variables; keeps /etc/paperboy and /var/lib/paperboy'
	@echo 'make clean        remove build/ and demo/'
	@echo 'Variables         CC, CFLAGS, LDFLAGS, BUILD=FOLDER, STRICT=1 (warnings are errors), POSTGRES=no, V=1'

FORCE:
.PHONY: all units fuzzers bench benches bench-packages build-packages test-packages test demo install uninstall clean help FORCE
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
