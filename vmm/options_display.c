#include "vmm/options_int.h"

#include <string.h>

struct display_words {
	const char *type, *password;
};

int options_set_display(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "type", OPTKV_TEXT,
		  .off = offsetof(struct display_words, type) },
		{ "password-file", OPTKV_TEXT,
		  .off = offsetof(struct display_words, password) },
	};
	struct display_words w = { .type = NULL };
	struct mach_display *d = &p->o->mach.display;
	int ret = options_keys(p, val, keys, COUNT(keys), &w);

	if (ret < 0)
		return ret;
	if (!strncmp(w.type, "vnc:", 4) && w.type[4])
		d->vnc = w.type + 4;
	else if (strcmp(w.type, "none"))
		return options_complain(p, "say none or vnc:HOST:PORT, such as "
					"vnc:127.0.0.1:5900");
	if (w.password && !d->vnc)
		return options_complain(p, "password-file= is for vnc");
	d->vnc_password = w.password;
	return 0;
}

int options_set_vga(const struct parser *p, char *val)
{
	static const char *const words[] = {
		[MACH_VGA_AUTO] = "auto", [MACH_VGA_STD] = "std",
		[MACH_VGA_NONE] = "none", NULL,
	};
	static const struct optkv_key keys[] = {
		{ "model", OPTKV_WORD, .off = 0, .words = words },
	};
	int at;
	int ret = options_keys(p, val, keys, COUNT(keys), &at);

	if (ret == 0)
		p->o->mach.display.vga = (enum mach_vga)at;
	return ret;
}

int options_set_screenshot(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = 0 },
	};

	return options_keys(p, val, keys, COUNT(keys),
			    &p->o->mach.display.screenshot);
}

int options_check_display(const struct parser *p)
{
	const struct mach_display *d = &p->o->mach.display;

	if (d->vga == MACH_VGA_NONE && d->vnc)
		return options_complain(p, "--display vnc shows a VGA and "
					"contradicts --vga none");
	if (d->vga == MACH_VGA_NONE && d->screenshot)
		return options_complain(p, "--screenshot-on-exit shows a VGA "
					"and contradicts --vga none");
	return 0;
}
