#include <string.h>

#include "devices/base/log.h"
#include "devices/legacy/legacy.h"
#include "devices/legacy/legacy_int.h"

enum {
	P92_RESET = 0x01, P92_A20 = 0x02,
	CF9_HARD = 0x02, CF9_RESET = 0x04, CF9_FULL = 0x08,
	/* 8237 registers from the ninth on */
	DMA_STATUS = 8, DMA_REQUEST = 9, DMA_MASK_ONE = 10, DMA_MODE = 11,
	DMA_FLIPFLOP = 12, DMA_CLEAR = 13, DMA_UNMASK = 14, DMA_MASK_ALL = 15,
};

/* ---- ports 92 and CF9 ----------------------------------------------------- */

static uint64_t p92_in(void *ctx, uint64_t off, unsigned size)
{
	struct sysctl *s = ctx;
	uint8_t val;

	(void)off, (void)size;
	pthread_mutex_lock(&s->lock);
	val = s->v92;
	pthread_mutex_unlock(&s->lock);
	return val;
}

static void p92_out(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct sysctl *s = ctx;
	bool reset;

	(void)off, (void)size;
	pthread_mutex_lock(&s->lock);
	reset = val & ~s->v92 & P92_RESET;
	/* KVM has no A20 gate; the bit is only remembered. */
	s->v92 = (uint8_t)val & (P92_RESET | P92_A20);
	pthread_mutex_unlock(&s->lock);
	if (reset && s->reset)
		s->reset(s->ctx);
}

static uint64_t cf9_in(void *ctx, uint64_t off, unsigned size)
{
	struct sysctl *s = ctx;
	uint8_t val;

	(void)off, (void)size;
	pthread_mutex_lock(&s->lock);
	val = s->vcf9;
	pthread_mutex_unlock(&s->lock);
	return val;
}

static void cf9_out(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct sysctl *s = ctx;
	bool reset;

	(void)off, (void)size;
	pthread_mutex_lock(&s->lock);
	reset = val & ~s->vcf9 & CF9_RESET;
	s->vcf9 = (uint8_t)val & (CF9_HARD | CF9_RESET | CF9_FULL);
	pthread_mutex_unlock(&s->lock);
	if (reset && s->reset)
		s->reset(s->ctx);
}

static const struct io_ops p92_ops = { .read = p92_in, .write = p92_out };
static const struct io_ops cf9_ops = { .read = cf9_in, .write = cf9_out };

/* ---- DMA controllers: registers without transfers ------------------------- */

static uint8_t word_in(struct dma_ctl *d, uint16_t word)
{
	uint8_t val = (uint8_t)(d->high ? word >> 8 : word);

	d->high = !d->high;
	return val;
}

static void word_out(struct dma_ctl *d, uint16_t *word, uint8_t val)
{
	*word = d->high ? (uint16_t)((*word & 0xff) | val << 8) :
			  (uint16_t)((*word & 0xff00) | val);
	d->high = !d->high;
}

static uint8_t dma_in(struct dma_ctl *d, unsigned reg)
{
	if (reg < DMA_STATUS)
		return word_in(d, reg & 1 ? d->count[reg / 2] :
					    d->addr[reg / 2]);
	switch (reg) {
	case DMA_STATUS:                /* no request, no terminal count */
		return 0;
	case DMA_CLEAR:
		return d->temp;
	case DMA_MASK_ALL:
		return d->mask | 0xf0;
	default:
		return 0xff;
	}
}

static void dma_clear(struct dma_ctl *d)
{
	d->command = d->temp = 0;
	d->mask = 0x0f;
	d->high = false;
}

static void dma_out(struct dma_ctl *d, unsigned reg, uint8_t val)
{
	uint8_t bit = (uint8_t)(1 << (val & 3));

	if (reg < DMA_STATUS) {
		word_out(d, reg & 1 ? &d->count[reg / 2] : &d->addr[reg / 2],
			 val);
		return;
	}
	switch (reg) {
	case DMA_STATUS:
		d->command = val;
		break;
	case DMA_MASK_ONE:
		d->mask = (uint8_t)(val & 4 ? d->mask | bit : d->mask & ~bit);
		break;
	case DMA_MODE:
		d->mode[val & 3] = val;
		break;
	case DMA_FLIPFLOP:
		d->high = false;
		break;
	case DMA_CLEAR:
		dma_clear(d);
		break;
	case DMA_UNMASK:
		d->mask = 0;
		break;
	case DMA_MASK_ALL:
		d->mask = val & 0x0f;
		break;
	case DMA_REQUEST:               /* software requests move nothing */
		break;
	}
}

/* The second controller sits on even ports only. */
static uint8_t dma8_in(void *ctx, unsigned off)
{
	struct sysctl *s = ctx;
	uint8_t val;

	pthread_mutex_lock(&s->lock);
	val = dma_in(&s->dma[0], off);
	pthread_mutex_unlock(&s->lock);
	return val;
}

static void dma8_out(void *ctx, unsigned off, uint8_t val)
{
	struct sysctl *s = ctx;

	pthread_mutex_lock(&s->lock);
	dma_out(&s->dma[0], off, val);
	pthread_mutex_unlock(&s->lock);
}

static uint8_t dma16_in(void *ctx, unsigned off)
{
	struct sysctl *s = ctx;
	uint8_t val = 0xff;

	pthread_mutex_lock(&s->lock);
	if (off % 2 == 0)
		val = dma_in(&s->dma[1], off / 2);
	pthread_mutex_unlock(&s->lock);
	return val;
}

static void dma16_out(void *ctx, unsigned off, uint8_t val)
{
	struct sysctl *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (off % 2 == 0)
		dma_out(&s->dma[1], off / 2, val);
	pthread_mutex_unlock(&s->lock);
}

static uint64_t dma8_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, dma8_in);
}

static void dma8_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, dma8_out);
}

static uint64_t dma16_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, dma16_in);
}

static void dma16_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, dma16_out);
}

static const struct io_ops dma8_ops = {
	.read = dma8_read, .write = dma8_write,
};
static const struct io_ops dma16_ops = {
	.read = dma16_read, .write = dma16_write,
};

/* ---- page registers, the first of which is the POST code ------------------ */

static uint8_t page_in(void *ctx, unsigned off)
{
	struct sysctl *s = ctx;
	uint8_t val;

	pthread_mutex_lock(&s->lock);
	val = s->pages[off];
	pthread_mutex_unlock(&s->lock);
	return val;
}

static void page_out(void *ctx, unsigned off, uint8_t val)
{
	struct sysctl *s = ctx;
	bool new_code;

	pthread_mutex_lock(&s->lock);
	/* Linux writes port 80 to pass time: only a change is news. */
	new_code = off == 0 && s->pages[0] != val;
	s->pages[off] = val;
	pthread_mutex_unlock(&s->lock);
	if (new_code)
		log_debug("POST code %02x", val);
}

static uint64_t page_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, page_in);
}

static void page_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, page_out);
}

static const struct io_ops page_ops = {
	.read = page_read, .write = page_write,
};

/* ---- life ----------------------------------------------------------------- */

void sysctl_reset(struct sysctl *s)
{
	pthread_mutex_lock(&s->lock);
	s->v92 = P92_A20;
	s->vcf9 = 0;
	memset(s->dma, 0, sizeof(s->dma));
	dma_clear(&s->dma[0]);
	dma_clear(&s->dma[1]);
	memset(s->pages, 0, sizeof(s->pages));
	pthread_mutex_unlock(&s->lock);
}

int sysctl_init(struct sysctl *s, struct iospace *pio)
{
	struct io_region *const all[] = {
		&s->p92, &s->pcf9, &s->pdma[0], &s->pdma[1], &s->page,
	};
	const unsigned n = sizeof(all) / sizeof(all[0]);
	unsigned i;
	int err = 0;

	s->p92 = (struct io_region){ 0x92, 1, &p92_ops, s, "port92" };
	s->pcf9 = (struct io_region){ 0xcf9, 1, &cf9_ops, s, "reset" };
	s->pdma[0] = (struct io_region){ 0x00, 16, &dma8_ops, s, "dma8" };
	s->pdma[1] = (struct io_region){ 0xc0, 32, &dma16_ops, s, "dma16" };
	s->page = (struct io_region){ 0x80, 16, &page_ops, s, "dma-pages" };
	pthread_mutex_init(&s->lock, NULL);
	sysctl_reset(s);
	for (i = 0; i < n; i++) {
		err = iospace_add(pio, all[i]);
		if (err)
			goto err_del;
	}
	return 0;
err_del:
	while (i-- > 0)
		iospace_del(pio, all[i]);
	return err;
}
