/*
 * What the disk makes of requests, and of what becomes of them: order, errors,
 * durability, reset; and the profiles' own requests. The image is a spy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "devices/base/log.h"
#include "tests/lib/suite_blk_int.h"

#define GET_ID VIRTIO_BLK_T_GET_ID
#define DISCARD VIRTIO_BLK_T_DISCARD
#define WRITE_ZEROES VIRTIO_BLK_T_WRITE_ZEROES
#define WRITEBACK 32            /* offset in the configuration */

static bool is_modern(const struct blkrig *b)
{
	return b->prof == &vio_profile_modern;
}

static void assert_seen(struct blkrig *b, enum blkio_op op, uint64_t off,
			uint64_t len, bool durable)
{
	const struct spy_seen *s = spy_last(&b->spy);

	assert_int_equal(op, s->op);
	assert_int_equal(durable, s->durable);
	if (op == BLKIO_FLUSH)
		return;
	assert_int_equal(off, s->off);
	assert_int_equal(len, s->len);
}

/* Sends without waiting: request i has its own page of buffers. */
static int send(struct blkrig *b, uint16_t q, unsigned i, uint32_t type,
		uint64_t sector)
{
	uint64_t page = b->data + 0x1000 * (uint64_t)i;
	struct drv_mem table = { guest_ptr(b->rig.guest, page + 0x800, 48),
				 page + 0x800 };
	struct drv_buf buf[3] = {
		{ page + 0x400, 16, false }, { page, 512, type == IN },
		{ page + 0x410, 1, true },
	};

	blk_hdr_at(b, page + 0x400, type, sector);
	guest_fill(b->rig.guest, page + 0x410, BLK_UNTOUCHED, 1);
	if (type == FLUSH)
		buf[1] = buf[2];
	return drv_send(&b->rig.bus, q, &b->ring[q], buf, type == FLUSH ? 2 : 3,
			&table);
}

static int status_of(struct blkrig *b, unsigned i)
{
	return guest_byte(b->rig.guest, b->data + 0x1000 * (uint64_t)i + 0x410);
}

/* ---- requests and their results ------------------------------------------- */

static void requests_become_what_they_say(void **state)
{
	struct blkrig *b = *state;

	blk_request(b, IN, 5, 0, 1024, true);
	assert_seen(b, BLKIO_READ, 5 * 512, 1024, false);
	blk_request(b, OUT, 7, 0, 512, false);
	assert_seen(b, BLKIO_WRITE, 7 * 512, 512, false);
	blk_request(b, FLUSH, 0, 0, 0, false);
	assert_seen(b, BLKIO_FLUSH, 0, 0, false);
	assert_int_equal(3, b->spy.nseen);
	/* What is wrong never gets there. */
	blk_request(b, IN, BLK_SECTORS, 0, 512, true);
	blk_request(b, OUT, 0, 0, 100, false);
	blk_request(b, 99, 0, 0, 512, false);
	assert_int_equal(3, b->spy.nseen);
}

static void errors_become_ioerr(void **state)
{
	static const int errors[] = { -EIO, -ENOSPC, -EDQUOT, -ENOMEM, -EBADF,
				      -EINVAL };
	struct blkrig *b = *state;

	for (unsigned i = 0; i < 6; i++) {
		struct blkresult r;

		b->spy.fail = errors[i];
		r = blk_request(b, IN, 0, 0, 512, true);
		blk_expect_nothing(b, IOERR, &r);
		r = blk_request(b, OUT, 0, 0, 512, false);
		blk_expect_nothing(b, IOERR, &r);
		r = blk_request(b, FLUSH, 0, 0, 0, false);
		blk_expect_nothing(b, IOERR, &r);
		b->spy.fail = 0;
		r = blk_request(b, FLUSH, 0, 0, 0, false);
		blk_expect_nothing(b, OK, &r);
	}
	assert_int_equal(0x0f, rig_status(&b->rig));
}

static void requests_finish_in_any_order(void **state)
{
	struct blkrig *b = *state;
	struct rnd rnd;
	int id[40];

	rnd_init(&rnd, "blk_order");
	b->spy.hold = true;
	for (unsigned round = 0; round < 50; round++) {
		unsigned n = rnd_range(&rnd, 1, 40);

		for (unsigned i = 0; i < n; i++)
			id[i] = send(b, 0, i, IN, i);
		rig_settle(&b->rig);
		assert_int_equal(n, b->spy.nheld);
		assert_int_equal(0, b->rig.bus.ops->take_isr(&b->rig.bus));
		while (b->spy.nheld) {
			unsigned k = rnd_below(&rnd, b->spy.nheld), i;
			int err = rnd_chance(&rnd, 20) ? -EIO : 0;
			uint32_t len;
			int got;

			i = (unsigned)(b->spy.held[k]->off / 512);
			assert_int_equal(BLK_UNTOUCHED, status_of(b, i));
			spy_finish(&b->spy, k, err);
			rig_settle(&b->rig);
			got = b->ring[0].ops->collect(&b->ring[0], &len);
			assert_int_equal(id[i], got);
			assert_int_equal(err ? IOERR : OK, status_of(b, i));
			assert_int_equal(1, b->rig.bus.ops->take_isr(
				&b->rig.bus));
		}
	}
}

static void a_flush_is_done_when_it_is_done(void **state)
{
	struct blkrig *b = *state;
	uint32_t len;
	int id;

	b->spy.hold = true;
	id = send(b, 0, 0, FLUSH, 0);
	rig_settle(&b->rig);
	rig_settle(&b->rig);
	assert_int_equal(-1, b->ring[0].ops->collect(&b->ring[0], &len));
	assert_int_equal(BLK_UNTOUCHED, status_of(b, 0));
	spy_finish(&b->spy, 0, 0);
	assert_int_equal(id, rig_collect(&b->rig, &b->ring[0], &len));
	assert_int_equal(OK, status_of(b, 0));
}

/* ---- ends ----------------------------------------------------------------- */

static void fill_flight(struct blkrig *b)
{
	b->spy.hold = true;
	b->spy.waits = 0;
	for (unsigned i = 0; i < 20; i++)
		send(b, 0, i, i % 3 == 1 ? OUT : i % 3 ? FLUSH : IN, i);
	rig_settle(&b->rig);
	assert_int_equal(20, b->spy.nheld);
}

/* Decision 10 */
static void reset_waits_for_what_is_in_flight(void **state)
{
	struct blkrig *b = *state;

	for (unsigned how = 0; how < 3; how++) {
		fill_flight(b);
		/* Some have just finished, but nobody was told. */
		if (how == 2)
			for (unsigned i = 0; i < 5; i++)
				spy_finish(&b->spy, 3, 0);
		if (how == 1)
			vio_reset(b->dev);
		else
			drv_reset(&b->rig.bus);
		guest_snap(b->rig.guest);
		assert_int_equal(0, b->spy.nheld);
		assert_true(b->spy.waits > 0);
		rig_settle(&b->rig);
		assert_true(guest_unchanged(b->rig.guest));
		assert_int_equal(0, rig_status(&b->rig));
		assert_false(rig_irq(&b->rig));
		b->spy.hold = false;
		blkrig_up(b, ~UINT64_C(0), NULL);
		blkrig_pattern(b);
		assert_int_equal(OK, blk_request(b, OUT, 3, 0, 512,
						 false).status);
	}
}

static void stopping_a_queue_gives_all_back(void **state)
{
	struct blkrig *b = *state;
	uint32_t len;

	for (unsigned how = 0; how < 2; how++) {
		fill_flight(b);
		if (how)
			b->rig.via->bus_master(&b->rig, false);
		else
			drv_q_stop(&b->rig.bus, 0);
		guest_snap(b->rig.guest);
		assert_int_equal(0, b->spy.nheld);
		rig_settle(&b->rig);
		assert_true(guest_unchanged(b->rig.guest));
		for (unsigned i = 0; i < 20; i++) {
			assert_int_equal(OK, status_of(b, i));
			assert_true(b->ring[0].ops->collect(&b->ring[0],
							    &len) >= 0);
		}
		assert_int_equal(-1, b->ring[0].ops->collect(&b->ring[0],
							     &len));
		if (how)
			b->rig.via->bus_master(&b->rig, true);
		b->spy.hold = false;
		if (how)
			assert_int_equal(OK, blk_request(b, FLUSH, 0, 0, 0,
							 false).status);
		drv_reset(&b->rig.bus);
		blkrig_up(b, ~UINT64_C(0), NULL);
	}
}

static void a_ring_breaks_with_requests_in_flight(void **state)
{
	struct blkrig *b = *state;
	struct drv_ring *r = &b->ring[0];

	fill_flight(b);
	r->ops->spoil(r);
	b->rig.bus.ops->notify(&b->rig.bus, 0);
	rig_settle(&b->rig);
	assert_int_equal(0x4f, rig_status(&b->rig));
	spy_finish(&b->spy, 4, 0);
	spy_finish(&b->spy, 4, -EIO);
	rig_settle(&b->rig);
	/* Nothing is published on a device that needs a reset. */
	assert_false(r->ops->ready(r));
	drv_reset(&b->rig.bus);
	guest_snap(b->rig.guest);
	assert_int_equal(0, b->spy.nheld);
	rig_settle(&b->rig);
	assert_true(guest_unchanged(b->rig.guest));
	b->spy.hold = false;
	blkrig_up(b, 0, NULL);
	assert_int_equal(OK, blk_request(b, FLUSH, 0, 0, 0, false).status);
}

/* ---- durability ----------------------------------------------------------- */

static bool write_is_durable(struct blkrig *b)
{
	assert_int_equal(OK, blk_request(b, OUT, 0, 0, 512, false).status);
	assert_int_equal(BLKIO_WRITE, spy_last(&b->spy)->op);
	return spy_last(&b->spy)->durable;
}

/* virtio 5.2.6.2: a write is stable when completed unless the driver took on
 * flushing. */
static void without_flush_writes_are_durable(void **state)
{
	struct blkrig *b = *state;

	assert_false(write_is_durable(b));
	blkrig_up(b, VIRTIO_BLK_F_SEG_MAX, NULL);
	assert_true(write_is_durable(b));
	blkrig_up(b, VIRTIO_BLK_F_FLUSH, NULL);
	assert_false(write_is_durable(b));
}

static void the_driver_turns_the_cache_off(void **state)
{
	struct blkrig *b = *state;
	struct drv_bus *bus = &b->rig.bus;
	const struct drv_bus_ops *ops = bus->ops;

	if (!is_modern(b)) {
		ops->cfg_put(bus, WRITEBACK, 1, 0);
		assert_false(write_is_durable(b));
		assert_int_equal(0, ops->cfg_get(bus, WRITEBACK, 1));
		return;
	}
	assert_int_equal(1, ops->cfg_get(bus, WRITEBACK, 1));
	ops->cfg_put(bus, WRITEBACK, 1, 0);
	assert_int_equal(0, ops->cfg_get(bus, WRITEBACK, 1));
	assert_true(write_is_durable(b));
	ops->cfg_put(bus, WRITEBACK, 1, 1);
	assert_false(write_is_durable(b));
	/* Of other widths or beside it: nothing. */
	ops->cfg_put(bus, WRITEBACK, 2, 0);
	ops->cfg_put(bus, WRITEBACK - 1, 2, 0);
	ops->cfg_put(bus, WRITEBACK + 1, 1, 0xff);
	assert_false(write_is_durable(b));
	assert_int_equal(0, ops->cfg_get(bus, WRITEBACK + 1, 1));
	/* Back after a reset; without the feature it is read-only. */
	ops->cfg_put(bus, WRITEBACK, 1, 0);
	blkrig_up(b, VIRTIO_BLK_F_FLUSH, NULL);
	ops->cfg_put(bus, WRITEBACK, 1, 0);
	assert_int_equal(1, ops->cfg_get(bus, WRITEBACK, 1));
	assert_false(write_is_durable(b));
}

/* virtio 5.2.5.2: CONFIG_WCE without FLUSH: writeback MUST be 0 at first. */
static void writeback_is_0_without_flush(void **state)
{
	struct blkrig *b = *state;
	struct drv_bus *bus = &b->rig.bus;

	if (!is_modern(b))
		return;
	assert_true(drv_start(bus, VIRTIO_F_VERSION_1 |
			      VIRTIO_BLK_F_CONFIG_WCE));
	assert_int_equal(0, bus->ops->cfg_get(bus, WRITEBACK, 1));
	blkrig_up(b, VIRTIO_BLK_F_CONFIG_WCE, NULL);
	assert_int_equal(0, bus->ops->cfg_get(bus, WRITEBACK, 1));
	assert_true(write_is_durable(b));
	blkrig_up(b, VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_BLK_F_FLUSH, NULL);
	assert_int_equal(1, bus->ops->cfg_get(bus, WRITEBACK, 1));
	assert_false(write_is_durable(b));
}

/* ---- GET_ID, DISCARD, WRITE_ZEROES ---------------------------------------- */

static void the_serial_number(void **state)
{
	static const char serial[20] = "serial-0123456789ab";
	struct blkrig *b = *state;
	uint8_t got[24];

	if (!is_modern(b))
		return;
	for (uint32_t len = 1; len <= 24; len++) {
		struct blkresult r;
		uint32_t n = len < 20 ? len : 20;

		guest_fill(b->rig.guest, b->data, 0x99, 24);
		r = blk_request(b, GET_ID, 0, 0, len, true);
		assert_int_equal(OK, r.status);
		/* Past 20 bytes a gap is left before the status. */
		assert_int_equal(len <= 20 ? n + 1 : n, r.used_len);
		guest_peek(b->rig.guest, b->data, got, 24);
		assert_memory_equal(serial, got, n);
		for (uint32_t i = n; i < 24; i++)
			assert_int_equal(0x99, got[i]);
	}
	assert_int_equal(IOERR, blk_request(b, GET_ID, 0, 0, 0, true).status);
	assert_int_equal(IOERR, blk_request(b, GET_ID, 0, 0, 20,
					    false).status);
	assert_int_equal(0, b->spy.nseen);
}

static struct blkresult range(struct blkrig *b, uint32_t type, uint64_t sector,
			      uint32_t n, uint32_t flags, uint32_t len)
{
	struct virtio_blk_range r[2] = {
		{ le64_put(sector), le32_put(n), le32_put(flags) },
		{ le64_put(0), le32_put(1), le32_put(0) },
	};

	guest_poke(b->rig.guest, b->data, r, sizeof(r));
	return blk_request(b, type, 0x123456789abc, 0, len, false);
}

static void discard_and_write_zeroes(void **state)
{
	struct blkrig *b = *state;
	struct blkresult r;

	if (!is_modern(b))
		return;
	r = range(b, DISCARD, 4, 8, 0, 16);
	assert_int_equal(OK, r.status);
	assert_int_equal(1, r.used_len);
	assert_seen(b, BLKIO_DISCARD, 4 * 512, 8 * 512, false);
	r = range(b, WRITE_ZEROES, 16, 8, 0, 16);
	assert_int_equal(OK, r.status);
	assert_seen(b, BLKIO_ZEROES, 16 * 512, 8 * 512, false);
	r = range(b, WRITE_ZEROES, BLK_SECTORS - 1, 1, 1, 16);
	assert_int_equal(OK, r.status);
	assert_seen(b, BLKIO_ZEROES_UNMAP, (BLK_SECTORS - 1) * 512, 512, false);
	r = blk_request(b, IN, 16, 4096, 8 * 512, true);
	assert_int_equal(OK, r.status);
	for (unsigned i = 0; i < 8 * 512; i++)
		assert_int_equal(0, guest_byte(b->rig.guest,
					       b->data + 4096 + i));
	/* Nothing at all is done at once. */
	b->spy.nseen = 0;
	assert_int_equal(OK, range(b, DISCARD, 3, 0, 0, 16).status);
	assert_int_equal(0, b->spy.nseen);
}

static void ranges_that_are_refused(void **state)
{
	static const struct {
		uint64_t sector; uint32_t n, flags, len; int status;
	} bad[] = {
		/* virtio 5.2.6.2: unknown flags, and unmap of a discard */
		{ 0, 8, 2, 16, UNSUPP }, { 0, 8, 0x80000000, 16, UNSUPP },
		{ 0, 8, 3, 16, UNSUPP }, { 0, 8, 0xffffffff, 16, UNSUPP },
		/* another number of segments than one */
		{ 0, 8, 0, 32, IOERR }, { 0, 8, 0, 15, IOERR },
		{ 0, 8, 0, 17, IOERR }, { 0, 8, 0, 0, IOERR },
		/* off the disk */
		{ BLK_SECTORS, 1, 0, 16, IOERR },
		{ BLK_SECTORS - 1, 2, 0, 16, IOERR },
		{ 0, BLK_SECTORS + 1, 0, 16, IOERR },
		{ UINT64_MAX, 1, 0, 16, IOERR },
		{ UINT64_MAX - 1, 4, 0, 16, IOERR },
		{ UINT64_C(1) << 55, 1, 0, 16, IOERR },
		{ 0, 0xffffffff, 0, 16, IOERR },
		{ UINT64_MAX, 0, 0, 16, IOERR },
	};
	struct blkrig *b = *state;

	if (!is_modern(b))
		return;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint32_t type = DISCARD; type <= WRITE_ZEROES; type += 2) {
			struct blkresult r = range(b, type, bad[i].sector,
						   bad[i].n, bad[i].flags,
						   bad[i].len);

			assert_int_equal(bad[i].status, r.status);
			assert_int_equal(1, r.used_len);
			assert_false(r.data_in);
		}
	}
	assert_int_equal(UNSUPP, range(b, DISCARD, 0, 8, 1, 16).status);
	assert_int_equal(IOERR, blk_request(b, DISCARD, 0, 0, 16,
					    true).status);
	assert_int_equal(0, b->spy.nseen);
	assert_true(blkrig_image_unchanged(b));
}

static void zeroes_are_durable_without_a_cache(void **state)
{
	struct blkrig *b = *state;

	if (!is_modern(b))
		return;
	blkrig_up(b, VIRTIO_BLK_F_WRITE_ZEROES, NULL);
	b->spy.nseen = 0;
	assert_int_equal(OK, range(b, WRITE_ZEROES, 0, 8, 0, 16).status);
	assert_int_equal(2, b->spy.nseen);
	assert_int_equal(BLKIO_ZEROES, b->spy.seen[0].op);
	assert_int_equal(BLKIO_FLUSH, b->spy.seen[1].op);
	/* Told only when the flush is done, and as that went. */
	b->spy.hold = true;
	{
		struct blkchain c = { .n = 0 };
		struct drv_mem table = { guest_ptr(b->rig.guest, b->table, 48),
					 b->table };
		uint32_t len;

		guest_fill(b->rig.guest, b->status, BLK_UNTOUCHED, 1);
		blk_head(b, &c, WRITE_ZEROES, 0);
		blk_add(&c, b->data, 16, false);
		blk_tail(b, &c);
		drv_send(&b->rig.bus, 0, &b->ring[0], c.b, c.n, &table);
		rig_settle(&b->rig);
		spy_finish(&b->spy, 0, 0);
		rig_settle(&b->rig);
		assert_int_equal(1, b->spy.nheld);
		assert_int_equal(-1, b->ring[0].ops->collect(&b->ring[0],
							     &len));
		spy_finish(&b->spy, 0, -EIO);
		assert_true(rig_collect(&b->rig, &b->ring[0], &len) >= 0);
		assert_int_equal(IOERR, guest_byte(b->rig.guest, b->status));
	}
}

/* ---- other disks ---------------------------------------------------------- */

static struct blkrig *another(struct blkrig *b, struct blkrig_cfg *c)
{
	struct blkrig *o = calloc(1, sizeof(*o));

	BUG_ON(!o);
	c->prof = b->prof;
	c->image = BLK_MEM;
	blkrig_open(o, b->rig.via, 0, c);
	blkrig_up(o, ~UINT64_C(0), NULL);
	blkrig_pattern(o);
	return o;
}

static void read_only_disks(void **state)
{
	struct blkrig *b = another(*state, &(struct blkrig_cfg){ .ro = true });
	struct blkresult r;

	/* AERO-W7-VIRTIO 3.1.3: RO MUST NOT be offered there. */
	assert_int_equal(is_modern(b), (drv_offered(&b->rig.bus) &
					VIRTIO_BLK_F_RO) != 0);
	assert_int_equal(0, drv_offered(&b->rig.bus) &
			 (VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES));
	r = blk_request(b, OUT, 0, 0, 512, false);
	blk_expect_nothing(b, IOERR, &r);
	r = blk_request(b, FLUSH, 0, 0, 0, false);
	blk_expect_nothing(b, OK, &r);
	if (is_modern(b)) {
		assert_int_equal(IOERR, range(b, DISCARD, 0, 8, 0, 16).status);
		assert_int_equal(IOERR, range(b, WRITE_ZEROES, 0, 8, 0,
					      16).status);
		assert_true(blkrig_image_unchanged(b));
	}
	r = blk_request(b, IN, 0, 0, 512, true);
	assert_int_equal(OK, r.status);
	blkrig_close(b);
	free(b);
}

static void blocks_of_4096_bytes(void **state)
{
	struct blkrig *b = another(*state, &(struct blkrig_cfg){
		.block_size = 4096 });
	struct drv_bus *bus = &b->rig.bus;
	struct blkresult r;

	assert_int_equal(4096, bus->ops->cfg_get(bus, 20, 4));
	/* Sectors are of 512 bytes all the same. */
	assert_int_equal(BLK_SECTORS, bus->ops->cfg_get(bus, 0, 4));
	r = blk_request(b, IN, 0, 0, 512, true);
	blk_expect_nothing(b, IOERR, &r);
	r = blk_request(b, OUT, 4, 0, 4096, false);
	blk_expect_nothing(b, IOERR, &r);
	r = blk_request(b, OUT, 8, 0, 4096, false);
	assert_int_equal(OK, r.status);
	r = blk_request(b, IN, BLK_SECTORS - 8, 0, 4096, true);
	assert_int_equal(OK, r.status);
	blkrig_close(b);
	free(b);
}

static void a_disk_that_changes_its_size(void **state)
{
	struct blkrig *b = *state;
	struct drv_bus *bus = &b->rig.bus;
	uint32_t gen = bus->ops->get(bus, DRV_GENERATION);
	struct blkresult r;

	blk_resized(b->dev, BLK_SIZE_BYTES / 2 + 100);
	assert_int_equal(BLK_SECTORS / 2, bus->ops->cfg_get(bus, 0, 4));
	assert_int_not_equal(gen, bus->ops->get(bus, DRV_GENERATION));
	assert_true(rig_irq(&b->rig));
	assert_int_equal(VIRTIO_ISR_CONFIG, bus->ops->take_isr(bus));
	r = blk_request(b, IN, BLK_SECTORS / 2, 0, 512, true);
	blk_expect_nothing(b, IOERR, &r);
	blk_resized(b->dev, BLK_SIZE_BYTES);
	r = blk_request(b, IN, BLK_SECTORS / 2, 0, 512, true);
	assert_int_equal(OK, r.status);
	/* It survives a reset. */
	blk_resized(b->dev, 512);
	blkrig_up(b, 0, NULL);
	assert_int_equal(1, bus->ops->cfg_get(bus, 0, 4));
	assert_int_equal(0, bus->ops->cfg_get(bus, 4, 4));
}

static void several_queues(void **state)
{
	struct blkrig *b = another(*state, &(struct blkrig_cfg){
		.queues = 4 });
	struct drv_bus *bus = &b->rig.bus;

	if (is_modern(b)) {
		assert_true(drv_offered(bus) & VIRTIO_BLK_F_MQ);
		assert_int_equal(4, bus->ops->cfg_get(bus, 34, 2));
	}
	for (unsigned round = 0; round < 20; round++) {
		uint32_t len;

		for (uint16_t q = 0; q < 4; q++)
			for (unsigned i = 0; i < 4; i++)
				send(b, q, 4u * q + i, IN, 4u * q + i);
		for (uint16_t q = 0; q < 4; q++) {
			for (unsigned i = 0; i < 4; i++)
				assert_true(rig_collect(&b->rig, &b->ring[q],
							&len) >= 0);
			for (unsigned i = 0; i < 4; i++)
				assert_int_equal(OK, status_of(b, 4u * q + i));
		}
	}
	blkrig_close(b);
	free(b);
}

/* A descriptor of nearly 4 GiB after one of a byte: sums beyond 32 bits. */
static void a_header_that_ends_in_a_huge_buffer(void **state)
{
	uint64_t gpa = UINT64_C(0x200000000), len = UINT64_C(5) << 30;
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	struct blkresult r;
	struct gmem_region huge = {
		gpa, len, mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			       MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
		GMEM_READ | GMEM_WRITE,
	};

	assert_ptr_not_equal(MAP_FAILED, huge.hva);
	assert_int_equal(0, gmem_add(&b->rig.guest->mem, &huge));
	/* type 0x01: not known, if all 16 bytes are read where they are. */
	guest_poke(b->rig.guest, b->hdr, "\x02", 1);
	blk_add(&c, b->hdr, 1, false);
	blk_add(&c, gpa, 0xffffffff, false);
	blk_tail(b, &c);
	r = blk_run(b, &c);
	assert_int_equal(UNSUPP, r.status);
	/* OUT of 4 GiB and more, over the capacity. */
	guest_poke(b->rig.guest, b->hdr, "\x01", 1);
	blk_add(&c, b->status, 1, true);
	c.b[2] = (struct drv_buf){ gpa, 0xffffffff, false };
	r = blk_run(b, &c);
	assert_int_equal(IOERR, r.status);
	b->rig.guest->mem.n--;
	munmap(huge.hva, len);
}

const struct vtest blk_backend_tests[] = {
	VTEST(requests_become_what_they_say),
	VTEST(errors_become_ioerr),
	VTEST(requests_finish_in_any_order),
	VTEST(a_flush_is_done_when_it_is_done),
	VTEST(reset_waits_for_what_is_in_flight),
	VTEST(stopping_a_queue_gives_all_back),
	VTEST(a_ring_breaks_with_requests_in_flight),
	VTEST(without_flush_writes_are_durable),
	VTEST(the_driver_turns_the_cache_off),
	VTEST(writeback_is_0_without_flush),
	VTEST(the_serial_number),
	VTEST(discard_and_write_zeroes),
	VTEST(ranges_that_are_refused),
	VTEST(zeroes_are_durable_without_a_cache),
	VTEST(read_only_disks),
	VTEST(blocks_of_4096_bytes),
	VTEST(a_disk_that_changes_its_size),
	VTEST(several_queues),
	VTEST(a_header_that_ends_in_a_huge_buffer),
};
const unsigned blk_backend_ntests =
	sizeof(blk_backend_tests) / sizeof(blk_backend_tests[0]);
