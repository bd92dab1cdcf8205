/* IRQ 1: from scan codes to keys in the BIOS data area's ring. */
#include "bios/rom/services.h"

/* BDA_SHIFT */
#define SH_RIGHT        0x01
#define SH_LEFT         0x02
#define SH_CTRL         0x04
#define SH_ALT          0x08
#define SH_SCROLL       0x10
#define SH_NUM          0x20
#define SH_CAPS         0x40
#define SH_INSERT       0x80
/* BDA_SHIFT2: held down right now */
#define SH2_LEFT_CTRL   0x01
#define SH2_LEFT_ALT    0x02
#define SH2_SYSREQ      0x04
#define SH2_PAUSED      0x08
#define SH2_SCROLL      0x10
#define SH2_NUM         0x20
#define SH2_CAPS        0x40
#define SH2_INSERT      0x80
/* BDA_KBD_MODE */
#define MODE_E1         0x01
#define MODE_E0         0x02
#define MODE_RIGHT_CTRL 0x04
#define MODE_RIGHT_ALT  0x08
#define MODE_101_KEYS   0x10

#define RELEASE         0x80

enum {
	SC_CTRL = 0x1d, SC_LEFT = 0x2a, SC_RIGHT = 0x36, SC_PRINT = 0x37,
	SC_ALT = 0x38, SC_CAPS = 0x3a, SC_NUM = 0x45, SC_SCROLL = 0x46,
	SC_INSERT = 0x52, SC_DELETE = 0x53, SC_SYSREQ = 0x54,
};

void kbd_init(void)
{
	set_bda16(BDA_KBD_HEAD, BDA_KBD_RING);
	set_bda16(BDA_KBD_TAIL, BDA_KBD_RING);
	set_bda16(BDA_RING_START, BDA_KBD_RING);
	set_bda16(BDA_RING_END, BDA_KBD_RING_END);
	set_bda8(BDA_KBD_MODE, MODE_101_KEYS);
}

/* ---- the ring ----------------------------------------------------------------- */

static uint16_t after(uint16_t at)
{
	at += 2;
	return at >= bda16(BDA_RING_END) ? bda16(BDA_RING_START) : at;
}

bool kbd_push(uint16_t key)
{
	uint16_t tail = bda16(BDA_KBD_TAIL), end = after(tail);

	if (end == bda16(BDA_KBD_HEAD))
		return false;
	set_bda16(tail, key);
	set_bda16(BDA_KBD_TAIL, end);
	return true;
}

bool kbd_peek(uint16_t *key)
{
	uint16_t head = bda16(BDA_KBD_HEAD);

	if (head == bda16(BDA_KBD_TAIL))
		return false;
	*key = bda16(head);
	return true;
}

void kbd_drop(void)
{
	set_bda16(BDA_KBD_HEAD, after(bda16(BDA_KBD_HEAD)));
}

/* ---- keys with a state ----------------------------------------------------------- */

static void set_bits(uint16_t off, uint8_t bits, bool on)
{
	uint8_t v = bda8(off);

	set_bda8(off, on ? v | bits : v & (uint8_t)~bits);
}

/* Locks turn over once a press, however often it repeats. */
static void lock_key(uint8_t bit, uint8_t held, bool down)
{
	if (down && !(bda8(BDA_SHIFT2) & held))
		set_bda8(BDA_SHIFT, bda8(BDA_SHIFT) ^ bit);
	set_bits(BDA_SHIFT2, held, down);
}

static void ctrl_or_alt(uint8_t bit, uint8_t left, uint8_t right, bool e0,
			bool down)
{
	bool other;

	if (e0)
		set_bits(BDA_KBD_MODE, right, down);
	else
		set_bits(BDA_SHIFT2, left, down);
	other = bda8(BDA_KBD_MODE) & right || bda8(BDA_SHIFT2) & left;
	set_bits(BDA_SHIFT, bit, other);
}

/* An Alt code typed on the number pad arrives when Alt goes up. */
static void alt_code_done(void)
{
	uint8_t c = bda8(BDA_ALT_CODE);

	if (c && !(bda8(BDA_SHIFT) & SH_ALT)) {
		kbd_push(c);
		set_bda8(BDA_ALT_CODE, 0);
	}
}

static bool modifier(uint8_t code, bool e0, bool down)
{
	switch (code) {
	case SC_LEFT:
	case SC_RIGHT:
		/* E0 2A and E0 36 only undo Num Lock for old programs. */
		if (!e0)
			set_bits(BDA_SHIFT, code == SC_LEFT ? SH_LEFT :
				 SH_RIGHT, down);
		return true;
	case SC_CTRL:
		ctrl_or_alt(SH_CTRL, SH2_LEFT_CTRL, MODE_RIGHT_CTRL, e0, down);
		return true;
	case SC_ALT:
		ctrl_or_alt(SH_ALT, SH2_LEFT_ALT, MODE_RIGHT_ALT, e0, down);
		alt_code_done();
		return true;
	case SC_CAPS:
		lock_key(SH_CAPS, SH2_CAPS, down);
		return true;
	case SC_NUM:
		if (bda8(BDA_SHIFT) & SH_CTRL)
			return false;
		lock_key(SH_NUM, SH2_NUM, down);
		return true;
	case SC_SCROLL:
		if (bda8(BDA_SHIFT) & SH_CTRL)
			return false;
		lock_key(SH_SCROLL, SH2_SCROLL, down);
		return true;
	default:
		return false;
	}
}

/* ---- keys that are not characters --------------------------------------------------- */

static void call(uint8_t n, uint16_t ax)
{
	struct regs r = { .eax = ax };

	int_call(n, &r);
}

/* Ctrl-Break empties the ring, leaves a key of 0 and tells INT 1Bh. */
static void ctrl_break(void)
{
	uint16_t start = bda16(BDA_RING_START);

	set_bda16(BDA_KBD_HEAD, start);
	set_bda16(BDA_KBD_TAIL, start);
	set_bda8(BDA_BREAK, 0x80);
	call(0x1b, 0);
	kbd_push(0);
}

static bool special(uint8_t code, bool e0, bool down)
{
	uint8_t shift = bda8(BDA_SHIFT);

	if (code == SC_SYSREQ) {
		if (down != !!(bda8(BDA_SHIFT2) & SH2_SYSREQ)) {
			set_bits(BDA_SHIFT2, SH2_SYSREQ, down);
			call(0x15, down ? 0x8500 : 0x8501);
		}
		return true;
	}
	if (!down)
		return false;
	if (code == SC_DELETE && (shift & SH_CTRL) && (shift & SH_ALT)) {
		set_bda16(BDA_RESET_FLAG, 0x1234);
		machine_reset();
	}
	if (code == SC_SCROLL && shift & SH_CTRL) {
		ctrl_break();
		return true;
	}
	if (code == SC_PRINT && e0 && !(shift & (SH_CTRL | SH_ALT))) {
		call(0x05, 0);
		return true;
	}
	return false;
}

/* The number pad's digits under Alt. */
static bool alt_digit(uint8_t code)
{
	static const uint8_t digit[] = {
		7, 8, 9, 0xff, 4, 5, 6, 0xff, 1, 2, 3, 0,
	};
	uint8_t i = (uint8_t)(code - 0x47);

	if (i >= sizeof(digit) || digit[i] == 0xff)
		return false;
	set_bda8(BDA_ALT_CODE, (uint8_t)(bda8(BDA_ALT_CODE) * 10 + digit[i]));
	return true;
}

/* ---- keys that are -------------------------------------------------------------------- */

static uint16_t translate(const struct keymap *k, uint8_t code, bool e0)
{
	uint8_t shift = bda8(BDA_SHIFT);
	bool upper = shift & (SH_LEFT | SH_RIGHT);

	if (shift & SH_ALT)
		return k->alt;
	if (shift & SH_CTRL)
		return k->ctrl;
	if (shift & SH_CAPS && keymap_caps(code))
		upper = !upper;
	if (shift & SH_NUM && !e0 && keymap_pad(code))
		upper = !upper;
	return upper ? k->shift : k->normal;
}

static void key(uint8_t code, bool e0, bool down)
{
	const struct keymap *k = keymap_get(code, e0);
	uint16_t v;

	if (code == SC_INSERT && !down)
		set_bits(BDA_SHIFT2, SH2_INSERT, false);
	if (!k || !down)
		return;
	if (bda8(BDA_SHIFT) & SH_ALT && !e0 && alt_digit(code))
		return;
	v = translate(k, code, e0);
	if (!v)
		return;
	if (code == SC_INSERT && (uint8_t)v != '0' &&
	    !(bda8(BDA_SHIFT) & (SH_CTRL | SH_ALT)))
		lock_key(SH_INSERT, SH2_INSERT, true);
	kbd_push(v);
}

static void take(uint8_t code)
{
	uint8_t mode = bda8(BDA_KBD_MODE);
	bool e0 = mode & MODE_E0, down = !(code & RELEASE);

	if (code == 0xe0 || code == 0xe1) {
		set_bits(BDA_KBD_MODE, code == 0xe0 ? MODE_E0 : MODE_E1, true);
		return;
	}
	if (mode & MODE_E1) {
		/* Pause: E1 1D 45, which means nothing here. */
		if ((code & 0x7f) == SC_NUM)
			set_bits(BDA_KBD_MODE, MODE_E1, false);
		return;
	}
	set_bits(BDA_KBD_MODE, MODE_E0, false);
	code &= 0x7f;
	if (!modifier(code, e0, down) && !special(code, e0, down))
		key(code, e0, down);
}

/* A program may want the code for itself, or another one in its place. */
static bool intercepted(uint8_t *code)
{
	struct regs r = { .eax = 0x4f00 | *code, .flags = FLAG_CF };

	if (ivt(0x15) == ((uint32_t)ROM_SEG << 16 | (uint32_t)entry_15))
		return false;
	int_call(0x15, &r);
	*code = r.al;
	return !(r.flags & FLAG_CF);
}

void int09(struct regs *r)
{
	uint8_t code;

	(void)r;
	if ((inb(0x64) & 0x21) == 0x01) {
		code = inb(0x60);
		if (!intercepted(&code))
			take(code);
	}
	pic_eoi(1);
}

/* Print screen: there is no printer. 50:00 says how it went. */
void int05(struct regs *r)
{
	(void)r;
	poke8(0x50, 0, 0xff);
}
