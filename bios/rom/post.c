#include "bios/rom/services.h"

#define PORT_POST       0x80
#define PORT_A          0x92
#define RTC_A           0x0a
#define RTC_B           0x0b
#define TICKS_PER_DAY   0x1800b0u
#define PORT_A_A20    0x02

#define EQUIP_FPU       0x0002
#define EQUIP_MOUSE     0x0004
#define EQUIP_COLOUR_80 0x0020
#define EQUIP_COM_1     0x0200

extern uint8_t bios32_header[16];

static void progress(uint8_t code)
{
	outb(PORT_POST, code);
}

static void vector(uint8_t n, const char *entry)
{
	set_ivt(n, ROM_SEG, (uint16_t)(uint32_t)entry);
}

static void vectors(void)
{
	for (unsigned n = 0; n < 0x100; n++)
		vector((uint8_t)n, entry_iret);
	for (unsigned n = 0x08; n < 0x10; n++)
		vector((uint8_t)n, entry_irq1);
	for (unsigned n = 0x70; n < 0x78; n++)
		vector((uint8_t)n, entry_irq2);
	/* 60 to 67 are programs' own: 0 says that nobody has one. */
	for (unsigned n = 0x60; n < 0x68; n++)
		set_ivt((uint8_t)n, 0, 0);
	vector(0x02, entry_02);
	vector(0x05, entry_05);
	vector(0x08, entry_08);
	vector(0x09, entry_09);
	vector(0x0e, entry_0e);
	vector(0x10, entry_10);
	vector(0x11, entry_11);
	vector(0x12, entry_12);
	vector(0x13, entry_13);
	vector(0x14, entry_14);
	vector(0x15, entry_15);
	vector(0x16, entry_16);
	vector(0x17, entry_17);
	vector(0x18, entry_18);
	vector(0x19, entry_19);
	vector(0x1a, entry_1a);
	vector(0x1d, video_params);
	vector(0x1e, diskette_params);
	set_ivt(0x1f, 0, 0);
	vector(0x40, entry_40);
	set_ivt(0x41, 0, 0);
	vector(0x42, entry_10);
	set_ivt(0x46, 0, 0);
	vector(0x70, entry_70);
	vector(0x71, entry_71);
	vector(0x74, entry_74);
	vector(0x75, entry_75);
	vector(0x76, entry_76);
}

static void data_areas(void)
{
	fill_far(BDA_SEG, 0, 0, 0x100);
	fill_far(EBDA_SEG, 0, 0, EBDA_KB * 1024);
	poke8(EBDA_SEG, 0, EBDA_KB);
	set_bda16(BDA_EBDA, EBDA_SEG);
	set_bda16(BDA_MEM_KB, BASE_KB);
	set_bda16(BDA_EQUIPMENT, EQUIP_FPU | EQUIP_MOUSE | EQUIP_COLOUR_80);
	set_bda16(BDA_CRTC, 0x3d4);
	set_bda32(BDA_LPT_TIMEOUT, 0x14141414);
	set_bda32(BDA_COM_TIMEOUT, 0x01010101);
	kbd_init();
}

static uint32_t from_bcd(uint8_t v)
{
	return (v >> 4) * 10u + (v & 15);
}

/* Ticks since midnight: 1193182 / 65536 a second. */
static void clock_init(void)
{
	uint32_t s, t;

	cmos_write(RTC_A, 0x26);        /* periods of 1024 Hz */
	cmos_write(RTC_B, 0x02);        /* BCD, 24 hours, no interrupts */
	(void)cmos_read(0x0c);
	s = (from_bcd(cmos_read(0x04)) * 60 + from_bcd(cmos_read(0x02))) * 60 +
	    from_bcd(cmos_read(0x00));
	t = s * 18 + s * 20648 / 100000;
	set_bda32(BDA_TICKS, t < TICKS_PER_DAY ? t : 0);
}

static void bios32_init(void)
{
	for (unsigned i = 0; i < 16; i++)
		if (i != 10)
			bios32_header[10] -= bios32_header[i];
}

void post(void)
{
	progress(0x01);
	outb(PORT_A, PORT_A_A20);
	vectors();
	data_areas();
	pic_init();
	pit_init();
	clock_init();
	progress(0x02);
	com1_init();
	if (com1_present())
		set_bda16(BDA_EQUIPMENT, bda16(BDA_EQUIPMENT) | EQUIP_COM_1);
	lapic_init();
	bios32_init();
	progress(0x03);
	i8042_init();
	progress(0x04);
	video_init();
	pic_enable(0);
	pic_enable(1);
	pic_enable(8);
	pic_enable(12);
	progress(0x05);
	disks_init();
	progress(0x06);
	print("aerovmm BIOS\n");
	boot_first();
}
