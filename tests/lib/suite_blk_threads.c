/*
 * A disk with four queues on two loops, a driver thread for each queue, a
 * thread that only kicks, one that changes the disk's size, and resets at any
 * moment.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "tests/lib/race.h"
#include "tests/lib/suite_blk_int.h"
#include "tests/lib/suite_blk_threads.h"

#define QUEUES 4
#define SLOTS 8                         /* requests in flight of a driver */
#define SLOT_BYTES 0x2000
#define PART 512                        /* sectors of a driver's own */
#define LIVES 12
#define REQUESTS 600                    /* of a driver in a life */

struct slot {
	int id;                         /* -1: free */
	uint64_t gpa;                   /* data, then header and status */
	uint8_t *mem;
	uint32_t type, sector, n;       /* sectors, within PART */
};

struct driver {
	struct blkrig *b;
	uint16_t q;
	struct rnd rnd;
	unsigned leave;                 /* how many to leave in flight */
	struct slot slot[SLOTS];
	uint8_t part[PART * 512];       /* what the disk must hold */
	unsigned wrong, hung;
};

struct others {
	struct blkrig *b;
	struct rnd rnd;
	unsigned did;                   /* kicks, changes of size */
	bool stop;
	unsigned moves;                 /* atomic: of the device, seen by a flood */
};

/* ---- a driver ------------------------------------------------------------- */

static bool in_use(const struct driver *d, uint32_t sector, uint32_t n)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (d->slot[i].id >= 0 && sector < d->slot[i].sector +
		    d->slot[i].n && d->slot[i].sector < sector + n)
			return true;
	return false;
}

static void submit(struct driver *d, struct slot *s)
{
	struct virtio_blk_outhdr *h = (void *)(s->mem + 0x1000);
	struct drv_mem table = { s->mem + 0x1100, s->gpa + 0x1100 };
	struct drv_buf buf[4];

	s->type = rnd_below(&d->rnd, 2);
	s->n = rnd_range(&d->rnd, 1, 8);
	s->sector = rnd_below(&d->rnd, PART - s->n);
	if (in_use(d, s->sector, s->n))
		return;
	*h = (struct virtio_blk_outhdr){
		le32_put(s->type), le32_put(0),
		le64_put((uint64_t)d->q * PART + s->sector),
	};
	s->mem[0x1010] = BLK_UNTOUCHED;
	if (s->type == OUT)
		rnd_fill(&d->rnd, s->mem, s->n * 512);
	buf[0] = (struct drv_buf){ s->gpa + 0x1000, 16, false };
	buf[1] = (struct drv_buf){ s->gpa, 100, s->type == IN };
	buf[2] = (struct drv_buf){ s->gpa + 100, s->n * 512 - 100,
				   s->type == IN };
	buf[3] = (struct drv_buf){ s->gpa + 0x1010, 1, true };
	s->id = drv_send(&d->b->rig.bus, d->q, &d->b->ring[d->q], buf, 4,
			 rnd_chance(&d->rnd, 50) ? &table : NULL);
}

static void ended(struct driver *d, struct slot *s)
{
	uint8_t *at = d->part + s->sector * 512;

	if (s->mem[0x1010] != OK)
		d->wrong++;
	if (s->type == OUT)
		memcpy(at, s->mem, s->n * 512);
	else if (memcmp(at, s->mem, s->n * 512))
		d->wrong++;
	s->id = -1;
}

static unsigned collect(struct driver *d)
{
	struct drv_ring *ring = &d->b->ring[d->q];
	unsigned n = 0;
	uint32_t len;
	int id;

	while ((id = ring->ops->collect(ring, &len)) >= 0) {
		unsigned i = 0;

		while (i < SLOTS && d->slot[i].id != id)
			i++;
		if (i == SLOTS)
			d->wrong++;
		else
			ended(d, &d->slot[i]);
		n++;
	}
	return n;
}

static unsigned flying(const struct driver *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		n += d->slot[i].id >= 0;
	return n;
}

static void *drive(void *arg)
{
	struct driver *d = arg;
	struct patience p = patience_new();

	for (unsigned n = 0; n < REQUESTS;) {
		struct slot *s = &d->slot[rnd_below(&d->rnd, SLOTS)];

		if (s->id < 0) {
			submit(d, s);
			n += s->id >= 0;
		} else if (!collect(d) && !patience_wait(&p)) {
			d->hung++;
			return NULL;
		}
	}
	while (flying(d) > d->leave)
		if (!collect(d) && !patience_wait(&p)) {
			d->hung++;
			return NULL;
		}
	return NULL;
}

/* ---- the others ----------------------------------------------------------- */

static void *kick(void *arg)
{
	struct others *o = arg;

	for (; !__atomic_load_n(&o->stop, __ATOMIC_RELAXED); o->did++)
		vio_notify(o->b->dev, rnd_below(&o->rnd, QUEUES + 2));
	return NULL;
}

static void *resize(void *arg)
{
	struct others *o = arg;

	/* Never smaller than what the drivers use. */
	for (; !__atomic_load_n(&o->stop, __ATOMIC_RELAXED); o->did++)
		blk_resized(o->b->dev, BLK_SIZE_BYTES -
			    512 * (uint64_t)rnd_below(&o->rnd, 2));
	return NULL;
}

/* ---- a life --------------------------------------------------------------- */

struct crowd {
	struct blkrig b;
	struct rnd rnd;
	struct driver d[QUEUES];
	struct others o[2];
};

static void bring_up(struct crowd *c)
{
	blkrig_up(&c->b, rnd_chance(&c->rnd, 50) ? ~UINT64_C(0) :
		  ~VIRTIO_F_EVENT_IDX, &c->rnd);
	for (uint16_t q = 0; q < QUEUES; q++) {
		struct driver *d = &c->d[q];

		d->leave = rnd_below(&c->rnd, SLOTS + 1);
		c->b.ring[q].ops->irqs(&c->b.ring[q], rnd_chance(&c->rnd, 50));
		for (unsigned i = 0; i < SLOTS; i++) {
			d->slot[i].id = -1;
			d->slot[i].gpa = c->b.data +
				(q * SLOTS + i) * (uint64_t)SLOT_BYTES;
			d->slot[i].mem = guest_ptr(c->b.rig.guest,
						   d->slot[i].gpa, SLOT_BYTES);
		}
	}
}

/* Sectors whose write was under way are old or new, each for itself. */
static void settle_writes(struct crowd *c, struct driver *d)
{
	static uint8_t image[PART * 512];

	blkrig_image_get(&c->b, (uint64_t)d->q * PART * 512, image,
			 sizeof(image));
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &d->slot[i];

		for (uint32_t k = 0; s->id >= 0 && s->type == OUT && k < s->n;
		     k++) {
			uint64_t at = (s->sector + k) * 512;

			if (memcmp(image + at, s->mem + k * 512, 512) == 0)
				memcpy(d->part + at, image + at, 512);
		}
	}
	assert_memory_equal(d->part, image, sizeof(image));
}

static void one_life(struct crowd *c)
{
	pthread_t t[QUEUES], kicker, resizer;

	bring_up(c);
	for (unsigned i = 0; i < 2; i++)
		__atomic_store_n(&c->o[i].stop, false, __ATOMIC_RELAXED);
	assert_int_equal(0, pthread_create(&kicker, NULL, kick, &c->o[0]));
	assert_int_equal(0, pthread_create(&resizer, NULL, resize, &c->o[1]));
	for (unsigned q = 0; q < QUEUES; q++)
		assert_int_equal(0, pthread_create(&t[q], NULL, drive,
						   &c->d[q]));
	for (unsigned q = 0; q < QUEUES; q++)
		pthread_join(t[q], NULL);
	/* Kicks and resizing go on while the device is reset. */
	drv_reset(&c->b.rig.bus);
	guest_snap(c->b.rig.guest);
	rig_settle(&c->b.rig);
	assert_true(guest_unchanged(c->b.rig.guest));
	for (unsigned i = 0; i < 2; i++)
		__atomic_store_n(&c->o[i].stop, true, __ATOMIC_RELAXED);
	pthread_join(kicker, NULL);
	pthread_join(resizer, NULL);
	rig_settle(&c->b.rig);
	assert_true(guest_unchanged(c->b.rig.guest));
	assert_int_equal(0, rig_status(&c->b.rig));
	assert_false(rig_irq(&c->b.rig));
	for (unsigned q = 0; q < QUEUES; q++) {
		assert_int_equal(0, c->d[q].wrong);
		assert_int_equal(0, c->d[q].hung);
		settle_writes(c, &c->d[q]);
	}
}

/* ---- a guest that never stops --------------------------------------------- */

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

/* All of a packed ring made available once more, whether it was used or not. */
static void flood_lap(struct drv_ring *r, bool wrap)
{
	uint16_t flags = wrap ? VRING_DESC_F_AVAIL : VRING_DESC_F_USED;

	for (unsigned i = 0; i < r->size; i += 2) {
		le16_store(&drv_packed_slot(r, i + 1)->flags,
			   flags | VRING_DESC_F_WRITE);
		le16_store_release(&drv_packed_slot(r, i)->flags,
				   flags | VRING_DESC_F_NEXT);
	}
}

/* Adds requests that end at once, as fast as they are taken: it knows how far
 * the device is without being told. */
static void *flood(void *arg)
{
	struct others *o = arg;
	struct drv_ring *r = &o->b->ring[0];
	const struct vq *vq = &o->b->dev->vqs[0];
	struct patience p = patience_new();
	uint16_t last = 0;
	unsigned lap = 0;

	while (!__atomic_load_n(&o->stop, __ATOMIC_RELAXED)) {
		uint16_t next = __atomic_load_n(&vq->next_avail,
						__ATOMIC_RELAXED);

		if (r->ops == &drv_packed)
			flood_lap(r, lap++ % 2 == 0);
		else
			drv_split_avail_idx(r, (uint16_t)(next + r->size / 2));
		/* It may be asleep. */
		if (next == last)
			vio_notify(o->b->dev, 0);
		else
			__atomic_fetch_add(&o->moves, 1, __ATOMIC_RELAXED);
		last = next;
		if (!patience_left(&p))
			return o;               /* nobody stopped it */
	}
	return NULL;
}

/* Every chain a header and a status; a split ring has but one chain. */
static void fill_ring(struct crowd *c, struct drv_ring *r)
{
	if (r->ops == &drv_split) {
		drv_split_desc(r, 0, c->b.hdr, 16, VRING_DESC_F_NEXT, 1);
		drv_split_desc(r, 1, c->b.status, 1, VRING_DESC_F_WRITE, 0);
		return;
	}
	for (unsigned i = 0; i < r->size; i += 2) {
		drv_packed_desc(r, i, c->b.hdr, 16, 0, 0);
		drv_packed_desc(r, i + 1, c->b.status, 1, 0, 0);
	}
}

static void a_flood_does_not_hold_up_a_reset(void **state)
{
	struct crowd *c = *state;
	struct blkchain ch = { .n = 0 };
	struct drv_ring *r = &c->b.ring[0];

	if (TSAN) {
		fprintf(stderr, "skip: a guest that races on purpose is all "
			"the thread sanitizer would see\n");
		skip();
	}
	for (unsigned i = 0; i < 5; i++) {
		struct patience p = patience_new();
		void *tired = NULL;
		pthread_t t;

		blkrig_up(&c->b, 0, NULL);
		blk_head(&c->b, &ch, 77, 0);
		fill_ring(c, r);
		ch.n = 0;
		c->o[0].moves = 0;
		__atomic_store_n(&c->o[0].stop, false, __ATOMIC_RELAXED);
		assert_int_equal(0, pthread_create(&t, NULL, flood, &c->o[0]));
		/* It is in full swing. */
		while (__atomic_load_n(&c->o[0].moves, __ATOMIC_RELAXED) < 100)
			assert_true(patience_wait(&p));
		drv_reset(&c->b.rig.bus);
		__atomic_store_n(&c->o[0].stop, true, __ATOMIC_RELAXED);
		pthread_join(t, &tired);
		assert_null(tired);
	}
}

static int setup(void **state)
{
	const struct variant *v = *state;
	struct crowd *c = calloc(1, sizeof(*c));
	struct blkrig_cfg cfg = {
		.prof = v->prof, .image = (enum blk_image)v->kind,
		.queues = QUEUES,
	};

	BUG_ON(!c || QUEUES * PART * 512 > BLK_SIZE_BYTES);
	rnd_init(&c->rnd, v->name);
	blkrig_open(&c->b, v->via, v->flags, &cfg);
	for (uint16_t q = 0; q < QUEUES; q++) {
		c->d[q].b = &c->b;
		c->d[q].q = q;
		c->d[q].rnd = rnd_split(&c->rnd);
	}
	for (unsigned i = 0; i < 2; i++) {
		c->o[i].b = &c->b;
		c->o[i].rnd = rnd_split(&c->rnd);
	}
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct crowd *c = *state;

	blkrig_close(&c->b);
	free(c);
	return 0;
}

static void nothing_is_lost_doubled_or_late(void **state)
{
	struct crowd *c = *state;
	unsigned lives = 0;

	while (lives < LIVES || lives * QUEUES * REQUESTS < race_count()) {
		one_life(c);
		lives++;
	}
	if (race_count())
		printf("race: %u requests, %u resets, %u kicks, %u changes of "
		       "size\n", lives * QUEUES * REQUESTS, lives,
		       c->o[0].did, c->o[1].did);
}

/* Bus mastering goes off and on while requests run: they wait, that is all. */
static void bus_mastering_goes_off_and_on(void **state)
{
	struct crowd *c = *state;
	pthread_t t[QUEUES];

	for (unsigned i = 0; i < LIVES / 2; i++) {
		bring_up(c);
		for (unsigned q = 0; q < QUEUES; q++) {
			c->d[q].leave = 0;
			assert_int_equal(0, pthread_create(&t[q], NULL, drive,
							   &c->d[q]));
		}
		for (unsigned k = 0; k < 50; k++) {
			c->b.rig.via->bus_master(&c->b.rig, false);
			c->b.rig.via->bus_master(&c->b.rig, true);
			/* What was kicked meanwhile waits for a kick. */
			for (uint32_t q = 0; q < QUEUES; q++)
				vio_notify(c->b.dev, q);
		}
		for (unsigned q = 0; q < QUEUES; q++)
			pthread_join(t[q], NULL);
		for (unsigned q = 0; q < QUEUES; q++) {
			assert_int_equal(0, c->d[q].wrong);
			assert_int_equal(0, c->d[q].hung);
			settle_writes(c, &c->d[q]);
		}
	}
}

int suite_blk_threads_run(const struct rig_bus *via)
{
	static const struct vtest tests[] = {
		VTEST(nothing_is_lost_doubled_or_late),
		VTEST(bus_mastering_goes_off_and_on),
		VTEST(a_flood_does_not_hold_up_a_reset),
	};
	const struct variant variants[] = {
		{ "mem", via, &vio_profile_aero_w7, RIG_THREADS, BLK_MEM },
		{ "sync", via, &vio_profile_modern, RIG_THREADS, BLK_FILE },
		{ "uring", via, &vio_profile_aero_w7, RIG_URING | RIG_THREADS,
		  BLK_FILE },
		{ "uring", via, &vio_profile_modern, RIG_URING | RIG_THREADS,
		  BLK_FILE },
		{ "uring", via, &vio_profile_modern,
		  RIG_URING | RIG_THREADS | RIG_PACKED, BLK_FILE },
	};

	return variant_run("blk threads", tests, 3, variants,
			   sizeof(variants) / sizeof(variants[0]), setup,
			   teardown);
}
