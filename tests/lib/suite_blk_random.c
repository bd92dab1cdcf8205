/*
 * Requests of all kinds, right and wrong, in random framing and in flight
 * together, against a model of the disk in this file.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "tests/lib/suite_blk_int.h"
#include "tests/lib/suite_blk_random.h"

#define FLIGHT 24               /* at most */
#define MAX_SEGS 40
#define GUARD 8                 /* bytes around each buffer */

enum { SECTORS = 512 };         /* small, so that requests meet */

struct seg {
	uint64_t gpa;
	uint32_t len;
};

struct req {
	bool busy;
	int id;
	uint32_t type;
	uint64_t sector;
	uint32_t len;           /* data */
	int want;               /* status */
	struct seg seg[MAX_SEGS];
	unsigned nseg;
	bool data_in;           /* its buffers are writable */
	uint64_t hdr, status, table;
	uint8_t *data;          /* OUT: written; IN: filled when it ends */
};

struct chaos {
	struct blkrig b;
	struct rnd rnd;
	uint8_t disk[SECTORS * 512];
	struct req req[FLIGHT];
	unsigned done[4];       /* by status; 3: not written */
	bool modern, event_idx, indirect_only;
};

/* ---- building ------------------------------------------------------------- */

static uint64_t take(struct chaos *k, uint64_t len)
{
	return guest_alloc_any(k->b.rig.guest, len + 2 * GUARD, 1, &k->rnd) +
	       GUARD;
}

static void give(struct chaos *k, uint64_t gpa)
{
	guest_release(k->b.rig.guest, gpa - GUARD);
}

/* The disk's sectors that requests in flight use are not used twice, unless
 * all of them read. */
static bool overlaps(const struct chaos *k, uint64_t sector, uint32_t len,
		     bool write)
{
	for (unsigned i = 0; i < FLIGHT; i++) {
		const struct req *r = &k->req[i];
		bool other = r->type == OUT ||
			     r->type == VIRTIO_BLK_T_WRITE_ZEROES;

		if (r->busy && r->want == OK && (write || other) &&
		    sector < r->sector + r->len / 512 &&
		    r->sector < sector + len / 512)
			return true;
	}
	return false;
}

static void cut(struct chaos *k, struct req *r, uint32_t len)
{
	r->nseg = 0;
	while (len) {
		uint32_t part = r->nseg == MAX_SEGS - 1 || rnd_chance(&k->rnd,
			30) ? len : rnd_range(&k->rnd, 1, len);

		r->seg[r->nseg].gpa = take(k, part);
		r->seg[r->nseg++].len = part;
		len -= part;
	}
}

static void pick_kind(struct chaos *k, struct req *r)
{
	static const uint32_t types[] = {
		IN, IN, IN, OUT, OUT, OUT, FLUSH, VIRTIO_BLK_T_GET_ID,
		VIRTIO_BLK_T_WRITE_ZEROES, 77,
	};

	r->type = types[rnd_below(&k->rnd, 10)];
	r->sector = rnd_below(&k->rnd, SECTORS);
	r->len = 512 * rnd_range(&k->rnd, 1, 20);
	r->want = OK;
	if (r->type == FLUSH)
		r->len = 0;
	if (r->type == VIRTIO_BLK_T_GET_ID || r->type == 77)
		r->len = 20;
	if (r->type == 77 || (!k->modern && r->type != IN && r->type != OUT &&
			      r->type != FLUSH))
		r->want = UNSUPP;
	if (r->type != IN && r->type != OUT &&
	    r->type != VIRTIO_BLK_T_WRITE_ZEROES)
		return;
	if (r->want == OK && r->sector + r->len / 512 > SECTORS)
		r->want = IOERR;
	if (r->type != VIRTIO_BLK_T_WRITE_ZEROES && rnd_chance(&k->rnd, 4)) {
		r->len += rnd_range(&k->rnd, 1, 511);
		r->want = IOERR;
	}
}

static void fill_data(struct chaos *k, struct req *r)
{
	uint64_t off = 0;

	for (unsigned i = 0; i < r->nseg; i++) {
		guest_fill(k->b.rig.guest, r->seg[i].gpa - GUARD, 0xb6,
			   r->seg[i].len + 2 * GUARD);
		guest_poke(k->b.rig.guest, r->seg[i].gpa, r->data + off,
			   r->seg[i].len);
		off += r->seg[i].len;
	}
}

static bool build(struct chaos *k, struct req *r)
{
	bool zeroes;
	uint32_t payload;

	pick_kind(k, r);
	zeroes = r->type == VIRTIO_BLK_T_WRITE_ZEROES;
	if (r->want == OK && r->len && r->type != VIRTIO_BLK_T_GET_ID &&
	    overlaps(k, r->sector, r->len, r->type != IN))
		return false;
	payload = zeroes ? 16 : r->len;
	r->data = malloc(payload ? payload : 1);
	BUG_ON(!r->data);
	rnd_fill(&k->rnd, r->data, payload);
	if (zeroes) {
		struct virtio_blk_range range = {
			le64_put(r->sector), le32_put(r->len / 512),
			le32_put(rnd_below(&k->rnd, 2)),
		};

		memcpy(r->data, &range, sizeof(range));
	}
	cut(k, r, payload);
	fill_data(k, r);
	r->hdr = take(k, 16);
	r->status = take(k, 1);
	guest_fill(k->b.rig.guest, r->status - GUARD, 0xb6, 1 + 2 * GUARD);
	blk_hdr_at(&k->b, r->hdr, r->type, r->sector);
	return true;
}

static void forget(struct chaos *k, struct req *r)
{
	for (unsigned i = 0; i < r->nseg; i++)
		give(k, r->seg[i].gpa);
	give(k, r->hdr);
	give(k, r->status);
	if (r->table)
		give(k, r->table);
	free(r->data);
	r->busy = false;
}

/* Header and status may be cut, too; wrong directions and places happen. */
static unsigned chain_of(struct chaos *k, struct req *r, struct drv_buf *b)
{
	bool write = r->type == IN || r->type == VIRTIO_BLK_T_GET_ID;
	unsigned n = 0, split = rnd_below(&k->rnd, 16);

	if (r->want == UNSUPP && rnd_chance(&k->rnd, 50))
		write = !write;
	r->data_in = write && r->nseg;
	if (split)
		b[n++] = (struct drv_buf){ r->hdr, split, false };
	b[n++] = (struct drv_buf){ r->hdr + split, 16 - split, false };
	for (unsigned i = 0; i < r->nseg; i++) {
		b[n++] = (struct drv_buf){ r->seg[i].gpa, r->seg[i].len,
					   write };
		if (rnd_chance(&k->rnd, 5))
			b[n++] = (struct drv_buf){ GUEST_HOLE, 0, write };
	}
	/* A buffer of no address: decision 16. */
	if (r->nseg && r->want == OK && b[n - 1].len &&
	    rnd_chance(&k->rnd, 4)) {
		b[n - 1].gpa = GUEST_HOLE;
		r->want = IOERR;
	}
	b[n++] = (struct drv_buf){ r->status, 1, true };
	return n;
}

static bool send(struct chaos *k, struct req *r)
{
	struct drv_buf b[2 * MAX_SEGS + 8];
	struct drv_ring *ring = &k->b.ring[0];
	struct drv_mem table;
	unsigned n = chain_of(k, r, b);

	r->table = 0;
	if (k->indirect_only || rnd_chance(&k->rnd, 50)) {
		table.gpa = guest_alloc(k->b.rig.guest, GUEST_HIGH,
					16 * n + 2 * GUARD, 1, &k->rnd) + GUARD;
		table.p = guest_ptr(k->b.rig.guest, table.gpa, 16 * n);
		r->table = table.gpa;
	}
	r->id = ring->ops->add(ring, b, n, r->table ? &table : NULL);
	if (r->id < 0) {
		forget(k, r);
		return false;
	}
	r->busy = true;
	return true;
}

/* ---- checking ------------------------------------------------------------- */

static void check_guards(struct chaos *k, uint64_t gpa, uint64_t len)
{
	for (unsigned i = 0; i < GUARD; i++) {
		assert_int_equal(0xb6, guest_byte(k->b.rig.guest,
						  gpa - GUARD + i));
		assert_int_equal(0xb6, guest_byte(k->b.rig.guest,
						  gpa + len + i));
	}
}

static void expect_data(struct chaos *k, struct req *r)
{
	if (r->want == OK && r->type == IN)
		memcpy(r->data, k->disk + r->sector * 512, r->len);
	if (r->want == OK && r->type == OUT)
		memcpy(k->disk + r->sector * 512, r->data, r->len);
	if (r->want == OK && r->type == VIRTIO_BLK_T_WRITE_ZEROES)
		memset(k->disk + r->sector * 512, 0, r->len);
	if (r->want == OK && r->type == VIRTIO_BLK_T_GET_ID)
		memcpy(r->data, "chaos\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
}

static void check(struct chaos *k, struct req *r, uint32_t used_len)
{
	struct guest *g = k->b.rig.guest;
	uint32_t written = 1;           /* the status, if all before it was */
	uint64_t off = 0;
	uint8_t got[512 * 21];
	int status = guest_byte(g, r->status);

	if (status != r->want)
		fail_msg("type %u sector %u len %u: status %d, not %d",
			 r->type, (unsigned)r->sector, r->len, status, r->want);
	if (r->want == OK && (r->type == IN || r->type == VIRTIO_BLK_T_GET_ID))
		written += r->len;
	if (r->want != OK && r->data_in)
		written = 0;
	assert_int_equal(k->modern ? written : 0, used_len);
	expect_data(k, r);
	for (unsigned i = 0; i < r->nseg; i++) {
		guest_peek(g, r->seg[i].gpa, got, r->seg[i].len);
		assert_memory_equal(r->data + off, got, r->seg[i].len);
		check_guards(k, r->seg[i].gpa, r->seg[i].len);
		off += r->seg[i].len;
	}
	check_guards(k, r->status, 1);
	k->done[status]++;
}

static void collect(struct chaos *k)
{
	uint32_t len;
	int id = rig_collect(&k->b.rig, &k->b.ring[0], &len);

	for (unsigned i = 0; i < FLIGHT; i++) {
		struct req *r = &k->req[i];

		if (!r->busy || r->id != id)
			continue;
		check(k, r, len);
		forget(k, r);
		return;
	}
	fail_msg("chain %d was not in flight", id);
}

static void kick(struct chaos *k)
{
	struct drv_ring *ring = &k->b.ring[0];

	if (ring->ops->publish(ring))
		k->b.rig.bus.ops->notify(&k->b.rig.bus, 0);
}

static unsigned flying(const struct chaos *k)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FLIGHT; i++)
		n += k->req[i].busy;
	return n;
}

static void check_disk(struct chaos *k)
{
	static uint8_t image[SECTORS * 512];

	blkrig_image_get(&k->b, 0, image, sizeof(image));
	assert_memory_equal(k->disk, image, sizeof(image));
}

/* ---- running -------------------------------------------------------------- */

static void bring_up(struct chaos *k)
{
	uint64_t f = ~UINT64_C(0);

	/* Rings move, features change. */
	if (rnd_chance(&k->rnd, 50))
		f &= ~VIRTIO_F_EVENT_IDX;
	if (rnd_chance(&k->rnd, 20))
		f &= ~VIRTIO_BLK_F_FLUSH;
	memset(k->req, 0, sizeof(k->req));
	blkrig_up(&k->b, f, &k->rnd);
	/* What blkrig keeps for others is not needed here. */
	guest_release(k->b.rig.guest, k->b.data);
	if (rnd_chance(&k->rnd, 50))
		k->b.ring[0].ops->irqs(&k->b.ring[0], false);
}

static void life(struct chaos *k, unsigned requests)
{
	bring_up(k);
	for (unsigned sent = 0; sent < requests;) {
		struct req *r = &k->req[rnd_below(&k->rnd, FLIGHT)];

		if (!r->busy && build(k, r)) {
			if (!send(k, r))
				collect(k);
			else
				sent++;
		}
		if (rnd_chance(&k->rnd, 40))
			kick(k);
		if (rnd_chance(&k->rnd, 30) && flying(k) > FLIGHT / 2) {
			kick(k);
			collect(k);
		}
	}
	kick(k);
	while (flying(k))
		collect(k);
	assert_int_equal(0x0f, rig_status(&k->b.rig));
	check_disk(k);
}

static int chaos_setup(void **state)
{
	const struct variant *v = *state;
	struct chaos *k = calloc(1, sizeof(*k));
	struct blkrig_cfg c = {
		.prof = v->prof, .image = (enum blk_image)v->kind,
		.size = SECTORS * 512, .serial = "chaos",
	};

	BUG_ON(!k);
	rnd_init(&k->rnd, v->name);
	k->modern = v->prof == &vio_profile_modern;
	blkrig_open(&k->b, v->via, v->flags, &c);
	*state = k;
	return 0;
}

static int chaos_teardown(void **state)
{
	struct chaos *k = *state;

	for (unsigned i = 0; i < FLIGHT; i++)
		if (k->req[i].busy)
			free(k->req[i].data);
	blkrig_close(&k->b);
	free(k);
	return 0;
}

static void any_requests_in_any_framing(void **state)
{
	struct chaos *k = *state;

	for (unsigned i = 0; i < 12; i++) {
		k->indirect_only = i % 3 == 0;
		life(k, 400);
	}
	/* All kinds of ends were seen. */
	assert_true(k->done[OK] > 1000);
	assert_true(k->done[IOERR] > 50);
	assert_true(k->done[UNSUPP] > 50);
}

/* A reset at any moment: afterwards nothing changes, and each sector that was
 * being written is either old or new. */
static void resets_at_any_moment(void **state)
{
	struct chaos *k = *state;

	for (unsigned i = 0; i < 60; i++) {
		static uint8_t image[SECTORS * 512];

		bring_up(k);
		for (unsigned n = 0; n < FLIGHT; n++)
			if (build(k, &k->req[n]))
				send(k, &k->req[n]);
		kick(k);
		if (k->b.rig.threads) {
			for (unsigned n = rnd_below(&k->rnd, 8); n; n--)
				collect(k);
		} else {
			for (unsigned n = rnd_below(&k->rnd, 4); n; n--)
				loop_step(k->b.rig.io, 0);
		}
		drv_reset(&k->b.rig.bus);
		guest_snap(k->b.rig.guest);
		blkrig_image_get(&k->b, 0, image, sizeof(image));
		rig_settle(&k->b.rig);
		assert_true(guest_unchanged(k->b.rig.guest));
		for (unsigned n = 0; n < FLIGHT; n++) {
			struct req *r = &k->req[n];

			if (!r->busy)
				continue;
			/* A write is there, or it is not. */
			if (r->want == OK && (r->type == OUT ||
			    r->type == VIRTIO_BLK_T_WRITE_ZEROES) &&
			    memcmp(k->disk + r->sector * 512,
				   image + r->sector * 512, r->len))
				expect_data(k, r);
			free(r->data);
			r->busy = false;
		}
		check_disk(k);
	}
}

int suite_blk_random_run(const struct rig_bus *via)
{
	static const struct vtest tests[] = {
		VTEST(any_requests_in_any_framing),
		VTEST(resets_at_any_moment),
	};
	const struct variant variants[] = {
		{ "mem", via, &vio_profile_aero_w7, 0, BLK_MEM },
		{ "sync", via, &vio_profile_modern, 0, BLK_FILE },
		{ "uring", via, &vio_profile_aero_w7, RIG_URING, BLK_FILE },
		{ "uring", via, &vio_profile_modern, RIG_URING, BLK_FILE },
		{ "sync-threads", via, &vio_profile_aero_w7, RIG_THREADS,
		  BLK_FILE },
		{ "uring-threads", via, &vio_profile_modern,
		  RIG_URING | RIG_THREADS, BLK_FILE },
		{ "mem", via, &vio_profile_modern, RIG_PACKED, BLK_MEM },
		{ "uring-threads", via, &vio_profile_modern,
		  RIG_URING | RIG_THREADS | RIG_PACKED, BLK_FILE },
	};

	return variant_run("blk random", tests, 2, variants,
			   sizeof(variants) / sizeof(variants[0]),
			   chaos_setup, chaos_teardown);
}
