#include "bios/smbios.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bios/sum.h"
#include "devices/base/gmem.h"
#include "devices/base/le.h"

#define NONE 0xffffu            /* a handle of nothing */
#define NOT_TOLD 0xfffeu        /* a handle: there is no error structure */
#define MIB (UINT64_C(1) << 20)

enum { T_BIOS = 0, T_SYSTEM = 1, T_CHASSIS = 3, T_CPU = 4, T_ARRAY = 16,
       T_DIMM = 17, T_MAPPED = 19, T_BOOT = 32, T_END = 127 };

struct head {
	uint8_t type, len;
	le16 handle;
} __attribute__((packed));

/* Fields that hold a string are its number, from 1. */
struct bios {
	struct head h;
	uint8_t vendor, version;
	le16 segment;
	uint8_t date, rom;
	le64 characteristics;
	uint8_t more[2], major, minor, ec_major, ec_minor;
} __attribute__((packed));

struct system {
	struct head h;
	uint8_t maker, product, version, serial, uuid[16], wakeup, sku, family;
} __attribute__((packed));

struct chassis {
	struct head h;
	uint8_t maker, type, version, serial, asset, boot, power, thermal,
		security;
	le32 oem;
	uint8_t height, cords, contained, contained_len, sku;
} __attribute__((packed));

struct cpu {
	struct head h;
	uint8_t socket, type, family, maker;
	le32 signature, features;
	uint8_t version, voltage;
	le16 clock, max_speed, speed;
	uint8_t status, upgrade;
	le16 l1, l2, l3;
	uint8_t serial, asset, part, cores, enabled, threads;
	le16 characteristics, family2;
} __attribute__((packed));

struct array {
	struct head h;
	uint8_t location, use, ecc;
	le32 max_kib;
	le16 error, n;
	le64 max;
} __attribute__((packed));

struct dimm {
	struct head h;
	le16 array, error, total_width, width, mib;
	uint8_t form, set, locator, bank, type;
	le16 detail, speed;
	uint8_t maker, serial, asset, part, rank;
	le32 more_mib;
	le16 clock;
} __attribute__((packed));

struct mapped {
	struct head h;
	le32 first_kib, last_kib;
	le16 array;
	uint8_t width;
	le64 first, last;
} __attribute__((packed));

struct boot {
	struct head h;
	uint8_t reserved[6], status;
} __attribute__((packed));

static_assert(sizeof(struct bios) == 0x18 && sizeof(struct system) == 0x1b &&
	      sizeof(struct chassis) == 0x16 && sizeof(struct cpu) == 0x2a &&
	      sizeof(struct array) == 0x17 && sizeof(struct dimm) == 0x22 &&
	      sizeof(struct mapped) == 0x1f && sizeof(struct boot) == 0x0b,
	      "SMBIOS 2.7");

struct builder {
	struct smbios *out;
	unsigned n;
	uint32_t largest;
	bool full;
};

/* Appends a structure and its strings, and their end. Handles are type << 8 and
 * a number. */
static void put(struct builder *b, void *s, uint8_t type, uint8_t number,
		uint8_t len, const char *const *strings)
{
	struct smbios *o = b->out;
	const uint32_t room = sizeof(o->table);
	struct head *h = s;
	uint32_t from = o->len, at = from + len;

	*h = (struct head){ type, len,
			    le16_put((uint16_t)(type << 8 | number)) };
	if (at > room - 2) {
		b->full = true;
		return;
	}
	memcpy(o->table + from, s, len);
	for (; strings && *strings; strings++) {
		size_t n = strlen(*strings) + 1;

		if (n > room - 2 - at) {
			b->full = true;
			return;
		}
		memcpy(o->table + at, *strings, n);
		at += (uint32_t)n;
	}
	/* An empty string ends the set; without any there are two of them. */
	at += at == from + len ? 2 : 1;
	o->len = at;
	b->largest = at - from > b->largest ? at - from : b->largest;
	b->n++;
}

static void put_machine(struct builder *b, const struct smbios_cfg *cfg)
{
	struct bios bios = {
		.vendor = 1, .version = 2, .segment = le16_put(0xf000),
		.date = 3, .rom = LAYOUT_ROM_LEN / 0x10000 - 1,
		/* PCI, boot from CD, choice of boot device, EDD */
		.characteristics = le64_put(1u << 7 | 1u << 15 | 1u << 16 |
					    1u << 19),
		/* ACPI; content can be told apart, a virtual machine */
		.more = { 0x01, 0x14 },
		.major = 0xff, .minor = 0xff, .ec_major = 0xff,
		.ec_minor = 0xff,
	};
	struct system system = {
		.maker = 1, .product = 2, .version = 3, .wakeup = 6,
	};
	struct chassis chassis = {
		.maker = 1, .type = 1, .boot = 3, .power = 3, .thermal = 3,
		.security = 2,
	};
	const char *const bios_text[] = { "aerovmm", cfg->version,
					  "01/01/2025", NULL },
		   *const system_text[] = { "aerovmm", "Virtual PC",
					    cfg->version, NULL },
		   *const chassis_text[] = { "aerovmm", NULL };

	put(b, &bios, T_BIOS, 0, sizeof(bios), bios_text);
	put(b, &system, T_SYSTEM, 0, sizeof(system), system_text);
	put(b, &chassis, T_CHASSIS, 0, sizeof(chassis), chassis_text);
}

static void put_cpu(struct builder *b, const struct smbios_cfg *cfg)
{
	const uint8_t n = (uint8_t)cfg->cpus;
	static const char *const text[] = { "CPU 0", NULL };
	struct cpu cpu = {
		.socket = 1, .type = 3, .family = 1,    /* central, other */
		.signature = le32_put(cfg->cpu_signature),
		.features = le32_put(cfg->cpu_features),
		.status = 0x41, .upgrade = 1,           /* there, enabled */
		.l1 = le16_put(NONE), .l2 = le16_put(NONE),
		.l3 = le16_put(NONE),
		.cores = n, .enabled = n, .threads = n,
		.characteristics = le16_put(1 << 2),    /* 64 bits */
		.family2 = le16_put(1),
	};

	put(b, &cpu, T_CPU, 0, sizeof(cpu), text);
}

static void put_mapped(struct builder *b, uint8_t number, uint64_t from,
		       uint64_t end)
{
	/* 32 bits of KiB, or else both fields all ones and bytes elsewhere. */
	bool wide = (end - 1) >> 10 >= UINT32_MAX;
	struct mapped m = {
		.first_kib = le32_put(wide ? UINT32_MAX
					   : (uint32_t)(from >> 10)),
		.last_kib = le32_put(wide ? UINT32_MAX
					  : (uint32_t)((end - 1) >> 10)),
		.array = le16_put(T_ARRAY << 8), .width = 1,
		.first = le64_put(wide ? from : 0),
		.last = le64_put(wide ? end - 1 : 0),
	};

	put(b, &m, T_MAPPED, number, sizeof(m), NULL);
}

static void put_memory(struct builder *b, const struct smbios_cfg *cfg)
{
	static const char *const text[] = { "DIMM 0", NULL };
	uint64_t mib = cfg->ram / MIB;
	/* 15 bits of MiB, or else 7FFFh and 31 bits elsewhere; alike for the
	 * array, with 31 bits of KiB. */
	bool wide = mib >= 0x7fff, huge = cfg->ram >> 10 >= 0x80000000u;
	struct array array = {
		.location = 3, .use = 3, .ecc = 3,      /* board, system, no */
		.max_kib = le32_put(huge ? 0x80000000u
					 : (uint32_t)(cfg->ram >> 10)),
		.error = le16_put(NOT_TOLD), .n = le16_put(1),
		.max = le64_put(huge ? cfg->ram : 0),
	};
	struct dimm dimm = {
		.array = le16_put(T_ARRAY << 8), .error = le16_put(NOT_TOLD),
		.total_width = le16_put(64), .width = le16_put(64),
		.mib = le16_put(wide ? 0x7fff : (uint16_t)mib),
		.form = 9, .locator = 1, .type = 7,     /* DIMM, RAM */
		.detail = le16_put(1 << 1),             /* other */
		.more_mib = le32_put(wide ? (uint32_t)mib : 0),
	};

	put(b, &array, T_ARRAY, 0, sizeof(array), NULL);
	put(b, &dimm, T_DIMM, 0, sizeof(dimm), text);
	put_mapped(b, 0, 0, cfg->layout->low_ram_end);
	if (cfg->layout->high_ram_end)
		put_mapped(b, 1, LAYOUT_HIGH_RAM, cfg->layout->high_ram_end);
}

struct entry {
	char anchor[4];
	uint8_t sum, len, major, minor;
	le16 largest;
	uint8_t revision, formatted[5];
	char dmi[5];
	uint8_t dmi_sum;
	le16 table_len;
	le32 table;
	le16 n;
	uint8_t bcd;
} __attribute__((packed));

static_assert(sizeof(struct entry) == SMBIOS_ENTRY_LEN, "entry point");

static void put_entry(const struct builder *b)
{
	struct smbios *o = b->out;
	struct entry e = {
		.len = sizeof(e), .major = 2, .minor = 7, .bcd = 0x27,
		.largest = le16_put((uint16_t)b->largest),
		.table_len = le16_put((uint16_t)o->len),
		.table = le32_put(LAYOUT_SMBIOS),
		.n = le16_put((uint16_t)b->n),
	};

	memcpy(e.anchor, "_SM_", 4);
	memcpy(e.dmi, "_DMI_", 5);
	e.dmi_sum = bios_sum(e.dmi, sizeof(e) - offsetof(struct entry, dmi));
	e.sum = bios_sum(&e, sizeof(e));
	memcpy(o->entry, &e, sizeof(e));
}

int smbios_build(const struct smbios_cfg *cfg, struct smbios *out)
{
	struct builder b = { .out = out };
	struct boot boot = { .status = 0 };     /* no errors */
	struct head end;

	memset(out, 0, sizeof(*out));
	put_machine(&b, cfg);
	put_cpu(&b, cfg);
	put_memory(&b, cfg);
	put(&b, &boot, T_BOOT, 0, sizeof(boot), NULL);
	put(&b, &end, T_END, 0, sizeof(end), NULL);
	if (b.full)
		return -ENOSPC;
	put_entry(&b);
	return 0;
}

int smbios_install(const struct gmem *mem, const struct smbios *s)
{
	if (gmem_write(mem, LAYOUT_SMBIOS_ENTRY, s->entry, sizeof(s->entry)) ||
	    gmem_write(mem, LAYOUT_SMBIOS, s->table, s->len))
		return -EFAULT;
	return 0;
}
