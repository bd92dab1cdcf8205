#include "devices/base/gmem.h"
#include "devices/virtio/vq_int.h"

void vq_chain_add_span(const struct vq *vq, struct vq_chain *c, uint64_t addr,
		       uint32_t len, bool write)
{
	struct iovec part[GMEM_MAX_REGIONS];
	int n = gmem_iov(vq->mem, addr, len, write ? GMEM_WRITE : GMEM_READ,
			 part, GMEM_MAX_REGIONS);

	if (n < 0) {
		part[0] = (struct iovec){ NULL, len };
		n = 1;
		c->flaws |= VQ_BAD_ADDR;
	}
	for (int i = 0; i < n; i++)
		vq_chain_piece(c, part[i], write);
}
