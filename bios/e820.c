#include "bios/e820.h"

unsigned e820_build(const struct bios_layout *l, struct e820_entry *out)
{
	const uint64_t mib = 0x100000;
	struct e820_entry *e = out;

	/* RAM starts at 0: a reserved first page makes Windows' boot manager
	 * find no low memory at all. */
	*e++ = (struct e820_entry){ 0, LAYOUT_EBDA, E820_RAM };
	*e++ = (struct e820_entry){ LAYOUT_EBDA, LAYOUT_EBDA_LEN,
				    E820_RESERVED };
	*e++ = (struct e820_entry){ LAYOUT_FSEG, LAYOUT_FSEG_LEN,
				    E820_RESERVED };
	*e++ = (struct e820_entry){ mib, l->acpi_base - mib, E820_RAM };
	*e++ = (struct e820_entry){ l->acpi_base, LAYOUT_ACPI_LEN, E820_ACPI };
	*e++ = (struct e820_entry){ l->nvs_base, LAYOUT_NVS_LEN, E820_NVS };
	*e++ = (struct e820_entry){ LAYOUT_KVM, LAYOUT_KVM_LEN,
				    E820_RESERVED };
	*e++ = (struct e820_entry){ LAYOUT_ROM, LAYOUT_ROM_LEN,
				    E820_RESERVED };
	if (l->high_ram_end)
		*e++ = (struct e820_entry){ LAYOUT_HIGH_RAM,
					    l->high_ram_end - LAYOUT_HIGH_RAM,
					    E820_RAM };
	return (unsigned)(e - out);
}
