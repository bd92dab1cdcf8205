# Programs that test the BIOS from the place of a boot loader, and the tools
# that make disks, CDs and a ROM file for QEMU. Included by the Makefile.
BT := $(O)/tests/guest/bios
BIOS_PROGRAMS := winboot dump services screen cdboot reset reads show v86
BT_FLAGS := -m16 -std=gnu11 -Os -march=i486 -mregparm=3 -mgeneral-regs-only \
            -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none \
            -fno-asynchronous-unwind-tables -mpreferred-stack-boundary=2 \
            $(WARN) -Wno-override-init -I.
$(BT)/%.o16: tests/guest/bios/%.c | $$(@D)/.
	$(call say,CC16,$<)
	$(Q)$(GUEST_CC) $(BT_FLAGS) -MMD -MP -MF $@.d -c $< -o $@
$(BT)/%.o16: tests/guest/bios/%.S | $$(@D)/.
	$(call say,AS16,$<)
	$(Q)$(GUEST_CC) -m16 -I. -MMD -MP -MF $@.d -c $< -o $@
$(BT)/services.elf: $(BT)/hooks.o16
$(BT)/v86.elf: $(BT)/monitor.o16
$(BT)/%.elf: $(BT)/start.o16 $(BT)/rt.o16 $(BT)/%.o16 tests/guest/bios/rt.ld
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 -z noexecstack --no-warn-rwx-segments -T tests/guest/bios/rt.ld \
		$(filter %.o16,$^) -o $@
$(BT)/%.bin: $(BT)/%.elf
	$(Q)objcopy -O binary $< $@
$(BT)/shim.elf: tests/guest/bios/shim.S tests/guest/bios/shim.c tests/guest/bios/shim.ld | $$(@D)/.
	$(call say,LD,$@)
	$(Q)$(GUEST_CC) $(subst -m16,-m32,$(BT_FLAGS)) -nostdlib -static -no-pie -Wl,--build-id=none \
		-Wl,-m,elf_i386,-z,noexecstack,--no-warn-rwx-segments,-T,tests/guest/bios/shim.ld \
		tests/guest/bios/shim.S tests/guest/bios/shim.c -o $@
$(BT)/mkrom: tests/guest/bios/mkrom.c $(LIBS_bios) | $$(@D)/.
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< $(LIBS_bios) $(LDLIBS) -o $@
$(BT)/mkcd $(BT)/mkdisk: $(BT)/%: tests/guest/bios/%.c | $$(@D)/.
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< -o $@
.PHONY: bios-tests
bios-tests: $(BIOS_PROGRAMS:%=$(BT)/%.bin) $(BT)/shim.bin $(BT)/mkrom $(BT)/mkcd \
            $(BT)/mkdisk $(O)/rom/rom.bin $(O)/rom/vga/vga.bin $(ROM_INT10)

# Who sits in front of the screen (tests/guest/screen).
$(O)/tests/guest/screen/viewer: tests/guest/screen/viewer.c | $$(@D)/.
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< -lvncclient -o $@
.PHONY: screen-tests
screen-tests: $(O)/tests/guest/screen/viewer $(BT)/show.bin $(BT)/mkdisk
