#include "bios/rom/services.h"

#define SMAP            0x534d4150u
#define UNSUPPORTED     0x86
#define PORT_A          0x92
#define PORT_A_A20      0x02
#define RAM             1
#define MIB             0x100000u

/* ---- memory ------------------------------------------------------------------ */

static void memory_map(struct regs *r)
{
	struct { struct rom_e820 e; uint32_t attr; } __attribute__((packed)) v;
	uint16_t len = r->ecx >= sizeof(v) ? sizeof(v) : sizeof(v.e);

	if (r->edx != SMAP || r->ecx < sizeof(v.e) || r->ebx >= cfg.n_e820) {
		set_status(r, UNSUPPORTED);
		return;
	}
	v.e = cfg.e820[r->ebx];
	v.attr = 1;                     /* enabled */
	copy_to(r->es, r->di, &v, len);
	r->ebx++;
	if (r->ebx == cfg.n_e820)
		r->ebx = 0;
	r->eax = SMAP;
	r->ecx = len;
	set_cf(r, false);
}

/* RAM from 1 MiB on without a hole, in KiB. */
static uint32_t extended_kb(void)
{
	for (unsigned i = 0; i < cfg.n_e820; i++)
		if (cfg.e820[i].type == RAM && cfg.e820[i].base == MIB)
			return (uint32_t)(cfg.e820[i].len >> 10);
	return 0;
}

/* AX = CX: KiB below 16 MiB, BX = DX: 64-KiB blocks above. */
static void memory_sizes(struct regs *r)
{
	uint32_t kb = extended_kb();
	uint32_t low = kb > 15 * 1024 ? 15 * 1024 : kb;

	r->ax = r->cx = (uint16_t)low;
	r->bx = r->dx = (uint16_t)((kb - low) / 64);
	set_cf(r, false);
}

/* Old callers take the value for all there is, and add to it: no more than
 * 64 MiB in all. */
static void extended_memory(struct regs *r)
{
	uint32_t kb = extended_kb();

	r->ax = (uint16_t)(kb > 63 * 1024 ? 63 * 1024 : kb);
	set_cf(r, false);
}

struct move {
	uint32_t from, to, words;
};

static uint32_t move_words(void *arg)
{
	const struct move *m = arg;
	uint32_t from = m->from, to = m->to, n = m->words / 2;

	__asm__ volatile("pushw %%ds; pushw %%es;"
			 "pushw %%fs; popw %%ds; pushw %%fs; popw %%es;"
			 "addr32 rep movsl; movl %3, %%ecx; addr32 rep movsw;"
			 "popw %%es; popw %%ds"
			 : "+S"(from), "+D"(to), "+c"(n) : "r"(m->words & 1)
			 : "memory");
	return 0;
}

static uint32_t descriptor_base(uint16_t seg, uint16_t at)
{
	return (peek32(seg, (uint16_t)(at + 2)) & 0xffffff) |
	       (uint32_t)peek8(seg, (uint16_t)(at + 7)) << 24;
}

/* ES:SI: a GDT in which source and destination are filled in. */
static void block_move(struct regs *r)
{
	struct move m = { .words = r->cx };

	if (!can_go_flat()) {
		set_status(r, 3);       /* "A20 gate failed": not done */
		return;
	}
	if (r->cx > 0x8000) {
		set_status(r, 2);
		return;
	}
	m.from = descriptor_base(r->es, (uint16_t)(r->si + 0x10));
	m.to = descriptor_base(r->es, (uint16_t)(r->si + 0x18));
	flat_call(move_words, &m);
	set_status(r, 0);
}

/* ---- A20: always open, the bit is kept for who asks --------------------------- */

static void a20(struct regs *r)
{
	uint8_t v = inb(PORT_A);

	switch (r->al) {
	case 0x00:
		outb(PORT_A, v & (uint8_t)~(PORT_A_A20 | 1));
		break;
	case 0x01:
		outb(PORT_A, (uint8_t)((v | PORT_A_A20) & ~1));
		break;
	case 0x02:
		r->al = (v & PORT_A_A20) != 0;
		break;
	case 0x03:
		r->bx = 3;              /* keyboard controller and port 92 */
		break;
	default:
		set_status(r, UNSUPPORTED);
		return;
	}
	set_status(r, 0);
}

static void configuration(struct regs *r)
{
	r->es = ROM_SEG;
	r->bx = (uint16_t)(uint32_t)config_table;
	set_status(r, 0);
}

void int15(struct regs *r)
{
	switch (r->ah) {
	case 0x24:
		a20(r);
		break;
	case 0x4f:      /* a key: to be used as it is */
		set_cf(r, true);
		break;
	case 0x52:      /* may the medium be ejected? */
		set_status(r, 0);
		break;
	case 0x80: case 0x81: case 0x82:        /* device open, close, end */
	case 0x85:                              /* SysRq key */
		set_status(r, 0);
		break;
	case 0x83:
	case 0x86:
		wait_service(r);
		break;
	case 0x87:
		block_move(r);
		break;
	case 0x88:
		extended_memory(r);
		break;
	case 0x90: case 0x91:                   /* device busy, done */
		set_cf(r, false);
		break;
	case 0xc0:
		configuration(r);
		break;
	case 0xc1:
		r->es = bda16(BDA_EBDA);        /* programs may move it */
		set_cf(r, false);
		break;
	case 0xc2:
		mouse_service(r);
		break;
	case 0xe8:
		if (r->al == 0x20) {
			memory_map(r);
			break;
		}
		if (r->al == 0x01) {
			memory_sizes(r);
			break;
		}
		set_status(r, UNSUPPORTED);
		break;
	default:
		set_status(r, UNSUPPORTED);
	}
}
