#include "vmm/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio/profile.h"
#include "pci/vpci.h"
#include "vmm/mem.h"
#include "vmm/options_int.h"

/* Copies of arguments, because cutting one into keys changes it. */
struct options_text {
	struct options_text *next;
	char text[];
};

int options_complain(const struct parser *p, const char *what)
{
	snprintf(p->err, OPTIONS_ERR_LEN, "%s%s%s", p->option ? p->option : "",
		 p->option ? ": " : "", what);
	return -EINVAL;
}

int options_keys(const struct parser *p, char *val,
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

	return options_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

static int set_initrd(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct mach_cfg, initrd) },
	};

	return options_keys(p, val, keys, COUNT(keys), &p->o->mach);
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
	int ret = options_keys(p, val, keys, COUNT(keys), &at);

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
	int ret = options_keys(p, val, keys, COUNT(keys), &t);

	if (ret < 0)
		return ret;
	if (t.cmdline && t.type != MACH_MMIO)
		return options_complain(p, "cmdline is for mmio; PCI devices are found "
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
		{ "prefault", OPTKV_FLAG,
		  .off = offsetof(struct mach_cfg, prefault) },
	};
	int ret = options_keys(p, val, keys, COUNT(keys), &p->o->mach);

	if (ret < 0)
		return ret;
	if (p->o->mach.hugepages && p->o->mach.memory % MEM_HUGE_PAGE)
		return options_complain(p, "with hugepages the size must be a multiple "
				"of 2M");
	if (p->o->mach.memory % 4096)
		return options_complain(p, "the size must be a multiple of 4K");
	return 0;
}

static int set_cpus(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "count", OPTKV_NUMBER, .off = offsetof(struct mach_cfg, cpus),
		  .min = 1, .max = LAYOUT_CPUS_MAX },
	};

	return options_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

static int set_serial(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "to", OPTKV_TEXT, .off = offsetof(struct mach_cfg, serial) },
	};
	int ret = options_keys(p, val, keys, COUNT(keys), &p->o->mach);
	const char *to = p->o->mach.serial;

	if (ret < 0)
		return ret;
	if (!strcmp(to, "stdio") || !strcmp(to, "none") || !strcmp(to, "pty"))
		return 0;
	if (!strncmp(to, "file:", 5) || !strncmp(to, "unix:", 5))
		return to[5] ? 0 : options_complain(p, "a path must follow the colon");
	return options_complain(p, "say stdio, none, pty, file:PATH or unix:PATH");
}

static int set_contract(const struct parser *p, char *val)
{
	static const char *const words[] = { "json", NULL };
	static const struct optkv_key keys[] = {
		{ "format", OPTKV_WORD, .off = 0, .words = words },
	};
	int at;

	p->o->want = OPTIONS_CONTRACT;
	return options_keys(p, val, keys, COUNT(keys), &at);
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
	{ NULL, "--boot", "WHAT[,menu]",
	  "without a kernel the BIOS boots, first from: disk (the\n"
	  "default), cdrom, the number of a disk from 0; menu: it\n"
	  "asks", options_set_boot, false },
	{ NULL, "--cdrom", "FILE", "a CD image", options_set_cdrom, false },
	{ NULL, "--firmware", "FILE",
	  "another BIOS than the built-in one, such as SeaBIOS",
	  options_set_firmware, false },
	{ NULL, "--bios-serial", "on|off",
	  "BIOS text and keys on the first serial port, too\n"
	  "(default: on without a display)", options_set_bios_serial, false },
	{ "The machine", "--memory", "SIZE[,hugepages][,prefault]",
	  "RAM, 16M to 4T, with K, M, G or T (default: 512M);\n"
	  "hugepages: from the host's reserved 2 MiB pages\n"
	  "prefault: all of it at start", set_memory, false },
	{ NULL, "--cpus", "N", "1 to 32 (default: 1)", set_cpus, false },
	{ NULL, "--profile", "NAME",
	  "what guests see of the devices: auto, aero-w7, modern\n"
	  "(default: auto: modern for a kernel, aero-w7 for a disk)",
	  set_profile, false },
	{ NULL, "--transport", "pci|mmio[,cmdline]",
	  "where virtio devices are (default: pci). mmio is shown\n"
	  "by ACPI, or with cmdline by virtio_mmio.device=",
	  set_transport, false },
	{ NULL, "--hpet", "auto|on|off",
	  "high precision event timers (default: auto: off for a\n"
	  "kernel)", options_set_hpet, false },
	{ NULL, "--hyperv", "auto|on|off",
	  "show Windows what Hyper-V shows (default: auto: with\n"
	  "profile aero-w7, without a kernel)", options_set_hyperv, false },
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
	  "msix=auto|on|off  MSI-X; auto: as the profile says\n"
	  "packed            offer packed rings, too\n"
	  "queues=N          1 to 32 (default: one a CPU, up to 4)\n"
	  "iothread=N[:N]    its queues' threads (default: in turn)",
	  options_add_disk, true },
	{ NULL, "--net", "BACKEND[,KEY]...",
	  "network card; may be given again. Backends:\n"
	  "NAME, tap=NAME    a tap, made if it is not there\n"
	  "fd=N              an open tap or datagram socket\n"
	  "user              user-mode network (DHCP, DNS)\n"
	  "none              no cable\n"
	  "Keys:\n"
	  "mac=ADDRESS       (default: the same at each start)\n"
	  "mtu=N             told to the guest\n"
	  "hostfwd=tcp:[ADDR]:PORT-[ADDR]:PORT\n"
	  "                  for user: host port to guest port\n"
	  "msix=auto|on|off  as for --disk\n"
	  "packed            as for --disk\n"
	  "vhost=auto|on|off\n"
	  "                  the host's vhost-net serves a tap;\n"
	  "                  auto: where there is one\n"
	  "queues=N          of a tap, pairs, 1 to 8 (default: 1)\n"
	  "iothread=N[:N]    as for --disk (default: their own)",
	  options_add_net, true },
	{ NULL, "--input", "DEVICE[,DEVICE]...",
	  "virtio keyboard, mouse, tablet", options_set_input, false },
	{ NULL, "--sound", "WHERE",
	  "virtio sound: null, wav:FILE[,in=FILE] or\n"
	  "alsa[:DEVICE]", options_set_sound, false },
	{ NULL, "--serial", "WHERE",
	  "first serial port: stdio (default), none, pty,\n"
	  "file:PATH, unix:PATH", set_serial, false },
	{ NULL, "--iothreads", "[N][,poll-us=N]",
	  "threads for disks' queues, 1 to 16 (default: by CPUs);\n"
	  "poll-us: how long they and the network's look for work\n"
	  "before they sleep, up to 1000 (default: 50 where the\n"
	  "host has CPUs left for them, else 0)",
	  options_set_iothreads, false },
	{ NULL, "--vga", "auto|std|none",
	  "display hardware (default: auto: std where a disk boots\n"
	  "or something looks at the screen)", options_set_vga, false },
	{ NULL, "--display", "none|vnc:HOST:PORT[,password-file=FILE]",
	  "who sees the screen: nobody (default), or VNC viewers;\n"
	  "without a password on loopback addresses only",
	  options_set_display, false },
	{ "Running", "--control", "unix:PATH",
	  "a socket that takes commands like QMP's",
	  options_set_control, false },
	{ NULL, "--screenshot-on-exit", "FILE",
	  "the last picture, as PNG", options_set_screenshot, false },
	{ NULL, "--no-reboot", NULL,
	  "exit when the guest asks for a reset", set_no_reboot, false },
	{ NULL, "--debug-exit", NULL,
	  "a guest's write to port 0xF4 ends the machine",
	  set_debug_exit, false },
	{ NULL, "-v", NULL, "say more; -vv: still more", set_verbose, true },
	{ NULL, "--contract", "json",
	  "print the device contract as a manifest and exit",
	  set_contract, false },
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
	fputs("Usage: aerovmm --disk FILE [option]...\n"
	      "       aerovmm --kernel FILE [option]...\n"
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
		return options_complain(p, "no such option; see --help");
	snprintf(what, sizeof(what), "no such option; did you mean %s?", near);
	return options_complain(p, what);
}

static const struct row *find_row(const char *name)
{
	for (unsigned i = 0; i < COUNT(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	if (!strcmp(name, "-h"))
		return find_row("--help");
	if (!strcmp(name, "--iothread"))
		return find_row("--iothreads");
	return NULL;
}

char *options_copy(const struct parser *p, const char *text, size_t len)
{
	struct options_text *t = malloc(sizeof(*t) + len + 1);

	if (!t)
		return NULL;
	memcpy(t->text, text, len);
	t->text[len] = '\0';
	t->next = p->o->texts;
	p->o->texts = t;
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
	char *word = options_copy(p, argv[0], strlen(argv[0]));
	const struct row *r;
	char *val = NULL;
	int used = 1;

	if (!word)
		return options_complain(p, "out of memory");
	p->option = word;
	if (is_verbose(word)) {
		p->o->verbose += (int)strlen(word + 1);
		return 1;
	}
	if (word[0] != '-')
		return options_complain(p, "unexpected argument; a disk is given by "
				"--disk, a kernel by --kernel");
	if (!strncmp(word, "--", 2) && (val = strchr(word, '=')))
		*val++ = '\0';
	r = find_row(word);
	if (!r)
		return no_such_option(p);
	if (!r->arg && val)
		return options_complain(p, "takes no value");
	if (r->arg && !val) {
		if (left < 2)
			return options_complain(p, "needs a value; see --help");
		val = options_copy(p, argv[1], strlen(argv[1]));
		if (!val)
			return options_complain(p, "out of memory");
		used = 2;
	}
	if (!r->many && *given & UINT32_C(1) << (r - rows))
		return options_complain(p, "given twice");
	*given |= UINT32_C(1) << (r - rows);
	return r->set(p, val) < 0 ? -EINVAL : used;
}

static unsigned has_input(const struct mach_cfg *m)
{
	return m->input[MACH_KEYBOARD] || m->input[MACH_MOUSE] ||
	       m->input[MACH_TABLET];
}

static int check_disks(const struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;

	if (m->transport == MACH_MMIO &&
	    mach_devs_count(m) > LAYOUT_VMMIO_GSIS)
		return options_complain(p, "--transport mmio has room for 8 "
					"devices; use pci");
	for (unsigned i = 0; i < m->nnets; i++)
		if (m->transport == MACH_MMIO &&
		    m->net[i].msix != VPCI_MSIX_DEFAULT)
			return options_complain(p, "--net msix= is for PCI and "
						"contradicts --transport mmio");
	/* A slot each, but one for all of input; the bridge has one, too. */
	if (m->ndisks + m->nnets + (m->sound ? 1 : 0) + has_input(m) +
	    mach_has_vga(m) >= PCI_SLOTS)
		return options_complain(p, "more devices than the PCI bus has "
					"slots");
	for (unsigned i = 0; i < m->ndisks; i++) {
		if (m->transport == MACH_MMIO &&
		    m->disk[i].msix != VPCI_MSIX_DEFAULT)
			return options_complain(p, "--disk msix= is for PCI and "
					"contradicts --transport mmio");
		if (mach_profile(m) == &vio_profile_aero_w7 && m->disk[i].serial)
			return options_complain(p, "--disk serial= contradicts "
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
		return options_complain(p, "--initrd and --cmdline are for a kernel: "
				"give --kernel, too");
	if (options_check_boot(p) < 0 || options_check_threads(p) < 0 ||
	    options_check_display(p) < 0 ||
	    options_check_rings(p) < 0)
		return -EINVAL;
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
			  .serial = "stdio", .poll_us = MACH_POLL_AUTO },
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
