/*
 * Description: virtio-pci as AERO-W7-VIRTIO 1.1 to 1.8 and virtio 4.1 lay it
 * out: identity, capabilities, every register, the ISR byte, doorbells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/log.h"
#include "devices/virtio/blk.h"
#include "tests/lib/echo.h"
#include "tests/lib/rig_pci.h"

#define CONTRACT (&vio_profile_aero_w7)
#define MODERN (&vio_profile_modern)

struct bench {
	struct rig rig;
	struct echo *echo;
	struct vio_dev *dev;
	struct drv_ring ring[ECHO_QUEUES];
};

static struct bench *bench_new(const struct vio_profile *prof,
			       enum vpci_msix msix)
{
	struct bench *b = calloc(1, sizeof(*b));

	BUG_ON(!b);
	rig_open(&b->rig, &rig_pci, 0);
	rig_pci_part(&b->rig)->msix = msix;
	b->echo = echo_new(prof, &b->rig.guest->mem, b->rig.ctl, b->rig.loops,
			   2);
	b->dev = &b->echo->dev;
	rig_attach(&b->rig, b->dev);
	return b;
}

static int setup(void **state)
{
	*state = bench_new(CONTRACT, VPCI_MSIX_DEFAULT);
	return 0;
}

static int setup_modern(void **state)
{
	*state = bench_new(MODERN, VPCI_MSIX_DEFAULT);
	return 0;
}

static int setup_msix(void **state)
{
	*state = bench_new(CONTRACT, VPCI_MSIX_ON);
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

static uint32_t cfg(struct bench *b, unsigned off, unsigned size)
{
	return drv_pci_cfg_get(&b->rig.bus, off, size);
}

static void cfg_wr(struct bench *b, unsigned off, unsigned size, uint32_t val)
{
	drv_pci_cfg_put(&b->rig.bus, off, size, val);
}

static void up(struct bench *b)
{
	assert_true(drv_start(&b->rig.bus, VIRTIO_F_VERSION_1));
	for (uint16_t q = 0; q < ECHO_QUEUES; q++) {
		rig_ring(&b->rig, &b->ring[q], echo_sizes[q], false, NULL);
		drv_q_start(&b->rig.bus, q, &b->ring[q]);
	}
	drv_ok(&b->rig.bus);
	rig_settle(&b->rig);
	for (unsigned q = 0; q < ECHO_QUEUES; q++)
		b->echo->processed[q] = 0;
}

static void raise_irq(struct bench *b, unsigned cause, uint16_t q)
{
	b->dev->tp->raise(b->dev, cause, q);
}

/* ---- identity and capabilities -------------------------------------------- */

/* AERO-W7-VIRTIO 1.1, 1.2, 3.1.1; decisions: profiles. */
static void identity_of_a_disk(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct vio_profile *prof = i ? MODERN : CONTRACT;
		struct bench b = { 0 };
		struct blk_cfg c = { .prof = prof, .name = "disk0",
				     .queues = 1 };
		struct blkio *img;

		rig_open(&b.rig, &rig_pci, 0);
		c.gmem = &b.rig.guest->mem;
		c.ctl_loop = b.rig.ctl;
		c.loops = b.rig.loops;
		c.nloops = 1;
		assert_int_equal(0, blkio_mem_open(&img, 1 << 20, 512));
		assert_int_equal(0, blk_create(&b.dev, &c, img));
		rig_attach(&b.rig, b.dev);
		assert_int_equal(0x10421af4, cfg(&b, 0x00, 4));
		assert_int_equal(0x01000001, cfg(&b, 0x08, 4));
		assert_int_equal(0x00, cfg(&b, 0x0e, 1));
		assert_int_equal(i ? 0x11001af4 : 0x00021af4,
				 cfg(&b, 0x2c, 4));
		assert_int_equal(1, cfg(&b, 0x3d, 1));
		assert_int_equal(0x10, cfg(&b, 0x06, 2) & 0x10);
		rig_close(&b.rig);
	}
}

static void bar0_is_the_only_bar(void **state)
{
	struct bench *b = *state;

	assert_int_equal(4, cfg(b, 0x10, 1) & 0xf);
	cfg_wr(b, 4, 2, 0);
	for (unsigned off = 0x10; off < 0x28; off += 4)
		cfg_wr(b, off, 4, 0xffffffff);
	assert_int_equal(0xffffc004, cfg(b, 0x10, 4));
	assert_int_equal(0xffffffff, cfg(b, 0x14, 4));
	for (unsigned off = 0x18; off < 0x28; off += 4)
		assert_int_equal(0, cfg(b, off, 4));
	assert_int_equal(0, cfg(b, 0x30, 4));
}

struct cap {
	unsigned len, off, size;
};

static void assert_caps(struct bench *b, bool msix, bool pci_cfg)
{
	static const struct cap want[] = {
		{ 0, 0, 0 }, { 16, 0x0000, 0x100 }, { 20, 0x1000, 0x100 },
		{ 16, 0x2000, 0x20 }, { 16, 0x3000, 0x100 }, { 20, 0, 0 },
	};
	unsigned at = cfg(b, 0x34, 1), seen[6] = { 0 }, n = 0, msix_seen = 0;

	while (at) {
		assert_true(++n < 20);
		assert_int_equal(0, at % 4);
		assert_true(at >= 0x40);
		if (cfg(b, at, 1) == 0x11) {
			msix_seen++;
			assert_int_equal(ECHO_QUEUES, cfg(b, at + 2, 2));
			assert_int_equal(0x3100, cfg(b, at + 4, 4));
			assert_int_equal(0x3f00, cfg(b, at + 8, 4));
		} else {
			unsigned type = cfg(b, at + 3, 1);

			assert_int_equal(0x09, cfg(b, at, 1));
			assert_in_range(type, 1, 5);
			seen[type]++;
			assert_int_equal(want[type].len, cfg(b, at + 2, 1));
			assert_true(at + want[type].len <= 256);
			assert_int_equal(0, cfg(b, at + 4, 1));
			assert_int_equal(0, cfg(b, at + 6, 2));
			assert_int_equal(want[type].off, cfg(b, at + 8, 4));
			assert_int_equal(want[type].size, cfg(b, at + 12, 4));
			if (type == 2)
				assert_int_equal(4, cfg(b, at + 16, 4));
		}
		at = cfg(b, at + 1, 1);
	}
	for (unsigned type = 1; type <= 4; type++)
		assert_int_equal(1, seen[type]);
	assert_int_equal(pci_cfg, seen[5]);
	assert_int_equal(msix, msix_seen);
}

/* AERO-W7-VIRTIO 1.3, 1.4, 1.6 */
static void capabilities_of_the_contract(void **state)
{
	assert_caps(*state, false, false);
}

static void capabilities_with_msix_asked_for(void **state)
{
	assert_caps(*state, true, false);
}

static void capabilities_of_modern(void **state)
{
	assert_caps(*state, true, true);
}

static void msix_can_be_left_out(void **state)
{
	struct bench *b = bench_new(MODERN, VPCI_MSIX_OFF);

	(void)state;
	assert_caps(b, false, true);
	/* Then no vector can be mapped. */
	wr(b, 0x10, 2, 0);
	assert_int_equal(0xffff, rd(b, 0x10, 2));
	assert_int_equal(0, rd(b, 0x310c, 4));
	rig_close(&b->rig);
	free(b);
}

/* ---- every byte of the BAR ------------------------------------------------ */

static bool is_defined(struct bench *b, unsigned off)
{
	const struct pci_msix *m = &rig_pci_part(&b->rig)->tp.pci.msix;

	return off < 0x38 || off == 0x2000 ||
	       (off >= 0x3000 && off < 0x3000 + ECHO_CFG_LEN) ||
	       (off >= 0x3100 && off < 0x3100 + 16 * m->n) ||
	       (m->n && off >= 0x3f00 && off < 0x3f08);
}

static bool hits_defined(struct bench *b, unsigned off, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		if (is_defined(b, off + i))
			return true;
	return false;
}

/* AERO-W7-VIRTIO 1.4.1 */
static void undefined_offsets_read_0(void **state)
{
	struct bench *b = *state;

	for (unsigned size = 1; size <= 8; size *= 2)
		for (unsigned off = 0; off + size <= 0x4000; off++)
			if (!hits_defined(b, off, size))
				assert_int_equal(0, rd(b, off, size));
}

static void snapshot(struct bench *b, uint8_t *to)
{
	for (unsigned off = 0; off < 0x4000; off++)
		*to++ = off == 0x2000 ? 0 : (uint8_t)rd(b, off, 1);
}

static void writes_to_undefined_offsets_are_ignored(void **state)
{
	static uint8_t before[0x4000], after[0x4000];
	struct bench *b = *state;

	up(b);
	snapshot(b, before);
	for (unsigned size = 1; size <= 8; size *= 2)
		for (unsigned off = 0x38; off + size <= 0x4000; off++)
			if (!hits_defined(b, off, size))
				wr(b, off, size, 0xa5a5a5a5a5a5a5a5);
	snapshot(b, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(0, b->echo->cfg_writes);
}

static void read_only_registers_stay(void **state)
{
	static const struct { uint8_t off, size; } ro[] = {
		{ 0x04, 4 }, { 0x12, 2 }, { 0x15, 1 }, { 0x1e, 2 },
	};
	struct bench *b = *state;

	wr(b, 0x16, 2, 1);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t was = rd(b, ro[i].off, ro[i].size);

		wr(b, ro[i].off, ro[i].size, ~was);
		assert_int_equal(was, rd(b, ro[i].off, ro[i].size));
	}
	/* AERO-W7-VIRTIO 1.5: queue_size is read-only. */
	wr(b, 0x18, 2, 8);
	assert_int_equal(64, rd(b, 0x18, 2));
	assert_int_equal(ECHO_QUEUES, rd(b, 0x12, 2));
	assert_int_equal(1, rd(b, 0x1e, 2));
}

static void registers_read_back(void **state)
{
	static const struct { uint8_t off, size; } rw[] = {
		{ 0x00, 4 }, { 0x08, 4 }, { 0x16, 2 }, { 0x20, 4 },
		{ 0x24, 4 }, { 0x28, 4 }, { 0x2c, 4 }, { 0x30, 4 },
		{ 0x34, 4 },
	};
	struct bench *b = *state;

	wr(b, 0x08, 4, 0);
	wr(b, 0x0c, 4, 0x12345678);
	assert_int_equal(0x12345678, rd(b, 0x0c, 4));
	wr(b, 0x08, 4, 2);
	assert_int_equal(0, rd(b, 0x0c, 4));
	wr(b, 0x08, 4, 0);
	assert_int_equal(0x12345678, rd(b, 0x0c, 4));
	for (unsigned i = 0; i < sizeof(rw) / sizeof(rw[0]); i++) {
		uint32_t val = rw[i].size == 4 ? 0x89abcdef : 2;

		wr(b, rw[i].off, rw[i].size, val);
		assert_int_equal(val, rd(b, rw[i].off, rw[i].size));
	}
	/* 64-bit ones in one access. */
	wr(b, 0x20, 8, 0x1122334455667788);
	assert_int_equal(0x1122334455667788, rd(b, 0x20, 8));
	assert_int_equal(0x55667788, rd(b, 0x20, 4));
	assert_int_equal(0x33445566, rd(b, 0x22, 4));
	/* A write of another width than the register's is nobody's. */
	wr(b, 0x20, 2, 0);
	wr(b, 0x22, 4, 0);
	wr(b, 0x21, 1, 0);
	assert_int_equal(0x1122334455667788, rd(b, 0x20, 8));
	wr(b, 0x14, 2, 0x0101);
	wr(b, 0x14, 4, 0x00010101);
	assert_int_equal(0, rd(b, 0x14, 1));
}

/* AERO-W7-VIRTIO 1.5.4 */
static void queues_beyond_the_last(void **state)
{
	struct bench *b = *state;

	for (unsigned q = ECHO_QUEUES; q < 0x10000; q = q * 2 + 1) {
		wr(b, 0x16, 2, q);
		assert_int_equal(q, rd(b, 0x16, 2));
		wr(b, 0x18, 2, 4);
		wr(b, 0x1a, 2, 0);
		wr(b, 0x20, 8, 0x1000);
		wr(b, 0x28, 8, 0x2000);
		wr(b, 0x30, 8, 0x3000);
		wr(b, 0x1c, 2, 1);
		assert_int_equal(0, rd(b, 0x18, 2));
		assert_int_equal(0xffff, rd(b, 0x1a, 2));
		assert_int_equal(0, rd(b, 0x1c, 4));
		for (unsigned off = 0x20; off < 0x38; off += 8)
			assert_int_equal(0, rd(b, off, 8));
	}
}

/* ---- notify --------------------------------------------------------------- */

/* AERO-W7-VIRTIO 1.6 */
static void notify_by_address_16_or_32_bits(void **state)
{
	struct bench *b = *state;

	up(b);
	for (unsigned q = 0; q < ECHO_QUEUES; q++) {
		for (unsigned size = 2; size <= 4; size *= 2) {
			unsigned was = b->echo->processed[q];

			/* The value is not looked at. */
			wr(b, 0x1000 + 4 * q, size, size == 2 ? q : 0xffff);
			rig_settle(&b->rig);
			assert_int_equal(was + 1, b->echo->processed[q]);
		}
		assert_int_equal(0, rd(b, 0x1000 + 4 * q, 4));
	}
	for (unsigned q = 0; q < ECHO_QUEUES; q++)
		b->echo->processed[q] = 0;
	for (unsigned off = 0x1000 + 4 * ECHO_QUEUES; off < 0x1100; off += 2)
		wr(b, off, 2, 1);
	wr(b, 0x1002, 2, 0);
	wr(b, 0x1001, 4, 0);
	wr(b, 0x0ffe, 4, 0);
	wr(b, 0x1100, 4, 0);
	rig_settle(&b->rig);
	assert_int_equal(0, b->echo->processed[0] + b->echo->processed[1] +
			 b->echo->processed[2]);
}

/* ---- ISR and INTx --------------------------------------------------------- */

static bool status_bit(struct bench *b)
{
	return cfg(b, 6, 2) & 8;
}

/* AERO-W7-VIRTIO 1.7, 1.8.1 */
static void reading_isr_acknowledges(void **state)
{
	struct bench *b = *state;

	up(b);
	assert_int_equal(0, rd(b, 0x2000, 1));
	raise_irq(b, VIRTIO_ISR_QUEUE, 1);
	assert_true(rig_irq(&b->rig));
	assert_true(status_bit(b));
	/* The bytes beside it are not it. */
	assert_int_equal(0, rd(b, 0x2001, 1));
	assert_int_equal(0, rd(b, 0x1fff, 1));
	assert_int_equal(0, rd(b, 0x2004, 4));
	wr(b, 0x2000, 1, 0xff);
	assert_true(rig_irq(&b->rig));
	raise_irq(b, VIRTIO_ISR_CONFIG, 0);
	assert_int_equal(3, rd(b, 0x2000, 1));
	assert_false(rig_irq(&b->rig));
	assert_false(status_bit(b));
	assert_int_equal(0, rd(b, 0x2000, 1));
	raise_irq(b, VIRTIO_ISR_CONFIG, 0);
	/* Wider reads take it, too. */
	assert_int_equal(2, rd(b, 0x2000, 4));
	assert_false(rig_irq(&b->rig));
	raise_irq(b, VIRTIO_ISR_QUEUE, 0);
	assert_int_equal(1, rd(b, 0x2000, 2));
	assert_false(rig_irq(&b->rig));
}

static void intx_disable_keeps_the_line_down(void **state)
{
	struct bench *b = *state;

	up(b);
	cfg_wr(b, 4, 2, 0x0406);
	raise_irq(b, VIRTIO_ISR_QUEUE, 0);
	assert_false(rig_irq(&b->rig));
	assert_true(status_bit(b));
	cfg_wr(b, 4, 2, 0x0006);
	assert_true(rig_irq(&b->rig));
	assert_int_equal(1, rd(b, 0x2000, 1));
	assert_false(rig_irq(&b->rig));
}

static void reset_takes_the_interrupt_back(void **state)
{
	struct bench *b = *state;

	up(b);
	raise_irq(b, VIRTIO_ISR_QUEUE, 0);
	raise_irq(b, VIRTIO_ISR_CONFIG, 0);
	drv_reset(&b->rig.bus);
	assert_false(rig_irq(&b->rig));
	assert_int_equal(0, rd(b, 0x2000, 1));
}

/* ---- the BAR's place ------------------------------------------------------ */

/* Decision 8 */
static void decoding_off_reads_ones(void **state)
{
	struct bench *b = *state;

	up(b);
	cfg_wr(b, 4, 2, 4);
	assert_int_equal(0xff, rd(b, 0x14, 1));
	assert_int_equal(0xffffffff, rd(b, 0x00, 4));
	wr(b, 0x14, 1, 0);
	wr(b, 0x1000, 2, 0);
	rig_settle(&b->rig);
	assert_int_equal(0, b->echo->processed[0]);
	cfg_wr(b, 4, 2, 6);
	assert_int_equal(0x0f, rd(b, 0x14, 1));
	wr(b, 0x1000, 2, 0);
	rig_settle(&b->rig);
	assert_int_equal(1, b->echo->processed[0]);
}

static void the_bar_moves_while_the_device_runs(void **state)
{
	static const uint64_t to[] = {
		0xe0100000, 0x8000000000, 0xfeffc000, 0x100000000, 0x4000,
		0xffffffc000,
	};
	struct bench *b = *state;

	up(b);
	for (unsigned i = 0; i < 6; i++) {
		struct drv_buf buf = { 0x80000, 4, true };
		uint64_t was = b->rig.bus.bar0;
		uint32_t len;
		int id;

		rig_pci_move(&b->rig, to[i]);
		assert_int_equal(to[i], b->rig.bus.bar0);
		assert_int_equal(0x0f, rd(b, 0x14, 1));
		assert_int_equal(0xff, b->rig.hw.hw.read(&b->rig.hw.hw,
							 was + 0x14, 1));
		b->rig.bus.ops->put(&b->rig.bus, DRV_Q_SEL, 1);
		id = drv_send(&b->rig.bus, 1, &b->ring[1], &buf, 1, NULL);
		assert_int_equal(id, rig_collect(&b->rig, &b->ring[1], &len));
	}
}

struct bells {
	struct doorbell_port port;
	struct doorbell d[ECHO_QUEUES];
	bool on[ECHO_QUEUES];
	unsigned calls;
};

static int hang(struct doorbell_port *port, const struct doorbell *d, bool on)
{
	struct bells *p = (struct bells *)port;
	unsigned i = p->calls++ % ECHO_QUEUES;

	assert_int_not_equal(on, p->on[i]);
	/* Taken from where it was hung. */
	if (!on)
		assert_memory_equal(d, &p->d[i], sizeof(*d));
	p->d[i] = *d;
	p->on[i] = on;
	return 0;
}

static void doorbells_follow_the_bar(void **state)
{
	struct bells bells = { .port.hang = hang };
	struct bench *b = calloc(1, sizeof(*b));

	(void)state;
	rig_open(&b->rig, &rig_pci, 0);
	rig_pci_part(&b->rig)->port = &bells.port;
	b->echo = echo_new(CONTRACT, &b->rig.guest->mem, b->rig.ctl,
			   b->rig.loops, 2);
	rig_attach(&b->rig, &b->echo->dev);
	for (unsigned move = 0; move < 3; move++) {
		for (unsigned q = 0; q < ECHO_QUEUES; q++) {
			assert_true(bells.on[q]);
			assert_int_equal(b->rig.bus.bar0 + 0x1000 + 4 * q,
					 bells.d[q].addr);
			/* 16- and 32-bit writes alike. */
			assert_int_equal(0, bells.d[q].len);
			assert_false(bells.d[q].match);
			assert_int_equal(b->echo->dev.vqs[q].bell.fd,
					 bells.d[q].fd);
		}
		rig_pci_move(&b->rig, 0x200000000 + 0x4000 * move);
	}
	cfg_wr(b, 4, 2, 4);
	for (unsigned q = 0; q < ECHO_QUEUES; q++)
		assert_false(bells.on[q]);
	cfg_wr(b, 4, 2, 6);
	assert_true(bells.on[0]);
	rig_close(&b->rig);
	free(b);
	for (unsigned q = 0; q < ECHO_QUEUES; q++)
		assert_false(bells.on[q]);
}

static void machine_reset_is_a_device_reset(void **state)
{
	struct bench *b = *state;
	unsigned resets;

	up(b);
	raise_irq(b, VIRTIO_ISR_QUEUE, 0);
	resets = b->echo->resets;
	pci_bus_reset(&rig_pci_part(&b->rig)->pci.bus);
	assert_int_equal(resets + 1, b->echo->resets);
	assert_int_equal(0, b->dev->status);
	assert_false(b->dev->dma);
	assert_false(rig_irq(&b->rig));
	assert_int_equal(0, cfg(b, 0x10, 4) & ~15u);
	assert_int_equal(0xff, rd(b, 0x14, 1));
	/* As firmware finds it. */
	rig_pci_move(&b->rig, 0xe0000000);
	up(b);
	wr(b, 0x1004, 2, 1);
	rig_settle(&b->rig);
	assert_int_equal(1, b->echo->processed[1]);
}

#define TEST(f, with) { #f " (" #with ")", f, with, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_of_a_disk),
		TEST(bar0_is_the_only_bar, setup),
		TEST(bar0_is_the_only_bar, setup_modern),
		TEST(capabilities_of_the_contract, setup),
		TEST(capabilities_with_msix_asked_for, setup_msix),
		TEST(capabilities_of_modern, setup_modern),
		cmocka_unit_test(msix_can_be_left_out),
		TEST(undefined_offsets_read_0, setup),
		TEST(undefined_offsets_read_0, setup_modern),
		TEST(writes_to_undefined_offsets_are_ignored, setup),
		TEST(writes_to_undefined_offsets_are_ignored, setup_modern),
		TEST(read_only_registers_stay, setup),
		TEST(registers_read_back, setup),
		TEST(registers_read_back, setup_modern),
		TEST(queues_beyond_the_last, setup),
		TEST(queues_beyond_the_last, setup_modern),
		TEST(notify_by_address_16_or_32_bits, setup),
		TEST(notify_by_address_16_or_32_bits, setup_modern),
		TEST(reading_isr_acknowledges, setup),
		TEST(reading_isr_acknowledges, setup_modern),
		TEST(intx_disable_keeps_the_line_down, setup),
		TEST(reset_takes_the_interrupt_back, setup),
		TEST(decoding_off_reads_ones, setup),
		TEST(the_bar_moves_while_the_device_runs, setup),
		cmocka_unit_test(doorbells_follow_the_bar),
		TEST(machine_reset_is_a_device_reset, setup),
		TEST(machine_reset_is_a_device_reset, setup_msix),
	};

	return cmocka_run_group_tests_name("vpci", tests, NULL, NULL);
}
