/* Description: the command line, and each option's keys. Arguments are lines. */
#include <string.h>

#include "devices/base/log.h"
#include "tests/fuzz/fz.h"
#include "vmm/options.h"

#define ARGS 24
#define TEXT 2048

void fz_setup(void)
{
}

void fz_one(struct fz *in)
{
	char text[TEXT + 1], err[OPTIONS_ERR_LEN] = "", *at = text;
	const char *argv[ARGS + 1] = { "aerovmm" };
	struct options o;
	size_t len;
	int argc = 1, ret;
	const uint8_t *p = fz_bytes(in, TEXT, &len);

	memcpy(text, p, len);
	text[len] = '\0';
	while (argc < ARGS && at && at < text + len)
		argv[argc++] = strsep(&at, "\n");
	ret = options_parse(&o, argc, argv, err);
	/* What is wrong is told, in one line. */
	BUG_ON(ret > 0 || (ret < 0 && !err[0]));
	BUG_ON(strnlen(err, sizeof(err)) == sizeof(err));
	if (ret == 0 && o.want == OPTIONS_RUN)
		BUG_ON(!o.mach.cpus || o.mach.ndisks > MACH_DISKS_MAX ||
		       o.mach.nnets > MACH_NETS_MAX);
	options_fini(&o);
}
