#include "bios/rom/services.h"

#define ADDRESS 0xcf8
#define DATA    0xcfc

static uint16_t select(uint8_t devfn, uint8_t off)
{
	outl(ADDRESS, 0x80000000u | (uint32_t)devfn << 8 | (off & 0xfcu));
	return DATA + (off & 3);
}

uint32_t pci_read32(uint8_t devfn, uint8_t off)
{
	return inl(select(devfn, off));
}

uint16_t pci_read16(uint8_t devfn, uint8_t off)
{
	return inw(select(devfn, off));
}

uint8_t pci_read8(uint8_t devfn, uint8_t off)
{
	return inb(select(devfn, off));
}

void pci_write16(uint8_t devfn, uint8_t off, uint16_t v)
{
	outw(select(devfn, off), v);
}

void pci_each(void (*fn)(uint8_t devfn))
{
	for (unsigned slot = 0; slot < 32; slot++) {
		unsigned funcs = cfg.slots >> slot & 1;

		for (unsigned f = 0; f < funcs; f++) {
			uint8_t devfn = (uint8_t)(slot << 3 | f);

			if (pci_read16(devfn, 0x00) == 0xffff)
				continue;
			if (f == 0 && pci_read8(devfn, 0x0e) & 0x80)
				funcs = 8;
			fn(devfn);
		}
	}
}
