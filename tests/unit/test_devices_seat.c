/*
 * Description: a person's keys and pointer reach the input device whose driver is
 * up, a key is let go where it was pressed, and nothing stays down when the person
 * leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "devices/display/seat.h"
#include "devices/legacy/legacy.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

/* Pointers that only have to differ. */
static struct vio_dev *const keyboard = (struct vio_dev *)(uintptr_t)0x1000;
static struct vio_dev *const mouse = (struct vio_dev *)(uintptr_t)0x2000;
static struct vio_dev *const tablet = (struct vio_dev *)(uintptr_t)0x3000;

static struct rig {
	struct iospace pio;
	struct i8042 chip;
	struct irq_probe irq1, irq12;
	struct seat seat;
	bool up[4];                     /* by pointer >> 12 */
	char said[512];                 /* what the virtio devices were told */
} rig;

static int fake_send(struct vio_dev *dev, const struct input_event_in *ev,
		     unsigned n)
{
	unsigned which = (unsigned)((uintptr_t)dev >> 12);
	size_t at = strlen(rig.said);

	assert_true(which >= 1 && which <= 3);
	if (!rig.up[which])
		return -ENODEV;
	at += (size_t)snprintf(rig.said + at, sizeof(rig.said) - at, "%c[",
			       " kmt"[which]);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(rig.said + at, sizeof(rig.said) - at,
				       "%s%u.%u=%d", i ? " " : "", ev[i].type,
				       ev[i].code, ev[i].value);
	snprintf(rig.said + at, sizeof(rig.said) - at, "]");
	return 0;
}

static int setup(void **state)
{
	struct rig *r = &rig;

	memset(r, 0, sizeof(*r));
	iospace_init(&r->pio);
	irq_probe_init(&r->irq1);
	irq_probe_init(&r->irq12);
	assert_int_equal(0, i8042_init(&r->chip, &r->pio, &r->irq1.line,
				       &r->irq12.line));
	outb(&r->pio, 0x64, 0x60);
	outb(&r->pio, 0x60, 0x43);              /* translate, both IRQs */
	outb(&r->pio, 0x60, 0xf4);
	inb(&r->pio, 0x60);
	outb(&r->pio, 0x64, 0xd4);
	outb(&r->pio, 0x60, 0xf4);              /* the mouse reports */
	inb(&r->pio, 0x60);
	seat_init(&r->seat);
	r->seat.send = fake_send;
	r->seat.ps2 = &r->chip;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	seat_fini(&rig.seat);
	return 0;
}

/* Everything that port 60 has, in hexadecimal; the mouse's bytes have an m. */
static const char *port60(struct rig *r)
{
	static char text[256];
	size_t at = 0;
	uint8_t status;

	text[0] = '\0';
	while ((status = inb(&r->pio, 0x64)) & 1)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%02x",
				       at ? " " : "", status & 0x20 ? "m" : "",
				       inb(&r->pio, 0x60));
	return text;
}

static const char *said(struct rig *r)
{
	static char text[512];

	memcpy(text, r->said, sizeof(text));
	r->said[0] = '\0';
	return text;
}

static void with_virtio(struct rig *r)
{
	r->seat.keyboard = keyboard;
	r->seat.mouse = mouse;
	r->seat.tablet = tablet;
}

static void without_virtio(void **state)
{
	struct rig *r = *state;

	seat_key(&r->seat, KEY_A, true);
	seat_key(&r->seat, KEY_A, true);        /* held */
	seat_key(&r->seat, KEY_A, false);
	assert_string_equal("1e 1e 9e", port60(r));
	seat_key(&r->seat, KEY_A, false);       /* is up already */
	seat_key(&r->seat, KEY_F24, true);
	seat_key(&r->seat, KEY_F24, false);
	seat_key(&r->seat, 0xffffffff, true);
	assert_string_equal("", port60(r));
	seat_pointer(&r->seat, 100, 100, 640, 480, 0, 0);
	assert_string_equal("", port60(r));
	seat_pointer(&r->seat, 105, 97, 640, 480, SEAT_LEFT, 0);
	assert_string_equal("m09 m05 m03", port60(r));
	seat_pointer(&r->seat, 105, 97, 640, 480, SEAT_RIGHT | SEAT_MIDDLE, 0);
	assert_string_equal("m0e m00 m00", port60(r));
}

static void drivers_decide(void **state)
{
	struct rig *r = *state;

	with_virtio(r);
	seat_key(&r->seat, KEY_B, true);        /* nobody is up */
	assert_string_equal("30", port60(r));
	r->up[1] = true;
	seat_key(&r->seat, KEY_C, true);
	assert_string_equal("k[1.46=1]", said(r));
	/* B was pressed on the PS/2 keyboard */
	seat_key(&r->seat, KEY_B, false);
	assert_string_equal("b0", port60(r));
	assert_string_equal("", said(r));
	r->up[1] = false;                       /* the guest restarts */
	seat_key(&r->seat, KEY_C, false);
	assert_string_equal("", port60(r));
	seat_key(&r->seat, KEY_C, true);
	assert_string_equal("2e", port60(r));
}

static void pointers_in_their_order(void **state)
{
	struct rig *r = *state;

	with_virtio(r);
	seat_pointer(&r->seat, 0, 0, 1024, 768, 0, 0);
	r->up[2] = true;
	seat_pointer(&r->seat, 10, 20, 1024, 768, SEAT_LEFT, 1);
	assert_string_equal("m[2.0=10 2.1=20 2.8=1 1.272=1]", said(r));
	r->up[3] = true;
	seat_pointer(&r->seat, 1023, 767, 1024, 768, SEAT_LEFT, 0);
	assert_string_equal("t[3.0=32767 3.1=32767]", said(r));
	seat_pointer(&r->seat, 0, 767, 1024, 768, SEAT_RIGHT, -1);
	assert_string_equal("t[3.0=0 3.1=32767 1.272=0 1.273=1 2.8=-1]",
			    said(r));
	seat_pointer(&r->seat, 5000, -3, 1024, 768, 0, 0);
	assert_string_equal("t[3.0=32767 3.1=0 1.273=0]", said(r));
	seat_pointer(&r->seat, 0, 0, 1, 1, 0, 0);
	assert_string_equal("t[3.0=0 3.1=0]", said(r));
	assert_string_equal("", port60(r));
}

static void nothing_stays_down(void **state)
{
	struct rig *r = *state;

	with_virtio(r);
	seat_key(&r->seat, KEY_LEFTCTRL, true);
	r->up[1] = r->up[3] = true;
	seat_key(&r->seat, KEY_LEFTALT, true);
	seat_pointer(&r->seat, 512, 384, 1024, 768, SEAT_LEFT | SEAT_MIDDLE, 0);
	said(r);
	port60(r);
	seat_leave(&r->seat);
	assert_string_equal("9d", port60(r));
	assert_string_equal("k[1.56=0]t[3.0=16399 3.1=16404 1.272=0 1.274=0]",
			    said(r));
	seat_leave(&r->seat);
	assert_string_equal("", port60(r));
	assert_string_equal("", said(r));
	/* whoever comes next comes in anywhere */
	r->up[1] = r->up[3] = false;
	seat_pointer(&r->seat, 3, 3, 1024, 768, 0, 0);
	assert_string_equal("", port60(r));
}

/* What a guest reads that is slow: all there is, now and then. */
static unsigned read_slowly(struct rig *r, char *text, size_t len)
{
	unsigned rounds = 0;
	size_t at = 0;

	text[0] = '\0';
	for (;; rounds++) {
		const char *more = port60(r);

		if (!*more && !r->seat.wait_n)
			return rounds;
		/* KBD_KEEPS of ps2.c, translated, and the one that is shown */
		assert_true(strlen(more) <= 3 * 17);
		at += (size_t)snprintf(text + at, len - at, "%s%s",
				       at ? " " : "", more);
		seat_settle(&r->seat);
	}
}

static void fast_typing_arrives(void **state)
{
	struct rig *r = *state;
	char want[2048] = "", got[2048];
	size_t at = 0;

	for (unsigned i = 0; i < 60; i++) {
		unsigned code = KEY_Q + i % 8;

		seat_key(&r->seat, KEY_LEFTSHIFT, true);
		seat_key(&r->seat, code, true);
		seat_key(&r->seat, code, true);         /* held: once */
		seat_key(&r->seat, code, false);
		seat_key(&r->seat, KEY_LEFTSHIFT, false);
		read_slowly(r, got, sizeof(got));
	}
	for (unsigned i = 0; i < 60; i++) {
		unsigned code = KEY_Q + i % 8;

		seat_key(&r->seat, KEY_LEFTSHIFT, true);
		seat_key(&r->seat, code, true);
		seat_key(&r->seat, code, false);
		seat_key(&r->seat, KEY_LEFTSHIFT, false);
		at += (size_t)snprintf(want + at, sizeof(want) - at,
				       "%s2a %02x %02x aa", i ? " " : "", code,
				       code | 0x80);
	}
	seat_leave(&r->seat);
	assert_true(read_slowly(r, got, sizeof(got)) > 10);
	assert_string_equal(want, got);
	assert_int_equal(0, r->seat.down);
	assert_int_equal(0, r->seat.wait_n);
}

/* Down and up, those that port 60 has, by Linux code. */
static void take_keys(struct rig *r, bool *down)
{
	while (inb(&r->pio, 0x64) & 1) {
		uint8_t val = inb(&r->pio, 0x60);

		if (val != 0xe0)
			down[val & 0x7f] = !(val & 0x80);
	}
}

static void no_end_of_typing_leaves_no_key_down(void **state)
{
	struct rig *r = *state;
	bool down[0x80] = { false };

	/* Many more keys than have room, all of them held. */
	for (unsigned again = 0; again < 5; again++) {
		for (unsigned code = 1; code < KEY_CNT; code++)
			seat_key(&r->seat, code, true);
		for (unsigned i = 0; i < 1000; i++) {
			seat_key(&r->seat, KEY_Z, false);
			seat_key(&r->seat, KEY_Z, true);
		}
		assert_true(r->seat.wait_n + r->seat.down <= SEAT_WAIT);
		seat_leave(&r->seat);
		assert_true(r->seat.wait_n <= SEAT_WAIT);
		assert_int_equal(0, r->seat.down);
		while (r->seat.wait_n) {
			take_keys(r, down);
			seat_settle(&r->seat);
		}
		take_keys(r, down);
		for (unsigned code = 0; code < 0x80; code++)
			assert_false(down[code]);
		for (unsigned code = 0; code < KEY_CNT; code++)
			assert_int_equal(0, r->seat.key[code]);
		seat_key(&r->seat, KEY_C, true);
		seat_key(&r->seat, KEY_C, false);
		assert_string_equal("2e ae", port60(r));
	}
}

/* A guest that switches the keyboard off hears of nothing that was pressed then,
 * and of what was let go when it is on. */
static void a_keyboard_that_is_off(void **state)
{
	struct rig *r = *state;

	seat_key(&r->seat, KEY_LEFTSHIFT, true);
	for (unsigned i = 0; i < 8; i++) {
		seat_key(&r->seat, KEY_A, true);
		seat_key(&r->seat, KEY_A, false);
	}
	seat_key(&r->seat, KEY_LEFTSHIFT, false);
	assert_true(r->seat.wait_n > 2);
	outb(&r->pio, 0x60, 0xf5);              /* and forget */
	seat_key(&r->seat, KEY_B, true);
	seat_key(&r->seat, KEY_B, false);
	port60(r);
	seat_settle(&r->seat);
	assert_string_equal("", port60(r));
	outb(&r->pio, 0x60, 0xf4);
	assert_string_equal("fa", port60(r));
	seat_settle(&r->seat);
	assert_non_null(strstr(port60(r), "9e aa"));
	seat_key(&r->seat, KEY_B, true);
	seat_key(&r->seat, KEY_B, false);
	assert_string_equal("30 b0", port60(r));
}

static void a_reset_forgets(void **state)
{
	struct rig *r = *state;

	for (unsigned i = 0; i < 30; i++) {
		seat_key(&r->seat, KEY_A, true);
		seat_key(&r->seat, KEY_A, false);
	}
	i8042_reset(&r->chip);
	seat_reset(&r->seat);
	seat_settle(&r->seat);
	assert_string_equal("", port60(r));
	assert_int_equal(0, r->seat.wait_n);
}

/* The loop's timer: not before the guest has been through for a while. */
static void the_timer_waits_for_an_idle_keyboard(void **state)
{
	struct rig *r = *state;
	struct loop *loop;
	unsigned looks = 0;

	assert_int_equal(0, loop_create(&loop, "test", 0));
	r->seat.loop = loop;
	for (unsigned i = 0; i < 20; i++) {
		seat_key(&r->seat, KEY_A, true);
		seat_key(&r->seat, KEY_A, false);
	}
	assert_int_equal(20, r->seat.pause_ms);
	for (unsigned i = 0; i < 10; i++)
		r->seat.timer.fired(&r->seat.timer);
	assert_int_equal(640, r->seat.pause_ms);
	for (; r->seat.wait_n; looks++) {
		unsigned n = r->seat.wait_n;

		assert_true(strlen(port60(r)) > 0);
		r->seat.timer.fired(&r->seat.timer);
		assert_int_equal(n, r->seat.wait_n);
		r->seat.timer.fired(&r->seat.timer);
		assert_true(r->seat.wait_n < n);
		assert_int_equal(20 * !!r->seat.wait_n, r->seat.pause_ms);
	}
	assert_true(looks > 1);
	seat_fini(&r->seat);
	loop_destroy(loop);
	seat_init(&r->seat);                            /* for teardown */
}

static void an_empty_seat(void **state)
{
	struct rig *r = *state;

	r->seat.ps2 = NULL;
	seat_key(&r->seat, KEY_A, true);
	seat_pointer(&r->seat, 1, 1, 10, 10, SEAT_LEFT, 1);
	seat_pointer(&r->seat, 2, 2, 10, 10, 0, 0);
	seat_leave(&r->seat);
	assert_string_equal("", port60(r));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(without_virtio), T(drivers_decide),
		T(pointers_in_their_order), T(nothing_stays_down),
		T(fast_typing_arrives),
		T(no_end_of_typing_leaves_no_key_down),
		T(a_keyboard_that_is_off), T(a_reset_forgets),
		T(the_timer_waits_for_an_idle_keyboard), T(an_empty_seat),
	};

	return cmocka_run_group_tests_name("seat", tests, NULL, NULL);
}
