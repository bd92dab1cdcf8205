#include <errno.h>

#include "devices/display/vga_int.h"

#define WORD_MODE_OFF 0x40              /* CRTC_MODE: byte addresses */
#define WRAP_64K 0x20                   /* CRTC_MODE: bit 15 wraps, not 13 */
#define DWORD_MODE 0x40                 /* CRTC_UNDERLINE */
#define DOUBLE_SCAN 0x80                /* CRTC_MAX_SCAN */

/* What is shown while nobody has programmed a screen. */
#define IDLE_W 720
#define IDLE_H 400

/* ---- the CRT controller ----------------------------------------------------------- */

uint32_t vga_address(const struct vga_hw *hw, uint32_t counter, unsigned row)
{
	uint8_t mode = hw->crtc[CRTC_MODE];
	uint32_t at = counter & 0xffff;

	if (hw->crtc[CRTC_UNDERLINE] & DWORD_MODE)
		at = at << 2 | at >> 14;
	else if (!(mode & WORD_MODE_OFF))
		at = at << 1 | (at >> (mode & WRAP_64K ? 15 : 13) & 1);
	/* The first two scan lines of a row may be told apart by address bits,
	 * as on a CGA and a Hercules. */
	if (!(mode & 1))
		at = (at & ~0x2000u) | (row & 1) << 13;
	if (!(mode & 2))
		at = (at & ~0x4000u) | (row & 2) << 13;
	return at & 0xffff;
}

static unsigned split_line(const uint8_t *c)
{
	return c[CRTC_SPLIT] | (c[CRTC_OVERFLOW] & 0x10) << 4 |
	       (c[CRTC_MAX_SCAN] & 0x40) << 3;
}

/* Dots that the picture is shifted to the left by. */
static unsigned pan(const struct vga_hw *hw)
{
	unsigned p = hw->attr[ATTR_PAN];

	if (vga_is_text(hw) && !(hw->seq[SEQ_CLOCK] & CLOCK_8_DOTS))
		return p >= 8 ? 0 : p + 1;      /* 9 dots: 8 is the origin */
	return p & 7;
}

void vga_scan_start(struct scan *s, const struct vga_hw *hw)
{
	const uint8_t *c = hw->crtc;

	*s = (struct scan){
		.cols = c[CRTC_H_END] + 1u,
		.lines = (c[CRTC_V_END] | (c[CRTC_OVERFLOW] & 0x02) << 7 |
			  (c[CRTC_OVERFLOW] & 0x40) << 3) + 1u,
		.height = (c[CRTC_MAX_SCAN] & 0x1f) + 1u,
		.row = c[CRTC_PRESET] & 0x1f,
		.base = ((uint32_t)c[CRTC_START_HI] << 8 | c[CRTC_START_LO]) +
			(c[CRTC_PRESET] >> 5 & 3),
		.pan = pan(hw),
		.doubled = c[CRTC_MAX_SCAN] & DOUBLE_SCAN,
	};
	s->again = s->doubled;
}

void vga_scan_next(struct scan *s, const struct vga_hw *hw)
{
	bool split = s->y == split_line(hw->crtc);

	s->y++;
	if (split) {
		/* The lower part of a split screen starts at address 0. */
		s->base = 0;
		s->row = 0;
		s->again = s->doubled;
		if (hw->attr[ATTR_MODE] & ATTR_PAN_TOP)
			s->pan = 0;
		return;
	}
	if (s->again) {
		s->again = false;
		return;
	}
	s->again = s->doubled;
	if (s->row + 1 != s->height) {
		s->row = (s->row + 1) & 0x1f;
		return;
	}
	s->row = 0;
	s->base += 2u * hw->crtc[CRTC_OFFSET];
}

/* ---- one line of graphics --------------------------------------------------------- */

static void put_planar(uint32_t p, const uint32_t *colour, uint32_t *out)
{
	for (unsigned b = 8; b-- > 0;)
		*out++ = colour[(p >> b & 1) | (p >> b >> 7 & 2) |
				(p >> b >> 14 & 4) | (p >> b >> 21 & 8)];
}

/* Two bits a dot: four dots from planes 0 and 2, then four from 1 and 3. */
static void put_cga(uint32_t p, const uint32_t *colour, uint32_t *out)
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t half = i < 4 ? p : p >> 8;
		unsigned b = 6 - 2 * (i & 3);

		*out++ = colour[(half >> b & 3) | (half >> (b + 16) & 3) << 2];
	}
}

/* A byte a plane, each twice as wide as a dot. */
static void put_256(const struct vga_hw *hw, uint32_t p, uint32_t *out)
{
	for (unsigned i = 0; i < 4; i++, p >>= 8)
		out[2 * i] = out[2 * i + 1] = vga_colour(hw, (uint8_t)p);
}

static void graphics_line(const struct vga *v, const struct scan *s,
			  const uint32_t *colour, uint32_t *out)
{
	const struct vga_hw *hw = &v->hw;

	for (unsigned c = 0; c <= s->cols; c++, out += 8) {
		uint32_t p = vga_planes(v, vga_address(hw, s->base + c,
						       s->row));

		if (hw->gfx[GFX_MODE] & MODE_SHIFT256)
			put_256(hw, p, out);
		else if (hw->gfx[GFX_MODE] & MODE_SHIFT2)
			put_cga(p, colour, out);
		else
			put_planar(p, colour, out);
	}
}

/* ---- the screen --------------------------------------------------------------------- */

static int draw_black(struct image *img, unsigned w, unsigned h)
{
	int err = image_size(img, w, h);

	if (!err)
		memset(img->px, 0, (size_t)w * h * sizeof(*img->px));
	return err;
}

static void stretch(const uint32_t *from, uint32_t *to, unsigned w,
		    unsigned times)
{
	for (unsigned x = 0; x < w; x++)
		to[x] = from[x / times];
}

int vga_draw(struct vga *v, struct image *img)
{
	const struct vga_hw *hw = &v->hw;
	unsigned dots = vga_is_text(hw) ? vga_text_dots(hw) : 8;
	unsigned times = hw->seq[SEQ_CLOCK] & CLOCK_HALF ? 2 : 1, w;
	uint32_t line[257 * 9], colour[16];
	struct scan s;
	int err;

	vga_scan_start(&s, hw);
	w = s.cols * dots * times;
	if (w < 64 || s.lines < 64)
		return draw_black(img, IDLE_W, IDLE_H);
	if (!(hw->attr_at & ATTR_SCREEN_ON) || hw->seq[SEQ_CLOCK] & CLOCK_OFF)
		return draw_black(img, w, s.lines);
	err = image_size(img, w, s.lines);
	if (err)
		return err;
	vga_palette(hw, colour);
	for (; s.y < s.lines; vga_scan_next(&s, hw)) {
		if (vga_is_text(hw))
			vga_text_line(v, &s, colour, line);
		else
			graphics_line(v, &s, colour, line);
		stretch(line + s.pan, img->px + (size_t)s.y * w, w, times);
	}
	return 0;
}
