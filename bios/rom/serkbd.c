/*
 * Keys typed on a terminal at COM1: its bytes become the scan codes and
 * characters that the same keys of a keyboard give. The ESC key and the start
 * of a function key's sequence are told apart by what follows, or by time.
 */
#include "bios/rom/services.h"

#define ESC             0x1b
#define ESC_TICKS       2       /* 55 to 110 ms */
#define SEQ_MAX         6

static uint8_t seq[SEQ_MAX];    /* after ESC */
static uint8_t seq_len;
static bool in_seq;
static uint32_t esc_at;

static const struct {
	char text[5];
	uint16_t key;
} sequences[] = {
	{ "[A", 0x48e0 }, { "[B", 0x50e0 }, { "[C", 0x4de0 }, { "[D", 0x4be0 },
	{ "OA", 0x48e0 }, { "OB", 0x50e0 }, { "OC", 0x4de0 }, { "OD", 0x4be0 },
	{ "[H", 0x47e0 }, { "[F", 0x4fe0 }, { "OH", 0x47e0 }, { "OF", 0x4fe0 },
	{ "[1~", 0x47e0 }, { "[2~", 0x52e0 }, { "[3~", 0x53e0 },
	{ "[4~", 0x4fe0 }, { "[5~", 0x49e0 }, { "[6~", 0x51e0 },
	{ "OP", 0x3b00 }, { "OQ", 0x3c00 }, { "OR", 0x3d00 }, { "OS", 0x3e00 },
	{ "[11~", 0x3b00 }, { "[12~", 0x3c00 }, { "[13~", 0x3d00 },
	{ "[14~", 0x3e00 }, { "[15~", 0x3f00 }, { "[17~", 0x4000 },
	{ "[18~", 0x4100 }, { "[19~", 0x4200 }, { "[20~", 0x4300 },
	{ "[21~", 0x4400 }, { "[23~", 0x8500 }, { "[24~", 0x8600 },
};

static void type(uint8_t c)
{
	uint16_t key = keymap_ascii(c);

	if (key)
		kbd_push(key);
}

/* What has come is no sequence: it was typed so. */
static void give_up(void)
{
	in_seq = false;
	type(ESC);
	for (unsigned i = 0; i < seq_len; i++)
		type(seq[i]);
}

/* 1: a whole one; 0: may become one; -1: never. */
static int match(void)
{
	bool may = false;

	for (unsigned i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const char *t = sequences[i].text;

		if (memcmp(t, seq, seq_len))
			continue;
		if (!t[seq_len]) {
			kbd_push(sequences[i].key);
			return 1;
		}
		may = true;
	}
	return may ? 0 : -1;
}

static void take(uint8_t c)
{
	int m;

	if (!in_seq && c == ESC) {
		in_seq = true;
		seq_len = 0;
		esc_at = bda32(BDA_TICKS);
		return;
	}
	if (!in_seq) {
		type(c);
		return;
	}
	seq[seq_len++] = c;
	m = match();
	if (m < 0)
		give_up();
	in_seq = m == 0;
}

static bool ring_full(void)
{
	uint16_t end = (uint16_t)(bda16(BDA_KBD_TAIL) + 2);

	if (end >= bda16(BDA_RING_END))
		end = bda16(BDA_RING_START);
	return end == bda16(BDA_KBD_HEAD);
}

/* What the ring has no room for waits in the UART and behind it. */
void serkbd_poll(void)
{
	int c;

	while (!ring_full() && (c = com1_get()) >= 0)
		take((uint8_t)c);
	if (in_seq && bda32(BDA_TICKS) - esc_at >= ESC_TICKS)
		give_up();
}

/* Programs that look at the ring without INT 16h find the keys there, too. */
void int08_com1(struct regs *r)
{
	(void)r;
	serkbd_poll();
}
