/* A machine without a control socket: built where Jansson is not installed. */
#include <errno.h>
#include <stdio.h>

#include "vmm/machine_int.h"

int mach_control_create(struct machine *m, char *err)
{
	if (!m->cfg.control)
		return 0;
	snprintf(err, MACH_ERR_LEN, "--control is not in this build: install "
		 "libjansson-dev and build again");
	return -ENOTSUP;
}

void mach_control_destroy(struct machine *m)
{
	(void)m;
}

void mach_power_button(struct machine *m)
{
	pm_power_button(&m->pm);
}

void mach_control_tell(struct machine *m, enum mach_end end)
{
	(void)m;
	(void)end;
}
