/*
 * Description: a virtio function with MSI-X speaks through its vectors alone,
 * nothing is lost when MSI-X goes on and off, and the window in configuration
 * space is BAR 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <cmocka.h>

#include "devices/base/log.h"
#include "tests/lib/echo.h"
#include "tests/lib/rig_pci.h"

#define ADDR 0xfee01000
#define DATA 0x4020

struct bench {
	struct rig rig;
	struct echo *echo;
	struct vio_dev *dev;
	struct msi_probe *msi;
	unsigned cap;                   /* of MSI-X */
	bool stop;
	unsigned turn, raised;          /* atomic */
};

static struct bench *bench_new(const struct vio_profile *prof)
{
	struct bench *b = calloc(1, sizeof(*b));

	BUG_ON(!b);
	rig_open(&b->rig, &rig_pci, 0);
	rig_pci_part(&b->rig)->msix = VPCI_MSIX_ON;
	b->echo = echo_new(prof, &b->rig.guest->mem, b->rig.ctl, b->rig.loops,
			   2);
	b->dev = &b->echo->dev;
	rig_attach(&b->rig, b->dev);
	b->msi = &rig_pci_part(&b->rig)->pci.msi;
	b->cap = drv_pci_cap(&b->rig.bus, 0x11, 0);
	return b;
}

static int setup(void **state)
{
	*state = bench_new(&vio_profile_aero_w7);
	return 0;
}

static int setup_modern(void **state)
{
	*state = bench_new(&vio_profile_modern);
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	rig_close(&b->rig);
	free(b);
	return 0;
}

static uint64_t rd(struct bench *b, uint64_t off, unsigned size)
{
	return b->rig.hw.hw.read(&b->rig.hw.hw, b->rig.bus.bar0 + off, size);
}

static void wr(struct bench *b, uint64_t off, unsigned size, uint64_t val)
{
	b->rig.hw.hw.write(&b->rig.hw.hw, b->rig.bus.bar0 + off, size, val);
}

static void control(struct bench *b, uint16_t val)
{
	drv_pci_cfg_put(&b->rig.bus, b->cap + 2, 2, val);
}

static void up(struct bench *b)
{
	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	drv_ok(&b->rig.bus);
	assert_true(drv_pci_msix(&b->rig.bus, ADDR, DATA, ECHO_QUEUES));
}

static void queue_irq(struct bench *b, uint16_t q)
{
	b->dev->tp->raise(b->dev, VIRTIO_ISR_QUEUE, q);
}

static void config_irq(struct bench *b)
{
	b->dev->tp->raise(b->dev, VIRTIO_ISR_CONFIG, 0);
}

/* One more message, for that vector; and never the line. */
static void assert_message(struct bench *b, unsigned n, unsigned vector)
{
	struct msi_probe_msg m;

	assert_int_equal(n, msi_probe_n(b->msi));
	m = msi_probe_msg(b->msi, n - 1);
	assert_int_equal(ADDR, m.addr);
	assert_int_equal(DATA + vector, m.data);
	assert_false(rig_irq(&b->rig));
}

static void assert_silent(struct bench *b, unsigned n)
{
	assert_int_equal(n, msi_probe_n(b->msi));
	assert_false(rig_irq(&b->rig));
}

/* ---- delivery ------------------------------------------------------------- */

static void each_cause_has_its_vector(void **state)
{
	struct bench *b = *state;

	up(b);
	config_irq(b);
	assert_message(b, 1, 0);
	for (uint16_t q = 0; q < ECHO_QUEUES; q++) {
		queue_irq(b, q);
		assert_message(b, 2u + q, 1u + q);
	}
	/* AERO-W7-VIRTIO 1.8.2: the ISR bits are set all the same. */
	assert_int_equal(3, rd(b, 0x2000, 1));
	assert_silent(b, 1 + ECHO_QUEUES);
	/* Every time, acknowledged or not. */
	queue_irq(b, 0);
	queue_irq(b, 0);
	assert_message(b, 3 + ECHO_QUEUES, 1);
}

static void vectors_are_shared_when_asked(void **state)
{
	struct bench *b = *state;

	up(b);
	wr(b, 0x16, 2, 2);
	wr(b, 0x1a, 2, 0);
	queue_irq(b, 2);
	assert_message(b, 1, 0);
	queue_irq(b, 1);
	assert_message(b, 2, 2);
}

/* virtio 4.1.5.1.2.1 */
static void vectors_that_do_not_exist_read_back_none(void **state)
{
	static const uint16_t beyond[] = { ECHO_QUEUES + 1, 0x7ff, 0x8000,
					   0xfffe, 0xffff };
	struct bench *b = *state;

	assert_int_equal(0xffff, rd(b, 0x10, 2));
	for (uint16_t v = 0; v <= ECHO_QUEUES; v++) {
		wr(b, 0x10, 2, v);
		assert_int_equal(v, rd(b, 0x10, 2));
		wr(b, 0x16, 2, 1);
		wr(b, 0x1a, 2, v);
		assert_int_equal(v, rd(b, 0x1a, 2));
	}
	for (unsigned i = 0; i < 5; i++) {
		wr(b, 0x10, 2, 1);
		wr(b, 0x10, 2, beyond[i]);
		assert_int_equal(0xffff, rd(b, 0x10, 2));
		wr(b, 0x1a, 2, 1);
		wr(b, 0x1a, 2, beyond[i]);
		assert_int_equal(0xffff, rd(b, 0x1a, 2));
	}
	drv_reset(&b->rig.bus);
	wr(b, 0x10, 2, 1);
	drv_reset(&b->rig.bus);
	assert_int_equal(0xffff, rd(b, 0x10, 2));
}

/* AERO-W7-VIRTIO 1.8.4: exclusively MSI-X, and silence where it cannot be. */
static void no_vector_is_silence(void **state)
{
	struct bench *b = *state;

	up(b);
	wr(b, 0x10, 2, 0xffff);
	wr(b, 0x16, 2, 0);
	wr(b, 0x1a, 2, 0xffff);
	queue_irq(b, 0);
	config_irq(b);
	assert_silent(b, 0);
	assert_int_equal(3, rd(b, 0x2000, 1));
	/* Nor later: nothing was pending. */
	wr(b, 0x1a, 2, 1);
	wr(b, 0x10, 2, 0);
	assert_silent(b, 0);
}

static void an_unprogrammed_entry_is_silence(void **state)
{
	struct bench *b = *state;

	up(b);
	for (unsigned off = 0; off < 12; off += 4)
		wr(b, 0x3110 + off, 4, 0);
	queue_irq(b, 0);
	assert_silent(b, 0);
}

static void masked_vectors_wait(void **state)
{
	struct bench *b = *state;

	up(b);
	wr(b, 0x310c + 16, 4, 1);
	queue_irq(b, 0);
	queue_irq(b, 0);
	assert_silent(b, 0);
	assert_int_equal(2, rd(b, 0x3f00, 4));
	wr(b, 0x310c + 16, 4, 0);
	assert_message(b, 1, 1);
	assert_int_equal(0, rd(b, 0x3f00, 4));
	/* The function's mask. */
	control(b, 0xc000);
	queue_irq(b, 1);
	config_irq(b);
	assert_silent(b, 1);
	assert_int_equal(5, rd(b, 0x3f00, 8));
	control(b, 0x8000);
	assert_int_equal(3, msi_probe_n(b->msi));
	assert_int_equal(0, rd(b, 0x3f00, 8));
}

static void the_table_is_in_bar0(void **state)
{
	struct bench *b = *state;

	for (unsigned v = 0; v <= ECHO_QUEUES; v++) {
		uint64_t at = 0x3100 + 16 * v;

		assert_int_equal(0, rd(b, at, 8));
		assert_int_equal(UINT64_C(1) << 32, rd(b, at + 8, 8));
		wr(b, at, 8, 0x12345678fee00000 + 4 * v);
		wr(b, at + 8, 4, 0x41 + v);
		assert_int_equal(0x12345678fee00000 + 4 * v, rd(b, at, 8));
		assert_int_equal(0x41 + v, rd(b, at + 8, 4));
	}
	/* Past the last vector, and a PBA that cannot be written. */
	wr(b, 0x3100 + 16 * (ECHO_QUEUES + 1), 4, 1);
	assert_int_equal(0, rd(b, 0x3100 + 16 * (ECHO_QUEUES + 1), 4));
	wr(b, 0x3f00, 8, UINT64_MAX);
	assert_int_equal(0, rd(b, 0x3f00, 8));
}

/* AERO-W7-VIRTIO 1.5.3: all pending interrupts are cleared. */
static void a_reset_clears_what_is_pending(void **state)
{
	struct bench *b = *state;

	up(b);
	control(b, 0xc000);
	queue_irq(b, 0);
	config_irq(b);
	assert_int_equal(3, rd(b, 0x3f00, 4));
	drv_reset(&b->rig.bus);
	assert_int_equal(0, rd(b, 0x3f00, 4));
	control(b, 0x8000);
	assert_silent(b, 0);
	assert_int_equal(0, rd(b, 0x2000, 1));
	/* The table is the PCI function's, not the device's. */
	assert_int_equal(ADDR, rd(b, 0x3100, 4));
}

static void requests_interrupt_by_message(void **state)
{
	struct bench *b = *state;
	struct drv_ring ring;
	struct drv_buf buf = { 0x80000, 8, true };
	uint32_t len;

	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	assert_true(drv_pci_msix(&b->rig.bus, ADDR, DATA, ECHO_QUEUES));
	rig_ring(&b->rig, &ring, 64, false, NULL);
	drv_q_start(&b->rig.bus, 1, &ring);
	drv_ok(&b->rig.bus);
	for (unsigned i = 1; i < 50; i++) {
		int id = drv_send(&b->rig.bus, 1, &ring, &buf, 1, NULL);

		rig_settle(&b->rig);
		assert_message(b, i, 2);
		assert_int_equal(id, ring.ops->collect(&ring, &len));
	}
}

/* ---- on and off ----------------------------------------------------------- */

static void turning_msix_off_brings_the_line_back(void **state)
{
	struct bench *b = *state;

	up(b);
	queue_irq(b, 0);
	assert_message(b, 1, 1);
	control(b, 0);
	/* The cause is still unread. */
	assert_true(rig_irq(&b->rig));
	assert_int_equal(1, rd(b, 0x2000, 1));
	assert_false(rig_irq(&b->rig));
	queue_irq(b, 0);
	assert_true(rig_irq(&b->rig));
	control(b, 0x8000);
	assert_false(rig_irq(&b->rig));
	control(b, 0);
	assert_true(rig_irq(&b->rig));
	assert_int_equal(1, rd(b, 0x2000, 1));
	assert_false(rig_irq(&b->rig));
}

#define TURNS 30000

/* Waits a moment, then lets others run, too. */
static void await(unsigned *word, unsigned val)
{
	for (unsigned i = 0;; i++) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == val)
			return;
		if (i > 20000)
			sched_yield();
	}
}

static void *raise_once_a_turn(void *arg)
{
	struct bench *b = arg;

	for (unsigned turn = 1; turn <= TURNS; turn++) {
		await(&b->turn, turn);
		queue_irq(b, 0);
		__atomic_store_n(&b->raised, turn, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* With MSI-X off the line is up exactly while the ISR byte is not 0; whoever
 * turned it off just when a cause was on its way must find one or the other. */
static void no_cause_falls_between_the_two(void **state)
{
	struct bench *b = *state;
	unsigned lost = 0;
	pthread_t t;

	up(b);
	assert_int_equal(0, pthread_create(&t, NULL, raise_once_a_turn, b));
	for (unsigned turn = 1; turn <= TURNS; turn++) {
		control(b, 0x8000);
		rd(b, 0x2000, 1);
		__atomic_store_n(&b->turn, turn, __ATOMIC_RELEASE);
		/* Not always at the same moment. */
		for (volatile unsigned i = 0; i < turn * 7 % 301; i++)
			;
		control(b, 0);
		await(&b->raised, turn);
		lost += rig_irq(&b->rig) !=
			(rig_pci_part(&b->rig)->tp.isr != 0);
		rd(b, 0x2000, 1);
		assert_false(rig_irq(&b->rig));
	}
	pthread_join(t, NULL);
	assert_int_equal(0, lost);
}

static void *raise_until_stopped(void *arg)
{
	struct bench *b = arg;

	while (!__atomic_load_n(&b->stop, __ATOMIC_RELAXED))
		queue_irq(b, 0);
	return NULL;
}

static void the_line_follows_the_isr_byte(void **state)
{
	struct bench *b = *state;

	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	drv_ok(&b->rig.bus);
	for (unsigned i = 0; i < 300; i++) {
		pthread_t t;

		__atomic_store_n(&b->stop, false, __ATOMIC_RELAXED);
		assert_int_equal(0, pthread_create(&t, NULL,
						   raise_until_stopped, b));
		for (unsigned k = 0; k < 100; k++)
			rd(b, 0x2000, 1);
		__atomic_store_n(&b->stop, true, __ATOMIC_RELAXED);
		pthread_join(t, NULL);
		assert_int_equal(rig_pci_part(&b->rig)->tp.isr != 0,
				 rig_irq(&b->rig));
		rd(b, 0x2000, 1);
		assert_false(rig_irq(&b->rig));
	}
}

/* ---- the window in configuration space (virtio 4.1.4.9) ------------------- */

static void win_set(struct bench *b, uint8_t bar, uint32_t off, uint32_t len)
{
	unsigned cap = drv_pci_cap(&b->rig.bus, 9, 5);

	drv_pci_cfg_put(&b->rig.bus, cap + 4, 1, bar);
	drv_pci_cfg_put(&b->rig.bus, cap + 8, 4, off);
	drv_pci_cfg_put(&b->rig.bus, cap + 12, 4, len);
}

static uint32_t win_get(struct bench *b, uint32_t off, uint32_t len)
{
	win_set(b, 0, off, len);
	return drv_pci_cfg_get(&b->rig.bus,
			       drv_pci_cap(&b->rig.bus, 9, 5) + 16, len);
}

static void win_put(struct bench *b, uint32_t off, uint32_t len, uint32_t val)
{
	win_set(b, 0, off, len);
	drv_pci_cfg_put(&b->rig.bus, drv_pci_cap(&b->rig.bus, 9, 5) + 16, len,
			val);
}

static void the_window_is_the_bar(void **state)
{
	struct bench *b = *state;

	for (uint32_t len = 1; len <= 4; len *= 2)
		for (uint32_t off = 0; off < 0x4000; off += len)
			if (off / 4 != 0x2000 / 4)
				assert_int_equal(rd(b, off, len),
						 win_get(b, off, len));
	/* A driver brought up through it alone, memory decoding off. */
	drv_pci_cfg_put(&b->rig.bus, 4, 2, 4);
	win_put(b, 0x14, 1, 0);
	win_put(b, 0x14, 1, 3);
	win_put(b, 0x08, 4, 1);
	win_put(b, 0x0c, 4, 1);
	win_put(b, 0x14, 1, 11);
	assert_int_equal(11, win_get(b, 0x14, 1));
	guest_fill(b->rig.guest, 0x1000, 0, 0x3000);
	win_put(b, 0x16, 2, 1);
	assert_int_equal(64, win_get(b, 0x18, 2));
	win_put(b, 0x20, 4, 0x1000);
	win_put(b, 0x28, 4, 0x2000);
	win_put(b, 0x30, 4, 0x3000);
	win_put(b, 0x1c, 2, 1);
	win_put(b, 0x14, 1, 15);
	rig_settle(&b->rig);
	b->echo->processed[1] = 0;
	win_put(b, 0x1004, 2, 1);
	rig_settle(&b->rig);
	assert_int_equal(1, b->echo->processed[1]);
	queue_irq(b, 1);
	assert_true(rig_irq(&b->rig));
	assert_int_equal(1, win_get(b, 0x2000, 1));
	assert_false(rig_irq(&b->rig));
	win_put(b, 0x14, 1, 0);
	assert_int_equal(0, win_get(b, 0x14, 1));
}

static void a_window_that_makes_no_sense_does_nothing(void **state)
{
	static const struct { uint8_t bar; uint32_t off, len; } bad[] = {
		{ 1, 0x14, 1 }, { 255, 0x14, 1 }, { 0, 0x14, 0 },
		{ 0, 0x14, 3 }, { 0, 0x14, 8 }, { 0, 0x14, 0xffffffff },
		{ 0, 0x4000, 1 }, { 0, 0xfffffffc, 4 }, { 0, 0x13, 2 },
		{ 0, 0x12, 4 }, { 0, 0x80000014, 1 },
	};
	struct bench *b = *state;
	unsigned at = drv_pci_cap(&b->rig.bus, 9, 5) + 16;

	wr(b, 0x14, 1, 1);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		win_set(b, bad[i].bar, bad[i].off, bad[i].len);
		drv_pci_cfg_put(&b->rig.bus, at, 4, 0x03030303);
		assert_int_equal(1, rd(b, 0x14, 1));
		drv_pci_cfg_get(&b->rig.bus, at, 4);
	}
	/* What lies before the data is only where and how much. */
	win_set(b, 0, 0x2000, 1);
	queue_irq(b, 0);
	drv_pci_cfg_get(&b->rig.bus, at - 4, 4);
	drv_pci_cfg_get(&b->rig.bus, at - 8, 4);
	drv_pci_cfg_get(&b->rig.bus, at - 12, 1);
	assert_int_equal(1, rd(b, 0x2000, 1));
}

#define TEST(f) { #f " (aero-w7)", f, setup, teardown, NULL }
#define TESTM(f) { #f " (modern)", f, setup_modern, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_cause_has_its_vector),
		TESTM(each_cause_has_its_vector),
		TEST(vectors_are_shared_when_asked),
		TEST(vectors_that_do_not_exist_read_back_none),
		TEST(no_vector_is_silence),
		TEST(an_unprogrammed_entry_is_silence),
		TEST(masked_vectors_wait),
		TESTM(masked_vectors_wait),
		TEST(the_table_is_in_bar0),
		TEST(a_reset_clears_what_is_pending),
		TEST(requests_interrupt_by_message),
		TEST(turning_msix_off_brings_the_line_back),
		TEST(no_cause_falls_between_the_two),
		TEST(the_line_follows_the_isr_byte),
		TESTM(the_window_is_the_bar),
		TESTM(a_window_that_makes_no_sense_does_nothing),
	};

	return cmocka_run_group_tests_name("vpci msix", tests, NULL, NULL);
}
