#include "bios/rom/services.h"

#define KBD_SET_LEDS    0xed
#define KBD_GET_ID      0xf2
#define KBD_TYPEMATIC   0xf3
#define PORT_KBD_STATUS 0x64

/* The next key. Callers of 00h and 01h know a keyboard of 84 keys: the others
 * look to them like those of the number pad. */
static bool look(uint16_t *key, bool extended)
{
	uint8_t scan, ascii;

	if (mirror_on())
		serkbd_poll();
	if (!kbd_peek(key))
		return false;
	scan = (uint8_t)(*key >> 8);
	ascii = (uint8_t)*key;
	if (scan == 0xe0 && !extended)
		*key = (uint16_t)((ascii == '/' ? 0x3500 : 0x1c00) | ascii);
	else if (scan && (ascii == 0xf0 || (ascii == 0xe0 && !extended)))
		*key &= 0xff00;
	return true;
}

static void read_key(struct regs *r, bool extended)
{
	uint16_t key;

	while (!look(&key, extended)) {
		mirror_sync();
		cpu_idle();
	}
	kbd_drop();
	r->ax = key;
}

static void check_key(struct regs *r, bool extended)
{
	uint16_t key;

	/* Callers that wait by asking may have interrupts off. */
	cpu_breathe();
	set_zf(r, !look(&key, extended));
	if (r->flags & FLAG_ZF)
		mirror_sync();
	else
		r->ax = key;
}

/* Not in the midst of a key: the answer would be taken for one. */
static void show_locks(void)
{
	uint8_t want = bda8(BDA_SHIFT) >> 4 & 7, leds = bda8(BDA_KBD_LEDS);

	if (want == (leds & 7) || inb(PORT_KBD_STATUS) & 1)
		return;
	set_bda8(BDA_KBD_LEDS, (uint8_t)((leds & ~7) | want));
	if (kbd_command(KBD_SET_LEDS, NULL, 0))
		kbd_command(want, NULL, 0);
}

static void typematic(const struct regs *r)
{
	uint8_t v = (uint8_t)((r->bh & 3) << 5 | (r->bl & 0x1f));

	if (r->al == 0)
		v = 0x20;               /* 500 ms, 30 a second */
	else if (r->al != 5)
		return;
	if (kbd_command(KBD_TYPEMATIC, NULL, 0))
		kbd_command(v, NULL, 0);
}

static void keyboard_id(struct regs *r)
{
	uint8_t id[2];

	r->bx = kbd_command(KBD_GET_ID, id, 2) ?
		(uint16_t)(id[1] << 8 | id[0]) : 0;
}

void int16(struct regs *r)
{
	show_locks();
	switch (r->ah) {
	case 0x00:
	case 0x10:
		read_key(r, r->ah == 0x10);
		break;
	case 0x01:
	case 0x11:
		check_key(r, r->ah == 0x11);
		break;
	case 0x02:
		r->al = bda8(BDA_SHIFT);
		break;
	case 0x03:
		typematic(r);
		break;
	case 0x05:
		r->al = !kbd_push(r->cx);
		break;
	case 0x09:
		r->al = 0x30;   /* 0Ah and 10h to 12h are there */
		break;
	case 0x0a:
		keyboard_id(r);
		break;
	case 0x12:
		r->al = bda8(BDA_SHIFT);
		r->ah = (bda8(BDA_SHIFT2) & 0x73) |
			(bda8(BDA_KBD_MODE) & 0x0c);
		break;
	case 0x6f:
		if (r->al == 0x08)
			r->ah = 2;      /* an ordinary keyboard */
		break;
	case 0x92:
		r->ah = 0x80;   /* 10h to 12h are there; A2h leaves AH alone */
		break;
	}
}
