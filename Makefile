# aerovmm: see `make help`. Knobs: O=build  V=1  SAN=address|thread  CC=gcc|clang
O       ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.PRECIOUS: %/.
.SECONDARY:

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' '$(1)' '$(2)')

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Wundef -Wwrite-strings
OPT  := -O2 -g
HARD := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-plt
HARDLD := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections
ifeq ($(SAN),address)
OPT  := -O1 -g -fno-omit-frame-pointer
HARD := -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all
HARDLD := -pie -fsanitize=address,undefined
else ifeq ($(SAN),thread)
OPT  := -O1 -g -fno-omit-frame-pointer
HARD := -fPIE -fsanitize=thread
HARDLD := -pie -fsanitize=thread
else ifeq ($(SAN),fuzzer)
CC   := clang
OPT  := -O1 -g -fno-omit-frame-pointer
HARD := -fPIE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
HARDLD := -pie -fsanitize=address,undefined
else ifneq ($(SAN),)
$(error SAN=$(SAN): use SAN=address or SAN=thread)
endif
CPPFLAGS := -I. -D_GNU_SOURCE -DAEROVMM_VERSION='"$(VERSION)"'
CFLAGS   := -std=gnu11 $(OPT) $(HARD) $(WARN) -ffunction-sections -fdata-sections -pthread
LDFLAGS  := $(HARDLD) -pthread
LDLIBS   := -luring

.PHONY: all
all: $(O)/aerovmm

# ---- folder archives: a lower folder cannot call a higher one and still link
LAYERS := vmm bios pci devices
define layer
SRC_$(1) := $$(filter-out $(2),$$(sort $$(wildcard $(1)/*.c $(3))))
OBJ_$(1) := $$(SRC_$(1):%.c=$$(O)/%.o)
$$(O)/lib$(1).a: $$(OBJ_$(1)) | $$$$(@D)/.
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$(OBJ_$(1))
endef
$(eval $(call layer,vmm,vmm/main.c,))
$(eval $(call layer,bios,,))
$(eval $(call layer,pci,,))
$(eval $(call layer,devices,,devices/*/*.c))
LIBS_vmm     := $(O)/libvmm.a $(O)/libbios.a $(O)/libpci.a $(O)/libdevices.a
LIBS_bios    := $(O)/libbios.a $(O)/libpci.a $(O)/libdevices.a
LIBS_pci     := $(O)/libpci.a $(O)/libdevices.a
LIBS_devices := $(O)/libdevices.a

$(O)/%.o: %.c | $$(@D)/.
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
%/.:
	$(Q)mkdir -p $@

$(O)/aerovmm: $(O)/vmm/main.o $(LIBS_vmm)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(O)/vmm/main.o $(LIBS_vmm) $(LDLIBS) -o $@

# ---- host tests: tests/unit/test_<layer>_<what>.c links only that layer ------
UNIT := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(UNIT:%.c=$(O)/%)
TESTLIB := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/lib/*.c)))
unit_layer = $(word 2,$(subst _, ,$(notdir $(1))))
$(O)/libtest.a: $(TESTLIB) | $$(@D)/.
	$(Q)rm -f $@ && ar rcs $@ $(TESTLIB)
$(O)/tests/unit/%: $(O)/tests/unit/%.o $(O)/libtest.a $$(LIBS_$$(call unit_layer,$$*))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(O)/libtest.a $(LIBS_$(call unit_layer,$*)) -lcmocka $(LDLIBS) -o $@

.PHONY: unit
unit: $(UNIT_BIN)

# ---- golden files: what the guest finds, byte by byte -------------------------
$(O)/tests/golden/%: $(O)/tests/golden/%.o $(LIBS_bios)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(LIBS_bios) $(LDLIBS) -o $@

.PHONY: golden
golden: $(O)/tests/golden/acpi_dump
	$(Q)tests/golden/acpi.sh $<

.PHONY: clean
clean:
	$(Q)rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
