/*
 * Description: the DISPI registers set linear framebuffer modes of every depth,
 * whatever a guest writes there stays inside video memory, and PNG files of the
 * screen are what was on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/display/font.h"
#include "tests/lib/vga_rig.h"

enum { ID, X, Y, BPP, ENABLE, BANK, VIRT_X, VIRT_Y, OFF_X, OFF_Y, MEMORY };
enum { ON = 1, CAPS = 2, DAC8 = 0x20, LFB = 0x40, NO_CLEAR = 0x80 };

static int setup(void **state)
{
	static struct vga_rig r;

	vga_rig_init(&r, false);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	vga_rig_fini(*state);
	return 0;
}

static void is_found(void **state)
{
	struct vga_rig *r = *state;

	assert_int_equal(0xb0c5, vga_rig_dispi_get(r, ID));
	for (uint16_t id = 0xb0c0; id <= 0xb0c5; id++) {
		vga_rig_dispi(r, ID, id);
		assert_int_equal(id, vga_rig_dispi_get(r, ID));
	}
	vga_rig_dispi(r, ID, 0xb0c6);
	vga_rig_dispi(r, ID, 0x1234);
	assert_int_equal(0xb0c5, vga_rig_dispi_get(r, ID));
	assert_int_equal(256, vga_rig_dispi_get(r, MEMORY));
	vga_rig_dispi(r, MEMORY, 1);
	assert_int_equal(256, vga_rig_dispi_get(r, MEMORY));
	vga_rig_dispi(r, ENABLE, CAPS);
	assert_int_equal(2560, vga_rig_dispi_get(r, X));
	assert_int_equal(1600, vga_rig_dispi_get(r, Y));
	assert_int_equal(32, vga_rig_dispi_get(r, BPP));
	vga_rig_dispi(r, ENABLE, 0);
	assert_int_equal(0, vga_rig_dispi_get(r, X));
	assert_int_equal(0, vga_rig_dispi_get(r, MEMORY + 1));
	/* data at 1D0 too; bytes go nowhere */
	port_out(&r->pio, 0x1ce, 2, X);
	port_out(&r->pio, 0x1d0, 2, 800);
	assert_int_equal(800, port_in(&r->pio, 0x1d0, 2));
	assert_int_equal(X, port_in(&r->pio, 0x1ce, 2));
	outb(&r->pio, 0x1cf, 7);
	assert_int_equal(0xff, inb(&r->pio, 0x1cf));
	assert_int_equal(800, vga_rig_dispi_get(r, X));
}

/* A dot at the right end of the last line, in the mode's own bytes. */
static void depth(struct vga_rig *r, unsigned bpp, const char *bytes,
		  unsigned len, uint32_t want)
{
	uint32_t pitch = 1024 * ((bpp + 7) / 8);

	vga_rig_dispi_mode(r, 1024, 768, bpp, ON | LFB);
	assert_int_equal(ON | LFB, vga_rig_dispi_get(r, ENABLE));
	memcpy(r->vga.vram + 768 * pitch - len, bytes, len);
	vga_rig_look(r);
	assert_int_equal(1024, r->img.w);
	assert_int_equal(768, r->img.h);
	assert_int_equal(want, vga_rig_dot(r, 1023, 767));
	assert_int_equal(0, vga_rig_dot(r, 1022, 767));
	assert_int_equal(0, vga_rig_dot(r, 0, 767));
}

static void depths(void **state)
{
	struct vga_rig *r = *state;

	outb(&r->pio, 0x3c8, 0x9c);
	outb(&r->pio, 0x3c9, 0x3f);
	outb(&r->pio, 0x3c9, 0x20);
	outb(&r->pio, 0x3c9, 0x01);
	depth(r, 8, "\x9c", 1, 0xff8204);
	depth(r, 15, "\x01\x7e", 2, 0xff8408);
	depth(r, 16, "\x01\xfc", 2, 0xff8208);
	depth(r, 24, "\x03\x02\x01", 3, 0x010203);
	depth(r, 32, "\x03\x02\x01\xff", 4, 0x010203);
}

static void four_bits_in_planes(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	vga_rig_dispi_mode(r, 1280, 1024, 4, ON);
	vga_rig_set(r, 0x3c4, 2, 0x0c);
	vga_rig_dispi(r, BANK, 2);              /* 160 * 1023 + 159 */
	vga_rig_poke(r, 0xa0000 + 0x7fff, 0x01);
	vga_rig_look(r);
	assert_int_equal(1280, r->img.w);
	assert_int_equal(0xff5555, vga_rig_dot(r, 1279, 1023));
	assert_int_equal(0, vga_rig_dot(r, 1278, 1023));
}

static void eight_bit_dac(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_dispi_mode(r, 640, 480, 8, ON | LFB | DAC8);
	outb(&r->pio, 0x3c8, 1);
	outb(&r->pio, 0x3c9, 0x12);
	outb(&r->pio, 0x3c9, 0x34);
	outb(&r->pio, 0x3c9, 0xab);
	r->vga.vram[0] = 1;
	vga_rig_look(r);
	assert_int_equal(0x1234ab, vga_rig_dot(r, 0, 0));
}

static void virtual_screen(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_dispi_mode(r, 800, 600, 32, ON | LFB);
	assert_int_equal(800, vga_rig_dispi_get(r, VIRT_X));
	assert_int_equal((16 << 20) / 3200, vga_rig_dispi_get(r, VIRT_Y));
	vga_rig_dispi(r, VIRT_X, 1024);
	assert_int_equal(1024, vga_rig_dispi_get(r, VIRT_X));
	assert_int_equal(4096, vga_rig_dispi_get(r, VIRT_Y));
	vga_rig_dispi(r, OFF_X, 3);
	vga_rig_dispi(r, OFF_Y, 2);
	memcpy(r->vga.vram + 4096 * 2 + 4 * 3, "\x11\x22\x33", 3);
	memcpy(r->vga.vram + 4096 * 601 + 4 * 802, "\x44\x55\x66", 3);
	vga_rig_look(r);
	assert_int_equal(800, r->img.w);
	assert_int_equal(0x332211, vga_rig_dot(r, 0, 0));
	assert_int_equal(0x665544, vga_rig_dot(r, 799, 599));
	/* narrower than the screen, or too wide for the memory: no */
	vga_rig_dispi(r, VIRT_X, 799);
	vga_rig_dispi(r, VIRT_X, 7000);
	assert_int_equal(1024, vga_rig_dispi_get(r, VIRT_X));
	/* past the end there is nothing to see */
	memset(r->vga.vram, 0xff, VGA_VRAM_LEN);
	vga_rig_dispi(r, OFF_X, 0);
	vga_rig_dispi(r, OFF_Y, 4000);
	vga_rig_look(r);
	assert_int_equal(0xffffff, vga_rig_dot(r, 799, 95));
	assert_int_equal(0, vga_rig_dot(r, 0, 96));
	vga_rig_dispi(r, OFF_Y, 0xffff);
	vga_rig_dispi(r, OFF_X, 0xffff);
	vga_rig_look(r);
	assert_int_equal(0, vga_rig_dot(r, 0, 0));
	/* a new mode starts at its own origin */
	vga_rig_dispi_mode(r, 640, 480, 32, ON | LFB);
	assert_int_equal(0, vga_rig_dispi_get(r, OFF_X));
	assert_int_equal(640, vga_rig_dispi_get(r, VIRT_X));
}

static void clears_on_request(void **state)
{
	struct vga_rig *r = *state;
	const uint32_t end = 640 * 480 * 2;

	memset(r->vga.vram, 0x55, VGA_VRAM_LEN);
	vga_rig_dispi_mode(r, 640, 480, 16, ON | LFB | NO_CLEAR);
	assert_int_equal(0x55, r->vga.vram[0]);
	vga_rig_dispi(r, ENABLE, ON | LFB);     /* was on: no new start */
	assert_int_equal(0x55, r->vga.vram[0]);
	vga_rig_dispi_mode(r, 640, 480, 16, ON | LFB);
	assert_int_equal(0, r->vga.vram[0]);
	assert_int_equal(0, r->vga.vram[end - 1]);
	assert_int_equal(0x55, r->vga.vram[end]);
}

static void impossible_modes_stay_off(void **state)
{
	static const uint16_t bad[][3] = {
		{ 0, 480, 32 }, { 640, 0, 32 }, { 2561, 480, 8 },
		{ 640, 1601, 8 }, { 0xffff, 0xffff, 32 }, { 640, 480, 1 },
		{ 640, 480, 12 }, { 640, 480, 33 }, { 640, 480, 0xffff },
		{ 644, 480, 4 },
	};
	struct vga_rig *r = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vga_rig_dispi_mode(r, bad[i][0], bad[i][1], bad[i][2],
				   ON | LFB);
		assert_int_equal(LFB, vga_rig_dispi_get(r, ENABLE));
	}
	vga_rig_dispi_mode(r, 640, 480, 0, ON | LFB);
	assert_int_equal(ON | LFB, vga_rig_dispi_get(r, ENABLE));
	assert_int_equal(8, vga_rig_dispi_get(r, BPP));
	vga_rig_dispi_mode(r, 2560, 1600, 32, ON | LFB);
	assert_int_equal(ON | LFB, vga_rig_dispi_get(r, ENABLE));
	vga_rig_dispi_mode(r, 1366, 768, 32, ON | LFB);
	vga_rig_look(r);
	assert_int_equal(1366, r->img.w);
}

static void shown_modes_change_to_valid_ones(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_dispi_mode(r, 1024, 768, 32, ON | LFB);
	vga_rig_dispi(r, X, 0);
	vga_rig_dispi(r, Y, 5000);
	vga_rig_dispi(r, BPP, 7);
	assert_int_equal(1024, vga_rig_dispi_get(r, X));
	assert_int_equal(768, vga_rig_dispi_get(r, Y));
	assert_int_equal(32, vga_rig_dispi_get(r, BPP));
	vga_rig_dispi(r, X, 1280);
	assert_int_equal(1280, vga_rig_dispi_get(r, VIRT_X));
	vga_rig_dispi(r, BPP, 16);
	vga_rig_look(r);
	assert_int_equal(1280, r->img.w);
	assert_int_equal((16 << 20) / 2560, vga_rig_dispi_get(r, VIRT_Y));
}

/* ---- what is only ours ---------------------------------------------------------- */

static void extras(void **state)
{
	struct vga_rig *r = *state;
	const uint8_t *v = r->vga.vram, *rows;
	unsigned height;

	assert_int_equal(VGA_X_MAGIC, vga_rig_dispi_get(r, VGA_X_ID));
	memset(r->vga.vram, 0x55, VGA_VRAM_LEN);
	vga_rig_dispi(r, VGA_X_FILL, 0x0720);
	for (unsigned i = 0; i < 0x10000; i++) {
		static const uint8_t want[4] = { 0x20, 0x07, 0x55, 0x55 };

		assert_memory_equal(want, v + 4 * i, 4);
	}
	vga_rig_dispi(r, VGA_X_CLEAR, 0);
	for (unsigned i = 0; i < 0x40000; i++)
		assert_int_equal(0, v[i]);
	assert_int_equal(0x55, v[0x40000]);
	for (uint16_t font = 0; font < FONTS; font++) {
		static const uint16_t at[8] = {
			0x0000, 0x4000, 0x8000, 0xc000,
			0x2000, 0x6000, 0xa000, 0xe000,
		};
		uint16_t block = font * 3 + 1;

		rows = font_rows(font, &height);
		vga_rig_dispi(r, VGA_X_FONT, (uint16_t)(font << 8 | block));
		for (unsigned c = 0; c < 256; c++)
			for (unsigned y = 0; y < 32; y++)
				assert_int_equal(y < height
						 ? rows[c * height + y] : 0,
						 v[4 * (at[block] + 32 * c + y)
						   + 2]);
	}
	/* no such font */
	memset(r->vga.vram, 0x55, 0x40000);
	vga_rig_dispi(r, VGA_X_FONT, FONTS << 8);
	vga_rig_dispi(r, VGA_X_FONT, 0xff00);
	vga_rig_dispi(r, 0xae05, 0xff00);
	vga_rig_dispi(r, 0xffff, 0xff00);
	for (unsigned i = 0; i < 0x40000; i++)
		assert_int_equal(0x55, v[i]);
}

/* The colours as an IBM VGA's BIOS leaves them, some of each set, and the ports
 * as after writing all 64. */
static void extra_colours(void **state)
{
	static const struct {
		uint16_t set;
		uint8_t entry, colour[3];
	} want[] = {
		{ VGA_X_DAC_MONO, 0x00, { 0x00, 0x00, 0x00 } },
		{ VGA_X_DAC_MONO, 0x07, { 0x00, 0x00, 0x00 } },
		{ VGA_X_DAC_MONO, 0x08, { 0x2a, 0x2a, 0x2a } },
		{ VGA_X_DAC_MONO, 0x17, { 0x2a, 0x2a, 0x2a } },
		{ VGA_X_DAC_MONO, 0x3f, { 0x3f, 0x3f, 0x3f } },
		{ VGA_X_DAC_CGA, 0x01, { 0x00, 0x00, 0x2a } },
		{ VGA_X_DAC_CGA, 0x06, { 0x2a, 0x15, 0x00 } },
		{ VGA_X_DAC_CGA, 0x14, { 0x3f, 0x15, 0x15 } },
		{ VGA_X_DAC_CGA, 0x16, { 0x3f, 0x3f, 0x15 } },
		{ VGA_X_DAC_CGA, 0x26, { 0x2a, 0x15, 0x00 } },
		{ VGA_X_DAC_EGA, 0x06, { 0x2a, 0x2a, 0x00 } },
		{ VGA_X_DAC_EGA, 0x08, { 0x00, 0x00, 0x15 } },
		{ VGA_X_DAC_EGA, 0x14, { 0x2a, 0x15, 0x00 } },
		{ VGA_X_DAC_EGA, 0x24, { 0x3f, 0x00, 0x00 } },
		{ VGA_X_DAC_EGA, 0x3f, { 0x3f, 0x3f, 0x3f } },
	};
	struct vga_rig *r = *state;
	struct vga_hw before;

	memset(r->vga.hw.dac, 0x11, sizeof(r->vga.hw.dac));
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		vga_rig_dispi(r, VGA_X_DAC, want[i].set);
		assert_memory_equal(want[i].colour,
				    r->vga.hw.dac[want[i].entry], 3);
		assert_int_equal(64, vga_port_read(&r->vga, 0x3c8));
		assert_int_equal(0x11, r->vga.hw.dac[64][0]);
	}
	/* no such set */
	before = r->vga.hw;
	vga_rig_dispi(r, VGA_X_DAC, VGA_X_DAC_EGA + 1);
	vga_rig_dispi(r, VGA_X_DAC, 0xffff);
	assert_memory_equal(&before, &r->vga.hw, sizeof(before));
}

/* ---- files ------------------------------------------------------------------------ */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void png(void **state)
{
	struct vga_rig *r = *state;
	char path[] = "/tmp/vga-png-XXXXXX";
	uint8_t head[33];
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	vga_rig_dispi_mode(r, 640, 480, 32, ON | LFB);
	vga_rig_look(r);
	err = image_write(&r->img, path, IMAGE_PNG);
#ifdef HAVE_LIBPNG
	assert_int_equal(0, err);
	assert_int_equal(33, read(fd, head, 33));
	assert_memory_equal("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", head, 16);
	assert_int_equal(640, be32(head + 16));
	assert_int_equal(480, be32(head + 20));
	assert_memory_equal("\x08\x02\0\0\0", head + 24, 5);
	assert_int_equal(-ENOSPC, image_write(&r->img, "/dev/full", IMAGE_PNG));
#else
	(void)head;
	(void)be32;
	assert_int_equal(-ENOSYS, err);
#endif
	close(fd);
	unlink(path);
}

static void ppm(void **state)
{
	static const uint8_t want[] = "P6\n8 1\n255\n\x12\x34\x56";
	struct vga_rig *r = *state;
	char path[] = "/tmp/vga-ppm-XXXXXX";
	uint8_t got[64] = { 0 };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	vga_rig_dispi_mode(r, 8, 1, 32, ON | LFB);
	vga_lfb_write(&r->vga, 0, 4, 0x123456);
	vga_rig_look(r);
	assert_int_equal(0, image_write(&r->img, path, IMAGE_PPM));
	assert_int_equal(sizeof(want) - 4 + 24, read(fd, got, sizeof(got)));
	assert_memory_equal(want, got, sizeof(want) - 1);
	close(fd);
	assert_int_equal(-ENOENT,
			 image_write(&r->img, "/nowhere/x.ppm", IMAGE_PPM));
	/* a full disk leaves no half picture behind, and no device is lost */
	assert_int_equal(-ENOSPC, image_write(&r->img, "/dev/full", IMAGE_PPM));
	assert_int_equal(0, access("/dev/full", F_OK));
	/* a pipe that nobody reads is not waited for */
	unlink(path);
	assert_int_equal(0, mkfifo(path, 0600));
	assert_int_equal(-ENXIO, image_write(&r->img, path, IMAGE_PPM));
	unlink(path);
}

/* Nor does a disk in use become a picture, also where this program uses it. */
static void not_over_a_locked_file(void **state)
{
	struct flock disk = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct vga_rig *r = *state;
	char path[] = "/tmp/vga-disk-XXXXXX", got[9] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(8, write(fd, "precious", 8));
	assert_int_equal(0, fcntl(fd, F_OFD_SETLK, &disk));
	vga_rig_dispi_mode(r, 8, 1, 32, ON | LFB);
	vga_rig_look(r);
	assert_int_equal(-EBUSY, image_write(&r->img, path, IMAGE_PPM));
	assert_int_equal(8, pread(fd, got, 8, 0));
	assert_string_equal("precious", got);
	disk.l_type = F_UNLCK;
	assert_int_equal(0, fcntl(fd, F_OFD_SETLK, &disk));
	assert_int_equal(0, image_write(&r->img, path, IMAGE_PPM));
	close(fd);
	unlink(path);
}

static void blanks(void **state)
{
	struct vga_rig *r = *state;

	for (unsigned bpp = 4; bpp <= 32; bpp += 28) {
		vga_rig_dispi_mode(r, 640, 480, (uint16_t)bpp, ON | LFB);
		memset(r->vga.vram, 0xff, VGA_VRAM_LEN);
		for (unsigned i = 0; i < 16; i++)
			vga_rig_attr(r, (uint8_t)i, 0x3f);
		memset(r->vga.hw.dac, 0x3f, sizeof(r->vga.hw.dac));
		vga_rig_screen(r, true);
		vga_rig_look(r);
		assert_int_equal(0xffffff, vga_rig_dot(r, 639, 479));
		vga_rig_screen(r, false);
		vga_rig_look(r);
		assert_int_equal(640, r->img.w);
		assert_int_equal(480, r->img.h);
		assert_int_equal(0, vga_rig_dot(r, 0, 0));
		assert_int_equal(0, vga_rig_dot(r, 639, 479));
		/* What was there comes back. */
		vga_rig_screen(r, true);
		vga_rig_look(r);
		assert_int_equal(0xffffff, vga_rig_dot(r, 0, 0));
	}
}

static void lit_by_the_machine(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 3);
	vga_lfb_write(&r->vga, 4 * (1024 * 767 + 1023), 4, 0xabcdef);
	vga_reset(&r->vga);
	vga_light(&r->vga, 1024, 768);
	vga_rig_look(r);
	assert_int_equal(1024, r->img.w);
	assert_int_equal(768, r->img.h);
	/* what memory has is kept */
	assert_int_equal(0xabcdef, vga_rig_dot(r, 1023, 767));
	vga_light(&r->vga, 640, 480);
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(is_found), T(depths), T(four_bits_in_planes),
		T(eight_bit_dac), T(virtual_screen), T(clears_on_request),
		T(impossible_modes_stay_off),
		T(shown_modes_change_to_valid_ones), T(extras),
		T(extra_colours), T(png),
		T(ppm), T(not_over_a_locked_file), T(lit_by_the_machine),
		T(blanks),
	};

	return cmocka_run_group_tests_name("vga_vbe", tests, NULL, NULL);
}
