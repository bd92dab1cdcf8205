# A disk image with the program that tests/guest/int10/compare runs.
INT10_FLAGS := -m16 -std=gnu11 -Os -march=i486 -mgeneral-regs-only -ffreestanding \
               -fno-pic -fno-stack-protector -fno-strict-aliasing -fcf-protection=none \
               -fno-asynchronous-unwind-tables -mpreferred-stack-boundary=2 $(WARN) -I.
OBJ_int10   := $(patsubst %,$(O)/tests/guest/int10/%.o,boot int10 text graphics rest)
$(O)/tests/guest/int10/%.o: tests/guest/int10/%.c | $$(@D)/.
	$(call say,GUEST,$<)
	$(Q)$(GUEST_CC) $(INT10_FLAGS) -MMD -MP -c $< -o $@
$(O)/tests/guest/int10/%.o: tests/guest/int10/%.S | $$(@D)/.
	$(call say,GUEST,$<)
	$(Q)$(GUEST_CC) -m16 -I. -MMD -MP -c $< -o $@
$(O)/tests/guest/int10/int10.img: tests/guest/int10/link.ld $(OBJ_int10)
	$(call say,LD,$@)
	$(Q)ld -m elf_i386 -z noexecstack --no-warn-rwx-segments -T $< -o $(@:.img=.elf) $(OBJ_int10)
	$(Q)objcopy -O binary --gap-fill 0 $(@:.img=.elf) $@ && truncate -s 1M $@
.PHONY: int10
int10: $(O)/tests/guest/int10/int10.img $(O)/rom/vga/vga.bin
