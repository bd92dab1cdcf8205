/* Description: two processors kick one queue in a race; nothing is lost. */
#include "tests/guest/rt/vblk.h"

static struct vblk disk;
static volatile bool go, stop;
static volatile uint32_t storms;

/* Rings the doorbell for no reason, as fast as it can. */
static void storm(void)
{
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		disk.bus.ops->notify(&disk.bus, 0);
		storms++;
	}
}

void guest_main(void)
{
	unsigned n = (unsigned)param("n", 300), good = 0;

	if (!ok(vblk_open(&disk, 0, UINT64_MAX), "virtio-blk comes up"))
		return;
	vblk_go(&disk);
	if (!ok(cpu_start(1, storm), "processor 1 starts by INIT and SIPI"))
		return;
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	wait_for(5000, storms > 0);
	for (unsigned i = 0; i < n; i++)
		good += vblk_do(&disk, BLK_IN, i % 64, 512) == 0;
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	ok(good == n, "%u of %u requests complete under a kick storm", good, n);
	ok(storms > 0, "the other processor rang %u times", storms);
}
