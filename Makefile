# aerovmm
#
#   make              build aerovmm, and blkbench, which measures it
#   make demo         install what it needs, boot Debian's kernel from a virtio
#                     disk to a shell (root: apt-get; about 2 minutes)
#   make demo-disk    the same from a disk image: BIOS, GRUB, a login
#   make check        install what it needs, build everything with gcc, clang and
#                     sanitizers, run every test (about 25 minutes)
#   make check-fast   build and run the host tests only (about a minute)
#   make check-guest  micro-guests on /dev/kvm
#   make conform      the Windows 7 device contract, clause by clause
#   make conform-mutations  whether those tests notice broken devices
#   make check-boot   Linux guests, nested where the CPU has no VT-x or SVM
#   make fuzz         search for inputs that break it; FUZZ=target RUNS=n SECONDS=n
#   make bench        measure against the host and QEMU; writes RESULTS.md
#   make lint         layers, file sizes, forbidden patterns, shell scripts
#   make install      PREFIX=/usr/local DESTDIR=
#   make deps         install the Debian packages needed to build
#   make clean        remove the build folder
#
# Knobs: O=build (where everything goes)  CC=gcc|clang  SAN=address|thread  V=1
O       ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
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
# Nothing unwinds a stack but a debugger, and that has -g's own tables.
HARD := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-plt \
        -fno-asynchronous-unwind-tables
HARDLD := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections
ifeq ($(SAN),address)
OPT  := -O1 -g -fno-omit-frame-pointer
HARD := -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all
HARDLD := -pie -fsanitize=address,undefined
else ifeq ($(SAN),thread)
OPT  := -O1 -g -fno-omit-frame-pointer
# gcc warns that it sees no fences; those order atomics, which it does see.
HARD := -fPIE -fsanitize=thread $(if $(findstring clang,$(CC)),,-Wno-tsan)
HARDLD := -pie -fsanitize=thread
else ifeq ($(SAN),fuzzer)
# Loads are for tests/fuzz/fz_ram.c. What UBSan would compare at each pointer,
# the search would take for the program's own comparisons, at half its speed.
CC   := clang
OPT  := -O2 -g -fno-omit-frame-pointer
HARD := -fPIE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
        -fno-sanitize=null,alignment -fsanitize-coverage=trace-loads
HARDLD := -pie -fsanitize=address,undefined
else ifneq ($(SAN),)
$(error SAN=$(SAN): use SAN=address, SAN=thread or SAN=fuzzer)
endif
CPPFLAGS := -I. -D_GNU_SOURCE -DAEROVMM_VERSION='"$(VERSION)"'
CFLAGS   := -std=gnu11 $(OPT) $(HARD) $(WARN) -ffunction-sections -fdata-sections -pthread
LDFLAGS  := $(HARDLD) -pthread
# Needed by every machine, so part of the program where there is an archive: a
# library less to find, map and relocate at each start.
archive = $(if $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))
LDLIBS   := $(call archive,uring)

# Libraries for optional devices: their headers are looked for here, and they
# are loaded when such a device is asked for (devices/base/dl.h).
#
# User-mode networking, where libslirp is there. Its pkg-config file wants
# glib's too, which nothing here needs.
SLIRP    := $(shell printf '\043include <slirp/libslirp.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo y)
ifeq ($(SLIRP),y)
CPPFLAGS += -DHAVE_SLIRP
endif

# The host's sound card, where libasound is there.
ALSA     := $(shell printf '\043include <alsa/asoundlib.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo y)
ifeq ($(ALSA),y)
CPPFLAGS += -DHAVE_ALSA
endif

# Pictures of the screen, and the screen over the network.
PNG      := $(shell printf '\043include <png.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo y)
ifeq ($(PNG),y)
CPPFLAGS += -DHAVE_LIBPNG
endif
VNC      := $(shell printf '\043include <rfb/rfb.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo y)
ifeq ($(VNC),y)
CPPFLAGS += -DHAVE_LIBVNCSERVER
endif

# The control socket's JSON.
JANSSON  := $(shell printf '\043include <jansson.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 && echo y)
ifeq ($(JANSSON),y)
LDLIBS   += $(call archive,jansson)
WITHOUT  := vmm/machine_control_none.c
else
WITHOUT  := vmm/control.c vmm/control_display.c vmm/control_input.c vmm/machine_control.c
endif

.PHONY: all
all: $(O)/aerovmm $(O)/blkbench

.PHONY: help
help:
	@sed -n '3,/^$$/s/^# \{0,3\}//p' Makefile

# ---- folder archives: a lower folder cannot call a higher one and still link
LAYERS := vmm bios pci devices
define layer
SRC_$(1) := $$(filter-out $(2),$$(sort $$(wildcard $(1)/*.c $(3))))
OBJ_$(1) := $$(SRC_$(1):%.c=$$(O)/%.o)
$$(O)/lib$(1).a: $$(OBJ_$(1)) | $$$$(@D)/.
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$(OBJ_$(1))
endef
$(eval $(call layer,vmm,vmm/main.c $(WITHOUT),))
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

# ---- guest code inside libbios.a: our BIOS and VGA BIOS ---------------------
include bios/rom/rom.mk
include bios/rom/vga/vga.mk tests/guest/int10/int10.mk

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

# ---- what a request costs in a ring (tools/bench/ringcost.c) ------------------
$(O)/tools/bench/ringcost: $(O)/tools/bench/ringcost.o $(O)/libtest.a $(LIBS_devices)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(O)/libtest.a $(LIBS_devices) -lcmocka $(LDLIBS) -o $@

# ---- what a frame costs at a tap (tools/bench/tapcost.c) ------------------------
$(O)/tools/bench/tapcost: $(O)/tools/bench/tapcost.o
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(LDLIBS) -o $@

# ---- what a batch of reads costs the loop (tools/bench/iocost.c) --------------
$(O)/tools/bench/iocost: $(O)/tools/bench/iocost.o $(LIBS_devices)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(LIBS_devices) $(LDLIBS) -o $@

# ---- golden files (tests/golden/acpi.sh): what the guest finds, byte by byte --
$(O)/tests/golden/%: $(O)/tests/golden/%.o $(LIBS_bios)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $< $(LIBS_bios) $(LDLIBS) -o $@

# ---- micro-guests: freestanding code that runs as the guest ------------------
GUEST_CC    ?= gcc
GUEST_FLAGS := -std=gnu11 -O2 -ffreestanding -mgeneral-regs-only -march=x86-64 \
               -mno-red-zone -fno-pic -fno-stack-protector -fno-strict-aliasing \
               -fno-asynchronous-unwind-tables -fcf-protection=none $(WARN) -I.
GUEST_SRC   := $(sort $(wildcard tests/guest/*.c))
GUEST_ELF   := $(GUEST_SRC:%.c=$(O)/%.elf)
GUEST_RT    := $(patsubst %,$(O)/guest/%.o,tests/guest/rt/start tests/guest/rt/rt \
               tests/guest/rt/hw tests/guest/rt/ring3 tests/guest/rt/vblk tests/lib/drv \
               tests/lib/drv_pci tests/lib/drv_split tests/lib/drv_packed)
$(O)/guest/%.o: %.c | $$(@D)/.
	$(call say,GUEST,$<)
	$(Q)$(GUEST_CC) $(GUEST_FLAGS) -MMD -MP -c $< -o $@
$(O)/guest/%.o: %.S | $$(@D)/.
	$(call say,GUEST,$<)
	$(Q)$(GUEST_CC) -MMD -MP -c $< -o $@
$(GUEST_ELF): $(O)/%.elf: $(O)/guest/%.o $(GUEST_RT) tests/guest/rt/link.ld | $$(@D)/.
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
		-T tests/guest/rt/link.ld $< $(GUEST_RT) -o $@
.PHONY: micro-guests
micro-guests: $(GUEST_ELF)

# ---- conformance tests ------------------------------------------------------
include tests/conform/conform.mk

# ---- programs that test the BIOS, run by tests/guest/bios/run ----------------
include tests/guest/bios/tests.mk

# ---- blkbench: block throughput without a guest OS ---------------------------
include tools/blkbench/blkbench.mk

# ---- fuzz targets, run by tests/fuzz/run ------------------------------------
include tests/fuzz/fuzz.mk

# ---- what people and CI run -------------------------------------------------
.PHONY: deps check check-fast check-guest check-boot bench demo demo-disk lint
deps:
	$(Q)tools/deps install build
check check-fast check-guest check-boot:
	$(Q)O=$(O) tests/check $(@:check-%=%)
bench:
	$(Q)tools/deps install bench
	$(Q)$(MAKE) --no-print-directory all
	$(Q)O=$(O) tools/bench/run
	$(Q)O=$(O) tools/bench/firmware
	$(Q)O=$(O) tools/compare
	$(Q)O=$(O) tools/bench/agree
demo:
	$(Q)tools/deps install demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)O=$(O) tools/demo kernel
demo-disk:
	$(Q)tools/deps install demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)O=$(O) tools/demo disk
lint:
	$(Q)tools/lint

.PHONY: install
install: $(O)/aerovmm $(O)/blkbench
	install -D -m 755 -s $(O)/aerovmm $(DESTDIR)$(PREFIX)/bin/aerovmm
	install -D -m 755 -s $(O)/blkbench $(DESTDIR)$(PREFIX)/bin/blkbench
	install -D -m 644 tools/blkbench/blkbench.1 $(DESTDIR)$(PREFIX)/share/man/man1/blkbench.1
	install -D -m 644 vmm/aerovmm.1 $(DESTDIR)$(PREFIX)/share/man/man1/aerovmm.1

.PHONY: clean
clean:
	$(Q)rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
