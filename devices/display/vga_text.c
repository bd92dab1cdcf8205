#include <errno.h>
#include <stdlib.h>

#include "devices/display/font.h"
#include "devices/display/vga_int.h"

#define CURSOR_OFF 0x20                 /* CRTC_CURSOR_START */
#define UTF8_MAX 3                      /* bytes a character of ours takes */

unsigned vga_text_dots(const struct vga_hw *hw)
{
	return hw->seq[SEQ_CLOCK] & CLOCK_8_DOTS ? 8 : 9;
}

/* ---- one line of dots ------------------------------------------------------------- */

/* Offset in plane 2 of the characters' rows; attribute bit 3 chooses. */
static uint32_t generator(const struct vga_hw *hw, uint8_t attr)
{
	uint8_t map = hw->seq[SEQ_FONT];
	unsigned block = attr & 8 ? (map >> 2 & 3) | (map >> 3 & 4)
				  : (map & 3) | (map >> 2 & 4);

	return (block & 3) * 0x4000 + (block >> 2) * 0x2000;
}

static bool cursor_here(const struct vga_hw *hw, uint32_t counter, unsigned row)
{
	const uint8_t *c = hw->crtc;
	uint32_t at = (uint32_t)c[CRTC_CURSOR_HI] << 8 | c[CRTC_CURSOR_LO];

	return counter == at && !(c[CRTC_CURSOR_START] & CURSOR_OFF) &&
	       row >= (c[CRTC_CURSOR_START] & 0x1fu) &&
	       row <= (c[CRTC_CURSOR_END] & 0x1fu);
}

/* The nine dots of a cell in bits 8 to 0. */
static unsigned cell_dots(const struct vga *v, uint32_t counter, unsigned row,
			  uint32_t cell)
{
	const struct vga_hw *hw = &v->hw;
	uint8_t c = (uint8_t)cell, attr = (uint8_t)(cell >> 8);
	uint32_t at = generator(hw, attr) + 32u * c + row;
	unsigned dots = (vga_planes(v, at) >> 16 & 0xff) << 1;

	/* Line characters reach into the gap between cells. */
	if (hw->attr[ATTR_MODE] & ATTR_LINES && c >= 0xc0 && c <= 0xdf)
		dots |= dots >> 1 & 1;
	if (hw->attr[ATTR_MODE] & ATTR_MONO && (attr & 7) == 1 &&
	    row == (hw->crtc[CRTC_UNDERLINE] & 0x1fu))
		dots = 0x1ff;
	return cursor_here(hw, counter, row) ? 0x1ff : dots;
}

void vga_text_line(const struct vga *v, const struct scan *s,
		   const uint32_t palette[16], uint32_t *out)
{
	const struct vga_hw *hw = &v->hw;
	unsigned width = vga_text_dots(hw);

	for (unsigned c = 0; c <= s->cols; c++) {
		uint32_t counter = (s->base + c) & 0xffff;
		uint32_t cell = vga_planes(v, vga_address(hw, counter, s->row));
		unsigned dots = cell_dots(v, counter, s->row, cell);
		uint32_t fore = palette[cell >> 8 & 15];
		unsigned back = cell >> 12 & 15;

		/* Blinking takes the background's bright half. */
		if (hw->attr[ATTR_MODE] & ATTR_BLINK)
			back &= 7;
		for (unsigned i = 0; i < width; i++)
			*out++ = dots & 0x100u >> i ? fore : palette[back];
	}
}

/* ---- the characters ----------------------------------------------------------------- */

static char *put_utf8(char *to, uint16_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

static char *put_row(const struct vga *v, const struct scan *s, char *to)
{
	char *end = to;

	for (unsigned c = 0; c < s->cols; c++) {
		uint32_t at = vga_address(&v->hw, s->base + c, 0);

		to = put_utf8(to, font_unicode((uint8_t)vga_planes(v, at)));
		if (to[-1] != ' ')
			end = to;
	}
	*end++ = '\n';
	return end;
}

static int text(struct vga *v, char **out)
{
	unsigned rows = 0, most;
	struct scan s;
	char *to;

	if (vbe_on(&v->hw) || !vga_is_text(&v->hw))
		return -ENOTSUP;
	vga_text_sync(v);
	vga_scan_start(&s, &v->hw);
	most = s.lines < VGA_TEXT_ROWS ? s.lines : VGA_TEXT_ROWS;
	to = malloc((size_t)most * (s.cols * UTF8_MAX + 1) + 1);
	if (!to)
		return -ENOMEM;
	*out = to;
	for (; s.y < s.lines && rows < most; vga_scan_next(&s, &v->hw))
		if (s.row == 0 && s.again == s.doubled) {
			to = put_row(v, &s, to);
			rows++;
		}
	*to = '\0';
	return 0;
}

int vga_text(struct vga *v, char **out)
{
	int err;

	pthread_mutex_lock(&v->lock);
	err = text(v, out);
	pthread_mutex_unlock(&v->lock);
	return err;
}
