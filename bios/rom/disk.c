#include "bios/rom/services.h"

static struct disk disk[DISKS_MAX];
static unsigned count;
static struct disk cd;
static bool has_cd;

unsigned disks_count(void)
{
	return count;
}

struct disk *disk_find(uint8_t drive)
{
	if (drive == FIRST_CD)
		return has_cd ? &cd : NULL;
	if (drive < FIRST_DISK || drive - FIRST_DISK >= (int)count)
		return NULL;
	return &disk[drive - FIRST_DISK];
}

/* As partition tables made elsewhere expect it: 63 sectors, and the fewest of
 * 16, 32, 64, 128 or 255 heads that reach the end in 1024 cylinders. */
static void set_geometry(struct disk *d)
{
	uint32_t tracks, heads;

	d->spt = 63;
	d->phys_cylinders = 16383;
	if (d->blocks < 16383ull * 16 * 63)
		d->phys_cylinders = (uint32_t)d->blocks / (16 * 63);
	if (d->blocks > 63ull * 255 * 1024) {
		d->heads = 255;
		d->cylinders = 1024;
		return;
	}
	tracks = (uint32_t)d->blocks / 63;
	heads = tracks / 1024;
	d->heads = heads > 128 ? 255 : heads > 64 ? 128 : heads > 32 ? 64 :
		   heads > 16 ? 32 : 16;
	tracks /= d->heads;
	d->cylinders = (uint16_t)(tracks > 1024 ? 1024 : tracks ? tracks : 1);
}

/* Fixed disk parameter table, for DOS programs that look behind INT 41h and
 * 46h, in its translated form. */
static void write_fdpt(const struct disk *d, unsigned n)
{
	struct {
		uint16_t cylinders;
		uint8_t heads, signature, phys_spt;
		uint16_t precomp;
		uint8_t reserved, control;
		uint16_t phys_cylinders;
		uint8_t phys_heads;
		uint16_t landing;
		uint8_t spt, sum;
	} __attribute__((packed)) t = {
		.cylinders = d->cylinders, .heads = (uint8_t)d->heads,
		.signature = 0xa0, .phys_spt = 63, .precomp = 0xffff,
		.control = 0xc8, .phys_cylinders = (uint16_t)d->phys_cylinders,
		.phys_heads = 16, .landing = (uint16_t)d->phys_cylinders,
		.spt = (uint8_t)d->spt,
	};
	uint16_t at = (uint16_t)(EBDA_FDPT + n * sizeof(t));

	for (unsigned i = 0; i < sizeof(t) - 1; i++)
		t.sum -= ((const uint8_t *)&t)[i];
	copy_to(EBDA_SEG, at, &t, sizeof(t));
	set_ivt(n ? 0x46 : 0x41, EBDA_SEG, at);
}

static void add_cd(const struct vblk *dev)
{
	cd = (struct disk){
		.dev = *dev, .block = CD_SECTOR, .drive = FIRST_CD,
		.blocks = dev->sectors / (CD_SECTOR / SECTOR),
	};
	cd.dev.read_only = true;
	has_cd = true;
}

static const char *add_disk(const struct vblk *dev)
{
	struct disk *d = &disk[count];

	if (dev->block_size != SECTOR)
		return "its blocks are not of 512 bytes";
	if (count == DISKS_MAX)
		return "too many disks";
	*d = (struct disk){
		.dev = *dev, .block = SECTOR, .blocks = dev->sectors,
		.drive = (uint8_t)(FIRST_DISK + count),
	};
	set_geometry(d);
	if (count < 2)
		write_fdpt(d, count);
	count++;
	set_bda8(BDA_DISKS, (uint8_t)count);
	return NULL;
}

static void probe(uint8_t devfn)
{
	struct vblk dev;
	const char *why = vblk_probe(&dev, devfn);

	if (!why) {
		if (devfn == cfg.cdrom)
			add_cd(&dev);
		else
			why = add_disk(&dev);
	}
	if (why && *why)
		print("Disk at PCI slot %u left out: %s\n", devfn >> 3, why);
}

void disks_init(void)
{
	pci_each(probe);
}

uint8_t disk_rw(struct disk *d, enum vblk_dir dir, uint64_t block,
		uint16_t n, uint64_t linear, bool breathe, uint16_t *done)
{
	uint16_t per_block = d->block / SECTOR;
	uint8_t status = DISK_OK;

	*done = 0;
	while (*done < n && status == DISK_OK) {
		uint16_t now = n - *done;

		if (now > VBLK_MAX / per_block)
			now = VBLK_MAX / per_block;
		status = vblk_rw(&d->dev, dir, block * per_block,
				 now * per_block, linear, breathe);
		if (status != DISK_OK)
			break;
		*done += now;
		block += now;
		linear += (uint32_t)now * d->block;
	}
	return status;
}
