/*
 * Description: a snapshot shows what a monitor would, and the text of a text
 * screen can be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/display/font.h"
#include "tests/lib/vga_rig.h"

enum { SEQ = 0x3c4, GFX = 0x3ce, CRTC = 0x3d4, A = 0xa0000, B = 0xb8000 };
enum { BLACK = 0, GREY = 0xaaaaaa, WHITE = 0xffffff, BLUE = 0x0000aa,
       RED = 0xaa0000, YELLOW = 0xffff55, BROWN = 0xaa5500 };

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

/* A cell of 9x16 (or 8 wide) shows a character of our font in two colours. */
static void check_cell(struct vga_rig *r, unsigned col, unsigned row,
		       unsigned width, uint8_t c, uint32_t fore, uint32_t back)
{
	unsigned height;
	const uint8_t *rows = font_rows(FONT_8X16, &height);

	for (unsigned y = 0; y < 16; y++)
		for (unsigned x = 0; x < width; x++) {
			bool on = x < 8 ? rows[16 * c + y] >> (7 - x) & 1
					: c >= 0xc0 && c <= 0xdf &&
					  rows[16 * c + y] & 1;

			assert_int_equal(on ? fore : back,
					 vga_rig_dot(r, col * width + x,
						     row * 16 + y));
		}
}

static void text(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_print(r, 0, 0, "Ag", 0x07);
	vga_rig_print(r, 78, 24, "\xc4\xb3", 0x1e);
	vga_rig_print(r, 3, 1, "\xdb", 0x46);
	vga_rig_look(r);
	assert_int_equal(720, r->img.w);
	assert_int_equal(400, r->img.h);
	check_cell(r, 0, 0, 9, 'A', GREY, BLACK);
	check_cell(r, 1, 0, 9, 'g', GREY, BLACK);
	check_cell(r, 78, 24, 9, 0xc4, YELLOW, BLUE);
	check_cell(r, 79, 24, 9, 0xb3, YELLOW, BLUE);
	check_cell(r, 3, 1, 9, 0xdb, BROWN, RED);
	check_cell(r, 40, 12, 9, ' ', GREY, BLACK);
}

static void eight_dots(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_set(r, SEQ, 1, 0x01);
	vga_rig_print(r, 79, 0, "W", 0x0f);
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	check_cell(r, 79, 0, 8, 'W', WHITE, BLACK);
}

static void forty_columns(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_set(r, SEQ, 1, 0x08);
	vga_rig_set(r, CRTC, 0x11, 0);
	vga_rig_set(r, CRTC, 1, 39);
	vga_rig_set(r, CRTC, 0x13, 20);
	vga_rig_poke(r, B + 80, 0xdb);          /* row 1, column 0 */
	vga_rig_look(r);
	assert_int_equal(720, r->img.w);
	assert_int_equal(GREY, vga_rig_dot(r, 0, 16));
	assert_int_equal(GREY, vga_rig_dot(r, 17, 31));
	assert_int_equal(BLACK, vga_rig_dot(r, 18, 16));
}

static void blinking_takes_a_bit(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_print(r, 0, 0, " ", 0x90);      /* blinking on blue */
	vga_rig_look(r);
	assert_int_equal(BLUE, vga_rig_dot(r, 4, 4));
	vga_rig_attr(r, 0x10, 0x04);            /* bright backgrounds */
	vga_rig_look(r);
	assert_int_equal(0x5555ff, vga_rig_dot(r, 4, 4));
}

static void cursor(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_set(r, CRTC, 0x0a, 0x0d);
	vga_rig_set(r, CRTC, 0x0e, 0x00);
	vga_rig_set(r, CRTC, 0x0f, 82);         /* row 1, column 2 */
	vga_rig_look(r);
	for (unsigned y = 0; y < 16; y++)
		for (unsigned x = 0; x < 9; x++)
			assert_int_equal(y == 13 || y == 14 ? GREY : BLACK,
					 vga_rig_dot(r, 18 + x, 16 + y));
	vga_rig_set(r, CRTC, 0x0a, 0x2d);       /* off */
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 18, 29));
}

static void underline_in_monochrome(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x07);
	vga_rig_text_ready(r);
	vga_rig_set(r, 0x3b4, 0x14, 0x0d);
	vga_rig_poke(r, 0xb0000, 'x');
	vga_rig_poke(r, 0xb0001, 0x01);
	vga_rig_look(r);
	for (unsigned x = 0; x < 9; x++)
		assert_true(vga_rig_dot(r, x, 13) != BLACK);
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 14));
}

static void put_font_byte(struct vga_rig *r, unsigned block_at, uint8_t c,
			  unsigned y, uint8_t bits)
{
	vga_rig_set(r, SEQ, 2, 0x04);
	vga_rig_set(r, SEQ, 4, 0x06);
	vga_rig_set(r, GFX, 5, 0x00);
	vga_rig_set(r, GFX, 6, 0x05);
	vga_rig_poke(r, A + block_at + 32u * c + y, bits);
	vga_rig_set(r, SEQ, 2, 0x03);
	vga_rig_set(r, SEQ, 4, 0x02);
	vga_rig_set(r, GFX, 5, 0x10);
	vga_rig_set(r, GFX, 6, 0x0e);
}

static void loaded_fonts_are_shown(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	put_font_byte(r, 0, 'Q', 3, 0x81);
	vga_rig_print(r, 0, 0, "Q", 0x07);
	vga_rig_look(r);
	for (unsigned x = 0; x < 9; x++)
		assert_int_equal(x == 0 || x == 7 ? GREY : BLACK,
				 vga_rig_dot(r, x, 3));
	/* 512 characters: bit 3 of the attribute chooses block 5, at 6000 */
	put_font_byte(r, 0x6000, 'Q', 3, 0x18);
	vga_rig_set(r, SEQ, 3, 0x24);
	vga_rig_print(r, 1, 0, "Q", 0x0f);
	vga_rig_look(r);
	assert_int_equal(GREY, vga_rig_dot(r, 0, 3));
	assert_int_equal(BLACK, vga_rig_dot(r, 9, 3));
	assert_int_equal(WHITE, vga_rig_dot(r, 9 + 3, 3));
}

static void start_offset_split_and_pan(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_print(r, 0, 0, "\xdb", 0x01);
	vga_rig_print(r, 0, 2, "\xdb", 0x04);
	vga_rig_set(r, CRTC, 0x0d, 160);        /* two rows down */
	vga_rig_look(r);
	assert_int_equal(RED, vga_rig_dot(r, 0, 0));
	vga_rig_set(r, CRTC, 8, 5);             /* smooth: five lines more */
	vga_rig_look(r);
	assert_int_equal(RED, vga_rig_dot(r, 0, 10));
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 11));
	vga_rig_set(r, CRTC, 8, 0);
	/* from line 100 on, address 0; maximum scan line holds bit 9 */
	vga_rig_set(r, CRTC, 0x18, 99);
	vga_rig_set(r, CRTC, 9, 0x0f);
	vga_rig_set(r, CRTC, 0x11, 0);
	vga_rig_set(r, CRTC, 7, 0x0f);
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 99));
	assert_int_equal(BLUE, vga_rig_dot(r, 0, 100));
	assert_int_equal(BLUE, vga_rig_dot(r, 0, 115));
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 116));
	vga_rig_attr(r, 0x13, 2);               /* 9 dots: by 3 */
	vga_rig_look(r);
	assert_int_equal(RED, vga_rig_dot(r, 5, 0));
	assert_int_equal(BLACK, vga_rig_dot(r, 6, 0));
	assert_int_equal(BLACK, vga_rig_dot(r, 6, 100));
	vga_rig_attr(r, 0x10, 0x2c);            /* the lower part stays */
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 6, 0));
	assert_int_equal(BLUE, vga_rig_dot(r, 8, 100));
}

static void planar_640x480(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x12);
	for (uint8_t colour = 0; colour < 16; colour++) {
		vga_rig_set(r, GFX, 5, 0x02);
		vga_rig_set(r, GFX, 8, (uint8_t)(0x80 >> (colour & 7)));
		vga_rig_peek(r, A + 80 * 479 + colour / 8);
		vga_rig_poke(r, A + 80 * 479 + colour / 8, colour);
	}
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	assert_int_equal(480, r->img.h);
	for (unsigned i = 0; i < 16; i++) {
		static const uint32_t want[16] = {
			0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000,
			0xaa00aa, 0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff,
			0x55ff55, 0x55ffff, 0xff5555, 0xff55ff, 0xffff55,
			0xffffff,
		};

		assert_int_equal(want[i], vga_rig_dot(r, i, 479));
	}
	assert_int_equal(0, vga_rig_dot(r, 16, 479));
	assert_int_equal(0, vga_rig_dot(r, 0, 478));
	/* planes may be left out, palettes shifted, colours masked */
	vga_rig_attr(r, 0x12, 0x07);
	vga_rig_look(r);
	assert_int_equal(BLUE, vga_rig_dot(r, 9, 479));
	vga_rig_attr(r, 0x12, 0x0f);
	vga_rig_attr(r, 0x10, 0x81);
	vga_rig_attr(r, 0x14, 0x02);            /* 20-2F of the DAC */
	vga_rig_look(r);
	assert_int_equal(0x550000, vga_rig_dot(r, 0, 479));
	outb(&r->pio, 0x3c6, 0x01);
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 479));
	assert_int_equal(BLUE, vga_rig_dot(r, 1, 479));
}

static void planar_320x200_doubled(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x0d);
	vga_rig_poke(r, A + 40 * 199 + 39, 0x01);
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	assert_int_equal(400, r->img.h);
	for (unsigned y = 396; y < 400; y++)
		for (unsigned x = 636; x < 640; x++)
			assert_int_equal(x >= 638 && y >= 398 ? WHITE : BLACK,
					 vga_rig_dot(r, x, y));
}

static void packed_320x200(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x13);
	vga_rig_poke(r, A + 320 * 100 + 319, 0x3f);
	vga_rig_poke(r, A + 320 * 199, 0x04);
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	assert_int_equal(400, r->img.h);
	assert_int_equal(WHITE, vga_rig_dot(r, 638, 200));
	assert_int_equal(WHITE, vga_rig_dot(r, 639, 201));
	assert_int_equal(BLACK, vga_rig_dot(r, 637, 200));
	assert_int_equal(BLACK, vga_rig_dot(r, 638, 202));
	assert_int_equal(RED, vga_rig_dot(r, 1, 399));
	assert_int_equal(BLACK, vga_rig_dot(r, 2, 399));
}

/* The 320x240 mode X: chain 4 off, byte addresses, 480 lines in pairs. */
static void unchained_320x240(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x13);
	outb(&r->pio, 0x3c2, 0xe3);
	vga_rig_set(r, SEQ, 4, 0x06);
	vga_rig_set(r, CRTC, 0x11, 0x2c);
	vga_rig_set(r, CRTC, 0x06, 0x0d);
	vga_rig_set(r, CRTC, 0x07, 0x3e);
	vga_rig_set(r, CRTC, 0x09, 0x41);
	vga_rig_set(r, CRTC, 0x10, 0xea);
	vga_rig_set(r, CRTC, 0x12, 0xdf);
	vga_rig_set(r, CRTC, 0x14, 0x00);
	vga_rig_set(r, CRTC, 0x15, 0xe7);
	vga_rig_set(r, CRTC, 0x16, 0x06);
	vga_rig_set(r, CRTC, 0x17, 0xe3);
	vga_rig_set(r, SEQ, 2, 0x02);           /* x = 1, 5, 9 ... */
	vga_rig_poke(r, A + 80 * 239 + 2, 0x01);
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	assert_int_equal(480, r->img.h);
	assert_int_equal(BLUE, vga_rig_dot(r, 2 * 9, 478));
	assert_int_equal(BLUE, vga_rig_dot(r, 2 * 9 + 1, 479));
	assert_int_equal(BLACK, vga_rig_dot(r, 2 * 8, 478));
	assert_int_equal(BLACK, vga_rig_dot(r, 2 * 9, 477));
	/* a page flip shows what lay behind */
	vga_rig_set(r, CRTC, 0x0c, (80 * 239) >> 8);
	vga_rig_set(r, CRTC, 0x0d, (80 * 239) & 0xff);
	vga_rig_look(r);
	assert_int_equal(BLUE, vga_rig_dot(r, 18, 0));
}

static void cga_320x200(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x04);
	vga_rig_poke(r, B, 0x1b);               /* line 0: 0 1 2 3 */
	vga_rig_poke(r, B + 1, 0xe4);           /* 3 2 1 0 */
	vga_rig_poke(r, B + 0x2000, 0xc0);      /* line 1: 3 0 0 0 */
	vga_rig_look(r);
	assert_int_equal(640, r->img.w);
	assert_int_equal(400, r->img.h);
	for (unsigned x = 0; x < 16; x++) {
		/* palette 1: cyan, magenta, white, bright */
		static const uint32_t want[8] = {
			0, 0x55ffff, 0xff55ff, WHITE, WHITE, 0xff55ff,
			0x55ffff, 0,
		};
		uint32_t dac = want[x / 2];

		assert_int_equal(dac, vga_rig_dot(r, x, 0));
		assert_int_equal(dac, vga_rig_dot(r, x, 1));
		assert_int_equal(x < 2 ? WHITE : 0, vga_rig_dot(r, x, 2));
	}
}

static void dark_screens(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_look(r);                        /* nobody has set a mode */
	assert_int_equal(720, r->img.w);
	assert_int_equal(400, r->img.h);
	assert_int_equal(BLACK, vga_rig_dot(r, 100, 100));
	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_print(r, 0, 0, "\xdb", 0x07);
	vga_rig_look(r);
	assert_int_equal(GREY, vga_rig_dot(r, 0, 0));
	vga_rig_set(r, SEQ, 1, 0x20);
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 0));
	vga_rig_set(r, SEQ, 1, 0x00);
	inb(&r->pio, 0x3da);
	outb(&r->pio, 0x3c0, 0x00);
	vga_rig_look(r);
	assert_int_equal(BLACK, vga_rig_dot(r, 0, 0));
}

static void text_can_be_read(void **state)
{
	struct vga_rig *r = *state;
	const char *line;
	char *text;
	unsigned lines = 0;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	vga_rig_print(r, 2, 0, "GNU GRUB", 0x07);
	vga_rig_print(r, 0, 1, "\xc9\xcd\xbb \x81 \xff\x00", 0x07);
	vga_rig_print(r, 79, 24, "$", 0x07);
	assert_int_equal(0, vga_text(&r->vga, &text));
	line = "  GNU GRUB\n╔═╗ ü\n\n";
	assert_int_equal(0, strncmp(text, line, strlen(line)));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(25, lines);
	assert_string_equal("$\n", text + strlen(text) - 2);
	free(text);
	vga_rig_set(r, CRTC, 0x0d, 80);
	assert_int_equal(0, vga_text(&r->vga, &text));
	assert_int_equal(0, strncmp(text, "╔═╗ ü\n", 8));
	free(text);
	vga_rig_mode(r, 0x12);
	assert_int_equal(-ENOTSUP, vga_text(&r->vga, &text));
	vga_rig_mode(r, 0x03);
	vga_rig_dispi_mode(r, 640, 480, 32, 0x41);
	assert_int_equal(-ENOTSUP, vga_text(&r->vga, &text));
}

/* Wide rows of one scan line each: an answer on the control socket holds it. */
static void strange_text_is_short(void **state)
{
	struct vga_rig *r = *state;
	unsigned lines = 0;
	char *text;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	for (uint32_t at = 0xb8000; at < 0xc0000; at += 2)
		vga_rig_poke(r, at, 0xcd);
	vga_rig_set(r, CRTC, 0x11, 0);
	vga_rig_set(r, CRTC, 0x01, 0xff);
	vga_rig_set(r, CRTC, 0x07, 0x42);
	vga_rig_set(r, CRTC, 0x09, 0);
	vga_rig_set(r, CRTC, 0x12, 0xff);
	assert_int_equal(0, vga_text(&r->vga, &text));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(VGA_TEXT_ROWS, lines);
	assert_int_equal(VGA_TEXT_ROWS * (256 * 3 + 1), strlen(text));
	free(text);
	vga_rig_look(r);
	assert_int_equal(1024, r->img.h);
}

/* All 256 characters in many colours: the picture of a text
 * screen is fixed down to the dot. */
static void golden_text_screen(void **state)
{
	struct vga_rig *r = *state;

	vga_rig_mode(r, 0x03);
	vga_rig_text_ready(r);
	for (unsigned i = 0; i < 2000; i++) {
		vga_rig_poke(r, B + 2 * i, (uint8_t)i);
		vga_rig_poke(r, B + 2 * i + 1, (uint8_t)(i * 7 + i / 256));
	}
	vga_rig_look(r);
	assert_true(vga_rig_hash(r) == 0x4e09073cd022e2bd);
}

static void stamps_tell_of_changes(void **state)
{
	struct vga_rig *r = *state;
	unsigned long before;

	vga_rig_mode(r, 0x03);
	before = vga_stamp(&r->vga);
	assert_true(before != 0);
	assert_true(before == vga_stamp(&r->vga));
	inb(&r->pio, 0x3da);
	vga_rig_peek(r, B);
	assert_true(before == vga_stamp(&r->vga));
	vga_rig_poke(r, B, 'x');
	assert_true(before != vga_stamp(&r->vga));
	before = vga_stamp(&r->vga);
	vga_rig_set(r, CRTC, 0x0f, 1);
	assert_true(before != vga_stamp(&r->vga));
	vga_rig_dispi_mode(r, 640, 480, 32, 0x41);
	assert_true(vga_stamp(&r->vga) == 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(text), T(eight_dots), T(forty_columns),
		T(blinking_takes_a_bit), T(cursor), T(underline_in_monochrome),
		T(loaded_fonts_are_shown), T(start_offset_split_and_pan),
		T(planar_640x480), T(planar_320x200_doubled),
		T(packed_320x200), T(unchained_320x240), T(cga_320x200),
		T(dark_screens), T(text_can_be_read), T(strange_text_is_short),
		T(golden_text_screen), T(stamps_tell_of_changes),
	};

	return cmocka_run_group_tests_name("vga_draw", tests, NULL, NULL);
}
