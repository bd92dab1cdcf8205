/*
 * Description: one processor rewrites the MSI-X table, masks, and turns MSI-X
 * and bus mastering on and off, while the other has requests complete: none is
 * lost for good, and what is left in the end works.
 *
 * Command line: n=N, how many requests; cap=1: turns MSI-X and mastering, too.
 */
#include "tests/guest/rt/vblk.h"

#define VECTOR 0x60
#define ENTRIES 2               /* configuration, and the queue */
#define SENDS 40                /* past where a message gets an eventfd */

static struct vblk disk;
static uint64_t table;
static unsigned cap;
static volatile bool stop, stopped;
static volatile unsigned hits, writes;

static void msix(unsigned vector)
{
	(void)vector;
	hits++;
}

static uint32_t roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % below;
}

/* Addresses of processors, of none, of RAM, and of nothing at all. */
static const uint32_t addrs[] = { 0xfee00000, 0xfee1f000, 0xfee7f00c, 0x1000,
				  0xfffffffc, 0 };

static void rewrite(void)
{
	uint32_t seed = 11;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		uint64_t at = table + 16 * roll(&seed, ENTRIES);

		switch (roll(&seed, 5)) {
		case 0: wr32(at, addrs[roll(&seed, 6)]); break;
		case 1: wr32(at + 4, roll(&seed, 8) ? 0 : 1); break;
		case 2: wr32(at + 8, 0x60 + roll(&seed, 0xa0)); break;
		case 3: wr32(at + 12, roll(&seed, 2)); break;
		default:
			if (param("cap", 0))
				pci_wr(disk.fn, cap + 2, 2,
				       roll(&seed, 4) << 14);
			if (param("cap", 0) && !roll(&seed, 4))
				pci_wr(disk.fn, 4, 2, roll(&seed, 2) ? 6 : 2);
		}
		/* Some stand long enough to be used. */
		if (!roll(&seed, 64))
			wait_us(10000);
		writes++;
	}
	__atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Whatever state it was left in, and requests that waited for it. */
static void settle(void)
{
	pci_wr(disk.fn, 4, 2, 6);
	pci_wr(disk.fn, cap + 2, 2, 0x8000);
	for (unsigned i = 0; i < ENTRIES; i++) {
		wr32(table + 16 * i, (uint32_t)msi_addr());
		wr32(table + 16 * i + 4, 0);
		wr32(table + 16 * i + 8, VECTOR + i);
		wr32(table + 16 * i + 12, 0);
	}
	disk.bus.ops->notify(&disk.bus, 0);
	wait_us(20000);
	vblk_collect(&disk);
}

/* A kick while it may not reach memory was for nothing. */
static bool ended(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		if (wait_for(5, vblk_collect(&disk) > 0))
			return true;
		disk.bus.ops->notify(&disk.bus, 0);
	}
	return false;
}

void guest_main(void)
{
	unsigned n = (unsigned)param("n", 300), lost = 0, silent = 0;

	if (!ok(vblk_open(&disk, 0, VIRTIO_F_VERSION_1), "virtio-blk comes up"))
		return;
	if (!ok(drv_pci_msix(&disk.bus, msi_addr(), VECTOR, 1), "with MSI-X"))
		return;
	vblk_go(&disk);
	cap = pci_find_cap(disk.fn, 0x11, 0);
	table = disk.bus.bar0 + (pci_rd(disk.fn, cap + 4, 4) & ~7u);
	if (!ok(cpu_start(1, rewrite), "the other processor rewrites"))
		return;
	for (unsigned i = 0; i < n && !lost; i++) {
		lost += !vblk_send(&disk, 0, BLK_IN, i % 16, 512);
		lost += !ended();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	ok(wait_for(5000, stopped), "%u rewrites", writes);
	ok(!lost, "all %u requests ended", n);
	settle();
	irq_handler(VECTOR + 1, msix);
	for (unsigned v = 0x60; v < 0x100; v++)
		irq_handler(v, msix);
	irq_enable();
	wait_us(20000);
	for (unsigned i = 0; i < SENDS; i++) {
		unsigned before = hits;

		vblk_send(&disk, 0, BLK_IN, 0, 512);
		silent += !wait_for(5000, hits > before);
		wait_for(5000, vblk_collect(&disk) > 0);
	}
	ok(!silent, "%u requests more, each with its interrupt; %u without",
	   SENDS, silent);
}
