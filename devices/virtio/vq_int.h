/*
 * What the ring formats share: a chain grows by one buffer at a time, each
 * checked against guest memory before anybody sees it. Owner loop only.
 */
#ifndef DEVICES_VIRTIO_VQ_INT_H
#define DEVICES_VIRTIO_VQ_INT_H

#include <string.h>

#include "devices/base/gmem.h"
#include "devices/virtio/vq.h"

/* A copy of 16 bytes the guest may change meanwhile: from here on only the
 * copy counts, which the fence tells the compiler. At any address, for an
 * indirect table may stand there. */
static inline void vq_desc_copy(void *to, const void *from)
{
	memcpy(to, from, sizeof(struct vring_desc));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void vq_chain_begin(struct vq_chain *c)
{
	c->ndesc = c->nout = c->nin = c->flaws = 0;
	c->out_len = c->in_len = 0;
}

static inline void vq_chain_piece(struct vq_chain *c, struct iovec piece,
				  bool write)
{
	unsigned used = (unsigned)c->nout + c->nin;

	if (used == c->max) {
		c->flaws |= VQ_TOO_LONG;
		c->iov[c->max - 1] = piece;
		/* The last slot may change sides; the chain is refused. */
		if (write && c->nin == 0) {
			c->nout--;
			c->nin++;
		}
		return;
	}
	c->iov[used] = piece;
	if (write)
		c->nin++;
	else
		c->nout++;
}

/* A buffer that is not in one region: across several, or outside RAM. */
void vq_chain_add_span(const struct vq *, struct vq_chain *, uint64_t addr,
		       uint32_t len, bool write);

/* The buffer of the chain's next descriptor. */
static inline void vq_chain_add(const struct vq *vq, struct vq_chain *c,
				uint64_t addr, uint32_t len, bool write)
{
	void *hva;

	c->ndesc++;
	if (len == 0)
		return;
	if (!write && c->nin) {
		c->flaws |= VQ_BAD_ORDER;
		return;
	}
	if (write)
		c->in_len += len;
	else
		c->out_len += len;
	hva = gmem_ptr(vq->mem, addr, len, write ? GMEM_WRITE : GMEM_READ);
	if (hva)
		vq_chain_piece(c, (struct iovec){ hva, len }, write);
	else
		vq_chain_add_span(vq, c, addr, len, write);
}

/* AERO-W7-VIRTIO 2.4.1: an indirect table's len MUST be a multiple of 16. */
static inline bool vq_table_len_ok(uint32_t len)
{
	return len && len % sizeof(struct vring_desc) == 0 &&
	       len / sizeof(struct vring_desc) <= VQ_MAX_SIZE;
}

#endif
