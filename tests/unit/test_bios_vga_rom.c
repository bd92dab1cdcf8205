/*
 * Description: our VGA BIOS, run by an interpreter on our VGA: INT 10h does what
 * programs expect, with few instructions, little stack, the card's ports only
 * and no write where it has no business.
 *
 * SEED=number in the environment repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bios/vga_rom.h"
#include "devices/display/edid.h"
#include "devices/display/font.h"
#include "tests/lib/rnd.h"
#include "tests/lib/vga_rom_rig.h"

static int setup(void **state)
{
	*state = rom_rig_init(false);
	return 0;
}

static int setup_plain(void **state)
{
	*state = rom_rig_init(true);
	return 0;
}

static int teardown(void **state)
{
	rom_rig_fini(*state);
	return 0;
}

/* ---- start ---------------------------------------------------------------------- */

static uint8_t rom_sum(const struct rom_rig *r)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < VGA_ROM_LEN; i++)
		sum = (uint8_t)(sum + r->mem[0xc0000 + i]);
	return sum;
}

static void is_an_option_rom(void **state)
{
	struct rom_rig *r = *state;
	const uint8_t *rom = vga_rom(), *pcir = rom + (rom[0x18] | rom[0x19] << 8);
	uint8_t sum = 0;

	for (unsigned i = 0; i < VGA_ROM_LEN; i++)
		sum = (uint8_t)(sum + rom[i]);
	assert_int_equal(0, sum);
	assert_memory_equal("\x55\xaa\x40", rom, 3);
	assert_memory_equal("IBM", rom + 0x1e, 3);
	assert_memory_equal("PCIR\x34\x12\x11\x11", pcir, 8);
	assert_memory_equal("\x00\x00\x03\x40\x00", pcir + 13, 5);
	/* after its start it is one still, again and again */
	assert_int_equal(0, rom_sum(r));
	rom_rig_start(r);
	assert_int_equal(0, rom_sum(r));
	assert_int_equal(4, r->pci_calls);
}

static void starts_with_a_text_screen(void **state)
{
	struct rom_rig *r = *state;
	char *text;

	assert_int_equal(ROM_SEG, word(r, 0x10 * 4 + 2));
	assert_int_equal(0xf065, word(r, 0x42 * 4));
	assert_int_equal(0xf000, word(r, 0x42 * 4 + 2));
	assert_int_equal(dword(r, 0x10 * 4), dword(r, 0x6d * 4));
	assert_int_equal(ROM_SEG, word(r, 0x43 * 4 + 2));
	assert_int_equal(ROM_SEG, word(r, 0x1f * 4 + 2));
	assert_int_equal(0x2f, r->mem[0x410]);
	assert_int_equal(3, r->mem[0x449]);
	assert_int_equal(80, word(r, 0x44a));
	assert_int_equal(0x1000, word(r, 0x44c));
	assert_int_equal(0x3d4, word(r, 0x463));
	assert_int_equal(24, r->mem[0x484]);
	assert_int_equal(16, word(r, 0x485));
	assert_int_equal(0x60, r->mem[0x487]);
	assert_int_equal(0xf9, r->mem[0x488]);
	assert_int_equal(0x51, r->mem[0x489]);
	assert_int_equal(0x08, r->mem[0x48a]);
	assert_int_equal(0, vga_text(&r->card.vga, &text));
	for (const char *c = text; *c; c++)
		assert_int_equal('\n', *c);
	free(text);
	vga_rig_look(&r->card);
	assert_int_equal(720, r->card.img.w);
	assert_int_equal(400, r->card.img.h);
}

/* ---- modes ------------------------------------------------------------------------ */

static const struct { uint8_t mode; unsigned w, h; } legacy[] = {
	{ 0x00, 720, 400 }, { 0x01, 720, 400 }, { 0x02, 720, 400 },
	{ 0x03, 720, 400 }, { 0x04, 640, 400 }, { 0x05, 640, 400 },
	{ 0x06, 640, 400 }, { 0x07, 720, 400 }, { 0x0d, 640, 400 },
	{ 0x0e, 640, 400 }, { 0x0f, 640, 350 }, { 0x10, 640, 350 },
	{ 0x11, 640, 480 }, { 0x12, 640, 480 }, { 0x13, 640, 400 },
};

static void legacy_modes_are_quick(void **state)
{
	struct rom_rig *r = *state;

	for (unsigned i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
		uint8_t m = legacy[i].mode;
		uint64_t steps = int10(r, m, 0, 0, 0);

		print_message("mode %02x: %llu instructions\n", m,
			      (unsigned long long)steps);
		assert_true(steps < (r->plain ? 50000 : 10000));
		assert_int_equal(m > 7 ? 0x20 : m == 6 ? 0x3f : 0x30,
				 reg(r, EMU_AX));
		vga_rig_look(&r->card);
		assert_int_equal(legacy[i].w, r->card.img.w);
		assert_int_equal(legacy[i].h, r->card.img.h);
		int10(r, 0x0f00, 0, 0, 0);
		assert_int_equal(m, reg(r, EMU_AX) & 0xff);
	}
}

static void same_state(const struct vga_hw *a, struct vga_hw *b)
{
	/* indices and what is in flight do not count */
	b->seq_at = a->seq_at;
	b->gfx_at = a->gfx_at;
	b->crtc_at = a->crtc_at;
	b->attr_at = a->attr_at;
	b->dac_rd = a->dac_rd;
	b->dac_wr = a->dac_wr;
	b->dac_state = a->dac_state;
	b->dispi_at = a->dispi_at;
	b->latch = a->latch;
	memcpy(b->dac_hold, a->dac_hold, 3);
	assert_memory_equal(a, b, sizeof(*a));
}

/* Without the card's help the same memory comes out. */
static void extras_change_nothing(void **state)
{
	static const uint8_t modes[] = { 0x03, 0x07, 0x12, 0x13, 0x04, 0x01 };
	static uint8_t with[sizeof(modes)][0x40000];
	static struct vga_hw hw[sizeof(modes)];
	struct rom_rig *r = *state;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < sizeof(modes); i++) {
			uint8_t *v = r->card.vga.vram;

			r->plain = false;
			int10(r, 0x0013, 0, 0, 0);      /* the whole DAC */
			r->plain = round;
			memset(v, 0x5a, 0x40000);
			int10(r, modes[i], 0, 0, 0);
			/* the rest of each font's slot, and of planes that a
			 * mode does not show, is nobody's business */
			for (unsigned o = 0; o < 0x10000; o++) {
				bool text = modes[i] < 4 || modes[i] == 7;

				if (text || modes[i] == 4)
					v[4 * o + 3] = 0;
				if (text && (o >= 0x2000 || (o & 31) >= 16))
					v[4 * o + 2] = 0;
				if (modes[i] == 4)
					v[4 * o + 2] = 0;
				if (modes[i] == 0x13 && o & 3)
					memset(v + 4 * o, 0, 4);
				if ((text || modes[i] == 4) && (o & 1))
					v[4 * o] = v[4 * o + 1] = 0;
				if ((text || modes[i] == 4) && o >= 0x8000)
					v[4 * o] = v[4 * o + 1] = 0;
			}
			if (round == 0) {
				memcpy(with[i], v, 0x40000);
				hw[i] = r->card.vga.hw;
			} else {
				assert_memory_equal(with[i], v, 0x40000);
				same_state(&hw[i], &r->card.vga.hw);
			}
		}
	}
}

/* ---- text -------------------------------------------------------------------------- */

static void type(struct rom_rig *r, const char *s)
{
	for (; *s; s++)
		int10(r, (uint16_t)(0x0e00 | (uint8_t)*s), 0x0007, 0, 0);
}

static void expect_text(struct rom_rig *r, const char *want)
{
	char *text;

	assert_int_equal(0, vga_text(&r->card.vga, &text));
	text[strspn(text, "\n") + strlen(want)] = '\0';
	assert_string_equal(want, text + strspn(text, "\n"));
	free(text);
}

static void text_is_written(void **state)
{
	struct rom_rig *r = *state;

	type(r, "Hello, world\r\n\xc9\xcd\xbb\x08\x08-\r\n");
	expect_text(r, "Hello, world\n╔-╗\n");
	int10(r, 0x0300, 0, 0, 0);
	assert_int_equal(0x0200, reg(r, EMU_DX));
	for (unsigned i = 0; i < 40; i++)
		type(r, "line\r\n");
	type(r, "last");
	expect_text(r, "line\nline\n");
	memcpy(r->mem + BUF_SEG * 16, "A string\r\nof two lines", 22);
	at_buffer(r, 0);
	int10(r, 0x0003, 0, 0, 0);
	at_buffer(r, 0);
	int10(r, 0x1301, 0x001e, 22, 0x0102);
	expect_text(r, "  A string\nof two lines\n");
	int10(r, 0x0300, 0, 0, 0);
	assert_int_equal(0x020c, reg(r, EMU_DX));
	int10(r, 0x0200, 0, 0, 0x0102);
	int10(r, 0x0800, 0, 0, 0);
	assert_int_equal(0x1e41, reg(r, EMU_AX));
}

/* In graphics modes the glyphs are drawn, dot by dot those of the font. */
static void text_is_drawn(void **state)
{
	static const struct { uint8_t mode; unsigned scale; enum font_id f; } m[] = {
		{ 0x12, 1, FONT_8X16 }, { 0x13, 2, FONT_8X8 },
		{ 0x04, 2, FONT_8X8 }, { 0x10, 1, FONT_8X14 },
	};
	struct rom_rig *r = *state;

	for (unsigned i = 0; i < 4; i++) {
		unsigned height;
		const uint8_t *rows = font_rows(m[i].f, &height);

		int10(r, m[i].mode, 0, 0, 0);
		int10(r, 0x0200, 0, 0, 0x0203);
		int10(r, 0x0e51, 0x0003, 0, 0);         /* Q */
		vga_rig_look(&r->card);
		for (unsigned y = 0; y < height; y++)
			for (unsigned x = 0; x < 8; x++) {
				bool on = rows['Q' * height + y] >> (7 - x) & 1;
				uint32_t dot = vga_rig_dot(&r->card,
					(3 * 8 + x) * m[i].scale,
					(2 * height + y) * m[i].scale);

				assert_int_equal(on, dot != 0);
			}
		int10(r, 0x0200, 0, 0, 0x0203);
		int10(r, 0x0800, 0, 0, 0);
		assert_int_equal('Q', reg(r, EMU_AX) & 0xff);
		int10(r, 0x0c05, 0, 17, 9);
		int10(r, 0x0d00, 0, 17, 9);
		assert_int_equal(m[i].mode == 4 ? 1 : 5, reg(r, EMU_AX) & 0xff);
	}
}

static void fifty_rows(void **state)
{
	struct rom_rig *r = *state;

	int10(r, 0x1112, 0, 0, 0);
	assert_int_equal(49, r->mem[0x484]);
	for (unsigned i = 0; i < 49; i++)
		type(r, "\n\r");
	type(r, "row 50");
	expect_text(r, "row 50\n");
	int10(r, 0x1111, 0, 0, 0);
	assert_int_equal(27, r->mem[0x484]);
	vga_rig_look(&r->card);
	assert_int_equal(28 * 14, r->card.img.h);
	int10(r, 0x1114, 0, 0, 0);
	assert_int_equal(24, r->mem[0x484]);
	vga_rig_look(&r->card);
	assert_int_equal(400, r->card.img.h);
}

/* ---- VBE ----------------------------------------------------------------------------- */

static void vbe_controller(void **state)
{
	struct rom_rig *r = *state;

	memset(r->mem + BUF, 0xcc, 1024);
	at_buffer(r, 0);
	int10(r, 0x4f00, 0, 0, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	assert_memory_equal("VESA\0\3", r->mem + BUF, 6);
	assert_int_equal(1, dword(r, BUF + 0x0a));
	assert_int_equal(256, word(r, BUF + 0x12));
	assert_int_equal(0xcc, r->mem[BUF + 256]);      /* not VBE 2: shorter */
	memset(r->mem + BUF, 0xcc, 1024);
	memcpy(r->mem + BUF, "VBE2", 4);
	int10(r, 0x4f00, 0, 0, 0);
	assert_int_equal(0, r->mem[BUF + 511]);
	assert_int_equal(0xcc, r->mem[BUF + 512]);
	for (unsigned p = 0; p < 4; p++) {
		static const uint8_t at[4] = { 0x06, 0x16, 0x1a, 0x1e };
		uint32_t text = word(r, BUF + at[p]) +
				16u * word(r, BUF + at[p] + 2);

		assert_true(text > 0xc0000 && text < 0xc8000);
		assert_true(r->mem[text] >= ' ' && r->mem[text] < 0x7f);
	}
}

/* A dot of one colour, as the mode's masks say, must be shown in it. */
static void check_masks(struct rom_rig *r, uint16_t mode)
{
	static const uint32_t colours[3] = { 0xff0000, 0x00ff00, 0x0000ff };
	uint8_t bytes = (uint8_t)((r->mem[BUF + 0x19] + 7) / 8);
	struct vga_rig *card = &r->card;

	for (unsigned c = 0; c < 3; c++) {
		unsigned size = r->mem[BUF + 0x1f + 2 * c];
		unsigned at = r->mem[BUF + 0x20 + 2 * c];
		uint32_t dot = ((1u << size) - 1) << at;

		assert_int_equal(size, r->mem[BUF + 0x36 + 2 * c]);
		assert_int_equal(at, r->mem[BUF + 0x37 + 2 * c]);
		memcpy(card->vga.vram + word(r, BUF + 0x10) + bytes, &dot, bytes);
		vga_rig_look(card);
		if (vga_rig_dot(card, 1, 1) != colours[c])
			fail_msg("mode %x: mask %u shows %06x", mode, c,
				 vga_rig_dot(card, 1, 1));
	}
}

static void check_mode(struct rom_rig *r, uint16_t mode)
{
	uint8_t bpp;
	uint64_t steps;
	unsigned w, h;

	at_buffer(r, 0);
	memset(r->mem + BUF, 0xcc, 512);
	int10(r, 0x4f01, 0, mode, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	assert_int_equal(0xcc, r->mem[BUF + 256]);
	w = word(r, BUF + 0x12);
	h = word(r, BUF + 0x14);
	bpp = r->mem[BUF + 0x19];
	assert_int_equal(word(r, BUF + 0x10), word(r, BUF + 0x32));
	assert_int_equal(bpp == 4 ? w / 8 : w * ((bpp + 7u) / 8),
			 word(r, BUF + 0x10));
	if (bpp == 4) {
		int10(r, 0x4f02, mode | 0x4000, 0, 0);
		assert_int_equal(0, word(r, BUF) & 0x80);
	} else {
		/* what Linux asks for */
		assert_int_equal(0x99, word(r, BUF) & 0x99);
		assert_int_equal((uint32_t)LFB << 16, dword(r, BUF + 0x28));
		assert_int_equal(bpp == 8 ? 4 : 6, r->mem[BUF + 0x1b]);
		assert_int_equal(1, r->mem[BUF + 0x18]);
	}
	steps = int10(r, 0x4f02, mode | (bpp == 4 ? 0 : 0x4000), 0, 0);
	assert_true(steps < 10000);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	int10(r, 0x4f03, 0, 0, 0);
	assert_int_equal(mode | (bpp == 4 ? 0 : 0x4000), reg(r, EMU_BX));
	vga_rig_look(&r->card);
	assert_int_equal(w, r->card.img.w);
	assert_int_equal(h, r->card.img.h);
	if (bpp > 8)
		check_masks(r, mode);
}

static void vbe_modes(void **state)
{
	static const uint16_t must[] = {
		0x101, 0x103, 0x105, 0x111, 0x112, 0x115, 0x118, 0x142, 0x143,
		0x144, 0x145, 0x18f, 0x192, 0x195, 0x18c,
	};
	struct rom_rig *r = *state;
	unsigned n = 0, found = 0;
	uint32_t list;

	at_buffer(r, 0);
	int10(r, 0x4f00, 0, 0, 0);
	list = word(r, BUF + 0x0e) + 16u * word(r, BUF + 0x10);
	for (; word(r, list) != 0xffff; list += 2, n++) {
		assert_true(n < 200);
		check_mode(r, word(r, list));
		for (unsigned i = 0; i < sizeof(must) / sizeof(must[0]); i++)
			found += must[i] == word(r, list);
	}
	assert_int_equal(sizeof(must) / sizeof(must[0]), found);
	/* a mode that is not in the list */
	at_buffer(r, 0);
	int10(r, 0x4f01, 0, 0x1ff, 0);
	assert_int_equal(0x014f, reg(r, EMU_AX));
	int10(r, 0x4f02, 0x41ff, 0, 0);
	assert_int_equal(0x014f, reg(r, EMU_AX));
	int10(r, 0x0003, 0, 0, 0);
	vga_rig_look(&r->card);
	assert_int_equal(720, r->card.img.w);
}

static void vbe_window(void **state)
{
	struct rom_rig *r = *state;
	struct emu86 *e = &r->cpu;

	at_buffer(r, 0);
	int10(r, 0x4f01, 0, 0x101, 0);
	int10(r, 0x4f02, 0x0101, 0, 0);
	int10(r, 0x4f05, 0, 0, 2);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	vga_rig_poke(&r->card, 0xa0003, 0x5a);
	assert_int_equal(0x5a, r->card.vga.vram[0x20003]);
	int10(r, 0x4f05, 0, 0, 256);
	assert_int_equal(0x014f, reg(r, EMU_AX));
	/* the same by the window function, called far */
	e->r[EMU_BX] = 0;
	e->r[EMU_DX] = 3;
	rom_rig_call(r, word(r, BUF + 0x0e), word(r, BUF + 0x0c));
	int10(r, 0x4f05, 0x0100, 0, 0);
	assert_int_equal(3, reg(r, EMU_DX));
}

static void vbe_edid(void **state)
{
	struct rom_rig *r = *state;
	uint8_t edid[EDID_LEN];

	edid_make(edid);
	int10(r, 0x4f15, 0, 0, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	at_buffer(r, 16);
	int10(r, 0x4f15, 1, 0, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	assert_memory_equal(edid, r->mem + BUF + 16, EDID_LEN);
	int10(r, 0x4f15, 1, 0, 1);
	assert_int_equal(0x014f, reg(r, EMU_AX));
}

static void vbe_without_a_framebuffer(void **state)
{
	struct rom_rig *r = *state;

	memcpy(r->mem + 0xc0000, vga_rom(), VGA_ROM_LEN);
	/* a vector to IRET, CF as it was: clear, but AH is not 0 */
	r->mem[0x1a * 4] = 0xf0;
	r->mem[0x1a * 4 + 1] = 0x7f;
	r->mem[0x1a * 4 + 3] = ROM_SEG >> 8;
	r->mem[0xc7ff0] = 0xcf;
	rom_rig_start(r);
	at_buffer(r, 0);
	int10(r, 0x4f01, 0, 0x144, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
	assert_int_equal(0, word(r, BUF) & 0x80);
	assert_int_equal(0, dword(r, BUF + 0x28));
	int10(r, 0x4f02, 0x4144, 0, 0);
	assert_int_equal(0x014f, reg(r, EMU_AX));
	int10(r, 0x4f02, 0x0144, 0, 0);
	assert_int_equal(0x004f, reg(r, EMU_AX));
}

/* ---- state ------------------------------------------------------------------------------ */

static void states_are_kept(void **state)
{
	static const uint16_t modes[][2] = {
		{ 0x0003, 0 }, { 0x0012, 0 }, { 0x4f02, 0x4144 },
		{ 0x4f02, 0x0101 }, { 0x0007, 0 },
	};
	struct rom_rig *r = *state;

	for (unsigned i = 0; i < 5; i++) {
		struct vga_hw saved;
		uint8_t bda[0x80];

		int10(r, modes[i][0], modes[i][1], 0, 0);
		int10(r, 0x1010, 5, 0x1122, 0x3300);
		int10(r, 0x0200, 0, 0, 0x0304);
		if (modes[i][1] == 0x0101) {
			int10(r, 0x4f06, 0, 800, 0);
			int10(r, 0x4f07, 0, 8, 4);
		}
		at_buffer(r, 0);
		int10(r, 0x4f04, 0, 0x0f, 0);
		assert_in_range(reg(r, EMU_BX), 13, 20);
		memset(r->mem + BUF, 0xcc, 4096);
		saved = r->card.vga.hw;
		memcpy(bda, r->mem + 0x440, sizeof(bda));
		int10(r, 0x4f04, 0, 0x0f, 1);
		assert_int_equal(0xcc, r->mem[BUF + 20 * 64]);
		same_state(&saved, &r->card.vga.hw);
		int10(r, i & 1 ? 0x0003 : 0x0013, 0, 0, 0);
		int10(r, 0x4f02, 0x4112, 0, 0);
		at_buffer(r, 0);
		int10(r, 0x4f04, 0, 0x0f, 2);
		same_state(&saved, &r->card.vga.hw);
		assert_memory_equal(bda, r->mem + 0x440, sizeof(bda));
	}
	at_buffer(r, 0);
	int10(r, 0x1c00, 0, 7, 0);
	assert_int_equal(0x1c, reg(r, EMU_AX) & 0xff);
	assert_in_range(reg(r, EMU_BX), 13, 20);
}

/* Whatever a buffer says, the card's ports are where they were. */
static void no_state_leads_to_other_ports(void **state)
{
	struct rom_rig *r = *state;

	int10(r, 0x0003, 0, 0, 0);
	at_buffer(r, 0);
	memset(r->mem + BUF, 0x10, 4096);
	int10(r, 0x4f04, 0, 0x02, 2);
	assert_int_equal(0x3d4, word(r, 0x463));
	int10(r, 0x0200, 0, 0, 0x0304);
	int10(r, 0x0501, 0, 0, 0);
}

/* ---- anything -------------------------------------------------------------------------------- */

/* What takes a count or a height gets one that a test can wait for. */
static void tame(uint16_t *ax, uint16_t *bx, uint16_t *cx, struct rnd *rnd)
{
	switch (*ax >> 8) {
	case 0x09: case 0x0a: case 0x13:
		*cx &= 0x3f;
		break;
	case 0x11:
		*cx = (uint16_t)rnd_range(rnd, 1, 32);
		*bx = (uint16_t)((*bx & 0x1fff) | 0x0100);
		break;
	case 0x4f:
		if (rnd_chance(rnd, 60))
			*ax = (uint16_t)(0x4f00 | rnd_below(rnd, 0x16));
		if ((*ax & 0xff) == 2 && rnd_chance(rnd, 80))
			*bx = (uint16_t)((*bx & 0xc000) |
					 rnd_range(rnd, 0x100, 0x196));
		break;
	default:
		break;
	}
}

static void anything_goes(void **state)
{
	struct rom_rig *r = *state;
	struct rnd rnd;
	char *text;

	rnd_init(&rnd, "vga_rom");
	for (unsigned step = 0; step < 20000; step++) {
		uint16_t ax = (uint16_t)(rnd_below(&rnd, 0x1e) << 8 |
					 (rnd_u32(&rnd) & 0xff));
		uint16_t bx = (uint16_t)rnd_u32(&rnd);
		uint16_t cx = (uint16_t)rnd_u32(&rnd);
		uint16_t dx = (uint16_t)rnd_u32(&rnd);

		if (rnd_chance(&rnd, 20))
			ax = (uint16_t)(0x4f00 | (ax & 0xff));
		if (ax >> 8 == 0 && rnd_chance(&rnd, 80))
			ax = legacy[rnd_below(&rnd, 15)].mode;
		if (rnd_chance(&rnd, 70)) {
			bx &= 0x0fff;
			dx &= 0x1f7f;
			cx &= 0x1f7f;
		}
		tame(&ax, &bx, &cx, &rnd);
		at_buffer(r, (uint16_t)rnd_u32(&rnd));
		int10(r, ax, bx, cx, dx);
		if (step % 500 == 0) {
			vga_rig_look(&r->card);
			if (vga_text(&r->card.vga, &text) == 0)
				free(text);
		}
		/* A font of 0 lines stops all drawing: not the ROM's fault. */
		if (word(r, 0x485) > 32 || word(r, 0x485) == 0)
			int10(r, 0x0003, 0, 0, 0);
	}
	int10(r, 0x0003, 0, 0, 0);
	type(r, "still here");
	expect_text(r, "still here\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define P(f) { #f "_plain", f, setup_plain, teardown, NULL }
	const struct CMUnitTest tests[] = {
		T(is_an_option_rom), T(starts_with_a_text_screen),
		T(legacy_modes_are_quick), P(legacy_modes_are_quick),
		T(extras_change_nothing), T(text_is_written), T(text_is_drawn),
		T(fifty_rows), T(vbe_controller), T(vbe_modes), T(vbe_window),
		T(vbe_edid), T(vbe_without_a_framebuffer), T(states_are_kept),
		T(no_state_leads_to_other_ports),
		T(anything_goes), P(anything_goes),
	};

	return cmocka_run_group_tests_name("vga_rom", tests, NULL, NULL);
}
