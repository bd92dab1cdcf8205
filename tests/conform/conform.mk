# Conformance tests: the same sources for the host and for a micro-guest.
CF_SRC := $(sort $(wildcard tests/conform/t_*.c)) tests/conform/cf.c tests/conform/pattern.c
CF_HOST := $(O)/tests/conform/host.o $(CF_SRC:%.c=$(O)/%.o) $(O)/libtest.a
$(O)/tests/conform/host: $(CF_HOST) $(LIBS_pci)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(CF_HOST) $(LIBS_pci) -lcmocka $(LDLIBS) -o $@

# The same with one source changed (tests/conform/mutate): MUTANT is that source
# without its .c, MUTANT_HOST the program.
ifneq ($(MUTANT),)
$(MUTANT_HOST): $(MUTANT).c $(CF_HOST) $(LIBS_pci)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $(MUTANT).o
	$(Q)$(CC) $(LDFLAGS) $(CF_HOST) $(MUTANT).o $(LIBS_pci) -lcmocka $(LDLIBS) -o $@
endif

# In a micro-guest, and who plays the world around it.
CF_GUEST := $(CF_SRC:%.c=$(O)/guest/%.o) $(O)/guest/tests/conform/guest.o \
            $(O)/guest/tests/lib/rnd.o
$(O)/tests/conform/guest.elf: $(CF_GUEST) $(GUEST_RT) tests/guest/rt/link.ld | $$(@D)/.
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
		-T tests/guest/rt/link.ld $(CF_GUEST) $(GUEST_RT) -o $@
$(O)/tests/conform/partner: $(O)/tests/conform/partner.o $(O)/tests/conform/pattern.o
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

.PHONY: conform conform-mutations
conform:
	$(Q)tools/deps install build test
	$(Q)O=$(O) tests/conform/run
conform-mutations:
	$(Q)tools/deps install build test
	$(Q)O=$(O) tests/conform/mutate
