#include "devices/legacy/legacy.h"

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	(void)ctx, (void)off, (void)size;
	return 0;
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct debugexit *d = ctx;
	uint32_t mask = size < 4 ? (1u << (8 * size)) - 1 : 0xffffffffu;

	if (off == 0 && d->exit)
		d->exit(d->ctx, (uint32_t)val & mask);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

int debugexit_init(struct debugexit *d, struct iospace *pio)
{
	d->io = (struct io_region){ .base = 0xf4, .len = 4, .ops = &ops,
				    .ctx = d, .name = "debug-exit" };
	return iospace_add(pio, &d->io);
}
