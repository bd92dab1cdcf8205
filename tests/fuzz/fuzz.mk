# Fuzz targets: make fuzz [FUZZ=TARGET...] [RUNS=N] [SECONDS=N]
#
# tests/fuzz/fuzz_NAME.c is a program of libFuzzer's, built with SAN=fuzzer
# only; tests/fuzz/run runs them.
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,$(O)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
ifneq ($(JANSSON),y)
FUZZERS  := $(filter-out %/control,$(FUZZERS))
endif
FUZZ_LIB := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/fuzz/fz*.c)))

# What watches loads must not watch itself, and needs no looking at.
$(O)/tests/fuzz/fz%.o: CFLAGS += -fno-sanitize=all -fno-sanitize=fuzzer-no-link -fno-sanitize-coverage=trace-loads
$(FUZZERS): $(O)/tests/fuzz/%: $(O)/tests/fuzz/fuzz_%.o $(FUZZ_LIB) $(O)/libtest.a $(LIBS_vmm)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -Wl,--wrap=__asan_memcpy,--wrap=__asan_memmove \
		$< $(FUZZ_LIB) $(O)/libtest.a $(LIBS_vmm) -lcmocka $(LDLIBS) -o $@

.PHONY: fuzz fuzzers
fuzzers: $(FUZZERS)
fuzz:
	$(Q)tools/deps install build fuzz
	$(Q)$(MAKE) --no-print-directory O=$(O)/fuzz SAN=fuzzer fuzzers
	$(Q)tests/fuzz/run $(O)/fuzz search '$(FUZZ)' '$(RUNS)' '$(SECONDS)'
