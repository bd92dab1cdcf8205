/*
 * A terminal at COM1 that is made to show what a text screen does. It learns
 * of the cursor only when there is something to write, so that plain lines of
 * text arrive as plain lines of text. Runs inside INT 10h.
 */
#include "bios/rom/services.h"

#define UNKNOWN 0xff

/* Where the terminal's cursor is, on the screen it shows. A column past the
 * last one is where the terminal waits before it goes on to the next line. */
static uint8_t row = UNKNOWN, col = UNKNOWN, attr = UNKNOWN;
static bool used;

/* Code page 437: 00-1F, 7F-FF; what lies between is ASCII. */
static const uint16_t low[32] = {
	0x0020, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022,
	0x25d8, 0x25cb, 0x25d9, 0x2642, 0x2640, 0x266a, 0x266b, 0x263c,
	0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7, 0x25ac, 0x21a8,
	0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc,
};
static const uint16_t high[129] = {
	0x2302,
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7,
	0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5,
	0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9,
	0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192,
	0x00e1, 0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba,
	0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556,
	0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
	0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567,
	0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
	0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4,
	0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229,
	0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248,
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

static void emit(uint8_t c)
{
	if (mirror_on())
		com1_put(c);
}

static void emit_number(uint8_t v)
{
	if (v >= 100)
		emit((uint8_t)('0' + v / 100));
	if (v >= 10)
		emit((uint8_t)('0' + v / 10 % 10));
	emit((uint8_t)('0' + v % 10));
}

static void emit_csi(void)
{
	emit(0x1b);
	emit('[');
}

static void emit_char(uint8_t c)
{
	uint16_t u = c < 0x20 ? low[c] : c < 0x7f ? c : high[c - 0x7f];

	if (u < 0x80) {
		emit((uint8_t)u);
		return;
	}
	if (u < 0x800) {
		emit((uint8_t)(0xc0 | u >> 6));
	} else {
		emit((uint8_t)(0xe0 | u >> 12));
		emit((uint8_t)(0x80 | (u >> 6 & 0x3f)));
	}
	emit((uint8_t)(0x80 | (u & 0x3f)));
}

/* A screen's colours are numbered blue first, a terminal's red first. */
static uint8_t ansi(uint8_t colour)
{
	return (uint8_t)((colour & 1) << 2 | (colour & 2) | (colour >> 2 & 1));
}

static void set_attr(uint8_t a)
{
	if (a == attr)
		return;
	/* Nothing said yet, and nothing special wanted: leave it unsaid. */
	if (attr != UNKNOWN || a != 0x07) {
		emit_csi();
		emit('0');
		if (a & 0x08) {
			emit(';');
			emit('1');
		}
		if ((a & 0x07) != 0x07) {
			emit(';');
			emit('3');
			emit('0' + ansi(a & 7));
		}
		if (a & 0x70) {
			emit(';');
			emit('4');
			emit('0' + ansi(a >> 4 & 7));
		}
		emit('m');
	}
	attr = a;
}

void term_goto(uint8_t r, uint8_t c)
{
	if (r == row && c == col)
		return;
	if (c == 0 && row != UNKNOWN && row <= r && r - row < 8) {
		if (col != 0)
			emit('\r');
		for (; row < r; row++)
			emit('\n');
	} else {
		emit_csi();
		emit_number((uint8_t)(r + 1));
		emit(';');
		emit_number((uint8_t)(c + 1));
		emit('H');
	}
	row = r;
	col = c;
}

void term_put(uint8_t r, uint8_t c, uint8_t ch, uint8_t a)
{
	/* The first text after the start goes where the terminal is. */
	if (!used) {
		row = r;
		col = c;
		used = true;
	}
	term_goto(r, c);
	set_attr(a);
	emit_char(ch);
	col++;
}

void term_clear(uint8_t a)
{
	used = true;
	set_attr(a);
	emit_csi();
	emit('2');
	emit('J');
	row = UNKNOWN;
	term_goto(0, 0);
}

void term_scrolled(void)
{
	if (row != UNKNOWN && row > 0)
		row--;
	else
		row = UNKNOWN;
}

void term_bell(void)
{
	emit('\a');
}

void term_control(uint8_t r, uint8_t c, uint8_t ch)
{
	if (row != r || (ch != '\r' && col != c))
		return;
	emit(ch);
	if (ch == '\r')
		col = 0;
	else if (ch == '\n')
		row++;
	else
		col--;
}
