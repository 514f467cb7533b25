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

PACKAGES := libcurl libxml-2.0 jansson sqlite3 libutf8proc libsodium zlib
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wconversion
ifdef STRICT
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
LDFLAGS ?=

# The Makefile is read before its own `packages` target may have installed
# pkg-config, so its answers are asked for when a recipe runs.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES)) -lstemmer -lm -lpthread
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc -I$(BUILD)/generated $(WARNINGS) -fstack-protector-strong -fPIE $(CFLAGS) $(PKG_CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(CFLAGS) $(LDFLAGS)
DEFINES = -DPAPERBOY_VERSION='"$(VERSION)"' -DPAPERBOY_DATADIR='"$(DATADIR)"'

LIBRARY_SOURCES := $(sort $(wildcard src/*/*.c))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libpaperboy.a
PROGRAM := $(BUILD)/paperboy

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_PROGRAMS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/%)
UNIT_HELPERS := $(sort $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c)))
UNIT_HELPER_OBJECTS := $(UNIT_HELPERS:%.c=$(BUILD)/%.o)

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/%.c=$(BUILD)/%)

all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/main.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(LIBRARY): $(LIBRARY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# The schema is readable SQL in numbered files; this makes them one C table.
MIGRATIONS := $(sort $(wildcard src/store/migrations/*.sql))
$(BUILD)/generated/migrations.inc: $(MIGRATIONS) src/store/embed_sql.sh
	@mkdir -p $(@D)
	sh src/store/embed_sql.sh $(MIGRATIONS) > $@.new
	mv $@.new $@
$(BUILD)/src/store/migrations.o: $(BUILD)/generated/migrations.inc

units: $(UNIT_PROGRAMS)
$(BUILD)/unit/%: tests/unit/%.c $(UNIT_HELPER_OBJECTS) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(DEFINES) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(UNIT_HELPER_OBJECTS) $(LIBRARY) $(PKG_LIBS) -lcmocka -lgnutls
$(BUILD)/tests/unit/%.o: ALL_CFLAGS += -Itests

clean:
	rm -rf $(BUILD) demo

.PHONY: all units clean
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
