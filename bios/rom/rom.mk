# Our BIOS: guest code of 16 bits, a flat image inside libbios.a. It shares no
# object with the host and is compiled by GUEST_CC whatever CC is. Included by
# the Makefile.
ROM_FLAGS := -std=gnu11 -Os -march=i486 -mregparm=3 -mgeneral-regs-only \
             -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none \
             -fno-asynchronous-unwind-tables -mpreferred-stack-boundary=2 $(WARN) -I.
OBJ_rom := $(patsubst bios/rom/%,$(O)/rom/%.o,$(basename $(sort $(wildcard \
           bios/rom/*.c bios/rom/*.S)))) $(O)/rom/pcibios32.o
# What runs inside INT 10h: no operand may be relative to ESP (tests/guest/bios/
# audit), hence the frame pointers.
ROM_INT10 := $(patsubst %,$(O)/rom/%.o,int10 term com1)
$(ROM_INT10): ROM_FLAGS += -fno-omit-frame-pointer
$(O)/rom/%.o: bios/rom/%.c | $$(@D)/.
	$(call say,ROM,$<)
	$(Q)$(GUEST_CC) -m16 $(ROM_FLAGS) -MMD -MP -c $< -o $@
$(O)/rom/%.o: bios/rom/%.S | $$(@D)/.
	$(call say,ROM,$<)
	$(Q)$(GUEST_CC) -m16 -I. -MMD -MP -c $< -o $@
# PCI BIOS for 32-bit callers: no jump table, because it finds no data.
$(O)/rom/pcibios32.o: bios/rom/pcibios.c | $$(@D)/.
	$(call say,ROM,$@)
	$(Q)$(GUEST_CC) -m32 -DPCIBIOS32 -fno-jump-tables $(ROM_FLAGS) -MMD -MP -c $< -o $@
$(O)/rom/rom.elf: bios/rom/rom.ld $(OBJ_rom)
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 -z noexecstack --no-warn-rwx-segments -T $< -o $@ $(OBJ_rom)
$(O)/rom/rom.bin: $(O)/rom/rom.elf
	$(Q)objcopy -O binary --gap-fill 0 $< $@
$(O)/bios/rom_image.o: bios/rom_image.S $(O)/rom/rom.bin | $$(@D)/.
	$(call say,AS,$<)
	$(Q)$(CC) -DROM_BIN='"$(O)/rom/rom.bin"' -c $< -o $@
OBJ_bios += $(O)/bios/rom_image.o
$(O)/libbios.a: $(O)/bios/rom_image.o
