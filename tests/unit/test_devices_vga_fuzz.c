/*
 * Description: no sequence of register and memory accesses makes the VGA leave
 * its memory, draw a picture of unreasonable size, or lose what a mapped text
 * window holds. (ASan and UBSan are what finds the first.)
 *
 * SEED=number in the environment repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/rnd.h"
#include "tests/lib/vga_rig.h"

#define STEPS 150000
#define LOOKS 150                       /* a picture takes long under ASan */

static struct rnd rnd;

/* Values that mean something more often than chance would. */
static uint16_t any_word(void)
{
	static const uint16_t hot[] = {
		0, 1, 8, 15, 16, 24, 32, 0x41, 0xc1, 640, 480, 1024, 768, 2560,
		1600, 0xff, 0xffff, 0xb0c3, 256, 4,
	};

	if (rnd_chance(&rnd, 70))
		return hot[rnd_below(&rnd, sizeof(hot) / sizeof(hot[0]))];
	return (uint16_t)rnd_u32(&rnd);
}

static void any_port(struct vga_rig *r)
{
	uint16_t port = (uint16_t)(0x3ae + rnd_below(&rnd, 0x34));
	unsigned size = 1u << rnd_below(&rnd, 3);

	if (rnd_chance(&rnd, 30))
		port_in(&r->pio, port, size);
	else
		port_out(&r->pio, port, size, rnd_u32(&rnd));
}

static void any_register(struct vga_rig *r)
{
	static const uint16_t ports[] = { 0x3c4, 0x3ce, 0x3d4, 0x3b4 };
	uint8_t val = (uint8_t)rnd_u32(&rnd);

	if (rnd_chance(&rnd, 25))
		vga_rig_attr(r, (uint8_t)rnd_below(&rnd, 0x16), val);
	else
		vga_rig_set(r, ports[rnd_below(&rnd, 4)],
			    (uint8_t)rnd_below(&rnd, 0x1a), val);
}

static void any_dispi(struct vga_rig *r)
{
	uint16_t index = (uint16_t)rnd_below(&rnd, 13);

	if (rnd_chance(&rnd, 5))
		index = (uint16_t)(0xae00 + rnd_below(&rnd, 5));
	vga_rig_dispi(r, index, any_word());
	vga_rig_dispi_get(r, index);
	port_out(&r->pio, (uint16_t)(0x1cd + rnd_below(&rnd, 5)),
		 1u << rnd_below(&rnd, 3), any_word());
}

static void any_memory(struct vga_rig *r)
{
	uint32_t gpa = 0x9fff8 + rnd_below(&rnd, 0x20010);
	uint64_t val = rnd_u64(&rnd);
	unsigned size = 1u << rnd_below(&rnd, 4);

	if (rnd_chance(&rnd, 20))
		gpa = 0xbfff0 + rnd_below(&rnd, 16);
	iospace_rw(&r->mmio, gpa, size, &val, rnd_chance(&rnd, 60));
}

/* A text screen in use for long enough to be mapped; then what it holds must
 * outlive the mapping. */
static void mapped_text(struct vga_rig *r)
{
	uint8_t mark = (uint8_t)rnd_u32(&rnd);
	uint32_t at = rnd_below(&rnd, 0x8000);

	vga_rig_dispi(r, 4, 0);
	vga_rig_mode(r, 0x03);
	for (unsigned i = 0; i < 1200; i++)
		vga_rig_poke(r, 0xb8000 + i, mark);
	assert_non_null(r->hva);
	r->hva[at] = mark;
	vga_rig_set(r, 0x3c4, 2, 0x0f);
	assert_null(r->hva);
	vga_rig_set(r, 0x3c4, 2, 0x03);
	assert_int_equal(mark, vga_rig_peek(r, 0xb8000 + at));
}

static void look(struct vga_rig *r)
{
	char *text;

	vga_rig_look(r);
	assert_true(r->img.w >= 1 && r->img.w <= 4608);
	assert_true(r->img.h >= 1 && r->img.h <= VGA_MAX_Y);
	for (size_t i = 0; i < (size_t)r->img.w * r->img.h; i++)
		assert_true(r->img.px[i] <= 0xffffff);
	if (vga_text(&r->vga, &text) == 0) {
		assert_true(strlen(text) < 4u << 20);
		free(text);
	}
}

static void anything_goes(void **state)
{
	static struct vga_rig r;

	(void)state;
	vga_rig_init(&r, true);
	for (unsigned step = 0; step < STEPS; step++) {
		switch (rnd_below(&rnd, 8)) {
		case 0: any_port(&r); break;
		case 1: any_register(&r); break;
		case 2: any_dispi(&r); break;
		default: any_memory(&r);
		}
		if (rnd_below(&rnd, 5000) == 0)
			mapped_text(&r);
		if (rnd_below(&rnd, 20000) == 0)
			vga_reset(&r.vga);
		if (step % (STEPS / LOOKS) == 0)
			look(&r);
	}
	vga_rig_fini(&r);
}

/* ---- two CPUs and somebody who looks ------------------------------------------- */

struct cpu {
	struct vga_rig *rig;
	struct rnd rnd;
	bool quit;
};

static void *cpu_main(void *arg)
{
	struct cpu *c = arg;

	while (!__atomic_load_n(&c->quit, __ATOMIC_RELAXED)) {
		uint16_t port = (uint16_t)(0x3c0 + rnd_below(&c->rnd, 0x20));
		uint64_t val = rnd_u64(&c->rnd);

		port_out(&c->rig->pio, port, 1, (uint8_t)val);
		port_in(&c->rig->pio, port, 1);
		vga_dispi_write(&c->rig->vga, (uint16_t)rnd_below(&c->rnd, 12),
				(uint16_t)(val >> 32 & 0x3ff));
		iospace_rw(&c->rig->mmio, 0xa0000 + rnd_below(&c->rnd, 0x20000),
			   4, &val, true);
		vga_lfb_write(&c->rig->vga, rnd_u32(&c->rnd) % VGA_VRAM_LEN, 1,
			      val);
	}
	return NULL;
}

static void two_cpus_and_a_viewer(void **state)
{
	static struct vga_rig r;
	struct cpu cpu[2];
	pthread_t thread[2];

	(void)state;
	vga_rig_init(&r, false);
	for (unsigned i = 0; i < 2; i++) {
		cpu[i] = (struct cpu){ &r, rnd_split(&rnd), false };
		assert_int_equal(0, pthread_create(&thread[i], NULL, cpu_main,
						   &cpu[i]));
	}
	for (unsigned i = 0; i < 40; i++) {
		vga_stamp(&r.vga);
		look(&r);
		if (i % 10 == 0)
			vga_reset(&r.vga);
	}
	for (unsigned i = 0; i < 2; i++) {
		__atomic_store_n(&cpu[i].quit, true, __ATOMIC_RELAXED);
		pthread_join(thread[i], NULL);
	}
	vga_rig_fini(&r);
}

static int setup(void **state)
{
	(void)state;
	rnd_init(&rnd, "vga");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(anything_goes, setup),
		cmocka_unit_test_setup(two_cpus_and_a_viewer, setup),
	};

	return cmocka_run_group_tests_name("vga_fuzz", tests, NULL, NULL);
}
