#include "tests/lib/blkrig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/base/log.h"

#define DATA_BYTES 0xc0000

/* ---- the machine ---------------------------------------------------------- */

static void open_file(struct blkrig *b, const struct blkrig_cfg *cfg)
{
	const char *dir = getenv("TMPDIR");
	struct blkio_cfg c = { .ro = cfg->ro, .block_size = cfg->block_size };
	char path[256], err[256];

	snprintf(path, sizeof(path), "%s/aerovmm-test.XXXXXX",
		 dir ? dir : "/tmp");
	b->fd = mkstemp(path);
	BUG_ON(b->fd < 0 || ftruncate(b->fd, (off_t)b->size));
	c.path = path;
	BUG_ON(blkio_open(&b->img, &c, err, sizeof(err)));
	unlink(path);
}

static void open_image(struct blkrig *b, const struct blkrig_cfg *cfg)
{
	uint32_t block = cfg->block_size ? cfg->block_size : 512;

	b->fd = -1;
	if (cfg->image == BLK_FILE) {
		open_file(b, cfg);
	} else if (cfg->image == BLK_SPY) {
		spy_open(&b->spy, b->size, block);
		b->img = b->spy.img;
	} else {
		BUG_ON(blkio_mem_open(&b->img, b->size, block));
	}
	b->img->ro = cfg->ro;
}

void blkrig_open(struct blkrig *b, const struct rig_bus *via, unsigned flags,
		 const struct blkrig_cfg *cfg)
{
	struct blk_cfg c = {
		.prof = cfg->prof, .name = "disk0", .serial = cfg->serial,
		.queues = cfg->queues ? cfg->queues : 1, .nloops = 2,
	};

	memset(b, 0, sizeof(*b));
	b->prof = cfg->prof;
	b->size = cfg->size ? cfg->size : BLK_SIZE_BYTES;
	rig_open(&b->rig, via, flags);
	open_image(b, cfg);
	c.gmem = &b->rig.guest->mem;
	c.ctl_loop = b->rig.ctl;
	c.loops = b->rig.loops;
	BUG_ON(blk_create(&b->dev, &c, b->img));
	rig_attach(&b->rig, b->dev);
}

void blkrig_close(struct blkrig *b)
{
	rig_close(&b->rig);
	if (b->fd >= 0)
		close(b->fd);
}

void blkrig_up(struct blkrig *b, uint64_t features, struct rnd *rnd)
{
	struct guest *g = b->rig.guest;
	struct drv_bus *bus = &b->rig.bus;

	guest_release_all(g);
	b->hdr = guest_alloc(g, GUEST_LOW, 0x1000, 0x1000, NULL);
	b->status = guest_alloc(g, GUEST_LOW, 0x1000, 0x1000, NULL);
	b->table = guest_alloc(g, GUEST_LOW, 16 * BLK_BUFS, 16, NULL);
	b->data = guest_alloc(g, GUEST_HIGH, DATA_BYTES, 0x1000, NULL);
	features |= VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC;
	features = rig_features(&b->rig, features) & drv_offered(bus);
	BUG_ON(!drv_start(bus, features));
	for (uint16_t q = 0; q < b->dev->nvqs; q++) {
		rig_ring(&b->rig, &b->ring[q], drv_q_max(bus, q),
			 features & VIRTIO_F_EVENT_IDX, rnd);
		drv_q_start(bus, q, &b->ring[q]);
	}
	drv_ok(bus);
}

/* ---- contents ------------------------------------------------------------- */

void blkrig_image_get(struct blkrig *b, uint64_t off, void *to, size_t len)
{
	if (b->fd < 0)
		memcpy(to, (uint8_t *)b->img->mem + off, len);
	else
		BUG_ON(pread(b->fd, to, len, (off_t)off) != (ssize_t)len);
}

void blkrig_image_put(struct blkrig *b, uint64_t off, const void *from,
		      size_t len)
{
	if (b->fd < 0)
		memcpy((uint8_t *)b->img->mem + off, from, len);
	else
		BUG_ON(pwrite(b->fd, from, len, (off_t)off) != (ssize_t)len);
}

uint8_t blkrig_image_byte(uint64_t off)
{
	return (uint8_t)(off ^ off >> 9 ^ 0x5a);
}

uint8_t blkrig_data_byte(uint64_t off)
{
	return (uint8_t)(off * 7 ^ off >> 8 ^ 0xc3);
}

/* Made once: suites compare whole disks all the time. */
static struct {
	bool made;
	uint8_t image[BLK_SIZE_BYTES], data[DATA_BYTES];
} pattern;

static void make_pattern(void)
{
	for (uint64_t i = 0; i < BLK_SIZE_BYTES; i++)
		pattern.image[i] = blkrig_image_byte(i);
	for (uint64_t i = 0; i < DATA_BYTES; i++)
		pattern.data[i] = blkrig_data_byte(i);
	pattern.made = true;
}

void blkrig_pattern(struct blkrig *b)
{
	BUG_ON(b->size > BLK_SIZE_BYTES);
	if (!pattern.made)
		make_pattern();
	blkrig_image_put(b, 0, pattern.image, b->size);
	guest_poke(b->rig.guest, b->data, pattern.data, DATA_BYTES);
}

bool blkrig_image_unchanged(struct blkrig *b)
{
	static uint8_t image[BLK_SIZE_BYTES];

	blkrig_image_get(b, 0, image, b->size);
	return memcmp(image, pattern.image, b->size) == 0;
}

bool blkrig_data_unchanged(struct blkrig *b)
{
	return memcmp(guest_ptr(b->rig.guest, b->data, DATA_BYTES),
		      pattern.data, DATA_BYTES) == 0;
}

/* ---- requests ------------------------------------------------------------- */

void blk_add(struct blkchain *c, uint64_t gpa, uint32_t len, bool write)
{
	BUG_ON(c->n == BLK_BUFS);
	c->b[c->n++] = (struct drv_buf){ gpa, len, write };
}

void blk_hdr_at(struct blkrig *b, uint64_t gpa, uint32_t type, uint64_t sector)
{
	/* ioprio is ignored (AERO-W7-VIRTIO 3.1.5). */
	struct virtio_blk_outhdr h = {
		le32_put(type), le32_put(0xdeadbeef), le64_put(sector),
	};

	guest_poke(b->rig.guest, gpa, &h, sizeof(h));
}

void blk_head(struct blkrig *b, struct blkchain *c, uint32_t type,
	      uint64_t sector)
{
	blk_hdr_at(b, b->hdr, type, sector);
	blk_add(c, b->hdr, sizeof(struct virtio_blk_outhdr), false);
}

void blk_tail(struct blkrig *b, struct blkchain *c)
{
	blk_add(c, b->status, 1, true);
}

struct blkresult blk_run(struct blkrig *b, struct blkchain *c)
{
	struct drv_mem table = {
		guest_ptr(b->rig.guest, b->table, 16 * BLK_BUFS), b->table,
	};
	struct blkresult res = { 0 };
	uint64_t in = 0;
	int id;

	for (unsigned i = 0; i < c->n; i++)
		in += c->b[i].write ? c->b[i].len : 0;
	res.data_in = in > 1;
	guest_fill(b->rig.guest, b->status, BLK_UNTOUCHED, 1);
	id = drv_send(&b->rig.bus, 0, &b->ring[0], c->b, c->n,
		      c->direct ? NULL : &table);
	BUG_ON(id < 0);
	if (rig_collect(&b->rig, &b->ring[0], &res.used_len) != id)
		log_bug(__FILE__, __LINE__, "another chain was used");
	res.status = guest_byte(b->rig.guest, b->status);
	return res;
}

struct blkresult blk_request(struct blkrig *b, uint32_t type, uint64_t sector,
			     uint64_t off, uint32_t len, bool write)
{
	struct blkchain c = { .n = 0 };

	blk_head(b, &c, type, sector);
	if (len)
		blk_add(&c, b->data + off, len, write);
	blk_tail(b, &c);
	return blk_run(b, &c);
}
