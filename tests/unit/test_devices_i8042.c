/* Description: the keyboard controller, its keyboard and its mouse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/legacy/legacy.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

enum { DATA = 0x60, CMD = 0x64, OBF = 0x01, AUX = 0x20 };

struct rig {
	struct iospace pio;
	struct i8042 c;
	struct irq_probe irq1, irq12;
	unsigned resets;
};

/* Called without the chip's lock: a reset may come from here. */
static void on_reset(void *ctx)
{
	struct rig *r = ctx;

	r->resets++;
	i8042_reset(&r->c);
}

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	iospace_init(&r.pio);
	irq_probe_init(&r.irq1);
	irq_probe_init(&r.irq12);
	r.c.reset = on_reset;
	r.c.ctx = &r;
	assert_int_equal(0, i8042_init(&r.c, &r.pio, &r.irq1.line,
				       &r.irq12.line));
	*state = &r;
	return 0;
}

static uint8_t status(struct rig *r)
{
	return inb(&r->pio, CMD);
}

static void cmd(struct rig *r, uint8_t val)
{
	outb(&r->pio, CMD, val);
}

static void data(struct rig *r, uint8_t val)
{
	outb(&r->pio, DATA, val);
}

static void aux(struct rig *r, uint8_t val)
{
	cmd(r, 0xd4);
	data(r, val);
}

/* The bytes are there, from the keyboard's or the mouse's side, and no more. */
static void expect(struct rig *r, uint8_t side, const uint8_t *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(OBF | side, status(r) & (OBF | AUX));
		assert_int_equal(want[i], inb(&r->pio, DATA));
	}
	assert_int_equal(0, status(r) & (OBF | AUX));
}

#define EXPECT(r, side, ...) do {                                              \
	const uint8_t want_[] = { __VA_ARGS__ };                               \
	expect(r, side, want_, sizeof(want_));                                 \
} while (0)
#define KEY(r, ...) i8042_key(&(r)->c, (const uint8_t[]){ __VA_ARGS__ },       \
			      sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void set_ctr(struct rig *r, uint8_t val)
{
	cmd(r, 0x60);
	data(r, val);
}

static void controller_answers(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0x14, status(r));
	cmd(r, 0xaa);
	assert_int_equal(0x1d, status(r));      /* last write was a command */
	EXPECT(r, 0, 0x55);
	cmd(r, 0xab);
	EXPECT(r, 0, 0x00);
	cmd(r, 0xa9);
	EXPECT(r, 0, 0x00);
	cmd(r, 0x20);
	EXPECT(r, 0, 0x45);
	set_ctr(r, 0x30);
	cmd(r, 0x20);
	EXPECT(r, 0, 0x30);
	assert_int_equal(0x18, status(r));      /* SYS went with it */
	cmd(r, 0x65);
	data(r, 0x77);
	cmd(r, 0x25);
	EXPECT(r, 0, 0x77);
	cmd(r, 0xc0);
	EXPECT(r, 0, 0x80);
	cmd(r, 0xd0);
	EXPECT(r, 0, 0xcf);
	cmd(r, 0xdd);
	cmd(r, 0xd0);
	EXPECT(r, 0, 0xcd);
	cmd(r, 0xdf);
	cmd(r, 0xd0);
	EXPECT(r, 0, 0xcf);
	cmd(r, 0xd1);
	data(r, 0xdd);
	cmd(r, 0xd0);
	EXPECT(r, 0, 0xcd);
	assert_int_equal(0, r->resets);
}

static void switches(void **state)
{
	struct rig *r = *state;

	/* What Linux checks before it believes in an AUX port. */
	cmd(r, 0xa7);
	cmd(r, 0x20);
	EXPECT(r, 0, 0x65);
	cmd(r, 0xa8);
	cmd(r, 0x20);
	EXPECT(r, 0, 0x45);
	cmd(r, 0xd3);
	data(r, 0xa5);
	EXPECT(r, AUX, 0xa5);
	cmd(r, 0xd2);
	data(r, 0x5a);
	EXPECT(r, 0, 0x5a);
	cmd(r, 0xad);
	assert_true(KEY(r, 0x1c));
	assert_int_equal(0, status(r) & OBF);   /* waits in the keyboard */
	cmd(r, 0xae);
	EXPECT(r, 0, 0x1e);
}

static void resets(void **state)
{
	struct rig *r = *state;

	cmd(r, 0xff);
	cmd(r, 0xf1);
	assert_int_equal(0, r->resets);
	cmd(r, 0xfe);
	assert_int_equal(1, r->resets);
	cmd(r, 0xf0);
	assert_int_equal(2, r->resets);
	cmd(r, 0xd1);
	data(r, 0xdf);
	assert_int_equal(2, r->resets);
	cmd(r, 0xd1);
	data(r, 0xde);
	assert_int_equal(3, r->resets);
}

static void keyboard_commands(void **state)
{
	struct rig *r = *state;

	set_ctr(r, 0x05);               /* untranslated */
	data(r, 0xff);
	EXPECT(r, 0, 0xfa, 0xaa);
	data(r, 0xf2);
	EXPECT(r, 0, 0xfa, 0xab, 0x83);
	data(r, 0xed);
	EXPECT(r, 0, 0xfa);
	data(r, 0x05);
	EXPECT(r, 0, 0xfa);
	assert_int_equal(5, r->c.kbd.leds);
	data(r, 0xee);
	EXPECT(r, 0, 0xee);
	data(r, 0xf0);
	EXPECT(r, 0, 0xfa);
	data(r, 0x00);
	EXPECT(r, 0, 0xfa, 0x02);
	data(r, 0xf0);
	EXPECT(r, 0, 0xfa);
	data(r, 0x02);
	EXPECT(r, 0, 0xfa);
	data(r, 0xf3);
	EXPECT(r, 0, 0xfa);
	data(r, 0x20);
	EXPECT(r, 0, 0xfa);
	data(r, 0xf6);
	EXPECT(r, 0, 0xfa);
	data(r, 0x07);                  /* no command */
	EXPECT(r, 0, 0xfe);
	data(r, 0xfe);                  /* again? */
	EXPECT(r, 0, 0xfe);
	data(r, 0xed);                  /* a command in place of an argument */
	data(r, 0xf2);
	EXPECT(r, 0, 0xfa, 0xfa, 0xab, 0x83);
	set_ctr(r, 0x45);
	data(r, 0xf2);
	EXPECT(r, 0, 0xfa, 0xab, 0x41); /* answers are translated too */
}

static void scanning(void **state)
{
	struct rig *r = *state;

	data(r, 0xf5);
	EXPECT(r, 0, 0xfa);
	assert_false(KEY(r, 0x1c));
	assert_int_equal(0, status(r) & OBF);
	data(r, 0xf4);
	EXPECT(r, 0, 0xfa);
	assert_true(KEY(r, 0x1c));
	EXPECT(r, 0, 0x1e);
}

static void translation(void **state)
{
	struct rig *r = *state;

	assert_true(KEY(r, 0x1c));                      /* A */
	assert_true(KEY(r, 0xf0, 0x1c));
	EXPECT(r, 0, 0x1e, 0x9e);
	assert_true(KEY(r, 0xe0, 0x75));                /* up */
	assert_true(KEY(r, 0xe0, 0xf0, 0x75));
	EXPECT(r, 0, 0xe0, 0x48, 0xe0, 0xc8);
	assert_true(KEY(r, 0x83, 0xf0, 0x83));          /* F7 */
	EXPECT(r, 0, 0x41, 0xc1);
	assert_true(KEY(r, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77));
	EXPECT(r, 0, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
	set_ctr(r, 0x05);
	assert_true(KEY(r, 0xe0, 0xf0, 0x75));
	EXPECT(r, 0, 0xe0, 0xf0, 0x75);
}

/* Set 1 code i comes from set 2 code from[i], as drivers turn it back. */
static void whole_table(void **state)
{
	static const uint8_t from[128] = {
		0, 118, 22, 30, 38, 37, 46, 54, 61, 62, 70, 69, 78, 85, 102, 13,
		21, 29, 36, 45, 44, 53, 60, 67, 68, 77, 84, 91, 90, 20, 28, 27,
		35, 43, 52, 51, 59, 66, 75, 76, 82, 14, 18, 93, 26, 34, 33, 42,
		50, 49, 58, 65, 73, 74, 89, 124, 17, 41, 88, 5, 6, 4, 12, 3,
		11, 2, 10, 1, 9, 119, 126, 108, 117, 125, 123, 107, 115, 116,
		121, 105, 114, 122, 112, 113, 127, 96, 97, 120, 7, 15, 23, 31,
		39, 47, 55, 63, 71, 79, 86, 94, 8, 16, 24, 32, 40, 48, 56, 64,
		72, 80, 87, 111, 19, 25, 57, 81, 83, 92, 95, 98, 99, 100, 101,
		103, 104, 106, 109, 110,
	};
	struct rig *r = *state;

	for (uint8_t i = 1; i < 128; i++) {
		assert_true(KEY(r, from[i]));
		EXPECT(r, 0, i);
		assert_true(KEY(r, 0xf0, from[i]));
		EXPECT(r, 0, i | 0x80);
	}
}

static void one_edge_per_byte(void **state)
{
	struct rig *r = *state;

	assert_true(KEY(r, 0xe0, 0xf0, 0x75));
	assert_int_equal(1, r->irq1.raised);
	assert_int_equal(1, r->irq1.lowered);
	assert_int_equal(0xe0, inb(&r->pio, DATA));
	assert_int_equal(2, r->irq1.raised);
	assert_int_equal(0xc8, inb(&r->pio, DATA));
	assert_int_equal(2, r->irq1.raised);
	assert_int_equal(0, r->irq12.raised);
	inb(&r->pio, DATA);             /* nothing there, nothing next */
	assert_int_equal(2, r->irq1.raised);
}

static void gates(void **state)
{
	struct rig *r = *state;

	set_ctr(r, 0x44);
	assert_true(KEY(r, 0x1c));
	assert_int_equal(0, r->irq1.raised);
	set_ctr(r, 0x45);               /* the buffer is full: told now */
	assert_int_equal(1, r->irq1.raised);
	EXPECT(r, 0, 0x1e);
	aux(r, 0xf2);
	assert_int_equal(0, r->irq12.raised);
	set_ctr(r, 0x47);
	assert_int_equal(1, r->irq12.raised);
	assert_int_equal(1, r->irq1.raised);
	EXPECT(r, AUX, 0xfa, 0x00);
	assert_int_equal(2, r->irq12.raised);
}

static void keys_wait_whole(void **state)
{
	struct rig *r = *state;
	unsigned n = 0;

	set_ctr(r, 0x15);               /* off, untranslated */
	while (KEY(r, 0xe0, 0xf0, 0x75))
		n++;
	/* Linux empties at most 16 bytes, then takes us for absent. */
	assert_int_equal(5, n);
	cmd(r, 0xae);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(0xe0, inb(&r->pio, DATA));
		assert_int_equal(0xf0, inb(&r->pio, DATA));
		assert_int_equal(0x75, inb(&r->pio, DATA));
	}
	assert_int_equal(0, status(r) & OBF);
}

static void answers_overtake_keys(void **state)
{
	struct rig *r = *state;

	assert_true(KEY(r, 0x1c));      /* in the buffer already */
	assert_true(KEY(r, 0x32));
	data(r, 0xed);
	assert_int_equal(0x1e, inb(&r->pio, DATA));
	EXPECT(r, 0, 0xfa, 0x30);
}

static void mouse_commands(void **state)
{
	struct rig *r = *state;

	aux(r, 0xff);
	EXPECT(r, AUX, 0xfa, 0xaa, 0x00);
	aux(r, 0xf2);
	EXPECT(r, AUX, 0xfa, 0x00);
	aux(r, 0xe9);
	EXPECT(r, AUX, 0xfa, 0x00, 0x02, 100);
	aux(r, 0xe8);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0x03);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0xe7);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0xf4);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0xe9);
	EXPECT(r, AUX, 0xfa, 0x30, 0x03, 100);
	aux(r, 0xf6);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0xe9);
	EXPECT(r, AUX, 0xfa, 0x00, 0x02, 100);
	aux(r, 0xee);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0xf4);
	EXPECT(r, AUX, 0xf4);           /* echoed */
	aux(r, 0xec);
	EXPECT(r, AUX, 0xfa);
	aux(r, 0x01);
	EXPECT(r, AUX, 0xfe);
}

static void knock(struct rig *r)
{
	static const uint8_t rates[] = { 200, 100, 80 };

	for (int i = 0; i < 3; i++) {
		aux(r, 0xf3);
		EXPECT(r, AUX, 0xfa);
		aux(r, rates[i]);
		EXPECT(r, AUX, 0xfa);
	}
}

static void mouse_packets(void **state)
{
	struct rig *r = *state;

	i8042_mouse(&r->c, 1, 1, 0, 0);
	assert_int_equal(0, status(r) & OBF);   /* not reporting yet */
	aux(r, 0xf4);
	EXPECT(r, AUX, 0xfa);
	i8042_mouse(&r->c, 5, -3, 1, PS2_LEFT);
	EXPECT(r, AUX, 0x29, 0x05, 0xfd);
	i8042_mouse(&r->c, 0, 0, 0, PS2_LEFT);
	assert_int_equal(0, status(r) & OBF);   /* nothing new */
	i8042_mouse(&r->c, 0, 0, 0, 0);
	EXPECT(r, AUX, 0x08, 0x00, 0x00);
	i8042_mouse(&r->c, -300, 260, 0, PS2_RIGHT | PS2_MIDDLE);
	EXPECT(r, AUX, 0x1e, 0x01, 0xff, 0x1e, 0xd3, 0x05);
	knock(r);
	aux(r, 0xf2);
	EXPECT(r, AUX, 0xfa, 0x03);
	i8042_mouse(&r->c, 0, 0, -1, 0);
	EXPECT(r, AUX, 0x08, 0x00, 0x00, 0xff);
	i8042_mouse(&r->c, 0, 0, 9, 0);
	EXPECT(r, AUX, 0x08, 0, 0, 7, 0x08, 0, 0, 2);
	aux(r, 0xf5);
	EXPECT(r, AUX, 0xfa);
	i8042_mouse(&r->c, 1, 1, 1, 0);
	assert_int_equal(0, status(r) & OBF);
}

static void motion_adds_up(void **state)
{
	struct rig *r = *state;
	int dx = 0, dy = 0, n = 0;

	aux(r, 0xf4);
	EXPECT(r, AUX, 0xfa);
	for (int i = 0; i < 500; i++)
		i8042_mouse(&r->c, 2, -1, 0, 0);
	while (status(r) & OBF) {
		uint8_t b = inb(&r->pio, DATA);

		dx += inb(&r->pio, DATA) - (b & 0x10 ? 256 : 0);
		dy += inb(&r->pio, DATA) - (b & 0x20 ? 256 : 0);
		n++;
	}
	assert_int_equal(1000, dx);
	assert_int_equal(-500, dy);
	assert_in_range(n, 4, 20);
	for (int i = 0; i < 100; i++)   /* extremes stay in range */
		i8042_mouse(&r->c, 0x7fffffff, -0x7fffffff - 1, 0, 0);
	while (status(r) & OBF)
		inb(&r->pio, DATA);
}

static void mouse_on_demand(void **state)
{
	struct rig *r = *state;

	aux(r, 0xf0);
	EXPECT(r, AUX, 0xfa);
	i8042_mouse(&r->c, 7, 8, 0, 0);
	assert_int_equal(0, status(r) & OBF);
	aux(r, 0xeb);
	EXPECT(r, AUX, 0xfa, 0x08, 0x07, 0x08);
	aux(r, 0xeb);
	EXPECT(r, AUX, 0xfa, 0x08, 0x00, 0x00);
}

static void keyboard_goes_first(void **state)
{
	struct rig *r = *state;

	cmd(r, 0xad);
	assert_true(KEY(r, 0x1c));
	aux(r, 0xf2);                   /* FA is in the buffer, 00 waits */
	cmd(r, 0xae);
	assert_int_equal(0xfa, inb(&r->pio, DATA));
	assert_int_equal(OBF, status(r) & (OBF | AUX));
	assert_int_equal(0x1e, inb(&r->pio, DATA));
	EXPECT(r, AUX, 0x00);
}

static void hostile(void **state)
{
	struct rig *r = *state;

	for (int i = 0; i < 300000; i++) {
		unsigned dice = (unsigned)rand();

		switch (dice % 8) {
		case 0 ... 2:
			outb(&r->pio, DATA, (uint8_t)(dice >> 8));
			break;
		case 3 ... 4:
			outb(&r->pio, CMD, (uint8_t)(dice >> 8));
			break;
		case 5:
			i8042_mouse(&r->c, rand(), rand(), rand(), dice);
			break;
		case 6:
			KEY(r, (uint8_t)(dice >> 8));
			break;
		case 7:
			inb(&r->pio, DATA);
			break;
		}
		assert_true(r->c.kbd.keys.n <= PS2_QUEUE);
		assert_true(r->c.mouse.packets.n <= PS2_QUEUE);
	}
	i8042_reset(&r->c);
	cmd(r, 0xaa);
	EXPECT(r, 0, 0x55);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(controller_answers, setup),
		cmocka_unit_test_setup(switches, setup),
		cmocka_unit_test_setup(resets, setup),
		cmocka_unit_test_setup(keyboard_commands, setup),
		cmocka_unit_test_setup(scanning, setup),
		cmocka_unit_test_setup(translation, setup),
		cmocka_unit_test_setup(whole_table, setup),
		cmocka_unit_test_setup(one_edge_per_byte, setup),
		cmocka_unit_test_setup(gates, setup),
		cmocka_unit_test_setup(keys_wait_whole, setup),
		cmocka_unit_test_setup(answers_overtake_keys, setup),
		cmocka_unit_test_setup(mouse_commands, setup),
		cmocka_unit_test_setup(mouse_packets, setup),
		cmocka_unit_test_setup(motion_adds_up, setup),
		cmocka_unit_test_setup(mouse_on_demand, setup),
		cmocka_unit_test_setup(keyboard_goes_first, setup),
		cmocka_unit_test_setup(hostile, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
