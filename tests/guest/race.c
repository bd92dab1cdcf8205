/*
 * Description: requests under a kick storm from the other processor, with
 * resets in the middle: none is lost, doubled or carried out late, and no
 * interrupt is missed.
 *
 * Command line: n=N, how many requests.
 */
#include <string.h>

#include "tests/guest/rt/hw.h"
#include "tests/guest/rt/vblk.h"

#define VECTOR 0x50
#define SLOTS 32                /* requests in flight */
#define OWN 4                   /* sectors of a slot: nobody else uses them */
#define LIFE 400                /* requests between two resets, about */
#define LATE 0xa5a5a5a5a5a5a5a5
#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |                \
		  VIRTIO_F_EVENT_IDX | VIRTIO_F(9))

static struct vblk disk;

static struct slot {
	bool busy;
	uint32_t type, sector;
	uint64_t stamp;
} slot[SLOTS];
/* What each sector holds; where a write was cut short, what else it may. */
static uint64_t now[SLOTS * OWN], or[SLOTS * OWN];

static struct {
	unsigned sent, done, wrong, strange, late, hung, resets;
} count;
static volatile unsigned interrupts;
static volatile bool told, stop;
static volatile uint64_t kicks;
static uint32_t seed = 1;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

static void intx(unsigned vector)
{
	(void)vector;
	if (!rd8(disk.bus.isr))
		return;
	interrupts++;
	told = true;
}

static void storm(void)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		disk.bus.ops->notify(&disk.bus, 0);
		kicks++;
	}
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* ---- requests ------------------------------------------------------------- */

static uint64_t *word(unsigned i, bool last)
{
	return (uint64_t *)(void *)(vblk_buf(&disk, i) + (last ? 504 : 0));
}

static void put(unsigned i, uint64_t v)
{
	*word(i, false) = *word(i, true) = v;
}

static void submit(unsigned i)
{
	struct slot *s = &slot[i];

	s->type = roll(2) ? BLK_OUT : BLK_IN;
	s->sector = i * OWN + roll(OWN);
	s->stamp = ++count.sent;
	put(i, s->type == BLK_OUT ? s->stamp : LATE);
	s->busy = vblk_send(&disk, i, s->type, s->sector, 512);
	count.wrong += !s->busy;
}

static void ended(unsigned i)
{
	struct slot *s = &slot[i];
	uint64_t got = *word(i, false);

	if (disk.status[i] || got != *word(i, true))
		count.wrong++;
	else if (s->type == BLK_OUT)
		now[s->sector] = or[s->sector] = s->stamp;
	else if (got == now[s->sector] || got == or[s->sector])
		now[s->sector] = or[s->sector] = got;
	else
		count.wrong++;
	s->busy = false;
	count.done++;
}

static unsigned collect(void)
{
	unsigned n = 0;
	uint32_t len;
	int id;

	while ((id = disk.ring.ops->collect(&disk.ring, &len)) >= 0) {
		unsigned i = id < DRV_RING_MAX ? (unsigned)disk.slot_of[id]
					       : SLOTS;

		if (i >= SLOTS || !slot[i].busy)
			count.strange++;
		else
			ended(i);
		n++;
	}
	return n;
}

static unsigned flying(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		n += slot[i].busy;
	return n;
}

/* Waits until something was used. By an interrupt alone: what was used before
 * it was asked for counts as well. */
static void await(bool by_interrupt)
{
	told = false;
	if (collect())
		return;
	if (!by_interrupt)
		count.hung += !wait_for(20000, collect() > 0);
	else if (!disk.ring.ops->irqs(&disk.ring, true))
		count.hung += !wait_for(20000, told);
	collect();
}

/* ---- lives ---------------------------------------------------------------- */

static bool start(void)
{
	struct drv_mem part[3];

	memcpy(part, disk.ring.part, sizeof(part));
	if (!drv_start(&disk.bus, FEATURES & drv_offered(&disk.bus)))
		return false;
	for (unsigned i = 0; i < 3; i++)
		memset(part[i].p, 0, drv_split.bytes(disk.ring.size,
						     (enum drv_part)i, true));
	drv_ring_init(&disk.ring, &drv_split, disk.ring.size,
		      disk.ring.event_idx, part, 0);
	drv_q_start(&disk.bus, 0, &disk.ring);
	drv_ok(&disk.bus);
	return true;
}

/* Resets with requests in flight: from here on nothing may change. */
static void cut_short(void)
{
	uint16_t used;

	drv_reset(&disk.bus);
	used = drv_split_used_idx(&disk.ring);
	count.resets++;
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!slot[i].busy)
			continue;
		if (slot[i].type == BLK_OUT)
			or[slot[i].sector] = slot[i].stamp;
		put(i, LATE);
		disk.status[i] = 0xa5;
	}
	wait_us(2000);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!slot[i].busy)
			continue;
		count.late += *word(i, false) != LATE ||
			      *word(i, true) != LATE || disk.status[i] != 0xa5;
		/* Never completed, and never will be. */
		slot[i].busy = false;
		count.done++;
	}
	count.late += drv_split_used_idx(&disk.ring) != used;
}

/* What cut-short writes left behind, by reading it. */
static void settle(void)
{
	for (unsigned i = 0; i < SLOTS; i++)
		for (unsigned k = i * OWN; k < (i + 1) * OWN; k++)
			while (or[k] != now[k] && !count.hung) {
				if (slot[i].busy) {
					await(false);
					continue;
				}
				slot[i].type = BLK_IN;
				slot[i].sector = k;
				count.sent++;
				slot[i].busy = vblk_send(&disk, i, BLK_IN, k,
							 512);
			}
}

static void life(unsigned requests)
{
	bool by_interrupt = roll(2);
	unsigned leave = roll(SLOTS), first = count.sent;

	while (count.sent - first < requests && !count.hung) {
		unsigned burst = 1 + roll(SLOTS);

		for (unsigned i = 0; i < SLOTS && burst; i++)
			if (!slot[i].busy) {
				submit(i);
				burst--;
			}
		while (flying() > roll(SLOTS) && !count.hung)
			await(by_interrupt);
	}
	while (flying() > leave && !count.hung)
		await(by_interrupt);
	cut_short();
}

void guest_main(void)
{
	unsigned n = (unsigned)param("n", 2000);

	if (!ok(vblk_open(&disk, 0, FEATURES), "virtio-blk comes up"))
		return;
	irq_handler(VECTOR, intx);
	ioapic_level(disk.gsi, VECTOR);
	vblk_go(&disk);
	irq_enable();
	for (unsigned i = 0; i < SLOTS; i++)
		for (unsigned k = 0; k < OWN; k++) {
			put(i, 0);
			vblk_send(&disk, i, BLK_OUT, i * OWN + k, 512);
			count.hung += !wait_for(20000, vblk_collect(&disk) > 0);
		}
	if (!ok(cpu_start(1, storm), "the other processor starts to kick"))
		return;
	while (count.sent < n && !count.hung) {
		life(LIFE / 2 + roll(LIFE));
		if (!start())
			count.wrong++;
		settle();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	say("# %u requests, %u resets, %lu kicks, %u interrupts", count.sent,
	    count.resets, kicks, interrupts);
	ok(!count.hung, "nothing is lost: %u waits were in vain", count.hung);
	ok(count.done == count.sent, "%u of %u requests ended", count.done,
	   count.sent);
	ok(!count.strange, "nothing is doubled: %u strange ids", count.strange);
	ok(!count.wrong, "%u wrong statuses or data", count.wrong);
	ok(!count.late, "%u writes after a reset", count.late);
	ok(kicks > 0 && interrupts > 0 && count.resets > 0, "they did race");
}
