/*
 * Description: the registers of virtio-mmio, version 2, one by one; its
 * interrupt and its doorbells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/log.h"
#include "devices/virtio/vmmio.h"
#include "tests/lib/echo.h"
#include "tests/lib/rig.h"

#define BASE 0xd0000000

/* A port that notes which doorbells hang. */
struct bells {
	struct doorbell_port port;
	struct doorbell d[8];
	unsigned n;
	int answer;
};

static int hang(struct doorbell_port *port, const struct doorbell *d, bool on)
{
	struct bells *b = (struct bells *)port;

	assert_true(on && b->n < 8);
	b->d[b->n++] = *d;
	return b->answer;
}

struct bench {
	struct rig rig;                 /* its loops and memory; own bus */
	struct iospace mmio;
	struct irq_probe irq;
	struct vmmio tp;
	struct echo *echo;
	struct hw_host hw;
	struct bells bells;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	BUG_ON(!b);
	rig_open(&b->rig, &rig_mmio, 0);
	iospace_init(&b->mmio);
	irq_probe_init(&b->irq);
	hw_host_init(&b->hw, &b->mmio, NULL);
	b->bells.port.hang = hang;
	b->echo = echo_new(&vio_profile_modern, &b->rig.guest->mem,
			   b->rig.ctl, b->rig.loops, 2);
	BUG_ON(vmmio_attach(&b->tp, &b->echo->dev, &b->mmio, BASE,
			    &b->irq.line, &b->bells.port));
	BUG_ON(!drv_mmio_open(&b->rig.bus, &b->hw.hw, BASE));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	vio_reset(&b->echo->dev);
	rig_settle(&b->rig);
	iospace_del(&b->mmio, &b->tp.io);
	vio_destroy(&b->echo->dev);
	rig_close(&b->rig);
	free(b);
	return 0;
}

static uint64_t rd(struct bench *b, uint64_t off, unsigned size)
{
	return b->hw.hw.read(&b->hw.hw, BASE + off, size);
}

static void wr(struct bench *b, uint64_t off, unsigned size, uint64_t val)
{
	b->hw.hw.write(&b->hw.hw, BASE + off, size, val);
}

/* Decision 12 */
static void identity(void **state)
{
	struct bench *b = *state;

	assert_int_equal(0x74726976, rd(b, 0, 4));
	assert_int_equal(2, rd(b, 4, 4));
	assert_int_equal(0x2a, rd(b, 8, 4));
	assert_int_equal(0x554d4551, rd(b, 0xc, 4));
	for (unsigned off = 0; off < 16; off += 4) {
		uint64_t was = rd(b, off, 4);

		wr(b, off, 4, 0xffffffff);
		assert_int_equal(was, rd(b, off, 4));
	}
	assert_int_equal(UINT64_C(0x0000000274726976), rd(b, 0, 8));
}

static bool reads_something(unsigned off)
{
	static const uint16_t regs[] = {
		0x000, 0x004, 0x008, 0x00c, 0x010, 0x034, 0x044, 0x060, 0x070,
		0x0fc,
	};

	for (unsigned i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		if (off / 4 * 4 == regs[i])
			return true;
	return off >= 0x100 && off < 0x100 + ECHO_CFG_LEN;
}

static void everything_else_reads_0(void **state)
{
	struct bench *b = *state;

	for (unsigned off = 0; off < VMMIO_LEN; off++)
		if (!reads_something(off))
			assert_int_equal(0, rd(b, off, 1));
	for (unsigned size = 2; size <= 8; size *= 2)
		for (unsigned off = 0x120; off + size <= VMMIO_LEN; off++)
			assert_int_equal(0, rd(b, off, size));
	/* The bytes of a register by other widths are the same bytes. */
	assert_int_equal(0x76, rd(b, 0, 1));
	assert_int_equal(0x7472, rd(b, 2, 2));
	assert_int_equal(0x02747269, rd(b, 1, 4));
	assert_int_equal(0xffff, rd(b, VMMIO_LEN, 2));
}

static void writes_need_the_registers_width(void **state)
{
	struct bench *b = *state;

	for (unsigned size = 1; size <= 2; size++) {
		wr(b, 0x70, size, 1);
		wr(b, 0x30, size, 1);
		wr(b, 0x71, size, 1);
		assert_int_equal(0, rd(b, 0x70, 4));
		assert_int_equal(8, rd(b, 0x34, 4));
	}
	wr(b, 0x6e, 4, 0xffffffff);
	assert_int_equal(0, rd(b, 0x70, 4));
	/* 8 bytes are the two registers they cover. */
	wr(b, 0x80, 8, 0x1122334455667788);
	assert_int_equal(0x1122334455667788, b->echo->dev.vqs[0].addr[0]);
	wr(b, 0x30, 4, 1);
	assert_int_equal(64, rd(b, 0x34, 4));
	assert_int_equal(UINT64_C(64) << 32, rd(b, 0x30, 8));
}

static void notify_takes_a_queue_number_of_4_bytes(void **state)
{
	static const uint32_t beyond[] = { 3, 8, 0xffff, 0x10000, 0x10001,
					   0x80000000, 0xffffffff };
	struct bench *b = *state;
	struct drv_ring ring;

	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	rig_ring(&b->rig, &ring, 64, false, NULL);
	drv_q_start(&b->rig.bus, 1, &ring);
	drv_ok(&b->rig.bus);
	rig_settle(&b->rig);
	b->echo->processed[1] = 0;
	for (unsigned i = 0; i < 7; i++)
		wr(b, 0x50, 4, beyond[i]);
	wr(b, 0x50, 2, 1);
	wr(b, 0x50, 1, 1);
	wr(b, 0x51, 4, 1);
	wr(b, 0x4e, 4, 1);
	rig_settle(&b->rig);
	assert_int_equal(0, b->echo->processed[1]);
	wr(b, 0x50, 4, 1);
	rig_settle(&b->rig);
	assert_int_equal(1, b->echo->processed[1]);
	assert_int_equal(0, rd(b, 0x50, 4));
}

static void interrupts_are_acknowledged_bit_by_bit(void **state)
{
	struct bench *b = *state;
	const struct vio_tp_ops *tp = b->echo->dev.tp;

	assert_false(irq_probe_level(&b->irq));
	tp->raise(&b->echo->dev, VIRTIO_ISR_QUEUE, 0);
	tp->raise(&b->echo->dev, VIRTIO_ISR_QUEUE, 2);
	tp->raise(&b->echo->dev, VIRTIO_ISR_CONFIG, 0);
	assert_int_equal(1, irq_probe_raised(&b->irq));
	/* Reading does not acknowledge here. */
	assert_int_equal(3, rd(b, 0x60, 4));
	assert_int_equal(3, rd(b, 0x60, 4));
	wr(b, 0x60, 4, 3);
	assert_int_equal(3, rd(b, 0x60, 4));
	wr(b, 0x64, 4, 1);
	assert_int_equal(2, rd(b, 0x60, 4));
	assert_true(irq_probe_level(&b->irq));
	wr(b, 0x64, 4, 0xfffffffd);
	assert_int_equal(2, rd(b, 0x60, 4));
	wr(b, 0x64, 4, 2);
	assert_int_equal(0, rd(b, 0x60, 4));
	assert_false(irq_probe_level(&b->irq));
	/* What was acknowledged too much is not held against the next. */
	wr(b, 0x64, 4, 3);
	tp->raise(&b->echo->dev, VIRTIO_ISR_CONFIG, 0);
	assert_true(irq_probe_level(&b->irq));
	assert_int_equal(2, rd(b, 0x60, 4));
	drv_reset(&b->rig.bus);
	assert_int_equal(0, rd(b, 0x60, 4));
	assert_false(irq_probe_level(&b->irq));
}

static void selectors_go_back_at_reset(void **state)
{
	struct bench *b = *state;

	wr(b, 0x30, 4, 2);
	wr(b, 0x14, 4, 1);
	wr(b, 0x24, 4, 1);
	assert_int_equal(4, rd(b, 0x34, 4));
	drv_reset(&b->rig.bus);
	assert_int_equal(8, rd(b, 0x34, 4));
	assert_int_equal((uint32_t)(vio_profile_modern.feats | ECHO_FEATS),
			 rd(b, 0x10, 4));
}

static void a_doorbell_for_each_queue(void **state)
{
	struct bench *b = *state;
	struct drv_ring ring;

	assert_int_equal(ECHO_QUEUES, b->bells.n);
	for (unsigned i = 0; i < ECHO_QUEUES; i++) {
		assert_int_equal(BASE + 0x50, b->bells.d[i].addr);
		assert_int_equal(4, b->bells.d[i].len);
		assert_true(b->bells.d[i].match);
		assert_int_equal(i, b->bells.d[i].value);
	}
	/* Writing to its descriptor is a kick. */
	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	rig_ring(&b->rig, &ring, 4, false, NULL);
	drv_q_start(&b->rig.bus, 2, &ring);
	drv_ok(&b->rig.bus);
	rig_settle(&b->rig);
	b->echo->processed[2] = 0;
	assert_int_equal(8, write(b->bells.d[2].fd, &(uint64_t){ 1 }, 8));
	rig_settle(&b->rig);
	assert_int_equal(1, b->echo->processed[2]);
}

static void refused_doorbells_do_not_matter(void **state)
{
	struct bells refusing = { .port.hang = hang, .answer = -ENOSPC };
	struct bench *b = *state;
	struct echo *e = echo_new(&vio_profile_modern, &b->rig.guest->mem,
				  b->rig.ctl, b->rig.loops, 2);
	struct vmmio tp;

	assert_int_equal(0, vmmio_attach(&tp, &e->dev, &b->mmio, BASE + 0x1000,
					 &b->irq.line, &refusing.port));
	assert_int_equal(0x2a, rd(b, 0x1008, 4));
	iospace_del(&b->mmio, &tp.io);
	vio_destroy(&e->dev);
}

/* ---- interrupts from one thread, acknowledged by another ------------------ */

#define RAISES 40000

static void *raise_often(void *arg)
{
	struct bench *b = arg;

	for (unsigned i = 0; i < RAISES; i++)
		b->echo->dev.tp->raise(&b->echo->dev,
				       i % 3 ? VIRTIO_ISR_QUEUE
					     : VIRTIO_ISR_CONFIG, 0);
	return NULL;
}

static void the_line_is_up_while_a_cause_is_pending(void **state)
{
	struct bench *b = *state;
	pthread_t t[2];

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(0, pthread_create(&t[i], NULL,
							   raise_often, b));
		for (unsigned i = 0; i < RAISES; i++)
			wr(b, 0x64, 4, rd(b, 0x60, 4));
		for (unsigned i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		assert_int_equal(rd(b, 0x60, 4) != 0,
				 irq_probe_level(&b->irq));
		wr(b, 0x64, 4, 3);
		assert_false(irq_probe_level(&b->irq));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity),
		TEST(everything_else_reads_0),
		TEST(writes_need_the_registers_width),
		TEST(notify_takes_a_queue_number_of_4_bytes),
		TEST(interrupts_are_acknowledged_bit_by_bit),
		TEST(selectors_go_back_at_reset),
		TEST(a_doorbell_for_each_queue),
		TEST(refused_doorbells_do_not_matter),
		TEST(the_line_is_up_while_a_cause_is_pending),
	};

	return cmocka_run_group_tests_name("vmmio", tests, NULL, NULL);
}
