#include "devices/virtio/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/log.h"

static bool is_broken(const struct vio_dev *dev)
{
	return __atomic_load_n(&dev->broken, __ATOMIC_ACQUIRE);
}

static bool has_dma(const struct vio_dev *dev)
{
	return __atomic_load_n(&dev->dma, __ATOMIC_ACQUIRE);
}

/* ---- queues, on their loop ------------------------------------------------ */

static void q_publish_now(struct vq *vq)
{
	if (!vq->live || is_broken(vq->dev)) {
		vq->pushed = false;
		return;
	}
	if (vq->ops->flush(vq))
		vq->dev->tp->raise(vq->dev, VIRTIO_ISR_QUEUE, vq->idx);
	loop_sleep_mark(vq->loop, &vq->rest);
}

static void q_publish(struct loop_hook *h)
{
	q_publish_now(container_of(h, struct vq, publish));
}

static void q_rest(struct loop_hook *h)
{
	struct vq *vq = container_of(h, struct vq, rest);

	if (vq->live && !is_broken(vq->dev) && has_dma(vq->dev) &&
	    !vq->content && vq->ops->arm(vq, true))
		loop_bell_mark(vq->loop, &vq->bell);
}

/* While the loop lingers before q_rest: kicks are off. */
static bool q_look(struct loop_hook *h)
{
	struct vq *vq = container_of(h, struct vq, rest);

	if (!vq->live || is_broken(vq->dev) || !has_dma(vq->dev) ||
	    vq->content || !vq->ops->waiting(vq))
		return false;
	loop_bell_mark(vq->loop, &vq->bell);
	return true;
}

static void q_rung(struct loop_bell *b)
{
	struct vq *vq = container_of(b, struct vq, bell);
	struct vio_dev *dev = vq->dev;

	if (!vq->live || is_broken(dev) || !has_dma(dev))
		return;
	vq->ops->arm(vq, false);
	vq->content = false;
	dev->cls->process(dev, vq);
	loop_sleep_mark(vq->loop, &vq->rest);
}

uint16_t vio_q_lend(struct vq *vq)
{
	BUG_ON(!vq->live || vq->inflight);
	if (vq->pushed)
		q_publish_now(vq);
	loop_hook_unmark(vq->loop, &vq->publish);
	loop_hook_unmark(vq->loop, &vq->rest);
	loop_bell_away(vq->loop, &vq->bell);
	vq->live = false;
	vq->lent = true;
	return vq->next_avail;
}

void vio_q_regain(struct vq *vq)
{
	vq->lent = false;
	vq->live = true;
	vq->content = vq->pushed = false;
	vq->ops->seek(vq);
	loop_bell_back(vq->loop, &vq->bell);
	loop_bell_mark(vq->loop, &vq->bell);
}

static void q_go_live(void *arg)
{
	struct vq *vq = arg;
	struct vio_dev *dev = vq->dev;
	int err;

	vq->next_avail = vq->next_used = vq->inflight = 0;
	vq->pushed = vq->kicks_off = vq->content = false;
	err = vq->ops->map(vq, vq->mem);
	if (err) {
		vio_break(dev, vq, err == -EINVAL ?
			  "ring of a wrong alignment or size" :
			  "ring outside of RAM");
		return;
	}
	vq->live = true;
	loop_bell_mark(vq->loop, &vq->bell);
}

/* Nothing of the queue is on its way to guest memory after this. */
static void q_quiesce(void *arg)
{
	struct vq *vq = arg;

	if ((vq->live || vq->lent) && vq->dev->cls->stop)
		vq->dev->cls->stop(vq->dev, vq);
	if (vq->pushed)
		q_publish_now(vq);
	/* It may be live again without having been told so, and then only a
	 * kick wakes it. */
	vq->content = false;
	if (vq->live && !is_broken(vq->dev))
		vq->ops->arm(vq, true);
}

static void q_die(void *arg)
{
	struct vq *vq = arg;

	if ((vq->live || vq->lent) && vq->dev->cls->stop)
		vq->dev->cls->stop(vq->dev, vq);
	vq->live = vq->pushed = false;
	loop_hook_unmark(vq->loop, &vq->publish);
	loop_hook_unmark(vq->loop, &vq->rest);
}

static void q_retire(void *arg)
{
	q_quiesce(arg);
	q_die(arg);
}

/* ---- queues, registers ---------------------------------------------------- */

/* The one place where the ring's format is chosen. */
static const struct vq_ops *ring_format(const struct vio_dev *dev)
{
	return vio_has(dev, VIRTIO_F_RING_PACKED) ? &vq_packed_ops
						  : &vq_split_ops;
}

static void q_start(struct vq *vq)
{
	struct vio_dev *dev = vq->dev;

	vq->mem = dev->gmem;
	vq->event_idx = vio_has(dev, VIRTIO_F_EVENT_IDX);
	vq->indirect = vio_has(dev, VIRTIO_F_INDIRECT_DESC);
	vq->ops = ring_format(dev);
	loop_call_sync(vq->loop, q_go_live, vq);
}

struct vq *vio_q(struct vio_dev *dev, uint32_t q)
{
	return q < dev->nvqs ? &dev->vqs[q] : NULL;
}

void vio_q_addr(struct vq *vq, unsigned part, bool high, uint32_t val)
{
	uint64_t keep = high ? UINT32_MAX : (uint64_t)UINT32_MAX << 32;

	if (vq->enabled)
		return;
	vq->addr[part] = (vq->addr[part] & keep) |
			 (uint64_t)val << (high ? 32 : 0);
}

void vio_q_size(struct vq *vq, uint32_t size)
{
	if (!vq->dev->prof->size_writable || vq->enabled || size == 0 ||
	    size > vq->max || !ring_format(vq->dev)->size_ok(size))
		return;
	vq->size = (uint16_t)size;
}

void vio_q_enable(struct vq *vq, uint32_t on)
{
	struct vio_dev *dev = vq->dev;

	if (on == 1 && !vq->enabled) {
		vq->enabled = true;
		if (dev->status & VIRTIO_S_DRIVER_OK)
			q_start(vq);
	} else if (on == 0 && vq->enabled) {
		/* Decision 15: stops the queue and reads back 0. */
		vq->enabled = false;
		loop_call_sync(vq->loop, q_retire, vq);
	}
}

void vio_notify(struct vio_dev *dev, uint32_t q)
{
	if (q < dev->nvqs)
		bell_ring(&dev->vqs[q].bell);
}

void vio_set_dma(struct vio_dev *dev, bool on)
{
	if (has_dma(dev) == on)
		return;
	__atomic_store_n(&dev->dma, on, __ATOMIC_RELEASE);
	if (on)
		return;
	for (unsigned i = 0; i < dev->nvqs; i++)
		loop_call_sync(dev->vqs[i].loop, q_quiesce, &dev->vqs[i]);
}

/* ---- features and status -------------------------------------------------- */

uint32_t vio_offered(const struct vio_dev *dev, uint32_t sel)
{
	return sel > 1 ? 0 : (uint32_t)(dev->offered >> (32 * sel));
}

uint32_t vio_acked(const struct vio_dev *dev, uint32_t sel)
{
	return sel > 1 ? 0 : (uint32_t)(dev->acked >> (32 * sel));
}

void vio_ack(struct vio_dev *dev, uint32_t sel, uint32_t val)
{
	uint64_t keep = sel ? UINT32_MAX : (uint64_t)UINT32_MAX << 32;

	/* virtio 3.1.1: after FEATURES_OK the features stand. */
	if (sel > 1 || (dev->status & VIRTIO_S_FEATURES_OK))
		return;
	dev->acked = (dev->acked & keep) | (uint64_t)val << (32 * sel);
}

/* AERO-W7-VIRTIO 1.5.3: the device MUST clear FEATURES_OK if the driver sets
 * unsupported feature bits; decision 4: VERSION_1 is not optional. */
static bool features_fit(const struct vio_dev *dev)
{
	return !(dev->acked & ~dev->offered) &&
	       (dev->acked & VIRTIO_F_VERSION_1);
}

static void start(struct vio_dev *dev)
{
	if (dev->cls->start)
		dev->cls->start(dev);
	for (unsigned i = 0; i < dev->nvqs; i++)
		if (dev->vqs[i].enabled)
			q_start(&dev->vqs[i]);
}

static void reset_locked(struct vio_dev *dev)
{
	/* Decision 10: returns when no byte of guest memory can change any
	 * more because of earlier requests. */
	for (unsigned i = 0; i < dev->nvqs; i++) {
		struct vq *vq = &dev->vqs[i];

		loop_call_sync(vq->loop, q_die, vq);
		vq->enabled = false;
		vq->size = vq->max;
		vq->vector = VIRTIO_NO_VECTOR;
		memset(vq->addr, 0, sizeof(vq->addr));
	}
	dev->status = 0;
	dev->acked = 0;
	__atomic_store_n(&dev->broken, false, __ATOMIC_RELEASE);
	if (dev->cls->reset)
		dev->cls->reset(dev);
	if (dev->tp)
		dev->tp->reset(dev);
}

void vio_reset(struct vio_dev *dev)
{
	pthread_mutex_lock(&dev->ctl);
	reset_locked(dev);
	pthread_mutex_unlock(&dev->ctl);
}

void vio_set_status(struct vio_dev *dev, uint8_t val)
{
	uint8_t old = dev->status, new;

	if (val == 0) {
		reset_locked(dev);
		return;
	}
	/* virtio 2.1.1: a driver never takes a bit back but by reset. */
	new = old | (val & (uint8_t)~VIRTIO_S_NEEDS_RESET);
	if ((new & ~old & VIRTIO_S_FEATURES_OK) && !features_fit(dev))
		new &= (uint8_t)~VIRTIO_S_FEATURES_OK;
	/* No features, no device (virtio 3.1.1 step 8 follows 6). */
	if (!(new & VIRTIO_S_FEATURES_OK))
		new &= (uint8_t)~VIRTIO_S_DRIVER_OK;
	dev->status = new;
	if ((new & ~old & VIRTIO_S_FEATURES_OK) && dev->cls->features)
		dev->cls->features(dev);
	if (new & ~old & VIRTIO_S_DRIVER_OK)
		start(dev);
}

static void broken_on_ctl(struct loop_call *c)
{
	struct vio_dev *dev = container_of(c, struct vio_dev, broken_call);

	pthread_mutex_lock(&dev->ctl);
	/* The driver may have reset the device before we came here. */
	if (is_broken(dev) && !(dev->status & VIRTIO_S_NEEDS_RESET)) {
		if (dev->cls->broken)
			dev->cls->broken(dev);
		dev->status |= VIRTIO_S_NEEDS_RESET;
		if (dev->status & VIRTIO_S_DRIVER_OK)
			dev->tp->raise(dev, VIRTIO_ISR_CONFIG, 0);
	}
	pthread_mutex_unlock(&dev->ctl);
}

void vio_break(struct vio_dev *dev, const struct vq *vq, const char *why)
{
	if (is_broken(dev))
		return;
	guest_err(dev->name, "queue %u: %s; the device waits for a reset by "
		  "the guest's driver", vq->idx, why);
	__atomic_store_n(&dev->broken, true, __ATOMIC_RELEASE);
	loop_post(dev->ctl_loop, &dev->broken_call);
}

bool vio_pop(struct vq *vq, struct vq_chain *c)
{
	int n;

	if (!vq->live || is_broken(vq->dev))
		return false;
	n = vq->ops->pop(vq, c);
	if (n < 0)
		vio_break(vq->dev, vq, n == -EFAULT ?
			  "indirect table outside of RAM" :
			  "descriptor chain that cannot be walked");
	if (n != 1)
		return false;
	loop_took(vq->loop);
	return true;
}

/* ---- configuration -------------------------------------------------------- */

uint32_t vio_cfg_read(struct vio_dev *dev, uint32_t off, unsigned size)
{
	uint32_t val = 0;

	for (unsigned i = 0; i < size; i++)
		if (off + i < dev->row->cfg_len)
			val |= (uint32_t)dev->cfg[off + i] << (8 * i);
	return val;
}

void vio_cfg_write(struct vio_dev *dev, uint32_t off, unsigned size,
		   uint32_t val)
{
	if (dev->cls->cfg_write && off < dev->row->cfg_len &&
	    size <= dev->row->cfg_len - off)
		dev->cls->cfg_write(dev, off, size, val);
}

void vio_cfg_begin(struct vio_dev *dev)
{
	pthread_mutex_lock(&dev->ctl);
}

void vio_cfg_end(struct vio_dev *dev)
{
	/* AERO-W7-VIRTIO 1.5.5: MUST increment config_generation. */
	dev->cfg_gen++;
	if (dev->status & VIRTIO_S_DRIVER_OK)
		dev->tp->raise(dev, VIRTIO_ISR_CONFIG, 0);
	pthread_mutex_unlock(&dev->ctl);
}

/* ---- life ----------------------------------------------------------------- */

struct bell_call {
	struct vq *vq;
	int err;
};

static void q_add_bell(void *arg)
{
	struct bell_call *c = arg;

	c->err = loop_bell_add(c->vq->loop, &c->vq->bell);
}

static void q_del_bell(void *arg)
{
	struct vq *vq = arg;

	loop_hook_unmark(vq->loop, &vq->publish);
	loop_hook_unmark(vq->loop, &vq->rest);
	loop_bell_del(vq->loop, &vq->bell);
}

static int init_queue(struct vio_dev *dev, unsigned i, struct loop *loop)
{
	struct vq *vq = &dev->vqs[i];
	struct bell_call c = { .vq = vq };
	unsigned row = i < VIO_ROW_QUEUES ? i : VIO_ROW_QUEUES - 1;

	while (row > 0 && dev->row->qsize[row] == 0)
		row--;
	vq->dev = dev;
	vq->idx = (uint16_t)i;
	vq->loop = loop;
	vq->max = vq->size = dev->row->qsize[row];
	vq->vector = VIRTIO_NO_VECTOR;
	vq->bell.rung = q_rung;
	vq->publish.run = q_publish;
	vq->rest.run = q_rest;
	vq->rest.look = q_look;
	loop_call_sync(loop, q_add_bell, &c);
	return c.err;
}

int vio_init(struct vio_dev *dev, const struct vio_class *cls,
	     const struct vio_profile *prof, const struct vio_dev_row *row,
	     const char *name, unsigned nvqs, uint64_t offered,
	     const struct gmem *gmem, struct loop *ctl_loop,
	     struct loop *const *loops, unsigned nloops)
{
	int err;

	dev->cls = cls;
	dev->prof = prof;
	dev->row = row;
	dev->gmem = gmem;
	dev->ctl_loop = ctl_loop;
	dev->offered = (offered & row->feats) | prof->feats;
	dev->broken_call.fn = broken_on_ctl;
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	pthread_mutex_init(&dev->ctl, NULL);
	dev->vqs = calloc(nvqs, sizeof(*dev->vqs));
	if (!dev->vqs)
		return -ENOMEM;
	for (dev->nvqs = 0; dev->nvqs < nvqs; dev->nvqs++) {
		err = init_queue(dev, dev->nvqs, loops[dev->nvqs % nloops]);
		if (err) {
			vio_fini(dev);
			return err;
		}
	}
	return 0;
}

void vio_withhold(struct vio_dev *dev, uint64_t feats)
{
	dev->offered &= ~feats;
}

static void forget_break(void *arg)
{
	struct vio_dev *dev = arg;

	loop_unpost(dev->ctl_loop, &dev->broken_call);
}

void vio_fini(struct vio_dev *dev)
{
	for (unsigned i = 0; i < dev->nvqs; i++)
		loop_call_sync(dev->vqs[i].loop, q_del_bell, &dev->vqs[i]);
	loop_call_sync(dev->ctl_loop, forget_break, dev);
	free(dev->vqs);
	dev->vqs = NULL;
	dev->nvqs = 0;
	pthread_mutex_destroy(&dev->ctl);
}

void vio_destroy(struct vio_dev *dev)
{
	if (dev)
		dev->cls->destroy(dev);
}
