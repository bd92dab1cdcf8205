# blkbench: the machine's own archives, a ring-3 micro-guest inside, and what
# measures both. Included by the Makefile.
BENCH_GUEST := $(patsubst %,$(O)/guest/%.o,tools/blkbench/guest/entry \
               tests/guest/rt/start tools/blkbench/guest/guest tests/guest/rt/rt \
               tests/guest/rt/hw tests/guest/rt/ring3 tests/lib/drv \
               tests/lib/drv_pci tests/lib/drv_mmio tests/lib/drv_split)
$(O)/blkbench/guest.elf: $(BENCH_GUEST) tests/guest/rt/link.ld | $$(@D)/.
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
		-T tests/guest/rt/link.ld $(BENCH_GUEST) -o $@
$(O)/blkbench/guest.bin: $(O)/blkbench/guest.elf
	$(Q)objcopy -O binary --gap-fill 0 $< $@
$(O)/blkbench/setup.o: tools/blkbench/guest/setup.S $(O)/blkbench/guest.bin
	$(Q)$(GUEST_CC) -m32 -DIMAGE='"$(O)/blkbench/guest.bin"' -c $< -o $@
$(O)/blkbench/guest.bzimage: $(O)/blkbench/setup.o
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 --oformat binary -Ttext 0 -e start -z noexecstack -o $@ $<
$(O)/tools/blkbench/image.o: tools/blkbench/image.S $(O)/blkbench/guest.bzimage | $$(@D)/.
	$(call say,AS,$<)
	$(Q)$(CC) -DGUEST_IMAGE='"$(O)/blkbench/guest.bzimage"' -c $< -o $@

OBJ_blkbench := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/blkbench/*.c))) \
                $(O)/tools/blkbench/image.o
$(O)/blkbench/blkbench: $(OBJ_blkbench) $(LIBS_vmm)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(OBJ_blkbench) $(LIBS_vmm) $(LDLIBS) -lm -o $@
.PHONY: blkbench
blkbench: $(O)/blkbench/blkbench
