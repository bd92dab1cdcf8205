# blkbench: the machine's own archives, a ring-3 micro-guest inside, and what
# measures both. Included by the Makefile.
BENCH_GUEST := $(patsubst %,$(O)/guest/%.o,tools/blkbench/guest/entry \
               tests/guest/rt/start tools/blkbench/guest/guest tests/guest/rt/rt \
               tests/guest/rt/hw tests/guest/rt/ring3 tests/lib/drv \
               tests/lib/drv_pci tests/lib/drv_mmio tests/lib/drv_split \
               tests/lib/drv_packed)
$(O)/blkguest/guest.elf: $(BENCH_GUEST) tests/guest/rt/link.ld | $$(@D)/.
	$(call say,LD,$@)
	$(Q)ld -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
		-T tests/guest/rt/link.ld $(BENCH_GUEST) -o $@
$(O)/blkguest/guest.bin: $(O)/blkguest/guest.elf
	$(Q)objcopy -O binary --gap-fill 0 $< $@
$(O)/blkguest/setup.o: tools/blkbench/guest/setup.S $(O)/blkguest/guest.bin
	$(Q)$(GUEST_CC) -m32 -DIMAGE='"$(O)/blkguest/guest.bin"' -c $< -o $@
$(O)/blkguest/guest.bzimage: $(O)/blkguest/setup.o
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 --oformat binary -Ttext 0 -e start -z noexecstack -o $@ $<
$(O)/tools/blkbench/image.o: tools/blkbench/image.S $(O)/blkguest/guest.bzimage | $$(@D)/.
	$(call say,AS,$<)
	$(Q)$(CC) -DGUEST_IMAGE='"$(O)/blkguest/guest.bzimage"' -c $< -o $@

OBJ_blkbench := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tools/blkbench/*.c))) \
                $(O)/tools/blkbench/image.o
$(O)/blkbench: $(OBJ_blkbench) $(LIBS_vmm)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(OBJ_blkbench) $(LIBS_vmm) $(LDLIBS) -lm -o $@
