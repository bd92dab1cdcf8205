/*
 * Description: the VGA's registers at ports 3B0-3DF behave as drivers expect
 * that probe, save and restore them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/vga_rig.h"

enum { SEQ = 0x3c4, GFX = 0x3ce, CRTC = 0x3d4, MONO = 0x3b4 };

static uint64_t now;

static uint64_t fake_now(void)
{
	return now;
}

static int setup(void **state)
{
	static struct vga_rig r;

	vga_rig_init(&r, false);
	r.vga.now_ns = fake_now;
	now = 0;
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	vga_rig_fini(*state);
	return 0;
}

static void indexed_registers_keep_their_bits(void **state)
{
	static const uint8_t seq[] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0 };
	static const uint8_t gfx[] = {
		0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff, 0, 0,
	};
	struct vga_rig *r = *state;

	for (uint8_t i = 0; i < sizeof(seq); i++) {
		vga_rig_set(r, SEQ, i, 0xff);
		assert_int_equal(seq[i], vga_rig_get(r, SEQ, i));
	}
	for (uint8_t i = 0; i < sizeof(gfx); i++) {
		vga_rig_set(r, GFX, i, 0xff);
		assert_int_equal(gfx[i], vga_rig_get(r, GFX, i));
	}
	for (uint8_t i = 0; i < 0x40; i++) {
		vga_rig_set(r, CRTC, i, (uint8_t)(0x40 + i));
		assert_int_equal(i < 0x19 ? 0x40 + i : 0,
				 vga_rig_get(r, CRTC, i));
	}
	assert_int_equal(0x3f, inb(&r->pio, CRTC));
}

static void crtc_protects_its_timing(void **state)
{
	struct vga_rig *r = *state;

	for (uint8_t i = 0; i < 8; i++)
		vga_rig_set(r, CRTC, i, 0x00);
	vga_rig_set(r, CRTC, 0x11, 0x80);
	for (uint8_t i = 0; i < 8; i++)
		vga_rig_set(r, CRTC, i, 0xff);
	for (uint8_t i = 0; i < 7; i++)
		assert_int_equal(0, vga_rig_get(r, CRTC, i));
	/* the split screen's bit of the overflow register stays open */
	assert_int_equal(0x10, vga_rig_get(r, CRTC, 7));
	vga_rig_set(r, CRTC, 8, 0x5a);
	assert_int_equal(0x5a, vga_rig_get(r, CRTC, 8));
	vga_rig_set(r, CRTC, 0x11, 0x00);
	vga_rig_set(r, CRTC, 0, 0xff);
	assert_int_equal(0xff, vga_rig_get(r, CRTC, 0));
}

static void attribute_port_takes_turns(void **state)
{
	struct vga_rig *r = *state;

	inb(&r->pio, 0x3da);
	outb(&r->pio, 0x3c0, 0x05);     /* index */
	outb(&r->pio, 0x3c0, 0x2a);     /* data */
	outb(&r->pio, 0x3c0, 0x06);
	outb(&r->pio, 0x3c0, 0x15);
	outb(&r->pio, 0x3c0, 0x25);     /* index, screen on */
	assert_int_equal(0x25, inb(&r->pio, 0x3c0));
	assert_int_equal(0x2a, inb(&r->pio, 0x3c1));
	inb(&r->pio, 0x3da);            /* an index comes next again */
	outb(&r->pio, 0x3c0, 0x06);
	assert_int_equal(0x15, inb(&r->pio, 0x3c1));
	/* reading 3C1 did not turn it over */
	outb(&r->pio, 0x3c0, 0x3f);
	assert_int_equal(0x3f, inb(&r->pio, 0x3c1));
	for (uint8_t i = 0; i < 0x20; i++) {
		static const uint8_t bits[] = { 0xef, 0xff, 0x3f, 0x0f, 0x0f };

		vga_rig_attr(r, i, 0xff);
		inb(&r->pio, 0x3da);
		outb(&r->pio, 0x3c0, i);
		assert_int_equal(i < 0x10 ? 0x3f : i < 0x15 ? bits[i - 0x10] : 0,
				 inb(&r->pio, 0x3c1));
	}
}

static void dac_counts_up(void **state)
{
	struct vga_rig *r = *state;

	outb(&r->pio, 0x3c8, 0xfe);
	assert_int_equal(0, inb(&r->pio, 0x3c7) & 3);
	for (unsigned i = 0; i < 12; i++)
		outb(&r->pio, 0x3c9, (uint8_t)(0xc0 + i));
	assert_int_equal(0x02, inb(&r->pio, 0x3c8));
	outb(&r->pio, 0x3c7, 0xff);
	assert_int_equal(3, inb(&r->pio, 0x3c7) & 3);
	for (unsigned i = 3; i < 12; i++)
		assert_int_equal(i, inb(&r->pio, 0x3c9));       /* 6 bits */
	/* two thirds of a colour are none */
	outb(&r->pio, 0x3c8, 0x10);
	outb(&r->pio, 0x3c9, 1);
	outb(&r->pio, 0x3c9, 2);
	outb(&r->pio, 0x3c8, 0x10);
	outb(&r->pio, 0x3c7, 0x10);
	assert_int_equal(0, inb(&r->pio, 0x3c9));
	assert_int_equal(0, inb(&r->pio, 0x3c9));
	assert_int_equal(0, inb(&r->pio, 0x3c9));
	outb(&r->pio, 0x3c6, 0x5a);
	assert_int_equal(0x5a, inb(&r->pio, 0x3c6));
}

static void dac_has_8_bits_on_request(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_dispi(r, 4, 0x20);
	outb(&r->pio, 0x3c8, 0);
	outb(&r->pio, 0x3c9, 0xff);
	outb(&r->pio, 0x3c9, 0x81);
	outb(&r->pio, 0x3c9, 0x40);
	outb(&r->pio, 0x3c7, 0);
	assert_int_equal(0xff, inb(&r->pio, 0x3c9));
	assert_int_equal(0x81, inb(&r->pio, 0x3c9));
	assert_int_equal(0x40, inb(&r->pio, 0x3c9));
}

static void one_of_two_crtc_addresses(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_set(r, CRTC, 0x0c, 0x12);
	vga_rig_set(r, MONO, 0x0c, 0x34);       /* nobody there */
	assert_int_equal(0x12, vga_rig_get(r, CRTC, 0x0c));
	assert_int_equal(0xff, inb(&r->pio, MONO + 1));
	assert_int_equal(0xff, inb(&r->pio, 0x3ba));
	outb(&r->pio, 0x3c2, 0x66);
	assert_int_equal(0x66, inb(&r->pio, 0x3cc));
	assert_int_equal(0x12, vga_rig_get(r, MONO, 0x0c));
	vga_rig_set(r, MONO, 0x0c, 0x56);
	assert_int_equal(0xff, vga_rig_get(r, CRTC, 0x0c));
	assert_int_equal(0xff, inb(&r->pio, 0x3da));
	outb(&r->pio, 0x3ba, 0x5a);             /* feature control */
	assert_int_equal(0x5a, inb(&r->pio, 0x3ca));
	outb(&r->pio, 0x3c2, 0x67);
	assert_int_equal(0x56, vga_rig_get(r, CRTC, 0x0c));
	/* the printer port's addresses are not ours */
	assert_int_equal(0xff, inb(&r->pio, 0x3bc));
	assert_int_equal(0xff, inb(&r->pio, 0x3bf));
}

/* A frame of mode 03, line by line: 449 lines of 31.778 us, 400 shown. */
static void status_follows_the_beam(void **state)
{
	struct vga_rig *r = *state;
	unsigned shown = 0, sync = 0, edges = 0, was = 0;

	vga_rig_mode(r, 0x03);
	for (unsigned line = 0; line < 449; line++) {
		uint8_t s;

		now = line * 31778 + 100;
		s = inb(&r->pio, 0x3da);
		assert_int_equal(0, s & ~9);
		shown += !(s & 1);
		sync += s >> 3;
		edges += s >> 3 && !was;
		was = s >> 3;
		now = line * 31778 + 31000;     /* the right border */
		assert_int_equal(1, inb(&r->pio, 0x3da) & 1);
	}
	assert_int_equal(400, shown);
	assert_int_equal(449 - 412, sync);
	assert_int_equal(1, edges);
	now = 449ull * 31778 + 100;
	assert_int_equal(0, inb(&r->pio, 0x3da));
}

static void status_ends_with_any_timing(void **state)
{
	struct vga_rig *r = *state;

	/* Loops that wait for an edge must see one, however badly the CRTC is
	 * programmed. */
	for (unsigned fill = 0; fill < 256; fill++) {
		unsigned seen = 0;

		vga_rig_set(r, CRTC, 0x11, 0);
		for (uint8_t i = 0; i < 0x19; i++)
			if (i != 0x11)
				vga_rig_set(r, CRTC, i, (uint8_t)fill);
		for (now = 0; now < 40000000; now += 20011)
			seen |= 1u << (inb(&r->pio, 0x3da) & 9);
		assert_int_equal(1, seen & 1);          /* 0: shown */
		assert_int_equal(1, seen >> 9 & 1);     /* 9: sync */
	}
}

static void reset_forgets(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x07);
	vga_rig_dispi_mode(r, 640, 480, 32, 0x41);
	inb(&r->pio, 0x3ba);
	outb(&r->pio, 0x3c0, 0x01);
	vga_reset(&r->vga);
	assert_int_equal(0, vga_rig_dispi_get(r, 4));
	assert_int_equal(0xb0c5, vga_rig_dispi_get(r, 0));
	assert_int_equal(1, inb(&r->pio, 0x3cc));
	assert_int_equal(0, vga_rig_get(r, CRTC, 1));
	outb(&r->pio, 0x3c0, 0x02);             /* an index again */
	assert_int_equal(0x02, inb(&r->pio, 0x3c0));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(indexed_registers_keep_their_bits),
		T(crtc_protects_its_timing),
		T(attribute_port_takes_turns),
		T(dac_counts_up),
		T(dac_has_8_bits_on_request),
		T(one_of_two_crtc_addresses),
		T(status_follows_the_beam),
		T(status_ends_with_any_timing),
		T(reset_forgets),
	};

	return cmocka_run_group_tests_name("vga_regs", tests, NULL, NULL);
}
