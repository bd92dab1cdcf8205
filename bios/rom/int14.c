/* Serial and parallel ports: COM1, and no printer. */
#include "bios/rom/services.h"

#define DATA            0
#define IER             1
#define LCR             3
#define MCR             4
#define LSR             5
#define MSR             6
#define LSR_RX          0x01
#define LSR_TX          0x60
#define TIMEOUT         0x80

static void status(struct regs *r, uint16_t port)
{
	r->ah = inb(port + LSR);
	r->al = inb(port + MSR);
}

/* AL: baud rate 7:5, parity 4:3, stop bits 2, word length 1:0. */
static void init(struct regs *r, uint16_t port)
{
	static const uint16_t divisors[] = {
		0x417, 0x300, 0x180, 0xc0, 0x60, 0x30, 0x18, 0x0c,
	};
	uint16_t divisor = divisors[r->al >> 5];

	outb(port + LCR, (uint8_t)((r->al & 0x1f) | 0x80));
	outb(port + DATA, (uint8_t)divisor);
	outb(port + IER, (uint8_t)(divisor >> 8));
	outb(port + LCR, r->al & 0x1f);
	outb(port + IER, 0);
	status(r, port);
}

/* At most as many seconds as the BIOS data area says, 1 if it says nothing. */
static bool wait_for(uint16_t port, uint8_t bits, uint8_t seconds)
{
	uint32_t n = (seconds ? seconds : 1) * 10000u;

	while ((inb(port + LSR) & bits) != bits) {
		if (--n == 0)
			return false;
		delay_us(100);
	}
	return true;
}

static void transfer(struct regs *r, uint16_t port, uint8_t seconds)
{
	bool out = r->ah == 1;

	outb(port + MCR, out ? 0x03 : 0x01);
	if (!wait_for(port, out ? LSR_TX : LSR_RX, seconds)) {
		r->ah = inb(port + LSR) | TIMEOUT;
		return;
	}
	r->ah = inb(port + LSR);
	if (out) {
		outb(port + DATA, r->al);
	} else {
		r->ah &= 0x1e;
		r->al = inb(port + DATA);
	}
}

void int14(struct regs *r)
{
	uint16_t port = r->dx < 4 ? bda16(BDA_COM + 2 * r->dx) : 0;

	if (!port) {
		if (r->ah < 4)
			r->ah = TIMEOUT;
		return;
	}
	switch (r->ah) {
	case 0:
		init(r, port);
		break;
	case 1:
	case 2:
		transfer(r, port, bda8((uint16_t)(BDA_COM_TIMEOUT + r->dx)));
		break;
	case 3:
		status(r, port);
		break;
	}
}

/* Timed out, and not selected. */
void int17(struct regs *r)
{
	if (r->ah < 3)
		r->ah = 0x01;
}
