# Our VGA BIOS: guest code of 16 bits, an option ROM of 32 KiB inside libbios.a.
# Included by the Makefile. $(O)/rom/vga/vga.bin is the ROM, its sum 0.
VGA_ROM_LEN := 32768
OBJ_vgarom  := $(patsubst bios/rom/vga/%.S,$(O)/rom/vga/%.o,$(sort $(wildcard bios/rom/vga/*.S)))
$(O)/rom/vga/%.o: bios/rom/vga/%.S | $$(@D)/.
	$(call say,ROM,$<)
	$(Q)$(GUEST_CC) -m16 -I. -Wa,--fatal-warnings -MMD -MP -c $< -o $@
$(O)/rom/vga/vga.elf: bios/rom/vga/vga.ld $(OBJ_vgarom)
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 -z noexecstack --no-warn-rwx-segments \
		--defsym=VGA_ROM_LEN=$(VGA_ROM_LEN) -T $< -o $@ $(OBJ_vgarom)
# The last byte makes the sum of all 0.
$(O)/rom/vga/vga.bin: $(O)/rom/vga/vga.elf
	$(Q)objcopy -O binary --gap-fill 0 $< $@
	$(Q)sum=$$(od -An -v -tu1 $@ | awk '{ for (i = 1; i <= NF; i++) s += $$i } END { print (256 - s % 256) % 256 }') && \
		printf "\\$$(printf %03o $$sum)" | dd of=$@ bs=1 seek=$$(($(VGA_ROM_LEN) - 1)) conv=notrunc status=none
$(O)/bios/vga_image.o: bios/vga_image.S $(O)/rom/vga/vga.bin | $$(@D)/.
	$(call say,AS,$<)
	$(Q)$(CC) -DVGA_BIN='"$(O)/rom/vga/vga.bin"' -c $< -o $@
OBJ_bios += $(O)/bios/vga_image.o
$(O)/libbios.a: $(O)/bios/vga_image.o
