/* What the files of the VGA share. All of it expects vga->lock. */
#ifndef DEVICES_DISPLAY_VGA_INT_H
#define DEVICES_DISPLAY_VGA_INT_H

#include <string.h>

#include "devices/display/vga.h"

#define VGA_PLANES_LEN 0x40000u         /* 4 planes of 64 KiB, interleaved */
#define VGA_TEXT_LEN 0x8000u            /* B8000-BFFFF */

enum { MISC_COLOUR = 0x01 };
enum { SEQ_CLOCK = 1, SEQ_MAP_MASK = 2, SEQ_FONT = 3, SEQ_MODE = 4 };
enum { CLOCK_8_DOTS = 0x01, CLOCK_HALF = 0x08, CLOCK_OFF = 0x20 };
enum { SEQ_SEQUENTIAL = 0x04, SEQ_CHAIN4 = 0x08 };
enum {
	GFX_SET_RESET, GFX_ENABLE_SR, GFX_COMPARE, GFX_ROTATE, GFX_READ_MAP,
	GFX_MODE, GFX_MISC, GFX_DONT_CARE, GFX_BIT_MASK,
};
enum { MODE_READ1 = 0x08, MODE_ODD_EVEN = 0x10, MODE_SHIFT2 = 0x20,
       MODE_SHIFT256 = 0x40 };
enum { MISC_GRAPHICS = 0x01 };
enum {
	CRTC_H_END = 0x01, CRTC_V_TOTAL = 0x06, CRTC_OVERFLOW = 0x07,
	CRTC_PRESET = 0x08, CRTC_MAX_SCAN = 0x09, CRTC_CURSOR_START = 0x0a,
	CRTC_CURSOR_END = 0x0b, CRTC_START_HI = 0x0c, CRTC_START_LO = 0x0d,
	CRTC_CURSOR_HI = 0x0e, CRTC_CURSOR_LO = 0x0f, CRTC_V_SYNC = 0x10,
	CRTC_V_SYNC_END = 0x11, CRTC_V_END = 0x12, CRTC_OFFSET = 0x13,
	CRTC_UNDERLINE = 0x14, CRTC_MODE = 0x17, CRTC_SPLIT = 0x18,
};
enum { ATTR_MODE = 0x10, ATTR_PLANES = 0x12, ATTR_PAN = 0x13,
       ATTR_SELECT = 0x14 };
enum { ATTR_MONO = 0x02, ATTR_LINES = 0x04, ATTR_BLINK = 0x08,
       ATTR_PAN_TOP = 0x20, ATTR_P54 = 0x80 };
#define ATTR_SCREEN_ON 0x20             /* in the index at 3C0 */

enum {
	DISPI_ID, DISPI_X, DISPI_Y, DISPI_BPP, DISPI_ENABLE, DISPI_BANK,
	DISPI_VIRT_X, DISPI_VIRT_Y, DISPI_OFF_X, DISPI_OFF_Y, DISPI_MEMORY,
};
enum { DISPI_ON = 0x01, DISPI_CAPS = 0x02, DISPI_DAC8 = 0x20, DISPI_LFB = 0x40,
       DISPI_NO_CLEAR = 0x80 };

/* ---- vga_regs.c ------------------------------------------------------------ */

void vga_regs_reset(struct vga *);
uint8_t vga_reg_read(struct vga *, uint16_t port);
void vga_reg_write(struct vga *, uint16_t port, uint8_t val);
/* 0x00RRGGBB of a DAC entry, through the PEL mask. */
uint32_t vga_colour(const struct vga_hw *, uint8_t index);
/* The sixteen colours of the attribute controller. */
void vga_palette(const struct vga_hw *, uint32_t out[16]);

/* ---- vga_mem.c -------------------------------------------------------------- */

extern const struct io_ops vga_window_ops;      /* takes the lock */
/* The registers that say how the window works have changed. */
void vga_window_changed(struct vga *);
/* Makes the planes say what the mapped text window says. */
void vga_text_sync(struct vga *);

/* The four planes' bytes at one offset, plane 0 lowest. */
static inline uint32_t vga_planes(const struct vga *v, uint32_t off)
{
	uint32_t planes;

	memcpy(&planes, v->vram + 4 * (size_t)off, sizeof(planes));
	return planes;
}

/* ---- vga_draw.c, vga_text.c -------------------------------------------------- */

/* The CRT controller on its way down the screen. */
struct scan {
	unsigned cols, lines;   /* characters across, scan lines */
	unsigned height;        /* scan lines a character row */
	unsigned y;             /* this line */
	unsigned row;           /* of the character */
	uint32_t base;          /* address counter at the left edge */
	unsigned pan;           /* dots, before doubling */
	bool doubled;           /* each line is shown twice */
	bool again;             /* this is the first of the two */
};
void vga_scan_start(struct scan *, const struct vga_hw *);
void vga_scan_next(struct scan *, const struct vga_hw *);
/* The address counter as an offset in the planes. */
uint32_t vga_address(const struct vga_hw *, uint32_t counter, unsigned row);

static inline bool vga_is_text(const struct vga_hw *hw)
{
	return !(hw->gfx[GFX_MISC] & MISC_GRAPHICS);
}

/* Dots of a line of text: 8 or 9 a character, doubled at half the clock. */
unsigned vga_text_dots(const struct vga_hw *);
/* One line into out, which has room for (cols + 1) * dots. */
void vga_text_line(const struct vga *, const struct scan *,
		   const uint32_t palette[16], uint32_t *out);
/* Sizes and fills the image. */
int vga_draw(struct vga *, struct image *);

/* ---- vbe.c ------------------------------------------------------------------- */

extern const struct io_ops vga_dispi_ops;       /* takes the lock */
void vbe_reset(struct vga *);
uint16_t vbe_read(struct vga *, uint16_t index);
void vbe_write(struct vga *, uint16_t index, uint16_t val);
static inline bool vbe_on(const struct vga_hw *hw)
{
	return hw->dispi[DISPI_ENABLE] & DISPI_ON;
}
/* Does the window show a 64 KiB bank of linear memory, not planes? */
static inline bool vbe_linear(const struct vga_hw *hw)
{
	return vbe_on(hw) && hw->dispi[DISPI_BPP] >= 8;
}
int vbe_draw(const struct vga *, struct image *);

#endif
