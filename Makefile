# goldkeep: `make` builds build/goldkeep from the distribution's development packages alone.
#
#   make            build/goldkeep
#   make demo       installs what it needs; real Packer builds against the emulator
#   make test       installs what it needs; every test, with both compilers and the sanitizers
#   make units      build and run the unit tests of this variant
#   make fuzz       looks for inputs that break a parser: every fuzz target for SECONDS (60) each, or
#                   with FUZZ=ini that one; what breaks is kept in build/fuzz/found/
#   make bench      the figures that goldkeep promises, printed as a table
#   make install    honours DESTDIR and PREFIX
#
# Variants live in folders of their own: make BUILD=build/clang-asan CC=clang SANITIZE=1
# (SANITIZE=fuzzer is the same and what libFuzzer needs, for clang)

BUILD ?= build
PREFIX ?= /usr/local
SANITIZE ?=
FUZZ ?=
SECONDS ?= 60

VERSION := 0.1.0
PACKAGES := libcurl libcrypto libcjson sqlite3 expat smartcols

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wwrite-strings -Werror
CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu17 -D_GNU_SOURCE -DGOLDKEEP_VERSION='"$(VERSION)"' -Icommon -Ipostprocessor \
	$(WARNINGS) $(if $(SANITIZE),-fsanitize=address$(,)undefined -fno-omit-frame-pointer \
	-fno-sanitize-recover=undefined) $(if $(filter fuzzer,$(SANITIZE)),-fsanitize=fuzzer-no-link)
, := ,
PACKAGE_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
LDLIBS = $(shell pkg-config --libs $(PACKAGES)) -lm

LIBRARY_SOURCES := $(wildcard common/*/*.c)
COMMAND_SOURCES := $(wildcard postprocessor/*.c)
UNIT_SOURCES := $(wildcard common/*/tests/*_test.c)
UNIT_SHARED := $(filter-out $(UNIT_SOURCES),$(wildcard common/*/tests/*.c))

LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/obj/%.o)
COMMAND_OBJECTS := $(COMMAND_SOURCES:%.c=$(BUILD)/obj/%.o)
UNIT_SHARED_OBJECTS := $(UNIT_SHARED:%.c=$(BUILD)/obj/%.o)
UNITS := $(UNIT_SOURCES:common/%.c=$(BUILD)/units/%)
# Fuzz targets are unit tests too, of the inputs that are known; each once more with libFuzzer.
FUZZ_SOURCES := $(wildcard common/*/tests/fuzz/*_fuzz.c)
FUZZ_REPLAY := $(BUILD)/obj/common/base/tests/fuzz/replay.o
FUZZ_SHARED := $(filter-out $(FUZZ_SOURCES:%.c=$(BUILD)/obj/%.o) $(FUZZ_REPLAY), \
	$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard common/*/tests/fuzz/*.c)))
FUZZ_UNITS := $(FUZZ_SOURCES:common/%.c=$(BUILD)/units/%)
FUZZERS := $(FUZZ_SOURCES:common/%.c=$(BUILD)/fuzzers/%)
UNITS += $(if $(SANITIZE),$(FUZZ_UNITS))
# Small programs that tests written in Python talk to.
TOOLS := $(patsubst %.c,$(BUILD)/tools/%,$(notdir $(wildcard common/*/tests/tools/*.c)))

all: $(BUILD)/goldkeep

$(BUILD)/goldkeep: $(COMMAND_OBJECTS) $(BUILD)/libgoldkeep.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libgoldkeep.a: $(LIBRARY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PACKAGE_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/units/%: $(BUILD)/obj/common/%.o $(UNIT_SHARED_OBJECTS) $(BUILD)/libgoldkeep.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka

$(FUZZ_UNITS): $(FUZZ_REPLAY) $(FUZZ_SHARED)

$(BUILD)/fuzzers/%: $(BUILD)/obj/common/%.o $(FUZZ_SHARED) $(BUILD)/libgoldkeep.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(BUILD)/tools/%: $(BUILD)/obj/common/aws/tests/tools/%.o $(BUILD)/libgoldkeep.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PRECIOUS: $(BUILD)/obj/%.o

build-units: $(UNITS) $(TOOLS)

build-fuzzers: $(FUZZERS)

units: $(UNITS)
	@for unit in $(UNITS); do echo "== $$unit"; $$unit || exit 1; done

install: $(BUILD)/goldkeep
	install -D -m 0755 $(BUILD)/goldkeep $(DESTDIR)$(PREFIX)/bin/goldkeep

demo:
	scripts/setup
	scripts/demo

test:
	scripts/setup
	scripts/test

fuzz:
	scripts/setup
	scripts/fuzz $(SECONDS) $(FUZZ)

bench:
	scripts/setup bench
	scripts/bench

clean:
	rm -rf build

.PHONY: all build-units build-fuzzers units install demo test fuzz bench clean

-include $(LIBRARY_OBJECTS:.o=.d) $(COMMAND_OBJECTS:.o=.d) $(UNIT_SOURCES:%.c=$(BUILD)/obj/%.d) \
	$(UNIT_SHARED_OBJECTS:.o=.d) $(wildcard $(BUILD)/obj/common/*/tests/tools/*.d) \
	$(wildcard $(BUILD)/obj/common/*/tests/fuzz/*.d)
