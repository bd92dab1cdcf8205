/* Description: the ways a guest ends: end=1 power off, 2 CF9, 3 keyboard
 * controller, 4 port 92h, 5 triple fault, 6 debug exit with value=N. */
#include "tests/guest/rt/rt.h"

void guest_main(void)
{
	say("end %lu", param("end", 0));
	switch (param("end", 0)) {
	case 1:
		outw(0x604, 0x2000 | (uint16_t)(param("type", 0) << 10));
		break;
	case 2:
		outb(0xcf9, 0x02);
		outb(0xcf9, 0x06);
		break;
	case 3:
		outb(0x64, 0xfe);
		break;
	case 4:
		outb(0x92, 0x01);
		break;
	case 5: {
		struct { uint16_t limit; uint64_t base; }
		__attribute__((packed)) none = { 0, 0 };

		__asm__ volatile("lidt %0; int3" : : "m"(none));
		break;
	}
	case 6:
		leave((uint8_t)param("value", 0));
	}
	wait_us(2000000);
	say("not ok still here");
}
