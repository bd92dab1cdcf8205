/*
 * Description: the VGA's PCI function looks and works as drivers for QEMU's
 * standard VGA expect, and its framebuffer becomes memory wherever the BAR is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "pci/vgapci.h"
#include "tests/lib/pci_rig.h"

#define SLOT 2
#define LFB 0xe0000000u
#define REGS 0xe1000000u

static struct pci_rig rig;
static struct vga vga;
static struct vgapci dev;

struct slot {
	struct ram_port port;
	uint64_t gpa;                   /* 0: nothing is mapped */
	void *hva;
	uint64_t len;
	unsigned calls;
	int refuse;
};
static struct slot slot;

static int map(struct ram_port *port, uint64_t gpa, void *hva, uint64_t len,
	       bool on)
{
	struct slot *s = container_of(port, struct slot, port);

	s->calls++;
	if (on && s->refuse)
		return s->refuse;
	assert_int_equal(on, s->gpa == 0);
	if (!on)
		assert_true(gpa == s->gpa && hva == s->hva && len == s->len);
	s->gpa = on ? gpa : 0;
	s->hva = hva;
	s->len = len;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&vga, 0, sizeof(vga));
	memset(&slot, 0, sizeof(slot));
	slot.port.map = map;
	pci_rig_init(&rig);
	assert_int_equal(0, vga_init(&vga, &rig.pio, &rig.mmio));
	assert_int_equal(0, vgapci_attach(&dev, &vga, &rig.bus, SLOT,
					  &slot.port));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vgapci_detach(&dev);
	assert_true(slot.gpa == 0);
	pci_rig_fini(&rig);
	vga_fini(&vga);
	return 0;
}

static uint32_t cfg(unsigned off, unsigned n)
{
	return pci_rig_get(&rig, SLOT, 0, off, n);
}

static void start(void)
{
	pci_rig_put(&rig, SLOT, 0, 0x10, 4, LFB);
	pci_rig_put(&rig, SLOT, 0, 0x18, 4, REGS);
	pci_rig_put(&rig, SLOT, 0, 4, 2, 3);
}

static uint64_t get(uint64_t gpa, unsigned n)
{
	uint64_t val = 0;

	assert_true(iospace_rw(&rig.mmio, gpa, n, &val, false));
	return val;
}

static void put(uint64_t gpa, unsigned n, uint64_t val)
{
	assert_true(iospace_rw(&rig.mmio, gpa, n, &val, true));
}

static void identity(void **state)
{
	(void)state;
	assert_int_equal(0x11111234, cfg(0, 4));
	assert_int_equal(0x030000, cfg(8, 4) >> 8);
	assert_int_equal(2, cfg(8, 1));
	assert_int_equal(0x11001af4, cfg(0x2c, 4));
	assert_int_equal(0, cfg(0x3d, 1));              /* no interrupt */
	assert_int_equal(8, cfg(0x10, 4));              /* 32-bit, prefetch */
	pci_rig_put(&rig, SLOT, 0, 0x10, 4, 0xffffffff);
	assert_int_equal(0xff000008, cfg(0x10, 4));
	pci_rig_put(&rig, SLOT, 0, 0x18, 4, 0xffffffff);
	assert_int_equal(0xfffff000, cfg(0x18, 4));
	for (unsigned bar = 0x14; bar < 0x28; bar += 4)
		if (bar != 0x18)
			assert_int_equal(0, cfg(bar, 4));
}

static void framebuffer_becomes_memory(void **state)
{
	(void)state;
	start();
	assert_int_equal(0, slot.calls);        /* nobody has drawn */
	put(LFB + 5, 1, 0x5a);
	assert_int_equal(0x5a, vga.vram[5]);
	assert_int_equal(1, slot.calls);
	assert_true(slot.gpa == LFB && slot.len == VGA_VRAM_LEN);
	assert_ptr_equal(vga.vram, slot.hva);
	/* another CPU's access that was under way */
	assert_int_equal(0x5a, get(LFB + 5, 1));
	assert_int_equal(1, slot.calls);
	/* moved, switched off, on again, reset: each time from anew */
	pci_rig_put(&rig, SLOT, 0, 0x10, 4, 0xc0000000);
	assert_true(slot.gpa == 0);
	assert_int_equal(0x5a, get(0xc0000005, 1));
	assert_true(slot.gpa == 0xc0000000);
	pci_rig_put(&rig, SLOT, 0, 4, 2, 1);
	assert_true(slot.gpa == 0);
	pci_rig_put(&rig, SLOT, 0, 4, 2, 3);
	assert_true(slot.gpa == 0);
	get(0xc0000000, 4);
	assert_true(slot.gpa == 0xc0000000);
	pci_bus_reset(&rig.bus);
	assert_true(slot.gpa == 0);
	start();
	get(LFB, 8);
	assert_true(slot.gpa == LFB);
}

static void framebuffer_without_memory(void **state)
{
	(void)state;
	slot.refuse = -EEXIST;
	start();
	put(LFB + 5, 4, 0x44332211);
	assert_true(slot.gpa == 0);
	assert_memory_equal("\x11\x22\x33\x44", vga.vram + 5, 4);
	assert_true(get(LFB + 6, 2) == 0x3322);
	put(LFB + VGA_VRAM_LEN - 8, 8, 0x8877665544332211);
	assert_true(get(LFB + VGA_VRAM_LEN - 8, 8) == 0x8877665544332211);
	assert_int_equal(0x88, vga.vram[VGA_VRAM_LEN - 1]);
	assert_int_equal(1, slot.calls);        /* not asked again and again */
	/* elsewhere it may be welcome */
	slot.refuse = 0;
	pci_rig_put(&rig, SLOT, 0, 0x10, 4, 0xc0000000);
	get(0xc0000000, 1);
	assert_true(slot.gpa == 0xc0000000);
}

static void edid(void **state)
{
	uint8_t sum = 0;

	(void)state;
	start();
	assert_true(get(REGS, 8) == 0x00ffffffffffff00);
	for (unsigned i = 0; i < 128; i++)
		sum = (uint8_t)(sum + get(REGS + i, 1));
	assert_int_equal(0, sum);
	assert_int_equal(0, get(REGS + 126, 1));        /* no extension */
	assert_int_equal(0, get(REGS + 128, 4));
	/* the first detailed timing: 1024 x 768 */
	assert_int_equal(1024, get(REGS + 56, 1) | (get(REGS + 58, 1) & 0xf0) << 4);
	assert_int_equal(768, get(REGS + 59, 1) | (get(REGS + 61, 1) & 0xf0) << 4);
	put(REGS + 3, 1, 0);
	assert_int_equal(0xff, get(REGS + 3, 1));
}

/* bochs-drm's way to a mode, through BAR2 alone. */
static void registers(void **state)
{
	static const uint16_t mode[][2] = {
		{ 4, 0 }, { 3, 32 }, { 1, 800 }, { 2, 600 }, { 5, 0 },
		{ 6, 800 }, { 7, 600 }, { 8, 0 }, { 9, 0 }, { 4, 0x41 },
	};
	struct image img = { 0 };

	(void)state;
	start();
	assert_int_equal(0xb0c5, get(REGS + 0x500, 2));
	assert_int_equal(256, get(REGS + 0x514, 2));
	put(REGS + 0x400, 1, 0x20);             /* 3C0: screen on */
	for (unsigned i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		put(REGS + 0x500 + 2u * mode[i][0], 2, mode[i][1]);
	assert_int_equal(0x41, get(REGS + 0x508, 2));
	vga.vram[2] = 0xff;
	assert_int_equal(0, vga_snapshot(&vga, &img));
	assert_int_equal(800, img.w);
	assert_int_equal(600, img.h);
	assert_int_equal(0xff0000, img.px[0]);
	image_fini(&img);
	/* index and data in one word, both ways in */
	put(REGS + 0x404, 2, 0x0f02);
	assert_int_equal(0x0f, vga_port_read(&vga, 0x3c5));
	assert_int_equal(0x0f02, get(REGS + 0x404, 2));
	/* elsewhere: nothing */
	put(REGS + 0x420, 4, 0xffffffff);
	put(REGS + 0x501, 2, 0xffff);
	put(REGS + 0x516, 2, 0xffff);
	put(REGS + 0xff8, 8, 0xffffffffffffffff);
	assert_true(get(REGS + 0xff8, 8) == 0);
	assert_int_equal(0, get(REGS + 0x600, 4));      /* no endian switch */
	assert_int_equal(0xb0c5, get(REGS + 0x500, 2));
}

/* What bochs-drm of Linux 6.12 does to a screen that it finds lit. */
static void takeover(void **state)
{
	static const uint16_t mode[][2] = {
		{ 4, 0 }, { 3, 32 }, { 1, 800 }, { 2, 600 }, { 5, 0 },
		{ 6, 800 }, { 7, 5242 }, { 8, 0 }, { 9, 0 }, { 4, 0x41 },
		/* the picture's place: a line of 800, 600 lines down */
		{ 6, 800 }, { 8, 0 }, { 9, 600 },
	};
	struct image img = { 0 };

	(void)state;
	start();
	vga_light(&vga, 1024, 768);
	memset(vga.vram, 0x55, 4);
	put(REGS + 0x402, 1, 0);                /* a monochrome one, */
	put(REGS + 0x400, 1, 0x11);             /* between index and data */
	put(REGS + 0x402, 1, 1);
	get(REGS + 0x41a, 1);
	put(REGS + 0x400, 1, 0x20);
	assert_int_equal(0x20, get(REGS + 0x400, 1));
	for (unsigned i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		put(REGS + 0x500 + 2u * mode[i][0], 2, mode[i][1]);
	assert_int_equal(0, vga.vram[0]);       /* cleared by the new mode */
	vga.vram[4 * 800 * 600 + 1] = 0xff;
	vga.vram[2 * 4 * 800 * 600 - 4] = 0xff;
	assert_int_equal(0, vga_snapshot(&vga, &img));
	assert_int_equal(800, img.w);
	assert_int_equal(600, img.h);
	assert_int_equal(0x00ff00, img.px[0]);
	assert_int_equal(0x0000ff, img.px[800 * 600 - 1]);
	image_fini(&img);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(identity), T(framebuffer_becomes_memory),
		T(framebuffer_without_memory), T(edid), T(registers),
		T(takeover),
	};

	return cmocka_run_group_tests_name("pci_vga", tests, NULL, NULL);
}
