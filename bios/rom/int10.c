/*
 * INT 10h, as far as it is not the VGA BIOS's: the copy of text screens that
 * goes to a terminal at COM1, and text output for a machine without a screen.
 *
 * What runs inside INT 10h: no HLT here, nothing of protected mode.
 */
#include "bios/rom/services.h"

#define TEXT_SEG        0xb800
#define MONO_SEG        0xb000
#define PLAIN           0x07

bool has_vga;

/* Row and column, as the BIOS data area has them in a word. */
struct place {
	uint8_t col, row;
};

struct window {
	uint8_t top, left, bottom, right;       /* included */
};

bool mirror_on(void)
{
	return cfg.flags & ROM_CFG_SERIAL && com1_present();
}

/* ---- the screen, from the BIOS data area -------------------------------------- */

static uint8_t cols(void)
{
	return (uint8_t)bda16(BDA_COLS);
}

static uint8_t rows(void)
{
	return (uint8_t)(bda8(BDA_ROWS) + 1);
}

static bool text_mode(void)
{
	uint8_t mode = bda8(BDA_VIDEO_MODE) & 0x7f;

	return mode <= 3 || mode == 7;
}

static struct place cursor(void)
{
	uint16_t v = bda16(BDA_CURSOR + 2 * (bda8(BDA_PAGE) & 7));

	return (struct place){ (uint8_t)v, (uint8_t)(v >> 8) };
}

static uint16_t cell(uint8_t row, uint8_t col)
{
	uint16_t at = (uint16_t)(bda16(BDA_PAGE_START) +
				 (row * cols() + col) * 2);

	if (!has_vga)
		return PLAIN << 8 | ' ';
	return peek16(bda8(BDA_VIDEO_MODE) == 7 ? MONO_SEG : TEXT_SEG, at);
}

/* ---- what a call does to the screen; cursors are returned, not set -------------- */

static struct place line_feed(struct place p)
{
	if (p.row + 1 < rows())
		p.row++;
	else
		term_scrolled();
	return p;
}

static struct place teletype(struct place p, uint8_t c, uint8_t attr)
{
	switch (c) {
	case '\a':
		term_bell();
		return p;
	case '\b':
		if (p.col) {
			term_control(p.row, p.col, c);
			p.col--;
		}
		return p;
	case '\r':
		term_control(p.row, p.col, c);
		p.col = 0;
		return p;
	case '\n':
		term_control(p.row, p.col, c);
		return line_feed(p);
	}
	term_put(p.row, p.col, c, attr);
	if (++p.col < cols())
		return p;
	p.col = 0;
	return line_feed(p);
}

/* Teletype output keeps the colours that are there. */
static uint8_t attr_at(struct place p)
{
	return (uint8_t)(cell(p.row, p.col) >> 8);
}

static void repeat(struct place p, uint8_t c, uint8_t attr, uint16_t n)
{
	uint16_t left = (uint16_t)((rows() - p.row) * cols() - p.col);

	if (p.row >= rows() || p.col >= cols())
		return;
	if (n > left)
		n = left;
	if (c == ' ' && !p.row && !p.col && n == left) {
		term_clear(attr);
		return;
	}
	for (; n; n--) {
		term_put(p.row, p.col, c, attr);
		if (++p.col == cols()) {
			p.col = 0;
			p.row++;
		}
	}
}

static void clear_lines(const struct window *w, uint8_t from, uint8_t to,
			uint8_t attr)
{
	for (unsigned r = from; r <= to; r++)
		for (unsigned c = w->left; c <= w->right; c++)
			term_put((uint8_t)r, (uint8_t)c, ' ', attr);
}

static void move_lines(const struct window *w, int by)
{
	unsigned n = w->bottom - w->top + 1u - (unsigned)(by < 0 ? -by : by);
	int r = by > 0 ? w->top : w->bottom;

	for (; n; n--, r += by > 0 ? 1 : -1)
		for (unsigned c = w->left; c <= w->right; c++) {
			uint16_t v = cell((uint8_t)(r + by), (uint8_t)c);

			term_put((uint8_t)r, (uint8_t)c, (uint8_t)v,
				 (uint8_t)(v >> 8));
		}
}

static bool whole_screen(const struct window *w)
{
	return !w->top && !w->left && w->bottom == rows() - 1 &&
	       w->right == cols() - 1;
}

static void scroll(const struct regs *r, bool up)
{
	struct window w = { r->ch, r->cl, r->dh, r->dl };
	uint8_t n = r->al;

	if (w.bottom >= rows())
		w.bottom = (uint8_t)(rows() - 1);
	if (w.right >= cols())
		w.right = (uint8_t)(cols() - 1);
	if (w.top > w.bottom || w.left > w.right)
		return;
	if (n > w.bottom - w.top)
		n = 0;
	if (!n && whole_screen(&w)) {
		term_clear(r->bh);
	} else if (!n) {
		clear_lines(&w, w.top, w.bottom, r->bh);
	} else if (up && whole_screen(&w)) {
		term_goto(w.bottom, 0);
		for (; n; n--) {
			term_control(w.bottom, 0, '\n');
			term_scrolled();
		}
	} else if (up) {
		move_lines(&w, n);
		clear_lines(&w, (uint8_t)(w.bottom + 1 - n), w.bottom, r->bh);
	} else {
		move_lines(&w, -n);
		clear_lines(&w, w.top, (uint8_t)(w.top + n - 1), r->bh);
	}
}

/* AL bit 1: each character has its attribute; bit 0: the cursor moves on. */
static struct place string(const struct regs *r)
{
	struct place p = { r->dl, r->dh };
	uint16_t at = r->bp;

	for (uint16_t n = r->cx; n; n--) {
		uint8_t c = peek8(r->es, at++), attr = r->bl;

		if (r->al & 2)
			attr = peek8(r->es, at++);
		p = teletype(p, c, attr);
	}
	return p;
}

static bool writes_text(const struct regs *r, struct place *p)
{
	*p = cursor();
	switch (r->ah) {
	case 0x06:
	case 0x07:
		scroll(r, r->ah == 0x06);
		return false;
	case 0x09:
		repeat(*p, r->al, r->bl, r->cx);
		return false;
	case 0x0a:
		repeat(*p, r->al, attr_at(*p), r->cx);
		return false;
	case 0x0e:
		*p = teletype(*p, r->al, attr_at(*p));
		return true;
	case 0x13:
		*p = string(r);
		return r->al & 1;
	default:
		return false;
	}
}

/* ---- the copy of a VGA BIOS's screen ---------------------------------------------- */

static void see_mode_set(void)
{
	if (bda8(BDA_MODE_SET) == 0)
		return;
	set_bda8(BDA_MODE_SET, 0);
	term_clear(PLAIN);
}

/* Called before the VGA BIOS. */
void int10_mirror(struct regs *r)
{
	struct place ignored;

	if (!text_mode())
		return;
	see_mode_set();
	writes_text(r, &ignored);
}

void mirror_sync(void)
{
	struct place p = cursor();

	if (!mirror_on() || !text_mode())
		return;
	if (has_vga)
		see_mode_set();
	term_goto(p.row, p.col);
}

/* ---- a screen of our own: none, but for its cursor ----------------------------------- */

static void set_cursor(uint8_t page, struct place p)
{
	set_bda16(BDA_CURSOR + 2 * (page & 7),
		  (uint16_t)(p.row << 8 | p.col));
}

static void set_mode(struct regs *r)
{
	uint8_t mode = r->al & 0x7f;

	set_bda8(BDA_VIDEO_MODE, mode);
	set_bda16(BDA_COLS, mode < 2 ? 40 : 80);
	set_bda8(BDA_ROWS, 24);
	set_bda8(BDA_PAGE, 0);
	set_bda16(BDA_CURSOR_SHAPE, 0x0607);
	for (uint8_t page = 0; page < 8; page++)
		set_cursor(page, (struct place){ 0, 0 });
	if (!(r->al & 0x80) && text_mode())
		term_clear(PLAIN);
	r->al = mode > 7 ? 0x20 : mode == 6 ? 0x3f : 0x30;
}

static void get_cursor(struct regs *r)
{
	r->dx = bda16(BDA_CURSOR + 2 * (r->bh & 7));
	r->cx = bda16(BDA_CURSOR_SHAPE);
}

/* Without a VGA BIOS. What is left out (fonts, palette, VBE, "is there an EGA
 * or VGA?") leaves the registers alone, which says so. */
void int10(struct regs *r)
{
	struct place p;

	switch (r->ah) {
	case 0x00:
		set_mode(r);
		break;
	case 0x01:
		set_bda16(BDA_CURSOR_SHAPE, r->cx);
		break;
	case 0x02:
		set_cursor(r->bh, (struct place){ r->dl, r->dh });
		break;
	case 0x03:
		get_cursor(r);
		break;
	case 0x05:
		set_bda8(BDA_PAGE, r->al & 7);
		break;
	case 0x08:
		r->ax = PLAIN << 8 | ' ';
		break;
	case 0x0f:
		r->al = bda8(BDA_VIDEO_MODE);
		r->ah = cols();
		r->bh = bda8(BDA_PAGE);
		break;
	case 0x4f:
		r->ax = 0x0100;
		break;
	default:
		if (writes_text(r, &p))
			set_cursor(bda8(BDA_PAGE), p);
	}
}
