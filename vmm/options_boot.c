#include "vmm/options_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct boot_words {
	const char *from;
	bool menu;
};

/* "disk", "cdrom", or the number of a disk, up to two digits. */
static int parse_from(const char *from, struct mach_boot *boot)
{
	size_t len = strlen(from);

	if (!strcmp(from, "disk")) {
		boot->from = MACH_BOOT_DISK;
	} else if (!strcmp(from, "cdrom")) {
		boot->from = MACH_BOOT_CDROM;
	} else if (len >= 1 && len <= 2 &&
		   strspn(from, "0123456789") == len) {
		boot->from = MACH_BOOT_NUMBER;
		boot->number = (unsigned)atoi(from);
	} else {
		return -EINVAL;
	}
	return 0;
}

int options_set_boot(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "from", OPTKV_TEXT, .off = offsetof(struct boot_words, from),
		  .optional = true },
		{ "menu", OPTKV_FLAG, .off = offsetof(struct boot_words, menu) },
	};
	struct boot_words w = { .from = NULL };
	int ret = options_keys(p, val, keys, COUNT(keys), &w);

	if (ret < 0)
		return ret;
	/* A first item that stands alone is the first key's, whatever it is. */
	if (w.from && !strcmp(w.from, "menu")) {
		w.from = NULL;
		w.menu = true;
	}
	p->o->mach.boot.menu = w.menu;
	if (w.from && parse_from(w.from, &p->o->mach.boot) < 0)
		return options_complain(p, "say disk, cdrom, the number of a "
					"disk from 0, or menu");
	return 0;
}

/* A disk like others, but for who looks at it as a CD: the BIOS. */
int options_set_cdrom(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct mach_disk, path) },
	};
	struct mach_disk d = { .ro = true, .cdrom = true };
	int ret = options_keys(p, val, keys, COUNT(keys), &d);

	if (ret < 0)
		return ret;
	if (p->o->mach.ndisks == MACH_DISKS_MAX)
		return options_complain(p, "too many disks");
	p->o->mach.disk[p->o->mach.ndisks++] = d;
	return 0;
}

int options_set_firmware(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT,
		  .off = offsetof(struct mach_cfg, firmware) },
	};

	return options_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

static int set_switch(const struct parser *p, char *val, const char *key,
		      int *to)
{
	static const char *const words[] = {
		[MACH_AUTO] = "auto", [MACH_ON] = "on", [MACH_OFF] = "off",
		NULL,
	};
	const struct optkv_key keys[] = {
		{ key, OPTKV_WORD, .off = 0, .words = words },
	};

	return options_keys(p, val, keys, COUNT(keys), to);
}

int options_set_hpet(const struct parser *p, char *val)
{
	return set_switch(p, val, "timer", &p->o->mach.hpet);
}

int options_set_hyperv(const struct parser *p, char *val)
{
	return set_switch(p, val, "leaves", &p->o->mach.hyperv);
}

int options_set_bios_serial(const struct parser *p, char *val)
{
	static const char *const words[] = { "off", "on", NULL };
	static const struct optkv_key keys[] = {
		{ "mirror", OPTKV_WORD, .off = 0, .words = words },
	};
	int on;
	int ret = options_keys(p, val, keys, COUNT(keys), &on);

	if (ret == 0)
		p->o->mach.bios_serial = on ? MACH_ON : MACH_OFF;
	return ret;
}

static unsigned count_cds(const struct mach_cfg *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->ndisks; i++)
		n += m->disk[i].cdrom;
	return n;
}

int options_check_boot(const struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;
	unsigned cds = count_cds(m);

	if (m->kernel && m->firmware)
		return options_complain(p, "--firmware boots disks and "
					"contradicts --kernel");
	if (!m->kernel && !m->firmware && !m->ndisks)
		return options_complain(p, "nothing to boot: give --disk FILE, "
					"--cdrom FILE or --kernel FILE (see "
					"--help)");
	if (m->kernel && (m->boot.from != MACH_BOOT_ANY || m->boot.menu))
		return options_complain(p, "--boot is for the BIOS and "
					"contradicts --kernel");
	if (!m->kernel && m->transport == MACH_MMIO)
		return options_complain(p, "--transport mmio is for --kernel; "
					"the BIOS boots from PCI disks");
	if (m->boot.from == MACH_BOOT_CDROM && !cds)
		return options_complain(p, "--boot cdrom: there is none; give "
					"--cdrom FILE");
	if (m->boot.from == MACH_BOOT_NUMBER &&
	    m->boot.number >= m->ndisks - cds)
		return options_complain(p, "--boot: there is no disk of that "
					"number; they count from 0, without "
					"the CD");
	return 0;
}
