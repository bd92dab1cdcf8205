/*
 * The micro-guest: drives one virtio-blk device from ring 3 and polls its used
 * rings, so that what is measured is the device. Parameters come on the kernel
 * command line, as blkbench --print-cmdline shows them; results go to the serial port:
 *
 *   blkbench: begin
 *   blkbench: done requests=... ticks=...
 *
 * and the machine is left through the debug exit port with 0; or the one line
 * "blkbench: error ..." and 1.
 */
#include <string.h>

#include "tests/guest/rt/hw.h"
#include "tests/guest/rt/rt.h"
#include "tools/blkbench/work.h"

#define BLK_IN 0
#define BLK_OUT 1
#define BLK_FLUSH 4
#define VIRTIO_BLK_F_MQ_BIT 12
#define MMIO_BASE UINT64_C(0xd0000000)

struct header {
	uint32_t type, zero;
	uint64_t sector;
};

/* One request; the device writes to the status byte only, on a cache line
 * that nothing else uses. */
struct slot {
	struct header header;
	uint64_t start, block;
	bool write;
	uint8_t *data;
	struct vring_desc table[3] __attribute__((aligned(16)));
	volatile uint8_t status __attribute__((aligned(64)));
} __attribute__((aligned(64)));

struct queue {
	struct drv_ring ring;
	struct stream stream;
	struct slot *slots, *of_id[DRV_RING_MAX];
	unsigned inflight;
	bool unpublished;
};

static struct work work;
static struct queue *queues;
static struct drv_bus bus;
static struct hist *hist;
static const struct drv_ring_ops *format;
static bool indirect, event_idx, verify, check;
static uint64_t began, ends;            /* 0: not yet, or no end */
static uint64_t requests, writes, errors, bad, kicks;

__attribute__((noreturn)) static void fail(const char *what)
{
	say("blkbench: error %s", what);
	leave(1);
	for (;;)
		;
}

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

/* ---- set-up, in ring 0 ---------------------------------------------------- */

static bool find(void)
{
	struct pci_fn fn;

	if (param("mmio", 0))
		return drv_mmio_open(&bus, &rt_hw, MMIO_BASE);
	if (!pci_find(VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_BASE +
		      VIRTIO_ID_BLOCK, 0, &fn) ||
	    !drv_pci_open(&bus, &rt_hw, fn.slot, fn.func))
		return false;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t at = i == 0 ? bus.common : i == 1 ? bus.isr :
			      i == 2 ? bus.cfg : bus.notify;

		if (at >> 32)
			map(at, 0x4000);
	}
	return true;
}

static void negotiate(void)
{
	uint64_t offered, want = VIRTIO_F_VERSION_1;

	offered = drv_offered(&bus);
	want |= format->feature;
	if (indirect)
		want |= VIRTIO_F_INDIRECT_DESC;
	if (event_idx)
		want |= VIRTIO_F_EVENT_IDX;
	if (work.queues > 1)
		want |= UINT64_C(1) << VIRTIO_BLK_F_MQ_BIT;
	if (indirect && !(offered & VIRTIO_F_INDIRECT_DESC))
		fail("the device has no indirect descriptors");
	if (event_idx && !(offered & VIRTIO_F_EVENT_IDX))
		fail("the device has no EVENT_IDX");
	if (format->feature & ~offered)
		fail("the device has no packed rings");
	if (want & ~offered)
		fail("the device has not enough queues");
	if (!drv_start(&bus, want))
		fail("the device does not take these features");
}

static void start_queue(struct queue *q, uint16_t index)
{
	uint16_t size = drv_q_max(&bus, index);
	struct drv_mem part[3];

	if (size == 0)
		fail("the device has not enough queues");
	if (size > DRV_RING_MAX)
		size = DRV_RING_MAX;
	if (work.depth * (indirect ? 1 : 3) > size)
		fail("the queue is too short for this depth");
	for (unsigned i = 0; i < 3; i++) {
		part[i].p = pages(format->bytes(size, (enum drv_part)i,
						event_idx));
		part[i].gpa = (uint64_t)part[i].p;
	}
	drv_ring_init(&q->ring, format, size, event_idx, part, 0);
	q->ring.ops->irqs(&q->ring, false);
	drv_q_start(&bus, index, &q->ring);
}

static void set_up(void)
{
	work = (struct work){
		.blocks = param("blocks", 0), .count = param("count", 0),
		.ticks = param("ticks", 0), .warm = param("warm", 0),
		.seed = param("seed", 1), .bs = (uint32_t)param("bs", 4096),
		.depth = (uint32_t)param("depth", 1),
		.queues = (uint32_t)param("queues", 1),
		.writes = (uint32_t)param("writes", 0),
		.random = param("random", 1),
	};
	indirect = param("indirect", 1);
	event_idx = param("event", 1);
	verify = param("verify", 0);
	format = param("packed", 0) ? &drv_packed : &drv_split;
	if (!work.blocks || !work.queues || work.queues > WORK_QUEUES_MAX ||
	    !work.depth || (!work.count && !work.ticks) || !work.bs ||
	    work.depth * work.queues > WORK_DEPTH_MAX || work.bs > WORK_BS_MAX)
		fail("parameters that make no sense");
	if (!find())
		fail("no virtio-blk device");
	negotiate();
	queues = pages(work.queues * sizeof(*queues));
	hist = pages(sizeof(*hist));
	for (uint32_t i = 0; i < work.queues; i++)
		start_queue(&queues[i], (uint16_t)i);
	drv_ok(&bus);
}

/* ---- requests, in ring 3 -------------------------------------------------- */

static void make_slots(void)
{
	for (uint32_t i = 0; i < work.queues; i++) {
		struct queue *q = &queues[i];

		q->slots = room(work.depth * sizeof(*q->slots));
		for (uint32_t k = 0; k < work.depth; k++) {
			struct slot *s = &q->slots[k];

			memset(s, 0, sizeof(*s));
			s->data = room(work.bs);
			/* Touched once, so that no first access is timed. */
			memset(s->data, 0, work.bs);
		}
	}
}

static void put(struct queue *q, struct slot *s, uint32_t type, uint32_t len)
{
	const struct drv_buf buf[3] = {
		{ (uint64_t)&s->header, sizeof(s->header), false },
		{ (uint64_t)s->data, len, type == BLK_IN },
		{ (uint64_t)&s->status, 1, true },
	}, bare[2] = { buf[0], buf[2] };
	const struct drv_mem table = { s->table, (uint64_t)s->table };
	int id;

	s->header.type = type;
	s->header.sector = s->block * (work.bs / 512);
	s->status = 0xff;
	id = q->ring.ops->add(&q->ring, len ? buf : bare, len ? 3 : 2,
			      indirect ? &table : NULL);
	if (id < 0)
		fail("the ring is full");
	q->of_id[id] = s;
	q->inflight++;
	q->unpublished = true;
}

static void next(struct queue *q, struct slot *s, uint64_t now)
{
	s->write = stream_next(&q->stream, &work, &s->block);
	s->start = now;
	if (s->write && verify)
		block_fill(s->data, work.bs, work.seed, s->block);
	put(q, s, s->write ? BLK_OUT : BLK_IN, work.bs);
}

static void publish(struct queue *q)
{
	if (!q->unpublished)
		return;
	q->unpublished = false;
	if (q->ring.ops->publish(&q->ring)) {
		kicks++;
		bus.ops->notify(&bus, (uint16_t)(q - queues));
	}
}

static struct slot *take(struct queue *q)
{
	uint32_t len;
	int id = q->ring.ops->collect(&q->ring, &len);
	struct slot *s;

	if (id < 0)
		return NULL;
	s = id < DRV_RING_MAX ? q->of_id[id] : NULL;
	if (!s)
		fail("the device completed what was not asked of it");
	q->of_id[id] = NULL;
	q->inflight--;
	return s;
}

static void account(struct slot *s, uint64_t now)
{
	bool good = s->status == 0;

	errors += !good;
	if (check && good && !block_good(s->data, work.bs, work.seed, s->block))
		bad++;
	if (!began)
		return;
	requests++;
	writes += s->write;
	if (s->start >= began)
		hist_add(hist, now - s->start);
}

static void serve(struct queue *q)
{
	struct slot *s;

	while ((s = take(q))) {
		uint64_t now = tsc();

		account(s, now);
		if (q->stream.left && !(ends && now >= ends))
			next(q, s, now);
	}
	publish(q);
}

/* From now on it counts. */
static void begin(void)
{
	say("blkbench: begin");
	kicks = 0;
	began = tsc();
	ends = work.count ? 0 : began + work.ticks;
}

/* All requests of one pass; the ticks since the begin. */
static uint64_t pass(void)
{
	uint64_t warm_ends = tsc() + work.warm;
	unsigned busy = 1;

	for (uint32_t i = 0; i < work.queues; i++) {
		struct queue *q = &queues[i];

		stream_init(&q->stream, &work, i);
		for (uint32_t k = 0; k < work.depth && q->stream.left; k++)
			next(q, &q->slots[k], tsc());
		publish(q);
	}
	while (busy) {
		busy = 0;
		if (!began && tsc() >= warm_ends)
			begin();
		for (uint32_t i = 0; i < work.queues; i++) {
			serve(&queues[i]);
			busy += queues[i].inflight;
		}
		__asm__ volatile("pause" : : : "memory");
	}
	return tsc() - began;
}

static void flush(void)
{
	struct queue *q = &queues[0];
	struct slot *s = &q->slots[0];

	s->block = 0;
	put(q, s, BLK_FLUSH, 0);
	publish(q);
	while (!take(q))
		__asm__ volatile("pause" : : : "memory");
	errors += s->status != 0;
}

static void run(void)
{
	uint64_t ticks;

	make_slots();
	if (!work.warm)
		begin();
	ticks = pass();
	if (verify) {
		flush();
		check = true;
		work.writes = 0;
		ticks = pass();
	}
	say("blkbench: done requests=%lu writes=%lu ticks=%lu errors=%lu "
	    "bad=%lu kicks=%lu mean=%lu p50=%lu p99=%lu p999=%lu max=%lu",
	    requests, writes, ticks, errors, bad, kicks,
	    hist->n ? hist->sum / hist->n : 0, hist_permille(hist, 500),
	    hist_permille(hist, 990), hist_permille(hist, 999), hist->max);
	leave(0);
}

void guest_main(void)
{
	set_up();
	ring3(run);
}
