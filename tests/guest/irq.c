/* Description: INTx level and EOI behaviour, INTx disable, MSI-X delivery. */
#include "tests/guest/rt/vblk.h"

#define VECTOR 0x50
#define MSIX_VECTOR 0x60
#define NO_VECTOR 0xffff

static struct vblk disk;
static volatile unsigned hits, caused;  /* caused: ISR said why */
static volatile bool acknowledge;
static volatile uint8_t last_isr;

static void intx(unsigned vector)
{
	uint8_t isr;

	(void)vector;
	hits++;
	/* A level line that nobody acknowledges comes back after each EOI. */
	if (!acknowledge && hits < 5)
		return;
	isr = rd8(disk.bus.isr);
	if (isr) {
		last_isr = isr;
		caused++;
	}
}

/* The wire itself, as a PIC pin in level mode shows it: no processor has a
 * part in it. (A KVM may deliver a level interrupt once more than needed.) */
static bool line_up(void)
{
	outb(0x20, 0x0a);
	outb(0xa0, 0x0a);
	return inb(disk.gsi < 8 ? 0x20 : 0xa0) >> (disk.gsi & 7) & 1;
}

static void watch_line(void)
{
	uint16_t elcr = disk.gsi < 8 ? 0x4d0 : 0x4d1;

	outb(elcr, inb(elcr) | (uint8_t)(1u << (disk.gsi & 7)));
}

static void one_request(void)
{
	hits = caused = 0;
	last_isr = 0;
	vblk_send(&disk, 0, BLK_IN, 0, 512);
}

static bool done(void)
{
	return __atomic_load_n(&disk.status[0], __ATOMIC_ACQUIRE) != 0xff;
}

static void level(void)
{
	acknowledge = true;
	one_request();
	ok(wait_for(5000, hits > 0 && done()), "INTx comes with a completion");
	ok(last_isr == 1, "ISR says queue");
	wait_us(20000);
	ok(caused == 1, "one cause for one completion, had %u", caused);
	ok(!line_up(), "the line is down after ISR was read");
	ok(rd8(disk.bus.isr) == 0, "reading ISR cleared it");
	vblk_collect(&disk);

	acknowledge = false;
	one_request();
	ok(wait_for(5000, hits >= 5), "the line stays up until ISR is read");
	wait_us(20000);
	ok(!line_up() && caused == 1 && hits < 8, "and falls with that read");
	vblk_collect(&disk);
	acknowledge = true;
}

static void disable_bit(void)
{
	pci_wr(disk.fn, 4, 2, 0x406);
	one_request();
	ok(wait_for(5000, done()), "completes with INTx disabled");
	ok(wait_for(5000, pci_rd(disk.fn, 6, 2) & 8),
	   "status shows the interrupt all the same");
	wait_us(20000);
	ok(hits == 0 && !line_up(), "INTx disable keeps the line down");
	pci_wr(disk.fn, 4, 2, 6);
	ok(wait_for(5000, caused == 1), "clearing the bit lets it through");
	vblk_collect(&disk);
	ok(!(pci_rd(disk.fn, 6, 2) & 8), "status follows the acknowledge");
}

static void no_interrupt(void)
{
	drv_split_flags(&disk.ring, 1);
	one_request();
	ok(wait_for(5000, drv_split_used_idx(&disk.ring) != disk.ring.used),
	   "used index advances with NO_INTERRUPT");
	wait_us(20000);
	ok(hits == 0 && rd8(disk.bus.isr) == 0, "no line and no ISR bit");
	drv_split_flags(&disk.ring, 0);
	vblk_collect(&disk);
}

static void reset_drops(void)
{
	ioapic_mask(disk.gsi);
	one_request();
	/* The status byte comes first, the interrupt after it. */
	ok(wait_for(5000, done() && line_up()), "a completion holds the line");
	drv_reset(&disk.bus);
	ok(!line_up(), "a reset takes it down");
	ioapic_level(disk.gsi, VECTOR);
	wait_us(20000);
	ok(hits == 0, "and nothing comes later");
}

static volatile unsigned msix_hits[2];

static void msix(unsigned vector)
{
	msix_hits[vector - MSIX_VECTOR]++;
}

static uint64_t table(void)
{
	unsigned cap = pci_find_cap(disk.fn, 0x11, 0);

	return disk.bus.bar0 + (pci_rd(disk.fn, cap + 4, 4) & ~7u);
}

static void set_q_vector(uint16_t v)
{
	disk.bus.ops->put(&disk.bus, DRV_Q_SEL, 0);
	wr16(disk.bus.common + 0x1a, v);
}

static void msix_on(void)
{
	irq_handler(MSIX_VECTOR, msix);
	irq_handler(MSIX_VECTOR + 1, msix);
	ok(drv_pci_msix(&disk.bus, msi_addr(), MSIX_VECTOR, 1), "MSI-X turns on");
	vblk_go(&disk);
	one_request();
	ok(wait_for(5000, msix_hits[1] == 1), "its queue's message comes");
	ok(hits == 0, "and no INTx");
	vblk_collect(&disk);

	wr32(table() + 16 + 12, 1);
	one_request();
	ok(wait_for(5000, done()), "completes while masked");
	wait_us(20000);
	ok(msix_hits[1] == 1, "a masked vector is silent");
	wr32(table() + 16 + 12, 0);
	ok(wait_for(5000, msix_hits[1] == 2), "and comes at unmask, once");
	wait_us(20000);
	ok(msix_hits[1] == 2, "not twice");
	vblk_collect(&disk);

	set_q_vector(NO_VECTOR);
	one_request();
	ok(wait_for(5000, done()), "completes without a vector");
	wait_us(20000);
	ok(msix_hits[1] == 2 && hits == 0, "no vector: neither message nor INTx");
	vblk_collect(&disk);
	set_q_vector(7);
	ok(rd16(disk.bus.common + 0x1a) == NO_VECTOR,
	   "a vector that is not there reads back as none");
}

void guest_main(void)
{
	if (!ok(vblk_open(&disk, 0, 0), "virtio-blk comes up"))
		return;
	watch_line();
	irq_handler(VECTOR, intx);
	ioapic_level(disk.gsi, VECTOR);
	vblk_go(&disk);
	irq_enable();
	ok(disk.gsi == 5 || disk.gsi == 10 || disk.gsi == 11,
	   "interrupt line is %u", disk.gsi);
	level();
	disable_bit();
	no_interrupt();
	reset_drops();
	if (!pci_find_cap(disk.fn, 0x11, 0)) {
		say("no MSI-X on this device");
		return;
	}
	ok(vblk_open(&disk, 0, 0), "comes up again");
	msix_on();
}
