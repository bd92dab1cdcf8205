#include "bios/rom/services.h"

/* Disk address packet of the extensions. */
struct packet {
	uint8_t size, reserved;
	uint16_t count;
	uint16_t off, seg;
	uint64_t block;
	uint64_t flat;                  /* with size 18h and seg:off all ones */
} __attribute__((packed));
#define PACKET_MIN      0x10
#define PACKET_FLAT     0x18
#define PACKET_COUNT    2               /* offset of count */
#define PACKET_MAX      127

static uint8_t cd_locks;

static void finish(struct regs *r, uint8_t status)
{
	set_bda8(r->dl < FIRST_DISK ? BDA_FLOPPY_STATUS : BDA_DISK_STATUS,
		 status);
	set_status(r, status);
}

static bool caller_breathes(const struct regs *r)
{
	return r->flags & FLAG_IF;
}

/* ---- by cylinder, head and sector ------------------------------------------- */

static uint8_t chs_block(const struct regs *r, const struct disk *d,
			 uint32_t *block)
{
	uint16_t cylinder = (uint16_t)(r->ch | (r->cl & 0xc0) << 2);
	uint8_t sector = r->cl & 0x3f;

	if (!r->al || r->al > 128 || !sector || sector > d->spt ||
	    r->dh >= d->heads || cylinder >= d->cylinders)
		return DISK_PARAM;
	*block = ((uint32_t)cylinder * d->heads + r->dh) * d->spt + sector - 1;
	return *block + r->al <= d->blocks ? DISK_OK : DISK_PARAM;
}

static void chs_rw(struct regs *r, struct disk *d, enum vblk_dir dir)
{
	uint16_t done = 0;
	uint32_t block;
	uint8_t status = chs_block(r, d, &block);

	if (status == DISK_OK)
		status = disk_rw(d, dir, block, r->al, linear(r->es, r->bx),
				 caller_breathes(r), &done);
	r->al = (uint8_t)done;
	finish(r, status);
}

/* What is on the disk cannot fail to be what is on the disk. */
static void chs_verify(struct regs *r, struct disk *d)
{
	uint32_t block;
	uint8_t status = chs_block(r, d, &block);

	if (status != DISK_OK)
		r->al = 0;
	finish(r, status);
}

static void parameters(struct regs *r, const struct disk *d)
{
	/* The last cylinder was the diagnostic one. */
	uint16_t last = d->cylinders >= 2 ? d->cylinders - 2 : 0;

	r->ax = 0;
	r->ch = (uint8_t)last;
	r->cl = (uint8_t)((last >> 2 & 0xc0) | d->spt);
	r->dh = (uint8_t)(d->heads - 1);
	finish(r, DISK_OK);
	r->dl = (uint8_t)disks_count();
}

static void disk_type(struct regs *r, const struct disk *d)
{
	uint32_t blocks = (uint32_t)(d->cylinders - 1) * d->heads * d->spt;

	finish(r, DISK_OK);
	r->ah = 3;
	r->cx = (uint16_t)(blocks >> 16);
	r->dx = (uint16_t)blocks;
}

/* ---- by block number ---------------------------------------------------------- */

static uint8_t read_packet(const struct regs *r, const struct disk *d,
			   struct packet *p, uint64_t *to)
{
	copy_from(p, r->ds, r->si, PACKET_MIN);
	if (p->size < PACKET_MIN || p->count > PACKET_MAX)
		return DISK_PARAM;
	*to = linear(p->seg, p->off);
	if (p->size >= PACKET_FLAT && p->seg == 0xffff && p->off == 0xffff) {
		copy_from(p, r->ds, r->si, PACKET_FLAT);
		*to = p->flat;
	}
	if (p->block >= d->blocks || p->count > d->blocks - p->block)
		return DISK_PARAM;
	return DISK_OK;
}

static void set_done(const struct regs *r, uint16_t done)
{
	poke16(r->ds, (uint16_t)(r->si + PACKET_COUNT), done);
}

static void packet_rw(struct regs *r, struct disk *d, enum vblk_dir dir)
{
	struct packet p;
	uint16_t done = 0;
	uint64_t to;
	uint8_t status = read_packet(r, d, &p, &to);

	/* AL: verify the write or not; there is no other way to ask. */
	if (dir == VBLK_WRITE && r->al > 2)
		status = DISK_PARAM;
	if (status == DISK_OK)
		status = disk_rw(d, dir, p.block, p.count, to,
				 caller_breathes(r), &done);
	if (p.size >= PACKET_MIN)
		set_done(r, done);
	finish(r, status);
}

static void packet_check(struct regs *r, struct disk *d)
{
	struct packet p;
	uint64_t to;

	finish(r, read_packet(r, d, &p, &to));
}

static void extensions(struct regs *r, const struct disk *d)
{
	if (r->bx != 0x55aa) {
		finish(r, DISK_PARAM);
		return;
	}
	r->bx = 0xaa55;
	/* packets and drive parameters; a CD can be locked, too */
	r->cx = d->drive == FIRST_CD ? 7 : 5;
	finish(r, DISK_OK);
	r->ah = 0x30;                   /* EDD 3.0 */
}

/* ---- removable media ------------------------------------------------------------- */

static void lock(struct regs *r, const struct disk *d)
{
	uint8_t status = DISK_OK;

	if (d->drive != FIRST_CD) {
		finish(r, DISK_OK);
		return;
	}
	if (r->al == 0 && cd_locks == 0xff)
		status = DISK_LOCKS;
	else if (r->al == 0)
		cd_locks++;
	else if (r->al == 1 && cd_locks == 0)
		status = DISK_NOT_LOCKED;
	else if (r->al == 1)
		cd_locks--;
	else if (r->al != 2)
		status = DISK_PARAM;
	r->al = cd_locks != 0;
	finish(r, status);
}

/* The image is the medium for as long as the machine runs. */
static void eject(struct regs *r, const struct disk *d)
{
	finish(r, d->drive == FIRST_CD && cd_locks ? DISK_LOCKED :
	       DISK_NOT_REMOVABLE);
}

/* ---- dispatch ----------------------------------------------------------------------- */

static void disk_service(struct regs *r, struct disk *d)
{
	switch (r->ah) {
	case 0x00:      /* reset */
	case 0x09:      /* set parameters */
	case 0x0c:      /* seek */
	case 0x0d:      /* reset, alternate */
	case 0x10:      /* ready? */
	case 0x11:      /* recalibrate */
	case 0x14:      /* diagnose */
		finish(r, DISK_OK);
		break;
	case 0x02:
		chs_rw(r, d, VBLK_READ);
		break;
	case 0x03:
		chs_rw(r, d, VBLK_WRITE);
		break;
	case 0x04:
		chs_verify(r, d);
		break;
	case 0x08:
		parameters(r, d);
		break;
	case 0x15:
		disk_type(r, d);
		break;
	default:
		finish(r, DISK_PARAM);
	}
}

static void extended_service(struct regs *r, struct disk *d)
{
	switch (r->ah) {
	case 0x41:
		extensions(r, d);
		break;
	case 0x42:
		packet_rw(r, d, VBLK_READ);
		break;
	case 0x43:
		packet_rw(r, d, VBLK_WRITE);
		break;
	case 0x44:
	case 0x47:
		packet_check(r, d);
		break;
	case 0x45:
		lock(r, d);
		break;
	case 0x46:
		eject(r, d);
		break;
	case 0x48:
		finish(r, edd_parameters(d, r->ds, r->si));
		break;
	case 0x49:
		finish(r, DISK_OK);     /* never changed */
		break;
	case 0x4e:      /* PIO and DMA modes: as they are */
		finish(r, r->al == 1 || r->al == 3 || r->al == 4 ||
		       r->al == 6 ? DISK_OK : DISK_PARAM);
		break;
	default:
		finish(r, DISK_PARAM);
	}
}

/* A CD knows packets only: cylinders are of no use with 2048-byte blocks. */
static void cd_service(struct regs *r, struct disk *d)
{
	switch (r->ah) {
	case 0x02:
	case 0x03:
	case 0x04:
	case 0x08:
		finish(r, DISK_PARAM);
		break;
	case 0x15:
		finish(r, DISK_OK);
		r->ah = 1;
		break;
	default:
		disk_service(r, d);
	}
}

static void no_drive(struct regs *r)
{
	if (r->ah != 0x15) {
		finish(r, DISK_PARAM);
		return;
	}
	r->ah = 0;                      /* "what type?" is answered: none */
	set_cf(r, false);
}

void int13(struct regs *r)
{
	struct disk *d = disk_find(r->dl);

	if (r->ah == 0x4b) {
		finish(r, eltorito_status(r->dl, r->al, r->ds, r->si));
	} else if (r->ah == 0x01) {
		r->ah = bda8(r->dl < FIRST_DISK ? BDA_FLOPPY_STATUS :
			     BDA_DISK_STATUS);
		set_cf(r, r->ah != 0);
	} else if (!d) {
		no_drive(r);
	} else if (r->ah >= 0x41) {
		extended_service(r, d);
	} else if (r->dl == FIRST_CD) {
		cd_service(r, d);
	} else {
		disk_service(r, d);
	}
}

/* The diskette part, which INT 13h would hand floppies to. */
void int40(struct regs *r)
{
	if (r->dl < FIRST_DISK)
		int13(r);
	else
		finish(r, DISK_PARAM);
}
