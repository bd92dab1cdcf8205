#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bios/vga_rom.h"
#include "devices/base/container.h"
#include "tests/lib/vga_rom_rig.h"

#define STACK_SEG 0x2000
#define STACK_TOP 0x1000
#define STACK_MAX 160                   /* bytes a call may use */
/* Where a return ends the run, and where the system BIOS is. */
#define END_SEG 0xf000
#define END_IP 0x0100
#define INT1A_IP 0x0200

static struct rom_rig rig;

/* ---- the machine ------------------------------------------------------------ */

static bool at_window(uint32_t at)
{
	return at >= 0xa0000 && at < 0xc0000;
}

static uint8_t read8(struct emu86 *e, uint32_t at)
{
	struct rom_rig *r = container_of(e, struct rom_rig, cpu);

	return at_window(at) ? vga_rig_peek(&r->card, at) : r->mem[at];
}

/* What INT 10h may write besides video memory. */
static bool allowed(const struct rom_rig *r, uint32_t at)
{
	static const struct { uint32_t lo, hi; } ranges[] = {
		{ 0x449, 0x466 }, { 0x484, 0x48a }, { 0x4a8, 0x4ab },
		{ 0x4ba, 0x4bb }, { 4 * 0x1f, 4 * 0x1f + 3 },
		{ 4 * 0x43, 4 * 0x43 + 3 },
		{ BUF_SEG * 16, BUF_SEG * 16 + 0xffff },
		{ STACK_SEG * 16 + STACK_TOP - STACK_MAX,
		  STACK_SEG * 16 + STACK_TOP - 1 },
	}, starting[] = {
		{ 4 * 0x10, 4 * 0x10 + 3 }, { 4 * 0x42, 4 * 0x42 + 3 },
		{ 4 * 0x6d, 4 * 0x6d + 3 }, { 0x410, 0x410 },
		{ 0xc0000, 0xc7fff },
	};

	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (at >= ranges[i].lo && at <= ranges[i].hi)
			return true;
	for (unsigned i = 0; i < sizeof(starting) / sizeof(starting[0]); i++)
		if (at >= starting[i].lo && at <= starting[i].hi)
			return r->starting;
	return false;
}

static void write8(struct emu86 *e, uint32_t at, uint8_t val)
{
	struct rom_rig *r = container_of(e, struct rom_rig, cpu);

	if (at_window(at)) {
		vga_rig_poke(&r->card, at, val);
		return;
	}
	if (!allowed(r, at)) {
		print_error("write to %#x at %04x:%04x\n", at, e->seg[EMU_CS],
			    e->ip);
		e->fault = "a write where it has no business";
		return;
	}
	r->mem[at] = val;
}

static bool port_allowed(uint16_t port, unsigned size)
{
	return (port >= 0x3b0 && port + size <= 0x3e0) ||
	       (port >= 0x1ce && port + size <= 0x1d2);
}

static uint16_t in(struct emu86 *e, uint16_t port, unsigned size)
{
	struct rom_rig *r = container_of(e, struct rom_rig, cpu);

	if (!port_allowed(port, size))
		e->fault = "a port that is not the card's";
	if (port == 0x1cf && r->plain && r->dispi_at >= VGA_X_ID)
		return 0;
	return (uint16_t)port_in(&r->card.pio, port, size);
}

static void out(struct emu86 *e, uint16_t port, unsigned size, uint16_t val)
{
	struct rom_rig *r = container_of(e, struct rom_rig, cpu);

	if (!port_allowed(port, size))
		e->fault = "a port that is not the card's";
	if (port == 0x1ce)
		r->dispi_at = val;
	if (port == 0x1cf && r->plain && r->dispi_at >= VGA_X_ID)
		e->fault = "the card has no extras";
	port_out(&r->card.pio, port, size, val);
}

/* The two calls of a PCI BIOS that the start makes. */
static void int1a(struct rom_rig *r)
{
	struct emu86 *e = &r->cpu;
	uint16_t fn = e->r[EMU_AX], flags;

	r->pci_calls++;
	emu86_iret(e);
	flags = e->flags & (uint16_t)~EMU_CF;
	if (fn == 0xb102 && e->r[EMU_CX] == 0x1111 &&
	    e->r[EMU_DX] == 0x1234 && e->r[EMU_SI] == 0)
		e->r[EMU_BX] = 0x0010;
	else if (fn == 0xb109 && e->r[EMU_BX] == 0x0010 && e->r[EMU_DI] == 0x12)
		e->r[EMU_CX] = LFB;
	else
		flags |= EMU_CF;
	e->r[EMU_AX] &= 0x00ff;
	e->flags = flags;
}

static bool before(struct emu86 *e)
{
	struct rom_rig *r = container_of(e, struct rom_rig, cpu);

	if (e->seg[EMU_CS] == END_SEG && e->ip == INT1A_IP) {
		int1a(r);
		return before(e);
	}
	if (e->seg[EMU_CS] == END_SEG && e->ip == END_IP)
		return false;
	if (e->seg[EMU_CS] != ROM_SEG)
		e->fault = "code outside of the ROM";
	return !e->fault;
}

static void go(struct rom_rig *r, uint64_t limit)
{
	emu86_run(&r->cpu, limit);
	if (r->cpu.fault) {
		const struct emu86 *e = &r->cpu;

		fail_msg("%s at %04x:%04x, %llu instructions, AX %04x BX %04x "
			 "CX %04x DX %04x", e->fault, e->seg[EMU_CS], e->ip,
			 (unsigned long long)e->steps, e->r[EMU_AX],
			 e->r[EMU_BX], e->r[EMU_CX], e->r[EMU_DX]);
	}
}

#define LIMIT 3000000

/* INT 10h; SI, DI, BP and the segments are set before. */
uint64_t int10(struct rom_rig *r, uint16_t ax, uint16_t bx, uint16_t cx,
		      uint16_t dx)
{
	struct emu86 *e = &r->cpu;
	uint64_t steps = e->steps;
	uint16_t si = e->r[EMU_SI], di = e->r[EMU_DI], ds = 0x1234;
	uint16_t flags = EMU_IF | EMU_DF | EMU_CF;

	e->r[EMU_AX] = ax;
	e->r[EMU_BX] = bx;
	e->r[EMU_CX] = cx;
	e->r[EMU_DX] = dx;
	e->r[EMU_SP] = STACK_TOP;
	e->seg[EMU_SS] = STACK_SEG;
	e->seg[EMU_DS] = ds;
	e->seg[EMU_CS] = END_SEG;
	e->ip = END_IP;
	e->flags = flags;
	emu86_int(e, 0x10);
	go(r, LIMIT);
	assert_int_equal(STACK_TOP, e->r[EMU_SP]);
	assert_int_equal(flags, e->flags);
	assert_int_equal(ds, e->seg[EMU_DS]);
	assert_int_equal(si, e->r[EMU_SI]);
	assert_int_equal(di, e->r[EMU_DI]);
	return e->steps - steps;
}

void at_buffer(struct rom_rig *r, uint16_t off)
{
	r->cpu.seg[EMU_ES] = BUF_SEG;
	r->cpu.r[EMU_DI] = r->cpu.r[EMU_BP] = off;
}

void rom_rig_call(struct rom_rig *r, uint16_t seg, uint16_t off)
{
	static const uint8_t end[4] = {
		END_IP & 0xff, END_IP >> 8, END_SEG & 0xff, END_SEG >> 8,
	};
	struct emu86 *e = &r->cpu;

	e->seg[EMU_SS] = STACK_SEG;
	e->r[EMU_SP] = STACK_TOP - sizeof(end);
	memcpy(r->mem + STACK_SEG * 16 + STACK_TOP - sizeof(end), end,
	       sizeof(end));
	e->seg[EMU_CS] = seg;
	e->ip = off;
	go(r, LIMIT);
	assert_int_equal(STACK_TOP, e->r[EMU_SP]);
}

void rom_rig_start(struct rom_rig *r)
{
	r->starting = true;
	rom_rig_call(r, ROM_SEG, 3);
	r->starting = false;
}

struct rom_rig *rom_rig_init(bool plain)
{
	static const struct emu86 cpu = {
		.read = read8, .write = write8, .in = in, .out = out,
		.before = before,
	};

	memset(&rig, 0, sizeof(rig));
	vga_rig_init(&rig.card, false);
	rig.cpu = cpu;
	rig.plain = plain;
	memcpy(rig.mem + 0xc0000, vga_rom(), VGA_ROM_LEN);
	rig.mem[0x1a * 4] = INT1A_IP & 0xff;
	rig.mem[0x1a * 4 + 1] = INT1A_IP >> 8;
	rig.mem[0x1a * 4 + 3] = END_SEG >> 8;
	rig.mem[0x10 * 4] = 0x65;       /* F000:F065, as a PC's BIOS has it */
	rig.mem[0x10 * 4 + 1] = 0xf0;
	rig.mem[0x10 * 4 + 3] = 0xf0;
	rig.mem[0x410] = 0x3f;
	rom_rig_start(&rig);
	return &rig;
}

void rom_rig_fini(struct rom_rig *r)
{
	vga_rig_fini(&r->card);
}
