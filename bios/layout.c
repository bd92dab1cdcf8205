#include "bios/layout.h"

#include <errno.h>

#define GIB (1ull << 30)
#define PAGE 4096u

/* The largest naturally aligned window that ends within the address space. */
static void place_pci64(struct bios_layout *l, uint64_t space)
{
	uint64_t from = l->high_ram_end ? l->high_ram_end : LAYOUT_HIGH_RAM;

	for (uint64_t len = 64 * GIB; len >= GIB; len /= 2) {
		uint64_t base = (from + len - 1) & ~(len - 1);

		if (base + len <= space) {
			l->pci64_base = base;
			l->pci64_len = len;
			return;
		}
	}
	l->pci64_base = 0;
	l->pci64_len = 0;
}

int layout_init(struct bios_layout *l, uint64_t ram, unsigned phys_bits)
{
	/* 52 is all that x86 page tables have room for. */
	uint64_t space = 1ull << (phys_bits < 52 ? phys_bits : 52);

	if (ram < LAYOUT_RAM_MIN || ram % PAGE)
		return -EINVAL;
	if (ram > space)
		return -E2BIG;
	l->low_ram_end = ram;
	l->high_ram_end = 0;
	if (ram > LAYOUT_LOW_RAM_MAX) {
		l->low_ram_end = LAYOUT_LOW_RAM_MAX;
		l->high_ram_end = LAYOUT_HIGH_RAM + ram - LAYOUT_LOW_RAM_MAX;
		if (l->high_ram_end > space)
			return -E2BIG;
	}
	l->nvs_base = l->low_ram_end - LAYOUT_NVS_LEN;
	l->acpi_base = l->nvs_base - LAYOUT_ACPI_LEN;
	place_pci64(l, space);
	return 0;
}
