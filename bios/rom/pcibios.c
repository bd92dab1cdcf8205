/*
 * PCI BIOS 2.1, INT 1Ah/B1. Compiled twice, for 16-bit callers and, as
 * pcibios32, for 32-bit ones. The latter may have any segment base, so nothing
 * here refers to data but through the argument.
 */
#include "bios/rom/services.h"

#ifdef PCIBIOS32
#define SERVICE pcibios32
#else
#define SERVICE pcibios
#endif

#define PCI_MAGIC       0x20494350u     /* "PCI " */
enum {
	NOT_SUPPORTED = 0x81, BAD_VENDOR = 0x83, NOT_FOUND = 0x86,
	BAD_REGISTER = 0x87,
};

static uint16_t address(uint16_t bdf, uint8_t off)
{
	outl(0xcf8, 0x80000000u | (uint32_t)bdf << 8 | (off & 0xfcu));
	return 0xcfc + (off & 3);
}

static uint32_t read32(uint16_t bdf, uint8_t off)
{
	return inl(address(bdf, off));
}

/* The SIth function whose register masked by mask has that value. One bus is
 * all there is. */
static uint8_t find(struct regs *r, uint8_t off, uint32_t value, unsigned shift)
{
	uint16_t left = r->si;

	for (unsigned bdf = 0; bdf < 0x100; bdf++) {
		if ((uint16_t)read32((uint16_t)bdf, 0) == 0xffff) {
			if (!(bdf & 7))
				bdf |= 7;
			continue;
		}
		if (read32((uint16_t)bdf, off) >> shift == value && !left--) {
			r->bx = (uint16_t)bdf;
			return 0;
		}
		if (!(bdf & 7) &&
		    !(read32((uint16_t)bdf, 0x0c) & 0x00800000))
			bdf |= 7;
	}
	return NOT_FOUND;
}

static uint8_t installed(struct regs *r)
{
	r->edx = PCI_MAGIC;
	r->al = 1;              /* configuration mechanism 1 */
	r->bx = 0x0210;
	r->cl = 0;              /* last bus */
#ifndef PCIBIOS32
	r->edi = rom_linear(pci_entry32);
#endif
	return 0;
}

static uint8_t access(struct regs *r)
{
	uint8_t size = (uint8_t)(1 << ((r->al - 8) % 3));
	uint8_t off = (uint8_t)r->di;
	uint16_t port;

	if (r->di > 0xff || off & (size - 1))
		return BAD_REGISTER;
	port = address(r->bx, off);
	if (r->al == 0x08)
		r->cl = inb(port);
	else if (r->al == 0x09)
		r->cx = inw(port);
	else if (r->al == 0x0a)
		r->ecx = inl(port);
	else if (r->al == 0x0b)
		outb(port, r->cl);
	else if (r->al == 0x0c)
		outw(port, r->cx);
	else
		outl(port, r->ecx);
	return 0;
}

void SERVICE(struct regs *r)
{
	uint8_t status = NOT_SUPPORTED;

	if (r->al == 0x01)
		status = installed(r);
	else if (r->al == 0x02 && r->dx == 0xffff)
		status = BAD_VENDOR;
	else if (r->al == 0x02)
		status = find(r, 0, (uint32_t)r->cx << 16 | r->dx, 0);
	else if (r->al == 0x03)
		status = find(r, 8, r->ecx & 0xffffff, 8);
	else if (r->al >= 0x08 && r->al <= 0x0d)
		status = access(r);
	set_status(r, status);
}
