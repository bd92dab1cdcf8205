/* Description: reset ports, DMA registers and debug exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/legacy/legacy.h"
#include "tests/lib/ports.h"

struct rig {
	struct iospace pio;
	struct sysctl s;
	struct debugexit d;
	unsigned resets, exits;
	uint32_t value;
};

/* Called without the chip's lock: a reset may come from here. */
static void on_reset(void *ctx)
{
	struct rig *r = ctx;

	r->resets++;
	sysctl_reset(&r->s);
}

static void on_exit_value(void *ctx, uint32_t value)
{
	struct rig *r = ctx;

	r->exits++;
	r->value = value;
}

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	iospace_init(&r.pio);
	r.s.reset = on_reset;
	r.s.ctx = &r;
	r.d.exit = on_exit_value;
	r.d.ctx = &r;
	assert_int_equal(0, sysctl_init(&r.s, &r.pio));
	assert_int_equal(0, debugexit_init(&r.d, &r.pio));
	*state = &r;
	return 0;
}

static void port_92(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0x02, inb(&r->pio, 0x92));     /* A20 is on */
	outb(&r->pio, 0x92, 0x00);
	assert_int_equal(0x00, inb(&r->pio, 0x92));
	outb(&r->pio, 0x92, 0x02);
	assert_int_equal(0, r->resets);
	outb(&r->pio, 0x92, 0x03);
	assert_int_equal(1, r->resets);
	assert_int_equal(0x02, inb(&r->pio, 0x92));
}

static void cf9_resets_on_rising_edge(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, 0xcf9, 0x02);
	assert_int_equal(0, r->resets);
	assert_int_equal(0x02, inb(&r->pio, 0xcf9));
	outb(&r->pio, 0xcf9, 0x06);
	assert_int_equal(1, r->resets);
	assert_int_equal(0x00, inb(&r->pio, 0xcf9));
	outb(&r->pio, 0xcf9, 0x0e);     /* without a 02 before it, too */
	assert_int_equal(2, r->resets);
}

static void cf9_high_is_no_edge(void **state)
{
	struct rig *r = *state;

	r->s.reset = NULL;              /* nobody resets: the bit stays set */
	outb(&r->pio, 0xcf9, 0x04);
	r->s.reset = on_reset;
	outb(&r->pio, 0xcf9, 0x06);
	assert_int_equal(0, r->resets);
	outb(&r->pio, 0xcf9, 0x00);
	outb(&r->pio, 0xcf9, 0x04);
	assert_int_equal(1, r->resets);
}

static void cf8_is_not_ours(void **state)
{
	struct rig *r = *state;
	uint64_t val = 0x80000604;

	/* A config address whose second byte looks like a reset. */
	assert_false(iospace_rw(&r->pio, 0xcf8, 1, &val, true));
	assert_int_equal(0, r->resets);
}

static void dma_words(void **state)
{
	struct rig *r = *state;
	static const uint16_t base[] = { 0x00, 0xc0 }, step[] = { 1, 2 };

	for (int c = 0; c < 2; c++) {
		uint16_t addr = base[c] + 3 * step[c];
		uint16_t flipflop = base[c] + 12 * step[c];

		outb(&r->pio, flipflop, 0);
		outb(&r->pio, addr, 0x34);
		outb(&r->pio, addr, 0x12);
		outb(&r->pio, flipflop, 0);
		assert_int_equal(0x34, inb(&r->pio, addr));
		assert_int_equal(0x12, inb(&r->pio, addr));
		assert_int_equal(0x34, inb(&r->pio, addr));
		outb(&r->pio, flipflop, 0);
		assert_int_equal(0x34, inb(&r->pio, addr));
	}
}

static void dma_masks(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0xff, inb(&r->pio, 0x0f));     /* all masked */
	outb(&r->pio, 0x0e, 0);
	assert_int_equal(0xf0, inb(&r->pio, 0x0f));
	outb(&r->pio, 0x0a, 0x06);
	assert_int_equal(0xf4, inb(&r->pio, 0x0f));
	outb(&r->pio, 0x0a, 0x02);
	assert_int_equal(0xf0, inb(&r->pio, 0x0f));
	outb(&r->pio, 0x0f, 0x05);
	assert_int_equal(0xf5, inb(&r->pio, 0x0f));
	outb(&r->pio, 0x0d, 0);
	assert_int_equal(0xff, inb(&r->pio, 0x0f));
	assert_int_equal(0x00, inb(&r->pio, 0x08));
	assert_int_equal(0xff, inb(&r->pio, 0xc1));     /* odd ports: nothing */
}

static void pages_and_post(void **state)
{
	struct rig *r = *state;

	for (uint16_t p = 0x80; p < 0x90; p++)
		outb(&r->pio, p, (uint8_t)(p ^ 0x5a));
	for (uint16_t p = 0x80; p < 0x90; p++)
		assert_int_equal((uint8_t)(p ^ 0x5a), inb(&r->pio, p));
	assert_int_equal(0, r->resets);         /* 92 is not among them */
}

static void debug_exit(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, 0xf4, 0x31);
	assert_int_equal(0x31, r->value);
	port_out(&r->pio, 0xf4, 2, 0x1234);
	assert_int_equal(0x1234, r->value);
	port_out(&r->pio, 0xf4, 4, 0x89abcdef);
	assert_int_equal(0x89abcdef, r->value);
	assert_int_equal(3, r->exits);
	outb(&r->pio, 0xf5, 1);
	assert_int_equal(3, r->exits);
}

static void full_space(void **state)
{
	static struct io_region filler[IOSPACE_MAX];
	struct iospace pio;
	struct sysctl s = { 0 };

	(void)state;
	iospace_init(&pio);
	for (int i = 0; i < IOSPACE_MAX - 3; i++)
		assert_int_equal(0, iospace_add(&pio, &filler[i]));
	assert_true(sysctl_init(&s, &pio) < 0);
	assert_int_equal(IOSPACE_MAX - 3, pio.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(port_92, setup),
		cmocka_unit_test_setup(cf9_resets_on_rising_edge, setup),
		cmocka_unit_test_setup(cf9_high_is_no_edge, setup),
		cmocka_unit_test_setup(cf8_is_not_ours, setup),
		cmocka_unit_test_setup(dma_words, setup),
		cmocka_unit_test_setup(dma_masks, setup),
		cmocka_unit_test_setup(pages_and_post, setup),
		cmocka_unit_test_setup(debug_exit, setup),
		cmocka_unit_test(full_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
