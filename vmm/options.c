#include "vmm/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio/blk.h"
#include "devices/virtio/profile.h"
#include "pci/vpci.h"
#include "vmm/mem.h"
#include "vmm/optkv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Copies of arguments, because cutting one into keys changes it. */
struct options_text {
	struct options_text *next;
	char text[];
};

struct parser {
	struct options *o;
	const char *option;     /* as it was written: "--disk" */
	char *err;
};

static int complain(const struct parser *p, const char *what)
{
	snprintf(p->err, OPTIONS_ERR_LEN, "%s%s%s", p->option ? p->option : "",
		 p->option ? ": " : "", what);
	return -EINVAL;
}

static int parse_keys(const struct parser *p, char *val,
		      const struct optkv_key *keys, unsigned n, void *obj)
{
	return optkv_parse(p->option, val, keys, n, obj, p->err,
			   OPTIONS_ERR_LEN);
}

/* ---- one function an option --------------------------------------------------- */

static int set_kernel(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct mach_cfg, kernel) },
	};

	return parse_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

static int set_initrd(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct mach_cfg, initrd) },
	};

	return parse_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

/* Free text, commas and all. */
static int set_cmdline(const struct parser *p, char *val)
{
	p->o->mach.cmdline = val;
	return 0;
}

static int set_profile(const struct parser *p, char *val)
{
	static const char *const words[] = { "auto", "aero-w7", "modern", NULL };
	static const struct optkv_key keys[] = {
		{ "name", OPTKV_WORD, .off = 0, .words = words },
	};
	int at;
	int ret = parse_keys(p, val, keys, COUNT(keys), &at);

	if (ret == 0)
		p->o->mach.profile = at ? vio_profile_find(words[at]) : NULL;
	return ret;
}

struct transport_words {
	int type;
	bool cmdline;
};

static int set_transport(const struct parser *p, char *val)
{
	static const char *const words[] = {
		[MACH_PCI] = "pci", [MACH_MMIO] = "mmio", NULL,
	};
	static const struct optkv_key keys[] = {
		{ "type", OPTKV_WORD,
		  .off = offsetof(struct transport_words, type),
		  .words = words },
		{ "cmdline", OPTKV_FLAG,
		  .off = offsetof(struct transport_words, cmdline) },
	};
	struct transport_words t = { .cmdline = false };
	int ret = parse_keys(p, val, keys, COUNT(keys), &t);

	if (ret < 0)
		return ret;
	if (t.cmdline && t.type != MACH_MMIO)
		return complain(p, "cmdline is for mmio; PCI devices are found "
				"without it");
	p->o->mach.transport = (enum mach_transport)t.type;
	p->o->mach.mmio_cmdline = t.cmdline;
	return 0;
}

static int set_memory(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "size", OPTKV_SIZE, .off = offsetof(struct mach_cfg, memory),
		  .min = LAYOUT_RAM_MIN, .max = MACH_MEMORY_MAX },
		{ "hugepages", OPTKV_FLAG,
		  .off = offsetof(struct mach_cfg, hugepages) },
	};
	int ret = parse_keys(p, val, keys, COUNT(keys), &p->o->mach);

	if (ret < 0)
		return ret;
	if (p->o->mach.hugepages && p->o->mach.memory % MEM_HUGE_PAGE)
		return complain(p, "with hugepages the size must be a multiple "
				"of 2M");
	if (p->o->mach.memory % 4096)
		return complain(p, "the size must be a multiple of 4K");
	return 0;
}

static int set_cpus(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "count", OPTKV_NUMBER, .off = offsetof(struct mach_cfg, cpus),
		  .min = 1, .max = LAYOUT_CPUS_MAX },
	};

	return parse_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

struct disk_words {
	struct mach_disk d;
	int format, block;
};

static int add_disk(const struct parser *p, char *val)
{
	static const char *const formats[] = { "raw", NULL };
	static const char *const blocks[] = { "512", "4096", NULL };
	static const char *const msix[] = {
		[VPCI_MSIX_DEFAULT] = "auto", [VPCI_MSIX_ON] = "on",
		[VPCI_MSIX_OFF] = "off", NULL,
	};
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct disk_words, d.path) },
		{ "ro", OPTKV_FLAG, .off = offsetof(struct disk_words, d.ro) },
		{ "direct", OPTKV_FLAG,
		  .off = offsetof(struct disk_words, d.direct) },
		{ "sync", OPTKV_FLAG, .off = offsetof(struct disk_words, d.sync) },
		{ "serial", OPTKV_TEXT,
		  .off = offsetof(struct disk_words, d.serial) },
		{ "format", OPTKV_WORD, .words = formats,
		  .off = offsetof(struct disk_words, format) },
		{ "block-size", OPTKV_WORD, .words = blocks,
		  .off = offsetof(struct disk_words, block) },
		{ "msix", OPTKV_WORD, .words = msix, .lone = true,
		  .off = offsetof(struct disk_words, d.msix) },
	};
	static const uint32_t block_sizes[] = { 512, 4096 };
	struct disk_words w = { .block = -1 };
	int ret = parse_keys(p, val, keys, COUNT(keys), &w);

	if (ret < 0)
		return ret;
	if (w.d.serial && strlen(w.d.serial) > BLK_SERIAL_LEN)
		return complain(p, "serial is longer than 20 characters");
	if (p->o->mach.ndisks == MACH_DISKS_MAX)
		return complain(p, "too many disks");
	if (w.block >= 0)
		w.d.block_size = block_sizes[w.block];
	p->o->mach.disk[p->o->mach.ndisks++] = w.d;
	return 0;
}

static int set_serial(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "to", OPTKV_TEXT, .off = offsetof(struct mach_cfg, serial) },
	};
	int ret = parse_keys(p, val, keys, COUNT(keys), &p->o->mach);
	const char *to = p->o->mach.serial;

	if (ret < 0)
		return ret;
	if (!strcmp(to, "stdio") || !strcmp(to, "none") || !strcmp(to, "pty"))
		return 0;
	if (!strncmp(to, "file:", 5) || !strncmp(to, "unix:", 5))
		return to[5] ? 0 : complain(p, "a path must follow the colon");
	return complain(p, "say stdio, none, pty, file:PATH or unix:PATH");
}

static int set_display(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "type", OPTKV_TEXT, .off = 0 },
	};
	const char *type;
	int ret = parse_keys(p, val, keys, COUNT(keys), &type);

	if (ret < 0)
		return ret;
	if (strcmp(type, "none"))
		return complain(p, "no display is built into this aerovmm; say "
				"none");
	return 0;
}

static int set_no_reboot(const struct parser *p, char *val)
{
	(void)val;
	p->o->mach.no_reboot = true;
	return 0;
}

static int set_debug_exit(const struct parser *p, char *val)
{
	(void)val;
	p->o->mach.debug_exit = true;
	return 0;
}

static int set_verbose(const struct parser *p, char *val)
{
	(void)val;
	p->o->verbose++;
	return 0;
}

static int set_help(const struct parser *p, char *val)
{
	(void)val;
	p->o->want = OPTIONS_HELP;
	return 0;
}

static int set_version(const struct parser *p, char *val)
{
	(void)val;
	p->o->want = OPTIONS_VERSION;
	return 0;
}

/* ---- the table ------------------------------------------------------------------ */

struct row {
	const char *group;      /* of this row and those below */
	const char *name, *arg, *help;
	int (*set)(const struct parser *, char *val);
	bool many;
};

static const struct row rows[] = {
	{ "What to boot", "--kernel", "FILE",
	  "Linux bzImage, or ELF with a PVH entry", set_kernel, false },
	{ NULL, "--initrd", "FILE", "initial ramdisk", set_initrd, false },
	{ NULL, "--cmdline", "TEXT",
	  "kernel command line, taken as it stands\n"
	  "(default: console=ttyS0)", set_cmdline, false },
	{ "The machine", "--memory", "SIZE[,hugepages]",
	  "RAM, 16M to 4T, with K, M, G or T (default: 512M);\n"
	  "hugepages: from the host's reserved 2 MiB pages", set_memory, false },
	{ NULL, "--cpus", "N", "1 to 32 (default: 1)", set_cpus, false },
	{ NULL, "--profile", "NAME",
	  "what guests see of the devices: auto, aero-w7, modern\n"
	  "(default: auto, which is modern for a kernel)",
	  set_profile, false },
	{ NULL, "--transport", "pci|mmio[,cmdline]",
	  "where virtio devices are (default: pci). mmio is shown\n"
	  "by ACPI, or with cmdline by virtio_mmio.device=",
	  set_transport, false },
	{ "Devices", "--disk", "FILE[,KEY]...",
	  "virtio disk from a raw image or a block device; may be\n"
	  "given again. Keys:\n"
	  "ro                the guest cannot write\n"
	  "direct            past the host's page cache\n"
	  "sync              a write that is done is durable\n"
	  "serial=TEXT       serial number, up to 20 characters\n"
	  "format=raw        the only one\n"
	  "block-size=N      logical block, 512 or 4096 (default:\n"
	  "                  a device's own, 512 for a file)\n"
	  "msix=auto|on|off  MSI-X; auto: as the profile says",
	  add_disk, true },
	{ NULL, "--serial", "WHERE",
	  "first serial port: stdio (default), none, pty,\n"
	  "file:PATH, unix:PATH", set_serial, false },
	{ NULL, "--display", "none", "no screen", set_display, false },
	{ "Running", "--no-reboot", NULL,
	  "exit when the guest asks for a reset", set_no_reboot, false },
	{ NULL, "--debug-exit", NULL,
	  "a guest's write to port 0xF4 ends the machine",
	  set_debug_exit, false },
	{ NULL, "-v", NULL, "say more; -vv: still more", set_verbose, true },
	{ NULL, "--version", NULL, "print the version and exit",
	  set_version, false },
	{ NULL, "--help", NULL, "print this and exit", set_help, false },
};

/* ---- help ------------------------------------------------------------------------ */

#define HELP_COLUMN 24

static void print_row(FILE *to, const struct row *r)
{
	const char *text = r->help;
	int at;

	at = fprintf(to, "  %s%s%s", r->name, r->arg ? " " : "",
		     r->arg ? r->arg : "");
	if (at >= HELP_COLUMN) {
		fputc('\n', to);
		at = 0;
	}
	for (;;) {
		int len = (int)strcspn(text, "\n");

		fprintf(to, "%*s%.*s\n", HELP_COLUMN - at, "", len, text);
		if (!text[len])
			break;
		text += len + 1;
		at = 0;
	}
}

void options_print_help(FILE *to)
{
	fputs("Usage: aerovmm --kernel FILE [option]...\n"
	      "Runs a guest under KVM, with virtio devices.\n", to);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		if (rows[i].group)
			fprintf(to, "\n%s\n", rows[i].group);
		print_row(to, &rows[i]);
	}
	fputs("\nIn an option with keys, a key that is a yes or no stands by "
	      "its name or as\nname=on|off, and a comma inside a value is "
	      "written twice.\n"
	      "On the terminal Ctrl-A X leaves and Ctrl-A H helps.\n"
	      "\nExit status\n"
	      "  0  the guest powered off, or you ended it\n"
	      "  1  the host or the configuration is at fault\n"
	      "  2  the command line is\n"
	      "  3  the guest asked for a reset under --no-reboot\n"
	      "  4  the guest crashed\n"
	      "  (value << 1) | 1 after a write of value to port 0xF4 under "
	      "--debug-exit\n", to);
}

/* ---- the command line -------------------------------------------------------------- */

static int no_such_option(const struct parser *p)
{
	const char *names[COUNT(rows) + 1] = { NULL };
	char what[80];
	const char *near;

	for (unsigned i = 0; i < COUNT(rows); i++)
		names[i] = rows[i].name;
	near = optkv_nearest(p->option, names);
	if (!near)
		return complain(p, "no such option; see --help");
	snprintf(what, sizeof(what), "no such option; did you mean %s?", near);
	return complain(p, what);
}

static const struct row *find_row(const char *name)
{
	for (unsigned i = 0; i < COUNT(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	if (!strcmp(name, "-h"))
		return find_row("--help");
	return NULL;
}

static char *copy(struct options *o, const char *text)
{
	size_t len = strlen(text) + 1;
	struct options_text *t = malloc(sizeof(*t) + len);

	if (!t)
		return NULL;
	memcpy(t->text, text, len);
	t->next = o->texts;
	o->texts = t;
	return t->text;
}

/* "-vv" is "-v" as often as it has letters. */
static bool is_verbose(const char *arg)
{
	return arg[0] == '-' && arg[1] == 'v' &&
	       strspn(arg + 1, "v") == strlen(arg + 1);
}

/* One option, whose value may be the next argument. Returns how many
 * arguments it was, or -EINVAL. */
static int parse_one(struct parser *p, const char *const *argv, int left,
		     uint32_t *given)
{
	char *word = copy(p->o, argv[0]);
	const struct row *r;
	char *val = NULL;
	int used = 1;

	if (!word)
		return complain(p, "out of memory");
	p->option = word;
	if (is_verbose(word)) {
		p->o->verbose += (int)strlen(word + 1);
		return 1;
	}
	if (word[0] != '-')
		return complain(p, "unexpected argument; a disk is given by "
				"--disk, a kernel by --kernel");
	if (!strncmp(word, "--", 2) && (val = strchr(word, '=')))
		*val++ = '\0';
	r = find_row(word);
	if (!r)
		return no_such_option(p);
	if (!r->arg && val)
		return complain(p, "takes no value");
	if (r->arg && !val) {
		if (left < 2)
			return complain(p, "needs a value; see --help");
		val = copy(p->o, argv[1]);
		if (!val)
			return complain(p, "out of memory");
		used = 2;
	}
	if (!r->many && *given & UINT32_C(1) << (r - rows))
		return complain(p, "given twice");
	*given |= UINT32_C(1) << (r - rows);
	return r->set(p, val) < 0 ? -EINVAL : used;
}

static int check_disks(const struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;

	if (m->transport == MACH_MMIO && m->ndisks > LAYOUT_VMMIO_GSIS)
		return complain(p, "--transport mmio has room for 8 disks; use "
				"pci");
	for (unsigned i = 0; i < m->ndisks; i++) {
		if (m->transport == MACH_MMIO &&
		    m->disk[i].msix != VPCI_MSIX_DEFAULT)
			return complain(p, "--disk msix= is for PCI and "
					"contradicts --transport mmio");
		if (m->profile == &vio_profile_aero_w7 && m->disk[i].serial)
			return complain(p, "--disk serial= contradicts "
					"--profile aero-w7, whose disks have no "
					"serial number");
	}
	return 0;
}

/* What only makes sense, or does not, together. */
static int check(struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;

	p->option = NULL;
	if (!m->kernel && (m->initrd || m->cmdline))
		return complain(p, "--initrd and --cmdline are for a kernel: "
				"give --kernel, too");
	if (!m->kernel)
		return complain(p, "nothing to boot: give --kernel FILE (see "
				"--help)");
	return check_disks(p);
}

int options_parse(struct options *o, int argc, const char *const *argv,
		  char err[OPTIONS_ERR_LEN])
{
	struct parser p = { .o = o, .err = err };
	uint32_t given = 0;
	int at = 1;

	_Static_assert(COUNT(rows) <= 32, "given has a bit for each");
	*o = (struct options){
		.mach = { .memory = UINT64_C(512) << 20, .cpus = 1,
			  .serial = "stdio" },
	};
	while (at < argc) {
		int used = parse_one(&p, argv + at, argc - at, &given);

		if (used < 0)
			return used;
		if (o->want != OPTIONS_RUN)
			return 0;
		at += used;
	}
	if (check(&p) < 0)
		return -EINVAL;
	if (!o->mach.cmdline)
		o->mach.cmdline = "console=ttyS0";
	return 0;
}

void options_fini(struct options *o)
{
	while (o->texts) {
		struct options_text *t = o->texts;

		o->texts = t->next;
		free(t);
	}
}
