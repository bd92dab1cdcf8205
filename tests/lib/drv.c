#include "tests/lib/drv.h"

uint64_t drv_offered(struct drv_bus *b)
{
	uint64_t f;

	b->ops->put(b, DRV_DEV_SEL, 1);
	f = (uint64_t)b->ops->get(b, DRV_DEV_FEATURES) << 32;
	b->ops->put(b, DRV_DEV_SEL, 0);
	return f | b->ops->get(b, DRV_DEV_FEATURES);
}

void drv_reset(struct drv_bus *b)
{
	b->ops->put(b, DRV_STATUS, 0);
	while (b->ops->get(b, DRV_STATUS))
		;
}

bool drv_start(struct drv_bus *b, uint64_t features)
{
	uint32_t status = VIRTIO_S_ACKNOWLEDGE;

	drv_reset(b);
	b->ops->put(b, DRV_STATUS, status);
	status |= VIRTIO_S_DRIVER;
	b->ops->put(b, DRV_STATUS, status);
	b->ops->put(b, DRV_DRV_SEL, 0);
	b->ops->put(b, DRV_DRV_FEATURES, (uint32_t)features);
	b->ops->put(b, DRV_DRV_SEL, 1);
	b->ops->put(b, DRV_DRV_FEATURES, (uint32_t)(features >> 32));
	status |= VIRTIO_S_FEATURES_OK;
	b->ops->put(b, DRV_STATUS, status);
	return b->ops->get(b, DRV_STATUS) & VIRTIO_S_FEATURES_OK;
}

void drv_ok(struct drv_bus *b)
{
	b->ops->put(b, DRV_STATUS,
		    b->ops->get(b, DRV_STATUS) | VIRTIO_S_DRIVER_OK);
}

uint16_t drv_q_max(struct drv_bus *b, uint16_t q)
{
	b->ops->put(b, DRV_Q_SEL, q);
	return (uint16_t)b->ops->get(b, DRV_Q_MAX);
}

void drv_q_start(struct drv_bus *b, uint16_t q, const struct drv_ring *r)
{
	b->ops->put(b, DRV_Q_SEL, q);
	b->ops->put(b, DRV_Q_SIZE, r->size);
	for (unsigned i = 0; i < 3; i++)
		b->ops->put_addr(b, (enum drv_part)i, r->part[i].gpa);
	b->ops->put(b, DRV_Q_ENABLE, 1);
}

void drv_q_stop(struct drv_bus *b, uint16_t q)
{
	b->ops->put(b, DRV_Q_SEL, q);
	b->ops->put(b, DRV_Q_ENABLE, 0);
}

uint32_t drv_roll(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

void drv_ring_ids(struct drv_ring *r)
{
	uint16_t order[DRV_RING_MAX];

	for (uint16_t i = 0; i < r->size; i++) {
		order[i] = i;
		r->ndesc[i] = 0;
	}
	for (uint16_t i = r->size; r->shuffle && i > 1; i--) {
		uint32_t at = drv_roll(&r->shuffle) % i;
		uint16_t was = order[at];

		order[at] = order[i - 1];
		order[i - 1] = was;
	}
	for (uint16_t i = 0; i + 1 < r->size; i++)
		r->next[order[i]] = order[i + 1];
	r->free_head = order[0];
	r->nfree = r->size;
}

uint16_t drv_take_id(struct drv_ring *r)
{
	uint16_t i = r->free_head;

	r->free_head = r->next[i];
	r->nfree--;
	return i;
}

void drv_give_id(struct drv_ring *r, uint16_t id)
{
	r->next[id] = r->free_head;
	r->free_head = id;
	r->nfree++;
	r->ndesc[id] = 0;
}

void drv_ring_init(struct drv_ring *r, const struct drv_ring_ops *ops,
		   uint16_t size, bool event_idx,
		   const struct drv_mem part[3], uint32_t shuffle)
{
	r->ops = ops;
	r->size = size;
	r->event_idx = event_idx;
	for (unsigned i = 0; i < 3; i++)
		r->part[i] = part[i];
	r->shuffle = shuffle;
	ops->init(r);
}

unsigned drv_used(const struct drv_ring *r)
{
	struct drv_ring copy = *r;
	unsigned n = 0;
	uint32_t len;

	copy.no_irq = true;
	while (copy.ops->collect(&copy, &len) >= 0)
		n++;
	return n;
}

int drv_send(struct drv_bus *b, uint16_t q, struct drv_ring *r,
	     const struct drv_buf *buf, unsigned n, const struct drv_mem *table)
{
	int id = r->ops->add(r, buf, n, table);

	if (id >= 0 && r->ops->publish(r))
		b->ops->notify(b, q);
	return id;
}
