#include "devices/legacy/ps2.h"

#include <string.h>

enum {
	ACK = 0xfa, RESEND = 0xfe, TEST_OK = 0xaa,
	/* both devices */
	CMD_ID = 0xf2, CMD_RATE = 0xf3, CMD_ENABLE = 0xf4, CMD_DISABLE = 0xf5,
	CMD_DEFAULTS = 0xf6, CMD_RESEND = 0xfe, CMD_RESET = 0xff,
	/* keyboard */
	KBD_LEDS = 0xed, KBD_ECHO = 0xee, KBD_SET = 0xf0,
	KBD_ALL_FIRST = 0xf7, KBD_ALL_LAST = 0xfa,
	/* mouse */
	MOUSE_SCALE1 = 0xe6, MOUSE_SCALE2 = 0xe7, MOUSE_RESOLUTION = 0xe8,
	MOUSE_STATUS = 0xe9, MOUSE_STREAM = 0xea, MOUSE_READ = 0xeb,
	MOUSE_UNWRAP = 0xec, MOUSE_WRAP = 0xee, MOUSE_REMOTE = 0xf0,
};

/* Bytes a keyboard keeps. More must not be: Linux reads as many to empty the
 * controller, and takes one that still has some for no controller at all. */
#define KBD_KEEPS 16
/* Bytes of packets that may wait before motion is added up instead. */
#define MOUSE_KEEPS 16
/* Bounds the sum of motion that nobody fetches. */
#define MOUSE_FAR 4096

bool ps2_push(struct ps2_queue *q, const uint8_t *buf, size_t n)
{
	if (n > PS2_QUEUE - q->n)
		return false;
	for (size_t i = 0; i < n; i++)
		q->buf[(q->at + q->n++) % PS2_QUEUE] = buf[i];
	return true;
}

bool ps2_pop(struct ps2_queue *q, uint8_t *val)
{
	if (!q->n)
		return false;
	*val = q->buf[q->at];
	q->at = (q->at + 1) % PS2_QUEUE;
	q->n--;
	return true;
}

void ps2_clear(struct ps2_queue *q)
{
	q->at = q->n = 0;
}

/* A host that never reads its answers loses the later ones. */
#define ANSWER(dev, ...) do {                                                  \
	const uint8_t bytes_[] = { __VA_ARGS__ };                              \
	ps2_push(&(dev)->answers, bytes_, sizeof(bytes_));                     \
} while (0)

static bool read_byte(struct ps2_queue *first, struct ps2_queue *then,
		      uint8_t *last, uint8_t *val)
{
	if (!ps2_pop(first, val) && !ps2_pop(then, val))
		return false;
	*last = *val;
	return true;
}

/* ---- keyboard ------------------------------------------------------------- */

static void kbd_defaults(struct ps2_kbd *k)
{
	ps2_clear(&k->keys);
	k->typematic = 0x2b;
	k->arg_of = 0;
}

void ps2_kbd_reset(struct ps2_kbd *k)
{
	kbd_defaults(k);
	ps2_clear(&k->answers);
	k->leds = 0;
	k->scanning = true;
}

static void kbd_arg(struct ps2_kbd *k, uint8_t cmd, uint8_t val)
{
	switch (cmd) {
	case KBD_LEDS:
		k->leds = val & 7;
		ANSWER(k, ACK);
		break;
	case CMD_RATE:
		k->typematic = val & 0x7f;
		ANSWER(k, ACK);
		break;
	case KBD_SET:
		/* Set 2 is all there is; drivers take the refusal. */
		if (val == 0)
			ANSWER(k, ACK, 2);
		else if (val == 2)
			ANSWER(k, ACK);
		else
			ANSWER(k, RESEND);
		break;
	}
}

static void kbd_command(struct ps2_kbd *k, uint8_t cmd)
{
	switch (cmd) {
	case KBD_LEDS:
	case CMD_RATE:
	case KBD_SET:
		k->arg_of = cmd;
		ANSWER(k, ACK);
		break;
	case KBD_ECHO:
		ANSWER(k, KBD_ECHO);
		break;
	case CMD_ID:
		ANSWER(k, ACK, 0xab, 0x83);
		break;
	case CMD_ENABLE:
		ps2_clear(&k->keys);
		k->scanning = true;
		ANSWER(k, ACK);
		break;
	case CMD_DISABLE:
		kbd_defaults(k);
		k->scanning = false;
		ANSWER(k, ACK);
		break;
	case CMD_DEFAULTS:
		kbd_defaults(k);
		ANSWER(k, ACK);
		break;
	case KBD_ALL_FIRST ... KBD_ALL_LAST:    /* key types, of set 3 only */
		ANSWER(k, ACK);
		break;
	case CMD_RESEND:
		ANSWER(k, k->last);
		break;
	case CMD_RESET:
		ps2_kbd_reset(k);
		ANSWER(k, ACK, TEST_OK);
		break;
	default:
		ANSWER(k, RESEND);
		break;
	}
}

void ps2_kbd_write(struct ps2_kbd *k, uint8_t val)
{
	uint8_t cmd = k->arg_of;

	k->arg_of = 0;
	/* Commands start at ED: above, no argument can be meant. */
	if (cmd && val < KBD_LEDS)
		kbd_arg(k, cmd, val);
	else
		kbd_command(k, val);
}

bool ps2_kbd_read(struct ps2_kbd *k, uint8_t *val)
{
	return read_byte(&k->answers, &k->keys, &k->last, val);
}

bool ps2_kbd_key(struct ps2_kbd *k, const uint8_t *codes, size_t n)
{
	return k->scanning && n <= KBD_KEEPS - k->keys.n &&
	       ps2_push(&k->keys, codes, n);
}

/* ---- mouse ---------------------------------------------------------------- */

static void mouse_defaults(struct ps2_mouse *m)
{
	ps2_clear(&m->packets);
	m->rate = 100;
	m->resolution = 2;
	m->scale2 = false;
	m->stream = true;
	m->reporting = false;
	m->wrap = false;
	m->arg_of = 0;
	m->dx = m->dy = m->dz = 0;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
	mouse_defaults(m);
	ps2_clear(&m->answers);
	m->id = 0;
	memset(m->knock, 0, sizeof(m->knock));
}

static int take(int *sum, int max)
{
	int part = *sum > max ? max : *sum < -max ? -max : *sum;

	*sum -= part;
	return part;
}

static bool push_packet(struct ps2_mouse *m)
{
	int dx = m->dx, dy = m->dy, dz = m->dz;
	int px = take(&dx, 255), py = take(&dy, 255), pz = take(&dz, 7);
	uint8_t packet[4] = {
		(uint8_t)(m->buttons | 0x08 | (px < 0 ? 0x10 : 0) |
			  (py < 0 ? 0x20 : 0)),
		(uint8_t)px, (uint8_t)py, (uint8_t)pz,
	};

	if (!ps2_push(&m->packets, packet, m->id ? 4 : 3))
		return false;
	m->dx = dx;
	m->dy = dy;
	m->dz = m->id ? dz : 0;
	m->sent_buttons = m->buttons;
	return true;
}

static void push_packets(struct ps2_mouse *m)
{
	if (!m->stream || !m->reporting)
		return;
	while ((m->dx || m->dy || m->dz || m->buttons != m->sent_buttons) &&
	       m->packets.n + 4 <= MOUSE_KEEPS)
		if (!push_packet(m))
			return;
}

static int add(int sum, int d)
{
	int64_t v = (int64_t)sum + d;

	return v > MOUSE_FAR ? MOUSE_FAR : v < -MOUSE_FAR ? -MOUSE_FAR : (int)v;
}

void ps2_mouse_move(struct ps2_mouse *m, int dx, int dy, int dz,
		    unsigned buttons)
{
	m->buttons = buttons & 7;
	if (m->stream && !m->reporting)
		return;         /* a mouse that is off forgets where it went */
	m->dx = add(m->dx, dx);
	m->dy = add(m->dy, dy);
	m->dz = add(m->dz, dz);
	push_packets(m);
}

static void mouse_status(struct ps2_mouse *m)
{
	uint8_t b = m->buttons;
	uint8_t status[] = {
		ACK,
		(uint8_t)((m->stream ? 0 : 0x40) | (m->reporting ? 0x20 : 0) |
			  (m->scale2 ? 0x10 : 0) | (b & PS2_LEFT ? 4 : 0) |
			  (b & PS2_MIDDLE ? 2 : 0) | (b & PS2_RIGHT ? 1 : 0)),
		m->resolution, m->rate,
	};

	ps2_push(&m->answers, status, sizeof(status));
}

/* Rates 200, 100, 80 in a row are the knock that turns the wheel on. */
static void mouse_rate(struct ps2_mouse *m, uint8_t rate)
{
	static const uint8_t wheel[] = { 200, 100, 80 };

	m->rate = rate;
	m->knock[0] = m->knock[1];
	m->knock[1] = m->knock[2];
	m->knock[2] = rate;
	if (!memcmp(m->knock, wheel, sizeof(wheel)))
		m->id = 3;
}

static bool mouse_setting(struct ps2_mouse *m, uint8_t cmd)
{
	switch (cmd) {
	case MOUSE_SCALE1:
	case MOUSE_SCALE2:
		m->scale2 = cmd == MOUSE_SCALE2;
		break;
	case MOUSE_STREAM:
	case MOUSE_REMOTE:
		m->stream = cmd == MOUSE_STREAM;
		break;
	case MOUSE_WRAP:
		m->wrap = true;
		break;
	case MOUSE_UNWRAP:
		break;
	case MOUSE_RESOLUTION:
	case CMD_RATE:
		m->arg_of = cmd;
		break;
	case CMD_ENABLE:
	case CMD_DISABLE:
		m->reporting = cmd == CMD_ENABLE;
		break;
	case CMD_DEFAULTS:
		mouse_defaults(m);
		break;
	default:
		return false;
	}
	ANSWER(m, ACK);
	return true;
}

static void mouse_command(struct ps2_mouse *m, uint8_t cmd)
{
	/* A command ends the packet that was under way. */
	ps2_clear(&m->packets);
	if (mouse_setting(m, cmd))
		return;
	switch (cmd) {
	case MOUSE_STATUS:
		mouse_status(m);
		break;
	case MOUSE_READ:
		ANSWER(m, ACK);
		push_packet(m);
		break;
	case CMD_ID:
		if (m->id)
			ANSWER(m, ACK, 3);
		else
			ANSWER(m, ACK, 0);
		break;
	case CMD_RESEND:
		ANSWER(m, m->last);
		break;
	case CMD_RESET:
		ps2_mouse_reset(m);
		ANSWER(m, ACK, TEST_OK, 0);
		break;
	default:
		ANSWER(m, RESEND);
		break;
	}
}

bool ps2_mouse_read(struct ps2_mouse *m, uint8_t *val)
{
	bool got = read_byte(&m->answers, &m->packets, &m->last, val);

	push_packets(m);
	return got;
}

void ps2_mouse_write(struct ps2_mouse *m, uint8_t val)
{
	uint8_t cmd = m->arg_of;

	m->arg_of = 0;
	if (m->wrap && val != MOUSE_UNWRAP && val != CMD_RESET) {
		ANSWER(m, val);
		return;
	}
	m->wrap = false;
	if (cmd == MOUSE_RESOLUTION) {
		m->resolution = val & 3;
		ANSWER(m, ACK);
	} else if (cmd == CMD_RATE) {
		mouse_rate(m, val);
		ANSWER(m, ACK);
	} else {
		mouse_command(m, val);
	}
}
