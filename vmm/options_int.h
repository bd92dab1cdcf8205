/* Between options.c, options_devs.c, options_boot.c and options_display.c. */
#ifndef VMM_OPTIONS_INT_H
#define VMM_OPTIONS_INT_H

#include "vmm/options.h"
#include "vmm/optkv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct parser {
	struct options *o;
	const char *option;     /* as it was written: "--disk" */
	char *err;
};

/* Always -EINVAL. */
int options_complain(const struct parser *, const char *what);
int options_keys(const struct parser *, char *val, const struct optkv_key *,
		 unsigned n, void *obj);

/* A copy of len bytes that lives as long as the options; NULL: no memory. */
char *options_copy(const struct parser *, const char *, size_t len);

/* One function an option; val is the option's own copy of the text. */
int options_add_disk(const struct parser *, char *val);
int options_add_net(const struct parser *, char *val);
int options_set_iothreads(const struct parser *, char *val);
int options_set_input(const struct parser *, char *val);
int options_set_sound(const struct parser *, char *val);
int options_set_control(const struct parser *, char *val);
int options_set_boot(const struct parser *, char *val);
int options_set_cdrom(const struct parser *, char *val);
int options_set_firmware(const struct parser *, char *val);
int options_set_hpet(const struct parser *, char *val);
int options_set_hyperv(const struct parser *, char *val);
int options_set_bios_serial(const struct parser *, char *val);
int options_set_display(const struct parser *, char *val);
int options_set_vga(const struct parser *, char *val);
int options_set_screenshot(const struct parser *, char *val);

/* Queues and the threads they are on; p->option is NULL. */
int options_check_rings(const struct parser *);
int options_check_threads(const struct parser *);

/* What is booted, against everything else; p->option is NULL. */
int options_check_boot(const struct parser *);
/* The same for what is seen of it. */
int options_check_display(const struct parser *);

#endif
