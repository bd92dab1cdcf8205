/* Description: stays up, so that the control socket has a machine to talk to;
 * the power button powers it off. */
#include "tests/guest/rt/rt.h"

#define PM1_STS 0x600
#define PWRBTN (1u << 8)

void guest_main(void)
{
	say("idle");
	while (!(inw(PM1_STS) & PWRBTN))
		wait_us(1000);
	say("ok the power button was pressed");
	outw(0x604, 0x2000);
}
