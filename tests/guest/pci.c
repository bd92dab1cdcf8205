/* Description: enumerates PCI, sizes and moves BARs, gates decoding. */
#include "tests/guest/rt/vblk.h"

#define COMMON_STATUS 0x14

static struct vblk disk;

static void enumerate(void)
{
	struct pci_fn host = { 0, 0 }, none = { 31, 7 };

	ok(pci_rd(host, 0, 4) != 0xffffffff, "host bridge answers");
	ok(pci_rd(host, 0x0a, 2) == 0x0600, "host bridge has class 0600");
	ok(pci_rd(none, 0, 4) == 0xffffffff, "an empty slot reads all ones");
	outl(0xcf8, 0);
	ok(inl(0xcfc) == 0xffffffff, "configuration is off without its enable bit");
	ok(pci_rd(host, 0, 2) == (pci_rd(host, 0, 4) & 0xffff) &&
	   pci_rd(host, 2, 2) == pci_rd(host, 0, 4) >> 16 &&
	   pci_rd(host, 3, 1) == pci_rd(host, 0, 4) >> 24,
	   "bytes, words and doublewords agree");
}

static void size_bar(struct pci_fn f)
{
	uint64_t at = pci_bar(f, 0);
	uint32_t low, high;

	ok(at != 0, "BAR0 was assigned before the guest started: %lx", at);
	pci_wr(f, 4, 2, 0);
	pci_wr(f, 0x10, 4, 0xffffffff);
	pci_wr(f, 0x14, 4, 0xffffffff);
	low = pci_rd(f, 0x10, 4);
	high = pci_rd(f, 0x14, 4);
	ok((low & 15) == 4, "BAR0 is a 64-bit memory BAR");
	ok(low == (0xffffc000 | 4) && high == 0xffffffff, "BAR0 is 16 KiB");
	pci_set_bar(f, 0, at);
	pci_wr(f, 4, 2, 6);
}

static void move_to(struct pci_fn f, uint64_t to, const char *where)
{
	uint64_t from = pci_bar(f, 0);

	map(to, 0x4000);
	pci_set_bar(f, 0, to);
	ok(rd8(to + COMMON_STATUS) == 0 && rd16(to + 0x12) == 1,
	   "BAR0 answers %s", where);
	wr8(to + COMMON_STATUS, 1);
	ok(rd8(to + COMMON_STATUS) == 1, "and takes writes %s", where);
	ok(rd32(from) == 0xffffffff, "the old place is empty");
	wr8(to + COMMON_STATUS, 0);
}

static void io_after_move(uint64_t to, const char *where)
{
	uint8_t *buf;
	bool good;

	if (!ok(vblk_open(&disk, 0, 0), "driver comes up %s", where))
		return;
	ok(pci_bar(disk.fn, 0) == to, "at %lx", to);
	vblk_go(&disk);
	buf = vblk_buf(&disk, 0);
	for (unsigned i = 0; i < 512; i++)
		buf[i] = (uint8_t)(i * 7 + to / 0x4000);
	good = vblk_do(&disk, BLK_OUT, 9, 512) == 0;
	memset(buf, 0, 512);
	good = good && vblk_do(&disk, BLK_IN, 9, 512) == 0;
	for (unsigned i = 0; i < 512; i++)
		good = good && buf[i] == (uint8_t)(i * 7 + to / 0x4000);
	ok(good, "doorbell and data work %s", where);
	drv_reset(&disk.bus);
}

/* The device keeps running while its registers move. */
static void move_live(uint64_t to)
{
	if (!ok(vblk_open(&disk, 0, 0), "driver comes up again"))
		return;
	vblk_go(&disk);
	map(to, 0x4000);
	pci_set_bar(disk.fn, 0, to);
	/* The driver learns the new addresses; the ring stays where it is. */
	disk.bus.notify_q[0] += to - disk.bus.bar0;
	ok(vblk_do(&disk, BLK_IN, 0, 512) == 0, "a live device follows its BAR");
	disk.bus.common += to - disk.bus.bar0;
	drv_reset(&disk.bus);
}

void guest_main(void)
{
	struct pci_fn f;
	uint64_t at;

	enumerate();
	if (!ok(pci_find(0x1af4, 0x1042, 0, &f), "finds virtio-blk"))
		return;
	at = pci_bar(f, 0);
	if (at >> 32)
		map(at, 0x4000);
	size_bar(f);
	pci_wr(f, 4, 2, 0);
	ok(rd32(at) == 0xffffffff, "decode off reads all ones");
	pci_wr(f, 4, 2, 6);
	ok(rd16(at + 0x12) == 1, "decode on reads registers");
	move_to(f, 0xc8000000, "elsewhere below 4 GiB");
	io_after_move(0xc8000000, "elsewhere below 4 GiB");
	move_to(f, UINT64_C(0x3000000000), "above 4 GiB");
	io_after_move(UINT64_C(0x3000000000), "above 4 GiB");
	move_live(0xc9000000);
	ok(pci_rd(f, 0x3d, 1) == 1, "interrupt pin is INTA#");
}
