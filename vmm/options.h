/*
 * The command line. Parsing looks at nothing but its arguments; whether a file
 * exists is found out by the machine. Pure; any thread.
 */
#ifndef VMM_OPTIONS_H
#define VMM_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "vmm/machine.h"

enum options_want {
	OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_CONTRACT,
};

struct options_text;
struct options {
	enum options_want want;
	struct mach_cfg mach;
	int verbose;                    /* how many -v */
	struct options_text *texts;     /* what mach's strings point into */
};

#define OPTIONS_ERR_LEN 512

/* argv[0] is the program's name. 0, or -EINVAL with one sentence in err. Call
 * options_fini in either case. */
int options_parse(struct options *, int argc, const char *const *argv,
		  char err[OPTIONS_ERR_LEN]);
void options_fini(struct options *);

void options_print_help(FILE *);

#endif
