/* Description: reads and writes a disk; resets with requests in flight. */
#include "tests/guest/rt/vblk.h"

static struct vblk disk;

static void fill(uint8_t *p, unsigned n, uint32_t seed)
{
	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static bool same(const uint8_t *p, unsigned n, uint32_t seed)
{
	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		if (p[i] != (uint8_t)(seed >> 24))
			return false;
	}
	return true;
}

static unsigned all(unsigned n, uint32_t type)
{
	unsigned done = 0, good = 0;

	for (unsigned i = 0; i < n; i++)
		vblk_send(&disk, i, type, i * 8, VBLK_BYTES);
	wait_for(10000, (done += vblk_collect(&disk)) >= n);
	for (unsigned i = 0; i < n; i++)
		good += disk.status[i] == 0;
	return good;
}

static void round_trip(void)
{
	unsigned good = 0;

	for (unsigned i = 0; i < 16; i++)
		fill(vblk_buf(&disk, i), VBLK_BYTES, i + 1);
	ok(all(16, BLK_OUT) == 16, "16 writes at once");
	ok(vblk_do(&disk, BLK_FLUSH, 0, 0) == 0, "flush");
	for (unsigned i = 0; i < 16; i++)
		memset(vblk_buf(&disk, i), 0xee, VBLK_BYTES);
	ok(all(16, BLK_IN) == 16, "16 reads at once");
	for (unsigned i = 0; i < 16; i++)
		good += same(vblk_buf(&disk, i), VBLK_BYTES, i + 1);
	ok(good == 16, "what was written is read back");
}

static void edges(void)
{
	uint64_t sectors = rd32(disk.bus.cfg) |
			   (uint64_t)rd32(disk.bus.cfg + 4) << 32;

	ok(sectors > 1024, "capacity %lu", sectors);
	ok(vblk_do(&disk, BLK_IN, sectors - 1, 512) == 0, "last sector");
	ok(vblk_do(&disk, BLK_IN, sectors, 512) == 1, "past the end: IOERR");
	ok(vblk_do(&disk, BLK_IN, UINT64_MAX, 512) == 1, "sector 2^64-1: IOERR");
	ok(vblk_do(&disk, BLK_IN, 0, 511) == 1, "511 bytes: IOERR");
	ok(vblk_do(&disk, 99, 0, 512) == 2, "unknown request: UNSUPP");
}

/* Decision 10: after a reset nothing writes to memory any more. */
static void reset_in_flight(void)
{
	unsigned late = 0;

	for (unsigned round = 0; round < 10; round++) {
		if (!vblk_open(&disk, 0, VIRTIO_F_RING_PACKED)) {
			late = 1000;
			break;
		}
		vblk_go(&disk);
		for (unsigned i = 0; i < 32; i++)
			vblk_send(&disk, i, BLK_IN, i * 8, VBLK_BYTES);
		drv_reset(&disk.bus);
		memset(disk.data, 0xa5, 32 * VBLK_BYTES);
		memset(disk.status, 0xa5, 32);
		wait_us(3000);
		for (unsigned i = 0; i < 32; i++)
			late += disk.status[i] != 0xa5 ||
				vblk_buf(&disk, i)[100] != 0xa5;
	}
	ok(late == 0, "10 resets with 32 reads in flight: %u late writes", late);
	ok(rd8(disk.bus.isr) == 0, "and no interrupt is left");
}

void guest_main(void)
{
	if (!ok(vblk_open(&disk, 0, UINT64_MAX), "virtio-blk comes up"))
		return;
	vblk_go(&disk);
	ok(disk.ring.ops == (param("packed", 0) ? &drv_packed : &drv_split),
	   "%s ring", disk.ring.ops->name);
	round_trip();
	edges();
	reset_in_flight();
}
