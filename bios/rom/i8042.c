#include "bios/rom/services.h"

#define PORT_DATA       0x60
#define PORT_CMD        0x64
#define ST_OBF          0x01
#define ST_IBF          0x02
#define ST_AUX          0x20

#define CMD_READ_CTR    0x20
#define CMD_WRITE_CTR   0x60
#define CMD_AUX_OFF     0xa7
#define CMD_AUX_ON      0xa8
#define CMD_SELF_TEST   0xaa
#define CMD_KBD_TEST    0xab
#define CMD_KBD_OFF     0xad
#define CMD_KBD_ON      0xae
#define CMD_TO_AUX      0xd4

#define CTR_KBD_IRQ     0x01
#define CTR_AUX_IRQ     0x02
#define CTR_SYS         0x04
#define CTR_KBD_OFF     0x10
#define CTR_AUX_OFF     0x20
#define CTR_TRANSLATE   0x40

#define KBD_RESET       0xff
#define KBD_ENABLE      0xf4
#define ACK             0xfa
#define SELF_TEST_OK    0x55
#define BAT_OK          0xaa

/* Status reads until a silent controller is given up; each takes at least a
 * microsecond. */
#define PATIENCE        20000

/* The command byte as it should be between commands. */
static uint8_t ctr = CTR_SYS | CTR_TRANSLATE | CTR_AUX_OFF;
static bool present;

static bool ready(void)
{
	for (unsigned n = 0; n < PATIENCE; n++)
		if (!(inb(PORT_CMD) & ST_IBF))
			return true;
	return false;
}

static bool command(uint8_t c)
{
	if (!ready())
		return false;
	outb(PORT_CMD, c);
	return true;
}

static bool data(uint8_t v)
{
	if (!ready())
		return false;
	outb(PORT_DATA, v);
	return true;
}

/* A byte from the keyboard and the controller, or from the mouse; one from the
 * other side is dropped. */
static bool receive(bool aux, uint8_t *v)
{
	for (unsigned n = 0; n < PATIENCE; n++) {
		uint8_t st = inb(PORT_CMD);

		if (!(st & ST_OBF))
			continue;
		*v = inb(PORT_DATA);
		if (!(st & ST_AUX) == !aux)
			return true;
	}
	return false;
}

static void flush(void)
{
	for (unsigned n = 0; n < 64 && inb(PORT_CMD) & ST_OBF; n++)
		(void)inb(PORT_DATA);
}

static bool set_ctr(uint8_t v)
{
	return command(CMD_WRITE_CTR) && data(v);
}

static bool talk(bool aux, uint8_t c, uint8_t *answer, unsigned n)
{
	uint8_t v;

	if (aux && !command(CMD_TO_AUX))
		return false;
	if (!data(c) || !receive(aux, &v) || v != ACK)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!receive(aux, &answer[i]))
			return false;
	return true;
}

bool kbd_command(uint8_t c, uint8_t *answer, unsigned n)
{
	bool good;

	if (!present)
		return false;
	set_ctr((ctr | CTR_AUX_OFF) & (uint8_t)~(CTR_KBD_IRQ | CTR_AUX_IRQ |
						 CTR_KBD_OFF));
	good = talk(false, c, answer, n);
	set_ctr(ctr);
	return good;
}

bool mouse_command(uint8_t c, uint8_t *answer, unsigned n)
{
	bool good;

	if (!present)
		return false;
	set_ctr((ctr | CTR_KBD_OFF) & (uint8_t)~(CTR_KBD_IRQ | CTR_AUX_IRQ |
						 CTR_AUX_OFF));
	good = talk(true, c, answer, n);
	set_ctr(ctr);
	return good;
}

void mouse_irq(bool on)
{
	if (on)
		ctr = (ctr | CTR_AUX_IRQ) & (uint8_t)~CTR_AUX_OFF;
	else
		ctr = (ctr | CTR_AUX_OFF) & (uint8_t)~CTR_AUX_IRQ;
	if (present)
		set_ctr(ctr);
}

/* A machine without a keyboard controller still boots. */
void i8042_init(void)
{
	uint8_t v;

	if (inb(PORT_CMD) == 0xff)
		return;
	flush();
	if (!command(CMD_KBD_OFF) || !command(CMD_AUX_OFF))
		return;
	flush();
	if (!command(CMD_SELF_TEST) || !receive(false, &v) ||
	    v != SELF_TEST_OK)
		return;
	if (!command(CMD_KBD_TEST) || !receive(false, &v) || v)
		return;
	present = true;
	if (kbd_command(KBD_RESET, &v, 1) && v == BAT_OK &&
	    kbd_command(KBD_ENABLE, NULL, 0))
		ctr |= CTR_KBD_IRQ;
	set_ctr(ctr);
}
