#include "bios/rom/services.h"

#define COM1            0x3f8
#define DATA            (COM1 + 0)
#define IER             (COM1 + 1)
#define FCR             (COM1 + 2)
#define LCR             (COM1 + 3)
#define MCR             (COM1 + 4)
#define LSR             (COM1 + 5)
#define LSR_RX          0x01
#define LSR_TX          0x20

/* Polls until a byte is given up: longer than 16 bytes at 9600 baud take. */
#define PATIENCE        20000

static bool present;
static bool stuck;      /* nobody takes what is sent */

/* 115200 baud, 8N1, FIFOs on, no interrupts. */
void com1_init(void)
{
	present = inb(LSR) != 0xff;
	if (!present)
		return;
	outb(IER, 0);
	outb(LCR, 0x83);
	outb(DATA, 1);
	outb(IER, 0);
	outb(LCR, 0x03);
	outb(FCR, 0x07);
	outb(MCR, 0x03);
	set_bda16(BDA_COM, COM1);
}

bool com1_present(void)
{
	return present;
}

/* One that is not read costs its patience once, not at each byte. */
void com1_put(uint8_t c)
{
	unsigned n = stuck ? PATIENCE - 1 : 0;

	if (!present)
		return;
	while (!(inb(LSR) & LSR_TX))
		if (++n >= PATIENCE) {
			stuck = true;
			return;
		}
	stuck = false;
	outb(DATA, c);
}

int com1_get(void)
{
	if (!present || !(inb(LSR) & LSR_RX))
		return -1;
	return inb(DATA);
}
