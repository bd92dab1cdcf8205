/*
 * Description: the window at A0000 reaches the four planes as write modes, read
 * modes, chaining and the memory map say, and a text screen may become plain
 * memory without anybody noticing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/vga_rig.h"

enum { SEQ = 0x3c4, GFX = 0x3ce, A = 0xa0000, B = 0xb8000 };

static int setup(void **state)
{
	static struct vga_rig r;

	vga_rig_init(&r, false);
	*state = &r;
	return 0;
}

static int setup_port(void **state)
{
	static struct vga_rig r;

	vga_rig_init(&r, true);
	vga_rig_mode(&r, 0x03);
	vga_rig_text_ready(&r);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	vga_rig_fini(*state);
	return 0;
}

/* What plane p holds at an offset, past the window. */
static uint8_t plane(struct vga_rig *r, unsigned p, uint32_t off)
{
	return r->vga.vram[4 * off + p];
}

static void check_planes(struct vga_rig *r, uint32_t off, uint8_t p0,
			 uint8_t p1, uint8_t p2, uint8_t p3)
{
	assert_int_equal(p0, plane(r, 0, off));
	assert_int_equal(p1, plane(r, 1, off));
	assert_int_equal(p2, plane(r, 2, off));
	assert_int_equal(p3, plane(r, 3, off));
}

static void put_planes(struct vga_rig *r, uint32_t off, uint8_t p0, uint8_t p1,
		       uint8_t p2, uint8_t p3)
{
	const uint8_t all[4] = { p0, p1, p2, p3 };

	memcpy(r->vga.vram + 4 * off, all, 4);
}

static void map_mask(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	vga_rig_set(r, SEQ, 2, 0x05);
	vga_rig_poke(r, A + 7, 0x99);
	check_planes(r, 7, 0x99, 0, 0x99, 0);
	for (uint8_t p = 0; p < 4; p++) {
		vga_rig_set(r, GFX, 4, p);
		assert_int_equal(p & 1 ? 0 : 0x99, vga_rig_peek(r, A + 7));
	}
}

static void write_mode_0(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	put_planes(r, 0, 0xf0, 0xf0, 0xf0, 0xf0);
	vga_rig_set(r, GFX, 0, 0x09);           /* set/reset */
	vga_rig_set(r, GFX, 1, 0x03);           /* in planes 0 and 1 */
	vga_rig_set(r, GFX, 3, 0x03);           /* rotate by 3 */
	vga_rig_set(r, GFX, 8, 0x3c);           /* bits */
	vga_rig_peek(r, A);
	vga_rig_poke(r, A, 0x81);               /* rotated: 30 */
	check_planes(r, 0, 0xfc, 0xc0, 0xf0, 0xf0);
	/* the latches are what was read, not what is there */
	put_planes(r, 1, 0xff, 0xff, 0xff, 0xff);
	vga_rig_poke(r, A + 1, 0x81);
	check_planes(r, 1, 0xfc, 0xc0, 0xf0, 0xf0);
}

static void logic_functions(void **state)
{
	static const uint8_t want[4] = { 0x3c, 0x30, 0xfc, 0xcc };
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	for (uint8_t f = 0; f < 4; f++) {
		put_planes(r, f, 0xf0, 0xf0, 0xf0, 0xf0);
		vga_rig_set(r, GFX, 3, (uint8_t)(f << 3));
		vga_rig_peek(r, A + f);
		vga_rig_poke(r, A + f, 0x3c);
		check_planes(r, f, want[f], want[f], want[f], want[f]);
	}
}

static void write_mode_1_copies(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	put_planes(r, 5, 1, 2, 3, 4);
	vga_rig_set(r, GFX, 5, 0x01);
	vga_rig_set(r, GFX, 8, 0x00);           /* without a say here */
	vga_rig_peek(r, A + 5);
	vga_rig_poke(r, A + 6, 0xff);
	check_planes(r, 6, 1, 2, 3, 4);
	vga_rig_set(r, SEQ, 2, 0x0e);
	vga_rig_poke(r, A + 7, 0xff);
	check_planes(r, 7, 0, 2, 3, 4);
}

static void write_mode_2_is_a_colour(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	put_planes(r, 5, 0x0f, 0x0f, 0x0f, 0x0f);
	vga_rig_set(r, GFX, 5, 0x02);
	vga_rig_set(r, GFX, 8, 0x18);
	vga_rig_peek(r, A + 5);
	vga_rig_poke(r, A + 5, 0x0a);
	check_planes(r, 5, 0x07, 0x1f, 0x07, 0x1f);
}

static void write_mode_3_is_a_mask(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	put_planes(r, 5, 0x00, 0xff, 0x00, 0xff);
	vga_rig_set(r, GFX, 0, 0x03);           /* enable does not matter */
	vga_rig_set(r, GFX, 3, 0x01);           /* rotate by 1 */
	vga_rig_set(r, GFX, 5, 0x03);
	vga_rig_set(r, GFX, 8, 0x7e);
	vga_rig_peek(r, A + 5);
	vga_rig_poke(r, A + 5, 0xe1);           /* F0, masked: 70 */
	check_planes(r, 5, 0x70, 0xff, 0x00, 0x8f);
}

static void read_mode_1_compares(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	put_planes(r, 9, 0xf0, 0xcc, 0xaa, 0x00);
	vga_rig_set(r, GFX, 5, 0x08);
	vga_rig_set(r, GFX, 2, 0x03);
	assert_int_equal(0x40, vga_rig_peek(r, A + 9));
	vga_rig_set(r, GFX, 7, 0x03);           /* planes 0 and 1 matter */
	assert_int_equal(0xc0, vga_rig_peek(r, A + 9));
	vga_rig_set(r, GFX, 7, 0x00);
	assert_int_equal(0xff, vga_rig_peek(r, A + 9));
}

static void chain_4(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x13);
	for (unsigned i = 0; i < 8; i++)
		vga_rig_poke(r, A + 0x1230 + i, (uint8_t)(0x10 + i));
	check_planes(r, 0x1230, 0x10, 0x11, 0x12, 0x13);
	check_planes(r, 0x1234, 0x14, 0x15, 0x16, 0x17);
	check_planes(r, 0x1231, 0, 0, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(0x10 + i, vga_rig_peek(r, A + 0x1230 + i));
	vga_rig_set(r, SEQ, 2, 0x02);
	vga_rig_poke(r, A + 0x1230, 0xff);
	vga_rig_poke(r, A + 0x1231, 0xff);
	check_planes(r, 0x1230, 0x10, 0xff, 0x12, 0x13);
}

static void odd_and_even(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_poke(r, B + 0x100, 'A');
	vga_rig_poke(r, B + 0x101, 0x1e);
	check_planes(r, 0x100, 'A', 0x1e, 0, 0);
	check_planes(r, 0x101, 0, 0, 0, 0);
	assert_int_equal('A', vga_rig_peek(r, B + 0x100));
	assert_int_equal(0x1e, vga_rig_peek(r, B + 0x101));
	/* the other pair */
	vga_rig_set(r, SEQ, 2, 0x0c);
	vga_rig_poke(r, B + 0x100, 'F');
	vga_rig_poke(r, B + 0x101, 'G');
	check_planes(r, 0x100, 'A', 0x1e, 'F', 'G');
	vga_rig_set(r, GFX, 4, 2);
	assert_int_equal('F', vga_rig_peek(r, B + 0x100));
	assert_int_equal('G', vga_rig_peek(r, B + 0x101));
}

static void memory_map(void **state)
{
	static const struct { uint32_t lo, hi; } range[4] = {
		{ 0xa0000, 0xbffff }, { 0xa0000, 0xaffff },
		{ 0xb0000, 0xb7fff }, { 0xb8000, 0xbffff },
	};
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	for (uint8_t map = 0; map < 4; map++) {
		vga_rig_set(r, GFX, 6, (uint8_t)(map << 2 | 1));
		memset(r->vga.vram, 0x77, 0x40000);
		for (uint32_t gpa = 0xa0000; gpa < 0xc0000; gpa += 0x3fff) {
			bool in = gpa >= range[map].lo && gpa <= range[map].hi;
			uint32_t off = (gpa - range[map].lo) & 0xffff;

			assert_int_equal(in ? 0x77 : 0xff,
					 vga_rig_peek(r, gpa));
			vga_rig_poke(r, gpa, 0x11);
			if (in)
				check_planes(r, off, 0x11, 0x11, 0x11, 0x11);
			put_planes(r, off, 0x77, 0x77, 0x77, 0x77);
		}
	}
}

static void wide_accesses(void **state)
{
	struct vga_rig *r = *state;
	uint64_t val = 0x8877665544332211;

	vga_rig_mode(r, 0x13);
	assert_true(iospace_rw(&r->mmio, A + 3, 8, &val, true));
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(0x11 * (i + 1), vga_rig_peek(r, A + 3 + i));
	val = 0;
	assert_true(iospace_rw(&r->mmio, A + 5, 4, &val, false));
	assert_true(val == 0x66554433);
	/* over the window's end */
	val = 0x2211;
	assert_true(iospace_rw(&r->mmio, 0xbffff, 2, &val, true));
	assert_true(iospace_rw(&r->mmio, 0xbffff, 2, &val, false));
	assert_true(val == 0xffff);
}

static void dispi_bank(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_dispi_mode(r, 1024, 768, 32, 0x01);
	vga_rig_poke(r, A + 2, 0x5a);
	assert_int_equal(0x5a, r->vga.vram[2]);
	vga_rig_dispi(r, 5, 3);
	vga_rig_poke(r, A + 0xffff, 0xa5);
	assert_int_equal(0xa5, r->vga.vram[0x3ffff]);
	assert_int_equal(0xa5, vga_rig_peek(r, A + 0xffff));
	assert_int_equal(0xff, vga_rig_peek(r, B));
	vga_rig_dispi(r, 5, 0xffff);            /* wraps */
	vga_rig_poke(r, A + 0x8000, 0x77);
	assert_int_equal(0x77, r->vga.vram[0xff8000]);
	/* 4 bpp: a bank of each plane */
	vga_rig_mode(r, 0x12);
	vga_rig_dispi_mode(r, 1280, 1024, 4, 0x01);
	vga_rig_set(r, SEQ, 2, 0x08);
	vga_rig_dispi(r, 5, 2);
	vga_rig_poke(r, A + 1, 0x3c);
	assert_int_equal(0x3c, r->vga.vram[4 * 0x20001 + 3]);
	vga_rig_dispi(r, 5, 0xffff);
	vga_rig_poke(r, A + 0xffff, 0x3d);
	assert_int_equal(0x3d, r->vga.vram[VGA_VRAM_LEN - 1]);
}

/* ---- the text window as memory ------------------------------------------------- */

/* Enough of a screen's traffic to have the window mapped. */
static void write_much(struct vga_rig *r)
{
	for (unsigned i = 0; i < 4000; i++)
		vga_rig_poke(r, B + i, (uint8_t)(i & 1 ? 0x07 : 'a' + i % 26));
}

static void text_becomes_memory(void **state)
{
	struct vga_rig *r = *state;
	char *text;

	assert_null(r->hva);
	assert_true(vga_stamp(&r->vga) != 0);
	write_much(r);
	assert_non_null(r->hva);
	assert_int_equal(1, r->maps);
	assert_true(r->gpa == B && r->len == 0x8000);
	assert_int_equal(0, vga_stamp(&r->vga));
	for (unsigned i = 0; i < 4000; i++)
		assert_int_equal(i & 1 ? 0x07 : 'a' + i % 26, r->hva[i]);
	/* what the guest writes there is seen without an access to us */
	memcpy(r->hva, "X\x07Y\x07", 4);
	assert_int_equal(0, vga_text(&r->vga, &text));
	assert_int_equal(0, strncmp(text, "XYegi", 5));
	free(text);
}

static void memory_becomes_planes_again(void **state)
{
	struct vga_rig *r = *state;

	write_much(r);
	assert_non_null(r->hva);
	r->hva[0x7ffe] = 'Z';
	r->hva[0x7fff] = 0x4f;
	vga_rig_set(r, SEQ, 4, 0x06);           /* as if for a font */
	assert_null(r->hva);
	check_planes(r, 0x7ffe, 'Z', 0x4f, 0, 0);
	check_planes(r, 2, 'a' + 2, 0x07, 0, 0);
	vga_rig_set(r, SEQ, 4, 0x02);
	assert_int_equal('Z', vga_rig_peek(r, B + 0x7ffe));
	assert_null(r->hva);            /* not for one access */
	write_much(r);
	assert_non_null(r->hva);
	assert_int_equal(0x4f, r->hva[0x7fff]);
	/* the framebuffer takes all of it */
	vga_rig_dispi_mode(r, 640, 480, 32, 0x41);
	assert_null(r->hva);
	vga_rig_dispi(r, 4, 0);
	write_much(r);
	assert_non_null(r->hva);
	vga_reset(&r->vga);
	assert_null(r->hva);
}

static void only_plain_text_is_mapped(void **state)
{
	static const struct { uint16_t port; uint8_t index, val; } odd[] = {
		{ SEQ, 2, 0x07 }, { SEQ, 2, 0x01 }, { SEQ, 4, 0x06 },
		{ SEQ, 4, 0x0a }, { GFX, 1, 0x01 }, { GFX, 3, 0x01 },
		{ GFX, 3, 0x08 }, { GFX, 4, 0x02 }, { GFX, 5, 0x11 },
		{ GFX, 5, 0x18 }, { GFX, 5, 0x00 }, { GFX, 6, 0x0a },
		{ GFX, 6, 0x02 }, { GFX, 8, 0x7f },
	};
	struct vga_rig *r = *state;

	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		uint8_t was = vga_rig_get(r, odd[i].port, odd[i].index);

		write_much(r);
		assert_non_null(r->hva);
		vga_rig_set(r, odd[i].port, odd[i].index, odd[i].val);
		assert_null(r->hva);
		write_much(r);
		assert_null(r->hva);
		vga_rig_set(r, odd[i].port, odd[i].index, was);
	}
}

static void accesses_in_flight_reach_the_memory(void **state)
{
	struct vga_rig *r = *state;
	uint64_t val = 0x2a;

	write_much(r);
	assert_non_null(r->hva);
	/* another CPU left the guest before the window was mapped */
	assert_true(iospace_rw(&r->mmio, B + 5, 1, &val, true));
	assert_int_equal(0x2a, r->hva[5]);
	val = 0;
	assert_true(iospace_rw(&r->mmio, B + 4, 2, &val, false));
	assert_int_equal(0x2a, val >> 8);
	val = 0;
	assert_true(iospace_rw(&r->mmio, A + 4, 2, &val, false));
	assert_int_equal(0xffff, val);
	vga_rig_dispi(r, VGA_X_FILL, 0x1f41);
	assert_int_equal(0x41, r->hva[0x2000]);
	assert_int_equal(0x1f, r->hva[0x7fff]);
}

static void refusal_costs_nothing(void **state)
{
	struct vga_rig *r = *state;

	r->refuse = -EINVAL;
	write_much(r);
	write_much(r);
	assert_null(r->hva);
	assert_int_equal(1, r->maps);           /* not asked again */
	assert_int_equal('a', vga_rig_peek(r, B));
	assert_true(vga_stamp(&r->vga) != 0);
}

/* The host does not take the memory back: the guest goes on writing there, and
 * nothing of it is lost when it does at last. */
static void what_stays_memory_stays_text(void **state)
{
	struct vga_rig *r = *state;
	uint8_t *hva;

	write_much(r);
	hva = r->hva;
	assert_non_null(hva);
	r->keep = -ENOMEM;
	vga_rig_set(r, SEQ, 4, 0x06);
	vga_rig_set(r, SEQ, 4, 0x06);
	vga_reset(&r->vga);
	assert_ptr_equal(hva, r->hva);
	hva[8] = 'k';
	assert_int_equal('k', vga_rig_peek(r, B + 8));
	r->keep = 0;
	vga_rig_set(r, SEQ, 4, 0x06);
	assert_null(r->hva);
	assert_int_equal('k', r->vga.vram[4 * 8]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define P(f) cmocka_unit_test_setup_teardown(f, setup_port, teardown)
	const struct CMUnitTest tests[] = {
		T(map_mask), T(write_mode_0), T(logic_functions),
		T(write_mode_1_copies), T(write_mode_2_is_a_colour),
		T(write_mode_3_is_a_mask), T(read_mode_1_compares),
		T(chain_4), T(odd_and_even), T(memory_map), T(wide_accesses),
		T(dispi_bank),
		P(text_becomes_memory), P(memory_becomes_planes_again),
		P(only_plain_text_is_mapped),
		P(accesses_in_flight_reach_the_memory),
		P(refusal_costs_nothing), P(what_stays_memory_stays_text),
	};

	return cmocka_run_group_tests_name("vga_mem", tests, NULL, NULL);
}
