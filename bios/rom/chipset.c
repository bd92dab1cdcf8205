#include "bios/rom/services.h"

#define PORT_ELCR1      0x4d0
#define PORT_ELCR2      0x4d1
#define PORT_PIT        0x40
#define PORT_PIT_MODE   0x43
#define PORT_B          0x61
#define PORT_B_REFRESH  0x10
#define PORT_RESET      0xcf9

#define LAPIC           0xfee00000u
#define LAPIC_SVR       0xf0
#define LAPIC_LINT0     0x350
#define LAPIC_LINT1     0x360

/* The GSIs of PCI's INTx lines and of ACPI's SCI are level-triggered. */
#define ELCR1_LEVEL     (1 << 5)
#define ELCR2_LEVEL     (1 << (9 - 8) | 1 << (10 - 8) | 1 << (11 - 8))

void pic_init(void)
{
	outb(PORT_PIC1, 0x11);
	outb(PORT_PIC2, 0x11);
	outb(PORT_PIC1 + 1, 0x08);      /* vectors 08-0F */
	outb(PORT_PIC2 + 1, 0x70);      /* and 70-77 */
	outb(PORT_PIC1 + 1, 0x04);
	outb(PORT_PIC2 + 1, 0x02);
	outb(PORT_PIC1 + 1, 0x01);
	outb(PORT_PIC2 + 1, 0x01);
	outb(PORT_PIC1 + 1, 0xfb);      /* all but the cascade are masked */
	outb(PORT_PIC2 + 1, 0xff);
	outb(PORT_ELCR1, ELCR1_LEVEL);
	outb(PORT_ELCR2, ELCR2_LEVEL);
}

void pic_enable(unsigned irq)
{
	uint16_t port = irq < 8 ? PORT_PIC1 + 1 : PORT_PIC2 + 1;

	outb(port, inb(port) & (uint8_t)~(1 << (irq & 7)));
}

void pic_eoi(unsigned irq)
{
	if (irq >= 8)
		outb(PORT_PIC2, PIC_EOI);
	outb(PORT_PIC1, PIC_EOI);
}

/* 18.2 Hz: the longest count. */
void pit_init(void)
{
	outb(PORT_PIT_MODE, 0x34);      /* counter 0, both bytes, mode 2 */
	outb(PORT_PIT, 0);
	outb(PORT_PIT, 0);
}

static uint32_t lapic_setup(void *arg)
{
	(void)arg;
	mem_write32(LAPIC + LAPIC_SVR, mem_read32(LAPIC + LAPIC_SVR) | 0x100);
	mem_write32(LAPIC + LAPIC_LINT0, 0x8700);       /* the PICs */
	mem_write32(LAPIC + LAPIC_LINT1, 0x8400);       /* NMI */
	return 0;
}

void lapic_init(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (d & 1 << 9)
		flat_call(lapic_setup, NULL);
}

/* Bit 7 of the index would mask NMI; it stays clear. */
uint8_t cmos_read(uint8_t index)
{
	outb(0x70, index);
	return inb(0x71);
}

void cmos_write(uint8_t index, uint8_t v)
{
	outb(0x70, index);
	outb(0x71, v);
}

void machine_reset(void)
{
	outb(PORT_RESET, 0x02);
	outb(PORT_RESET, 0x06);
	outb(0x64, 0xfe);               /* a machine without that register */
	for (;;)
		__asm__ volatile("cli; hlt");
}

void delay_us(uint32_t us)
{
	uint32_t turns = us / 15 + 1;
	uint8_t was = inb(PORT_B) & PORT_B_REFRESH;
	uint32_t patience = 0;

	while (turns && patience < 1000000) {
		uint8_t now = inb(PORT_B) & PORT_B_REFRESH;

		patience++;
		if (now == was)
			continue;
		was = now;
		patience = 0;
		turns--;
	}
}

uint8_t rtc_seconds(void)
{
	return cmos_read(0x00);
}
