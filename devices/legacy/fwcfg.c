#include "devices/legacy/fwcfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/gmem.h"
#include "devices/base/le.h"
#include "devices/base/log.h"

enum {
	OFF_SELECT = 0, OFF_DATA = 1, OFF_DMA_HIGH = 4, OFF_DMA_LOW = 8,
	DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8,
	DMA_WRITE = 16, DMA_KEY_SHIFT = 16,
};

/* "QEMU CFG", what the DMA register reads as: each half as a big-endian
 * register appears to a little-endian CPU. */
#define DMA_SIGN_HIGH   0x554d4551u
#define DMA_SIGN_LOW    0x47464320u

struct dma_access {             /* big endian, in guest memory */
	uint32_t control, len;
	uint64_t addr;
} __attribute__((packed));

struct dir_entry {              /* big endian */
	uint32_t len;
	uint16_t key, reserved;
	char name[FWCFG_NAME_LEN];
} __attribute__((packed));

static const struct fwcfg_item *find(const struct fwcfg *f, uint16_t key)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->item[i].key == key)
			return &f->item[i];
	return NULL;
}

/* ---- the ports: lock held ---------------------------------------------------- */

static void select_key(struct fwcfg *f, uint16_t key)
{
	f->selected = key;
	f->at = 0;
}

static uint32_t left_of(const struct fwcfg *f, const struct fwcfg_item *item)
{
	return item && f->at < item->len ? item->len - f->at : 0;
}

/* len bytes of the selected item from where it is; to may be NULL. */
static void take(struct fwcfg *f, uint8_t *to, uint32_t len)
{
	const struct fwcfg_item *item = find(f, f->selected);
	uint32_t left = left_of(f, item);
	uint32_t n = left < len ? left : len;

	if (to) {
		if (n)
			memcpy(to, item->data + f->at, n);
		memset(to + n, 0, len - n);
	}
	f->at += n;
}

/* Zeroes are made while the CPU waits, and so does whoever wants to stop it:
 * no more than a moment's worth. */
static bool too_long(const struct fwcfg *f, uint32_t len)
{
	uint32_t left = left_of(f, find(f, f->selected));

	return len > left && len - left > FWCFG_PAST_MAX;
}

/* 0, or DMA_ERROR. */
static uint32_t transfer(struct fwcfg *f, uint32_t control, uint64_t addr,
			 uint32_t len)
{
	uint8_t *to = NULL;

	if (control & DMA_SELECT)
		select_key(f, (uint16_t)(control >> DMA_KEY_SHIFT));
	if (control & DMA_READ) {
		to = len ? gmem_ptr(f->mem, addr, len, GMEM_WRITE) : NULL;
		if ((len && !to) || too_long(f, len))
			return DMA_ERROR;
	} else if (control & DMA_WRITE) {
		return len ? DMA_ERROR : 0;     /* nothing is writable */
	} else if (!(control & DMA_SKIP)) {
		return 0;
	}
	take(f, to, len);
	return 0;
}

static void run_dma(struct fwcfg *f, uint64_t gpa)
{
	struct dma_access a;
	uint32_t result;

	if (gmem_read(f->mem, gpa, &a, sizeof(a)) < 0) {
		guest_err("fw_cfg", "the DMA request at %#llx is not in RAM",
			  (unsigned long long)gpa);
		return;
	}
	result = transfer(f, be32toh(a.control), be64toh(a.addr),
			  be32toh(a.len));
	result = htobe32(result);
	/* What the guest polls; the data comes before it. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (gmem_write(f->mem, gpa, &result, sizeof(result)) < 0)
		guest_err("fw_cfg", "the DMA request at %#llx cannot be "
			  "answered", (unsigned long long)gpa);
}

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	struct fwcfg *f = ctx;
	uint8_t byte;

	if (off == OFF_DATA && size == 1) {
		pthread_mutex_lock(&f->lock);
		take(f, &byte, 1);
		pthread_mutex_unlock(&f->lock);
		return byte;
	}
	if (off == OFF_DMA_HIGH && size == 4)
		return DMA_SIGN_HIGH;
	if (off == OFF_DMA_LOW && size == 4)
		return DMA_SIGN_LOW;
	if (off == OFF_SELECT && size == 2)
		return 0;
	return ~(uint64_t)0;
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct fwcfg *f = ctx;

	pthread_mutex_lock(&f->lock);
	if (off == OFF_SELECT && size == 2) {
		select_key(f, (uint16_t)val);
	} else if (off == OFF_DMA_HIGH && size == 4) {
		f->dma_high = be32toh((uint32_t)val);
	} else if (off == OFF_DMA_LOW && size == 4) {
		run_dma(f, (uint64_t)f->dma_high << 32 |
			   be32toh((uint32_t)val));
		f->dma_high = 0;
	}
	pthread_mutex_unlock(&f->lock);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

/* ---- items ------------------------------------------------------------------- */

static int add(struct fwcfg *f, uint16_t key, const char *name,
	       const void *data, size_t len)
{
	struct fwcfg_item *item = &f->item[f->n];

	if (f->n == FWCFG_ITEMS)
		return -ENOSPC;
	if (find(f, key))
		return -EEXIST;
	if (len > UINT32_MAX || strlen(name) >= FWCFG_NAME_LEN)
		return -EINVAL;
	*item = (struct fwcfg_item){ .key = key, .len = (uint32_t)len };
	memcpy(item->name, name, strlen(name));
	item->data = malloc(len ? len : 1);
	if (!item->data)
		return -ENOMEM;
	if (len)
		memcpy(item->data, data, len);
	f->n++;
	return 0;
}

int fwcfg_add(struct fwcfg *f, uint16_t key, const void *data, size_t len)
{
	return add(f, key, "", data, len);
}

/* The directory: how many files, then one entry a file. */
static int make_directory(struct fwcfg *f)
{
	struct { uint32_t n; struct dir_entry file[FWCFG_ITEMS]; }
		__attribute__((packed)) dir = { .n = htobe32(f->files) };
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct fwcfg_item *item = &f->item[i];

		if (item->key == FWCFG_DIRECTORY) {
			free(item->data);
			*item = f->item[--f->n];
			i--;
		} else if (item->name[0]) {
			dir.file[n].len = htobe32(item->len);
			dir.file[n].key = htobe16(item->key);
			memcpy(dir.file[n++].name, item->name, FWCFG_NAME_LEN);
		}
	}
	return add(f, FWCFG_DIRECTORY, "", &dir,
		   sizeof(dir.n) + n * sizeof(dir.file[0]));
}

int fwcfg_add_file(struct fwcfg *f, const char *name, const void *data,
		   size_t len)
{
	int ret;

	for (unsigned i = 0; i < f->n; i++)
		if (!strcmp(f->item[i].name, name))
			return -EEXIST;
	/* Room for the directory, too. */
	if (f->n + 2 > FWCFG_ITEMS)
		return -ENOSPC;
	ret = add(f, (uint16_t)(FWCFG_FILES + f->files), name, data, len);
	if (ret < 0)
		return ret;
	f->files++;
	return make_directory(f);
}

void fwcfg_clear(struct fwcfg *f)
{
	while (f->n)
		free(f->item[--f->n].data);
	f->files = 0;
}

/* ---- life -------------------------------------------------------------------- */

void fwcfg_reset(struct fwcfg *f)
{
	pthread_mutex_lock(&f->lock);
	select_key(f, FWCFG_SIGNATURE);
	f->dma_high = 0;
	pthread_mutex_unlock(&f->lock);
}

int fwcfg_init(struct fwcfg *f, struct iospace *pio, const struct gmem *mem)
{
	f->io = (struct io_region){ .base = FWCFG_BASE, .len = FWCFG_IO_LEN,
				    .ops = &ops, .ctx = f, .name = "fw_cfg" };
	f->mem = mem;
	pthread_mutex_init(&f->lock, NULL);
	return iospace_add(pio, &f->io);
}

void fwcfg_fini(struct fwcfg *f)
{
	fwcfg_clear(f);
	pthread_mutex_destroy(&f->lock);
}
