/* Description: fw_cfg's ports, and its DMA commands in guest memory that changes
 * while they are carried out. */
#include <string.h>

#include "devices/base/log.h"
#include "devices/legacy/fwcfg.h"
#include "tests/fuzz/fz_ram.h"
#include "tests/lib/ports.h"

static struct iospace pio;
static struct fwcfg fwcfg;

void fz_setup(void)
{
	static uint8_t big[0x3000];

	iospace_init(&pio);
	BUG_ON(fwcfg_init(&fwcfg, &pio, fz_ram_init()));
	BUG_ON(fwcfg_add(&fwcfg, FWCFG_SIGNATURE, "QEMU", 4) ||
	       fwcfg_add(&fwcfg, FWCFG_ID, "\3\0\0", 4) ||
	       fwcfg_add_file(&fwcfg, "etc/table-loader", big, sizeof(big)) ||
	       fwcfg_add_file(&fwcfg, "genroms/none", "", 0));
}

static uint32_t be32(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* A command as firmware makes it: control, length, address, big endian. */
static void command(struct fz *in)
{
	uint32_t at = fz_u16(in), control = fz_u8(in) % 32u, len;
	uint8_t how = fz_u8(in);
	uint64_t addr = how & 1 ? fz_u64(in) : fz_u16(in);
	struct {
		uint32_t control, length;
		uint64_t addr;
	} c;
	void *to = fz_ram_at(at, sizeof(c));

	len = how & 2 ? fz_u32(in) : fz_u16(in);
	if (control & 8)
		control |= (uint32_t)fz_u8(in) << 16;
	c.control = be32(control);
	c.length = be32(len);
	c.addr = __builtin_bswap64(addr);
	if (to)
		memcpy(to, &c, sizeof(c));
	if (how & 4)
		port_out(&pio, FWCFG_BASE + 4, 4, be32(how & 8 ? 1 : 0));
	port_out(&pio, FWCFG_BASE + 8, 4, be32(at));
}

static void poke(struct fz *in)
{
	uint16_t gpa = fz_u16(in);
	size_t got;
	const uint8_t *p = fz_bytes(in, fz_u8(in) % 32u, &got);
	void *to = got ? fz_ram_at(gpa, got) : NULL;

	if (to)
		memcpy(to, p, got);
}

void fz_one(struct fz *in)
{
	fz_ram_reset();
	for (unsigned i = 0; i < 64 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);
		uint16_t port = (uint16_t)(FWCFG_BASE + (what >> 3) % 16u);
		unsigned size = 1u << (what >> 5 & 3) % 3;

		switch (what & 7) {
		case 0: port_in(&pio, port, size); break;
		case 1: port_out(&pio, port, size, fz_u32(in)); break;
		case 2: port_out(&pio, FWCFG_BASE, 2, fz_u8(in)); break;
		case 3: poke(in); break;
		case 4: fz_ram_arm(in); break;
		default: command(in);
		}
	}
	fwcfg_reset(&fwcfg);
}
