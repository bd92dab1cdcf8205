#include "bios/rom/services.h"

/* Drive parameters of the Enhanced Disk Drive specification: the T13 form, or
 * the older Phoenix form with a shorter device path. */
struct parameters {
	uint16_t size, flags;
	uint32_t cylinders, heads, spt;
	uint64_t blocks;
	uint16_t block;
	uint32_t dpte;                  /* far pointer */
	uint16_t key;
	uint8_t path_len, reserved[3];
	char bus[4], interface[8];
	uint64_t interface_path;
	uint64_t device_path[2];
	uint8_t reserved2, sum;
} __attribute__((packed));

#define SIZE_MIN        offsetof(struct parameters, dpte)       /* 1Ah */
#define SIZE_DPTE       offsetof(struct parameters, key)        /* 1Eh */
#define SIZE_T13        sizeof(struct parameters)               /* 4Ah */
#define SIZE_PHOENIX    (SIZE_T13 - 8)                          /* 42h */
#define KEY             0xbedd
#define NO_DPTE         0xffffffffu

#define GEOMETRY_VALID  0x02
/* removable, reports changes, can be locked, geometry is the largest */
#define CD_FLAGS        0x74

_Static_assert(SIZE_MIN == 0x1a && SIZE_DPTE == 0x1e && SIZE_T13 == 0x4a,
	       "EDD layout");

static void geometry(struct parameters *p, const struct disk *d)
{
	if (d->drive == FIRST_CD) {
		p->flags = CD_FLAGS;
		p->cylinders = p->heads = p->spt = 0xffffffff;
		return;
	}
	p->flags = d->blocks <= 16383ull * 16 * 63 ? GEOMETRY_VALID : 0;
	p->cylinders = d->phys_cylinders;
	p->heads = 16;
	p->spt = 63;
}

/* path_len counts from the key; the sum over as many bytes is 0. */
static void path(struct parameters *p, const struct disk *d, bool t13)
{
	uint8_t *sum = t13 ? &p->sum : &p->sum - 8, *from = (uint8_t *)&p->key;

	p->key = KEY;
	p->path_len = (uint8_t)(sum + 1 - from);
	memcpy(p->bus, "PCI ", 4);
	memcpy(p->interface, "SCSI    ", 8);
	p->interface_path = (uint32_t)(d->dev.devfn >> 3) << 8 |
			    (uint32_t)(d->dev.devfn & 7) << 16;
	for (uint8_t *b = from; b < sum; b++)
		*sum -= *b;
}

/* As much as fits of three steps: 1Ah, 1Eh, and one of the paths. */
uint8_t edd_parameters(const struct disk *d, uint16_t seg, uint16_t off)
{
	uint16_t room = peek16(seg, off);
	struct parameters p = { .size = SIZE_MIN };

	if (room < SIZE_MIN)
		return DISK_PARAM;
	geometry(&p, d);
	p.blocks = d->blocks;
	p.block = d->block;
	p.dpte = NO_DPTE;               /* no ATA registers to tell of */
	if (room >= SIZE_PHOENIX) {
		p.size = room >= SIZE_T13 ? SIZE_T13 : SIZE_PHOENIX;
		path(&p, d, room >= SIZE_T13);
	} else if (room >= SIZE_DPTE) {
		p.size = SIZE_DPTE;
	}
	copy_to(seg, off, &p, p.size);
	return DISK_OK;
}
