/*
 * virtio-blk over modern PCI (virtio 1.1, 4.1 and 5.2), polled, one request at
 * a time. All disks share one ring: a disk is started when it is used after
 * another one, which is reset first. So at most one device knows an address of
 * ours, and an OS's driver finds either a device that was reset or one that is
 * idle.
 *
 * Registers lie above 1 MiB; what touches them runs under flat_call.
 */
#include "bios/rom/services.h"

#define VENDOR          0x1af4
#define DEVICE_BLK      0x1042
#define DEVICE_BLK_OLD  0x1001          /* may have the modern registers, too */

#define PCI_COMMAND     0x04
#define PCI_STATUS      0x06
#define PCI_BAR         0x10
#define PCI_CAPS        0x34
#define PCI_CMD_MEMORY  0x0002
#define PCI_CMD_MASTER  0x0004
#define PCI_HAS_CAPS    0x0010
#define CAP_VENDOR      0x09

enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4 };

/* common configuration */
#define DEV_FEAT_SEL    0x00
#define DEV_FEAT        0x04
#define DRV_FEAT_SEL    0x08
#define DRV_FEAT        0x0c
#define STATUS          0x14
#define Q_SELECT        0x16
#define Q_SIZE          0x18
#define Q_ENABLE        0x1c
#define Q_NOTIFY_OFF    0x1e
#define Q_DESC          0x20
#define Q_DRIVER        0x28
#define Q_DEVICE        0x30

#define ST_ACK          0x01
#define ST_DRIVER       0x02
#define ST_DRIVER_OK    0x04
#define ST_FEATURES_OK  0x08
#define ST_NEEDS_RESET  0x40
#define ST_RUNNING      (ST_ACK | ST_DRIVER | ST_DRIVER_OK | ST_FEATURES_OK)

#define FEAT_RO         (1u << 5)
#define FEAT_BLK_SIZE   (1u << 6)
#define FEAT_VERSION_1  (1u << 0)       /* of the upper half */
#define FEAT_PLATFORM   (1u << 1)

#define CFG_CAPACITY    0x00
#define CFG_BLK_SIZE    0x14

#define RING_MAX        256
#define RING_WANTED     8               /* where the device lets us choose */
#define DESC_NEXT       1
#define DESC_WRITE      2
#define NO_INTERRUPT    1

#define TYPE_IN         0
#define TYPE_OUT        1

/* Looks at the ring in one stay in flat_call, and stays until a silent device
 * is given up. */
#define POLLS           2000
#define TIMEOUT_S       60

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/*
 * A device may look at all of its ring's descriptors' memory, but only the
 * three that requests name are ours; the rest falls on what follows.
 */
static struct {
	struct desc desc[3];
	struct {
		uint16_t flags, idx, ring[RING_MAX], event;
	} avail;
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} head;
	volatile struct {
		uint16_t flags, idx;
		struct { uint32_t id, len; } elem[RING_MAX];
		uint16_t event;
	} used __attribute__((aligned(4)));
	volatile uint8_t status;
} ring __attribute__((aligned(16)));

/* The disk that is started, if any. */
static struct vblk *active;

/* ---- configuration space ------------------------------------------------------ */

/* The address of what a capability points to; 0: out of our reach. */
static uint32_t cap_address(uint8_t devfn, uint8_t cap)
{
	uint8_t bar = pci_read8(devfn, cap + 4);
	uint32_t off = pci_read32(devfn, cap + 8), low;

	if (bar > 5)
		return 0;
	low = pci_read32(devfn, (uint8_t)(PCI_BAR + 4 * bar));
	if (low & 1)
		return 0;
	if ((low & 6) == 4 && (bar == 5 ||
	    pci_read32(devfn, (uint8_t)(PCI_BAR + 4 * bar + 4))))
		return 0;
	low &= ~15u;
	return low && low + off >= low ? low + off : 0;
}

static void take_cap(struct vblk *d, uint8_t cap)
{
	uint8_t kind = pci_read8(d->devfn, cap + 3);
	uint32_t *const to[] = {
		[CAP_COMMON] = &d->common, [CAP_NOTIFY] = &d->notify,
		[CAP_ISR] = &d->isr, [CAP_DEVICE] = &d->config,
	};

	/* The first of a kind is the one to use. */
	if (kind < CAP_COMMON || kind > CAP_DEVICE || *to[kind])
		return;
	*to[kind] = cap_address(d->devfn, cap);
	if (kind == CAP_NOTIFY)
		d->notify_mult = pci_read32(d->devfn, cap + 16);
}

static const char *find_registers(struct vblk *d)
{
	uint8_t cap = 0;
	unsigned hops = 0;

	if (pci_read16(d->devfn, PCI_STATUS) & PCI_HAS_CAPS)
		cap = pci_read8(d->devfn, PCI_CAPS) & 0xfc;
	for (; cap && hops < 48; hops++) {
		if (pci_read8(d->devfn, cap) == CAP_VENDOR)
			take_cap(d, cap);
		cap = pci_read8(d->devfn, cap + 1) & 0xfc;
	}
	if (!d->common || !d->notify || !d->isr || !d->config)
		return "no virtio registers below 4 GiB";
	return NULL;
}

/* ---- under flat_call ------------------------------------------------------------- */

static uint32_t device_reset(void *arg)
{
	struct vblk *d = arg;

	mem_write8(d->common + STATUS, 0);
	for (unsigned n = 0; n < POLLS; n++)
		if (mem_read8(d->common + STATUS) == 0)
			return 1;
	return 0;
}

static uint32_t read_config(void *arg)
{
	struct vblk *d = arg;
	uint32_t low, high;

	mem_write32(d->common + DEV_FEAT_SEL, 0);
	low = mem_read32(d->common + DEV_FEAT);
	d->read_only = low & FEAT_RO;
	d->block_size = low & FEAT_BLK_SIZE ?
			mem_read32(d->config + CFG_BLK_SIZE) : SECTOR;
	low = mem_read32(d->config + CFG_CAPACITY);
	high = mem_read32(d->config + CFG_CAPACITY + 4);
	d->sectors = (uint64_t)high << 32 | low;
	return 0;
}

static bool negotiate(struct vblk *d)
{
	uint32_t low, high;

	mem_write8(d->common + STATUS, ST_ACK);
	mem_write8(d->common + STATUS, ST_ACK | ST_DRIVER);
	mem_write32(d->common + DEV_FEAT_SEL, 0);
	low = mem_read32(d->common + DEV_FEAT);
	mem_write32(d->common + DEV_FEAT_SEL, 1);
	high = mem_read32(d->common + DEV_FEAT);
	mem_write32(d->common + DRV_FEAT_SEL, 0);
	mem_write32(d->common + DRV_FEAT, low & (FEAT_RO | FEAT_BLK_SIZE));
	mem_write32(d->common + DRV_FEAT_SEL, 1);
	mem_write32(d->common + DRV_FEAT,
		    high & (FEAT_VERSION_1 | FEAT_PLATFORM));
	mem_write8(d->common + STATUS, ST_ACK | ST_DRIVER | ST_FEATURES_OK);
	return mem_read8(d->common + STATUS) & ST_FEATURES_OK;
}

static void queue_address(const struct vblk *d, uint32_t reg, uint32_t at)
{
	mem_write32(d->common + reg, at);
	mem_write32(d->common + reg + 4, 0);
}

static uint32_t device_start(void *arg)
{
	struct vblk *d = arg;
	uint16_t n;

	if (!device_reset(d) || !negotiate(d))
		return 0;
	mem_write16(d->common + Q_SELECT, 0);
	mem_write16(d->common + Q_SIZE, RING_WANTED);
	n = mem_read16(d->common + Q_SIZE);
	if (n == 0 || n > RING_MAX || n & (n - 1))
		return 0;
	d->queue_size = n;
	d->doorbell = d->notify + d->notify_mult *
		      mem_read16(d->common + Q_NOTIFY_OFF);
	queue_address(d, Q_DESC, rom_linear(ring.desc));
	queue_address(d, Q_DRIVER, rom_linear(&ring.avail));
	queue_address(d, Q_DEVICE, rom_linear(&ring.used));
	mem_write16(d->common + Q_ENABLE, 1);
	mem_write8(d->common + STATUS, ST_RUNNING);
	return 1;
}

/* Ours to use: another driver may have had the device since. */
static uint32_t device_running(void *arg)
{
	const struct vblk *d = arg;

	return mem_read8(d->common + STATUS) == ST_RUNNING;
}

enum poll { POLL_AGAIN, POLL_DONE, POLL_BROKEN };

static enum poll poll_used(const struct vblk *d)
{
	for (unsigned n = 0; n < POLLS; n++) {
		if (ring.used.idx == d->next) {
			/* Reading it takes down the line, in case the device
			 * has raised it although it was asked not to. */
			(void)mem_read8(d->isr);
			return POLL_DONE;
		}
		cpu_pause();
	}
	if (mem_read8(d->common + STATUS) & ST_NEEDS_RESET)
		return POLL_BROKEN;
	return POLL_AGAIN;
}

static uint32_t device_poll(void *arg)
{
	return poll_used(arg);
}

static uint32_t device_kick(void *arg)
{
	const struct vblk *d = arg;

	mem_write16(d->doorbell, 0);
	return poll_used(d);
}

/* ---- requests ------------------------------------------------------------------------ */

static bool start(struct vblk *d)
{
	if (active == d && flat_call(device_running, d))
		return true;
	if (active)
		flat_call(device_reset, active);
	active = NULL;
	memset(&ring, 0, sizeof(ring));
	ring.avail.flags = NO_INTERRUPT;
	d->next = 0;
	if (!flat_call(device_start, d)) {
		flat_call(device_reset, d);
		return false;
	}
	active = d;
	return true;
}

static void fill(struct vblk *d, enum vblk_dir dir, uint64_t sector,
		 uint16_t count, uint64_t linear)
{
	bool out = dir == VBLK_WRITE;

	ring.head.type = out ? TYPE_OUT : TYPE_IN;
	ring.head.reserved = 0;
	ring.head.sector = sector;
	ring.status = 0xff;
	ring.desc[0] = (struct desc){ rom_linear(&ring.head),
				      sizeof(ring.head), DESC_NEXT, 1 };
	ring.desc[1] = (struct desc){ linear, (uint32_t)count * SECTOR,
				      out ? DESC_NEXT : DESC_NEXT | DESC_WRITE,
				      2 };
	ring.desc[2] = (struct desc){ rom_linear(&ring.status), 1,
				      DESC_WRITE, 0 };
	ring.avail.ring[d->next & (d->queue_size - 1)] = 0;
	__asm__ volatile("" : : : "memory");    /* the entry before the index */
	ring.avail.idx = ++d->next;
	__asm__ volatile("" : : : "memory");
}

static uint8_t wait(struct vblk *d, bool breathe)
{
	enum poll p = flat_call(device_kick, d);
	uint8_t second = p == POLL_AGAIN ? rtc_seconds() : 0, now;
	unsigned left = TIMEOUT_S;

	while (p == POLL_AGAIN && left) {
		if (breathe)
			cpu_breathe();
		p = flat_call(device_poll, d);
		now = rtc_seconds();
		if (now != second)
			left--;
		second = now;
	}
	if (p == POLL_DONE)
		return DISK_OK;
	/* It may still write to memory: no longer. */
	flat_call(device_reset, d);
	active = NULL;
	return p == POLL_BROKEN ? DISK_CONTROLLER : DISK_TIMEOUT;
}

uint8_t vblk_rw(struct vblk *d, enum vblk_dir dir, uint64_t sector,
		uint16_t count, uint64_t linear, bool breathe)
{
	uint8_t status;

	if (dir == VBLK_WRITE && d->read_only)
		return DISK_PROTECTED;
	if (!can_go_flat() || !start(d))
		return DISK_CONTROLLER;
	fill(d, dir, sector, count, linear);
	status = wait(d, breathe);
	if (status == DISK_OK && ring.status != 0)
		status = DISK_BAD_TRACK;
	return status;
}

const char *vblk_probe(struct vblk *d, uint8_t devfn)
{
	const char *why;
	uint16_t id = pci_read16(devfn, 0x02);

	if (pci_read16(devfn, 0x00) != VENDOR ||
	    (id != DEVICE_BLK && id != DEVICE_BLK_OLD))
		return "";
	*d = (struct vblk){ .devfn = devfn };
	why = find_registers(d);
	if (why)
		return why;
	pci_write16(devfn, PCI_COMMAND, pci_read16(devfn, PCI_COMMAND) |
		    PCI_CMD_MEMORY | PCI_CMD_MASTER);
	flat_call(read_config, d);
	if (d->sectors == 0)
		return "empty";
	return NULL;
}
