/* INT 15h/C2, the PS/2 mouse's services, and IRQ 12. */
#include "bios/rom/services.h"

enum {
	BAD_FUNCTION = 0x01, BAD_INPUT = 0x02, INTERFACE_ERROR = 0x03,
	RESEND = 0x04, NO_HANDLER = 0x05,
};

enum {
	MOUSE_SCALE_1 = 0xe6, MOUSE_SCALE_2 = 0xe7, MOUSE_RESOLUTION = 0xe8,
	MOUSE_STATUS = 0xe9, MOUSE_ID = 0xf2, MOUSE_RATE = 0xf3,
	MOUSE_ENABLE = 0xf4, MOUSE_DISABLE = 0xf5, MOUSE_RESET = 0xff,
};

#define PACKET_MAX      8
#define ST_OBF_AUX      0x21

static uint32_t handler;                /* far, 0: none */
static uint8_t packet[PACKET_MAX], packet_len = 3, got;

static uint8_t send(uint8_t c, uint8_t *answer, unsigned n)
{
	return mouse_command(c, answer, n) ? 0 : RESEND;
}

static uint8_t send_with(uint8_t c, uint8_t arg)
{
	uint8_t status = send(c, NULL, 0);

	return status ? status : send(arg, NULL, 0);
}

static uint8_t enable(uint8_t on)
{
	if (on > 1)
		return BAD_FUNCTION;
	if (on && !handler)
		return NO_HANDLER;
	got = 0;
	mouse_irq(on);
	return send(on ? MOUSE_ENABLE : MOUSE_DISABLE, NULL, 0);
}

static uint8_t reset(struct regs *r)
{
	uint8_t answer[2], status;

	mouse_irq(false);
	got = 0;
	status = send(MOUSE_RESET, answer, 2);
	if (!status) {
		r->bl = answer[0];
		r->bh = answer[1];
	}
	return status;
}

static uint8_t rate(uint8_t n)
{
	static const uint8_t rates[] = { 10, 20, 40, 60, 80, 100, 200 };

	return n < sizeof(rates) ? send_with(MOUSE_RATE, rates[n]) : BAD_INPUT;
}

static uint8_t init(struct regs *r)
{
	if (r->bh == 0 || r->bh > PACKET_MAX)
		return INTERFACE_ERROR;
	packet_len = r->bh;
	return reset(r);
}

static uint8_t extended(struct regs *r)
{
	uint8_t answer[3], status;

	switch (r->bh) {
	case 0x00:
		status = send(MOUSE_STATUS, answer, 3);
		if (!status) {
			r->bl = answer[0];
			r->cl = answer[1];
			r->dl = answer[2];
		}
		return status;
	case 0x01:
		return send(MOUSE_SCALE_1, NULL, 0);
	case 0x02:
		return send(MOUSE_SCALE_2, NULL, 0);
	default:
		return BAD_FUNCTION;
	}
}

static uint8_t set_handler(const struct regs *r)
{
	uint32_t fn = (uint32_t)r->es << 16 | r->bx;

	if (!fn && handler) {
		mouse_irq(false);
		send(MOUSE_DISABLE, NULL, 0);
	}
	handler = fn;
	return 0;
}

static uint8_t id(struct regs *r)
{
	uint8_t answer, status = send(MOUSE_ID, &answer, 1);

	if (!status)
		r->bh = answer;
	return status;
}

static uint8_t serve(struct regs *r)
{
	switch (r->al) {
	case 0x00:
		return enable(r->bh);
	case 0x01:
		return reset(r);
	case 0x02:
		return rate(r->bh);
	case 0x03:
		return r->bh < 4 ? send_with(MOUSE_RESOLUTION, r->bh) :
				   BAD_INPUT;
	case 0x04:
		return id(r);
	case 0x05:
		return init(r);
	case 0x06:
		return extended(r);
	case 0x07:
		return set_handler(r);
	default:
		return BAD_FUNCTION;
	}
}

void mouse_service(struct regs *r)
{
	set_status(r, serve(r));
}

/* The handler gets status, X, Y and a word that is 0, or the fourth byte. */
static void call_handler(void)
{
	const uint16_t words[4] = {
		packet[0], packet[1], packet[2],
		packet_len > 3 ? packet[3] : 0,
	};

	far_call(handler, words, 0);
}

/* IRQ 12. */
void int74(struct regs *r)
{
	uint8_t byte;

	(void)r;
	if ((inb(0x64) & ST_OBF_AUX) == ST_OBF_AUX) {
		byte = inb(0x60);
		if (handler) {
			packet[got++] = byte;
			if (got >= packet_len) {
				got = 0;
				call_handler();
			}
		}
	}
	pic_eoi(12);
}
