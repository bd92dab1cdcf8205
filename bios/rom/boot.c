#include "bios/rom/services.h"

#define BOOT_AT         0x7c00
#define SIGNATURE       0xaa55
#define TICKS_PER_S     18

static uint8_t choices[DISKS_MAX + 1];  /* drives */
static unsigned n_choices, next;

/* ---- the list --------------------------------------------------------------- */

static void add(uint8_t drive)
{
	for (unsigned i = 0; i < n_choices; i++)
		if (choices[i] == drive)
			return;
	choices[n_choices++] = drive;
}

static void add_entry(uint8_t what)
{
	if (what == ROM_BOOT_DISKS) {
		for (unsigned i = 0; i < disks_count(); i++)
			add((uint8_t)(FIRST_DISK + i));
	} else if (what == ROM_BOOT_CDROM) {
		if (disk_find(FIRST_CD))
			add(FIRST_CD);
	} else if (what >= ROM_BOOT_DISK) {
		if (disk_find(what))
			add(what);
		else
			print("There is no disk %u.\n",
			      what - (unsigned)ROM_BOOT_DISK);
	}
}

static void make_list(void)
{
	n_choices = next = 0;
	for (unsigned i = 0; i < ROM_BOOT_MAX && cfg.boot[i]; i++)
		add_entry(cfg.boot[i]);
}

static void print_name(uint8_t drive)
{
	if (drive == FIRST_CD)
		print("CD (drive E0h)");
	else
		print("disk %u (drive %02Xh)", drive - FIRST_DISK, drive);
}

/* ---- the menu ------------------------------------------------------------------ */

/* Everything there is, the list's own entries first. */
static void show_menu(void)
{
	for (unsigned i = 0; i < disks_count(); i++)
		add((uint8_t)(FIRST_DISK + i));
	if (disk_find(FIRST_CD))
		add(FIRST_CD);
	print("\n");
	for (unsigned i = 0; i < n_choices && i < 9; i++) {
		const struct disk *d = disk_find(choices[i]);

		print("  %u  ", i + 1);
		print_name(choices[i]);
		print(", %u MiB\n", (uint32_t)(d->dev.sectors >> 11));
	}
	print("\nA number boots, Enter boots 1 (in %u seconds): ",
	      cfg.menu_seconds);
}

/* 1.., or 0 at the end of the time. */
static unsigned ask(void)
{
	uint32_t start = bda32(BDA_TICKS);
	uint32_t ticks = (uint32_t)cfg.menu_seconds * TICKS_PER_S;

	while (bda32(BDA_TICKS) - start < ticks) {
		struct regs r = { .eax = 0x0100 };
		uint8_t c;

		int_call(0x16, &r);
		if (r.flags & FLAG_ZF) {
			cpu_idle();
			continue;
		}
		r.eax = 0;
		int_call(0x16, &r);
		c = r.al;
		if (c == '\r')
			break;
		if (c >= '1' && c <= '9' && c - '0' <= (int)n_choices)
			return (unsigned)(c - '0');
	}
	return 0;
}

static void menu(void)
{
	unsigned n;
	uint8_t drive;

	show_menu();
	n = ask();
	print("%u\n\n", n ? n : 1);
	if (n < 2)
		return;
	drive = choices[n - 1];
	for (n--; n; n--)
		choices[n] = choices[n - 1];
	choices[0] = drive;
}

/* ---- booting ---------------------------------------------------------------------- */

/* Through INT 13h, as a program that has hooked it may want. */
static const char *load_sector(uint8_t drive)
{
	struct regs r = {
		.eax = 0x0201, .ebx = BOOT_AT, .ecx = 1, .edx = drive,
		.flags = FLAG_IF,
	};

	int_call(0x13, &r);
	if (r.flags & FLAG_CF)
		return "cannot be read";
	if (peek16(0, BOOT_AT + 510) != SIGNATURE)
		return "is not bootable (no boot signature)";
	return NULL;
}

static void try(uint8_t drive)
{
	uint32_t entry = BOOT_AT;
	const char *why;

	print("Booting from ");
	print_name(drive);
	print("...\n");
	if (drive == FIRST_CD)
		why = eltorito_load(disk_find(drive), &entry);
	else
		why = load_sector(drive);
	if (!why) {
		print("\n");
		mirror_sync();
		boot_jump(entry, drive);
	}
	print("The ");
	print_name(drive);
	print(" %s.\n", why);
}

void boot_next(void)
{
	while (next < n_choices)
		try(choices[next++]);
	if (n_choices)
		print("Nothing bootable was found. ");
	else
		print("There is no disk to boot from. ");
	print("The machine is halted; Ctrl-Alt-Del resets it.\n");
	for (;;)
		cpu_idle();
}

void boot_first(void)
{
	make_list();
	if (cfg.flags & ROM_CFG_MENU && n_choices)
		menu();
	boot_next();
}

void int18(struct regs *r)
{
	(void)r;
	print("\nThe boot program has given up.\n");
	boot_next();
}

void int19(struct regs *r)
{
	(void)r;
	boot_first();
}
