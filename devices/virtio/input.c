#include "devices/virtio/input.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/input_int.h"

#define BUS_VIRTUAL 0x06

/* Events that wait for the guest's buffers, reports whole. */
#define BACKLOG 1024
/* A buffer of 8 bytes cannot be of more pieces. */
#define PIECES 8
#define STATUS_EVENTS 64                /* of one buffer */

struct held {
	struct vq_chain chain;
	bool usable;                    /* takes an event */
	struct iovec iov[PIECES];
};

struct input {
	struct vio_dev dev;
	const struct input_model *model;
	uint32_t leds;                  /* atomic */

	/* The event queue's loop: buffers taken and not yet filled, in the
	 * ring's order and without a gap, so that they can be put back. */
	struct held *held;
	unsigned first, nheld, usable, max;

	pthread_mutex_t lock;           /* leaf; for all that follows */
	bool up;                        /* a driver is there */
	struct input_event_in backlog[BACKLOG];
	unsigned head, waiting;
	uint8_t want[KEY_CNT / 8];      /* keys down here */
	uint8_t told[KEY_CNT / 8];      /* keys the guest is told are down */
	bool owed;                      /* it may not know of a release */
	uint64_t dropped;
};

static struct input *to_input(struct vio_dev *dev)
{
	return container_of(dev, struct input, dev);
}

static const struct input_event_in report_end = { EV_SYN, SYN_REPORT, 0 };

static bool is_end(const struct input_event_in *ev)
{
	return ev->type == EV_SYN;
}

/* ---- keys ----------------------------------------------------------------- */

static bool bit_test(const uint8_t *bits, unsigned bit)
{
	return bits[bit / 8] >> (bit % 8) & 1;
}

static void bit_put(uint8_t *bits, unsigned bit, bool on)
{
	if (on)
		bits[bit / 8] |= (uint8_t)(1 << bit % 8);
	else
		bits[bit / 8] &= (uint8_t)~(1 << bit % 8);
}

/* The events will not reach the guest: it still knows what it knew before. */
static void untell(struct input *in, const struct input_event_in *ev,
		   unsigned n)
{
	while (n-- > 0)
		if (ev[n].type == EV_KEY)
			bit_put(in->told, ev[n].code, !ev[n].value);
	in->owed = true;
	in->dropped++;
}

/* ---- the backlog ---------------------------------------------------------- */

static void append(struct input *in, const struct input_event_in *ev)
{
	in->backlog[(in->head + in->waiting) % BACKLOG] = *ev;
	in->waiting++;
}

/* Releases the guest was never told of, one a report, as far as there is
 * room. */
static void pay_owed(struct input *in)
{
	for (unsigned key = 0; key < KEY_CNT; key++) {
		struct input_event_in up = { EV_KEY, (uint16_t)key, 0 };

		if (!bit_test(in->told, key) || bit_test(in->want, key))
			continue;
		if (in->waiting + 2 > BACKLOG)
			return;
		bit_put(in->told, key, false);
		append(in, &up);
		append(in, &report_end);
	}
	in->owed = false;
}

/* Events of the oldest report; 0: there is none. */
static unsigned head_length(const struct input *in)
{
	for (unsigned n = 0; n < in->waiting; n++)
		if (is_end(&in->backlog[(in->head + n) % BACKLOG]))
			return n + 1;
	return 0;
}

static void take(struct input *in, struct input_event_in *report, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		report[i] = in->backlog[(in->head + i) % BACKLOG];
	in->head = (in->head + n) % BACKLOG;
	in->waiting -= n;
}

/* The next report that fits into room buffers. One that would not even fit
 * into a whole queue is dropped. */
static unsigned next_report(struct input *in, unsigned room, unsigned queue,
			    struct input_event_in *report)
{
	unsigned n;

	pthread_mutex_lock(&in->lock);
	for (;;) {
		if (in->owed)
			pay_owed(in);
		n = head_length(in);
		if (n <= queue)
			break;
		take(in, report, n);
		untell(in, report, n);
		/* Not even a release and its end fit. */
		if (queue < 2)
			in->owed = false;
	}
	if (n > room)
		n = 0;
	take(in, report, n);
	pthread_mutex_unlock(&in->lock);
	return n;
}

/* ---- the event queue ------------------------------------------------------ */

static struct held *held_at(struct input *in, unsigned i)
{
	return &in->held[(in->first + i) % in->max];
}

static void drop_first(struct input *in)
{
	in->first = (in->first + 1) % in->max;
	in->nheld--;
}

/* Buffers no event fits into go back as soon as their turn comes. */
static void return_unusable(struct input *in, struct vq *vq)
{
	while (in->nheld && !held_at(in, 0)->usable) {
		guest_err(in->dev.name, "an event buffer of less than %zu "
			  "writable bytes", sizeof(struct virtio_input_event));
		vq_push(vq, &held_at(in, 0)->chain, 0);
		drop_first(in);
	}
}

static void take_buffers(struct input *in, struct vq *vq)
{
	for (;;) {
		/* One more than there are descriptors: vio_pop refuses it. */
		struct held *h = held_at(in, in->nheld);

		h->chain.iov = h->iov;
		h->chain.max = PIECES;
		if (!vio_pop(vq, &h->chain))
			break;
		h->usable = !h->chain.flaws &&
			h->chain.in_len >= sizeof(struct virtio_input_event);
		in->usable += h->usable;
		in->nheld++;
	}
	return_unusable(in, vq);
}

/* AERO-W7-VIRTIO 3.3.5: exactly one event per used entry, used.len 8. */
static void give(struct input *in, struct vq *vq,
		 const struct input_event_in *ev)
{
	struct virtio_input_event e = {
		.type = le16_put(ev->type), .code = le16_put(ev->code),
		.value = le32_put((uint32_t)ev->value),
	};
	struct vq_chain *c = &held_at(in, 0)->chain;

	iov_put(c->iov + c->nout, c->nin, 0, &e, sizeof(e));
	vq_push(vq, c, sizeof(e));
	in->usable--;
	drop_first(in);
	return_unusable(in, vq);
}

static void process_events(struct input *in, struct vq *vq)
{
	struct input_event_in report[INPUT_REPORT_MAX + 1];
	unsigned n;

	take_buffers(in, vq);
	while ((n = next_report(in, in->usable, vq->size, report)) > 0)
		for (unsigned i = 0; i < n; i++)
			give(in, vq, &report[i]);
}

static void input_stop(struct vio_dev *dev, struct vq *vq)
{
	struct input *in = to_input(dev);

	if (vq->idx != INPUT_EVENTQ)
		return;
	while (in->nheld) {
		in->nheld--;
		vq->ops->unpop(vq, &held_at(in, in->nheld)->chain);
	}
	in->usable = 0;
}

/* ---- the status queue ----------------------------------------------------- */

static void take_status(struct input *in, const struct virtio_input_event *e)
{
	uint32_t led = le16_get(e->code);

	if (le16_get(e->type) != EV_LED || !input_has(&in->dev, EV_LED,
						      (uint16_t)led))
		return;
	if (le32_get(e->value))
		__atomic_fetch_or(&in->leds, 1u << led, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&in->leds, ~(1u << led), __ATOMIC_RELAXED);
}

/* AERO-W7-VIRTIO 3.3.5: the device MUST consume and complete all of them. */
static void process_status(struct input *in, struct vq *vq)
{
	struct iovec iov[PIECES];
	struct vq_chain c = { .iov = iov, .max = PIECES };

	while (vio_pop(vq, &c)) {
		struct virtio_input_event e;

		for (unsigned i = 0; !c.flaws && i < STATUS_EVENTS; i++) {
			if (iov_get(c.iov, c.nout, i * sizeof(e), &e,
				    sizeof(e)) != sizeof(e))
				break;
			take_status(in, &e);
		}
		vq_push(vq, &c, 0);
	}
}

static void input_process(struct vio_dev *dev, struct vq *vq)
{
	if (vq->idx == INPUT_EVENTQ)
		process_events(to_input(dev), vq);
	else
		process_status(to_input(dev), vq);
}

/* ---- configuration -------------------------------------------------------- */

static uint8_t bitmap_size(const uint8_t *bits)
{
	unsigned n = sizeof(((struct virtio_input_config *)NULL)->payload);

	while (n && !bits[n - 1])
		n--;
	return (uint8_t)n;
}

static uint8_t answer_events(const struct input_model *m, uint8_t type,
			     uint8_t *to)
{
	const struct input_type *t = input_find_type(m, type);

	if (type == 0 && m->lists_types) {
		for (unsigned i = 0; i < m->ntypes; i++)
			bit_put(to, m->types[i].type, true);
		return bitmap_size(to);
	}
	for (unsigned i = 0; t && i < t->ncodes; i++)
		for (unsigned c = t->codes[i].first; c <= t->codes[i].last; c++)
			bit_put(to, c, true);
	return bitmap_size(to);
}

static uint8_t answer_axis(const struct input_model *m, uint8_t axis,
			   uint8_t *to)
{
	const struct input_type *t = input_find_type(m, EV_ABS);
	const struct virtio_input_absinfo info = {
		.min = le32_put(INPUT_ABS_MIN), .max = le32_put(INPUT_ABS_MAX),
	};

	if (!t || !input_type_has(t, axis))
		return 0;
	memcpy(to, &info, sizeof(info));
	return sizeof(info);
}

static uint8_t answer_text(const char *text, uint8_t *to)
{
	size_t n = text ? strlen(text) : 0;

	/* virtio 5.8.4: without a NUL. */
	memcpy(to, text ? text : "", n);
	return (uint8_t)n;
}

static uint8_t answer_ids(const struct input_model *m, uint8_t *to)
{
	const struct virtio_input_devids ids = {
		.bustype = le16_put(BUS_VIRTUAL),
		.vendor = le16_put(VIRTIO_PCI_VENDOR),
		.product = le16_put(m->product), .version = le16_put(1),
	};

	memcpy(to, &ids, sizeof(ids));
	return sizeof(ids);
}

static uint8_t answer(const struct input_model *m, uint8_t select,
		      uint8_t subsel, uint8_t *to)
{
	if (select == VIRTIO_INPUT_CFG_EV_BITS)
		return answer_events(m, subsel, to);
	if (select == VIRTIO_INPUT_CFG_ABS_INFO)
		return answer_axis(m, subsel, to);
	if (subsel != 0)
		return 0;
	switch (select) {
	case VIRTIO_INPUT_CFG_ID_NAME: return answer_text(m->name, to);
	case VIRTIO_INPUT_CFG_ID_SERIAL: return answer_text(m->serial, to);
	case VIRTIO_INPUT_CFG_ID_DEVIDS: return answer_ids(m, to);
	case VIRTIO_INPUT_CFG_PROP_BITS:
		to[0] = m->props;
		return m->props ? 1 : 0;
	default: return 0;
	}
}

static void put_selectors(struct input *in, uint8_t select, uint8_t subsel)
{
	struct virtio_input_config c = { .select = select, .subsel = subsel };

	c.size = answer(in->model, select, subsel, c.payload);
	memcpy(in->dev.cfg, &c, sizeof(c));
}

/* select and subsel may be written one by one or together. */
static void input_cfg_write(struct vio_dev *dev, uint32_t off, unsigned size,
			    uint32_t val)
{
	uint8_t sel[2] = { dev->cfg[0], dev->cfg[1] };

	for (unsigned i = 0; i < size && off + i < sizeof(sel); i++)
		sel[off + i] = (uint8_t)(val >> (8 * i));
	put_selectors(to_input(dev), sel[0], sel[1]);
}

/* ---- the device ----------------------------------------------------------- */

static void input_start(struct vio_dev *dev)
{
	struct input *in = to_input(dev);

	pthread_mutex_lock(&in->lock);
	in->up = true;
	pthread_mutex_unlock(&in->lock);
}

/* The next driver starts with no key down. */
static void input_reset(struct vio_dev *dev)
{
	struct input *in = to_input(dev);

	pthread_mutex_lock(&in->lock);
	in->up = in->owed = false;
	in->waiting = 0;
	memset(in->told, 0, sizeof(in->told));
	pthread_mutex_unlock(&in->lock);
	__atomic_store_n(&in->leds, 0, __ATOMIC_RELAXED);
	put_selectors(in, 0, 0);
}

static void input_destroy(struct vio_dev *dev)
{
	struct input *in = to_input(dev);

	vio_fini(dev);
	pthread_mutex_destroy(&in->lock);
	free(in->held);
	free(in);
}

static const struct vio_class input_class = {
	.name = "input",
	.id = VIRTIO_ID_INPUT,
	.start = input_start,
	.process = input_process,
	.stop = input_stop,
	.reset = input_reset,
	.cfg_write = input_cfg_write,
	.destroy = input_destroy,
};

int input_create(struct vio_dev **out, const struct input_cfg *cfg)
{
	const struct vio_dev_row *row = vio_profile_row(cfg->prof, cfg->kind);
	struct input *in;
	int err = -ENOMEM;

	if (!row || row->type != VIRTIO_ID_INPUT)
		return -EINVAL;
	in = calloc(1, sizeof(*in));
	if (!in)
		return -ENOMEM;
	in->model = row->dialect;
	in->max = row->qsize[INPUT_EVENTQ] + 1u;
	in->held = calloc(in->max, sizeof(*in->held));
	if (!in->held)
		goto err_free;
	pthread_mutex_init(&in->lock, NULL);
	err = vio_init(&in->dev, &input_class, cfg->prof, row, cfg->name,
		       INPUT_QUEUES, 0, cfg->gmem, cfg->ctl_loop, cfg->loops,
		       cfg->nloops);
	if (err)
		goto err_free_held;
	*out = &in->dev;
	return 0;
err_free_held:
	pthread_mutex_destroy(&in->lock);
	free(in->held);
err_free:
	free(in);
	return err;
}

/* ---- reports -------------------------------------------------------------- */

bool input_has(struct vio_dev *dev, uint16_t type, uint16_t code)
{
	const struct input_type *t;

	t = input_find_type(to_input(dev)->model, type);
	return t && input_type_has(t, code);
}

static int check_report(struct vio_dev *dev, const struct input_event_in *ev,
			unsigned n)
{
	if (n > INPUT_REPORT_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++)
		if (!input_has(dev, ev[i].type, ev[i].code) ||
		    ev[i].type == EV_LED ||
		    (ev[i].type == EV_KEY &&
		     (ev[i].value < 0 || ev[i].value > 2)))
			return -EINVAL;
	return 0;
}

static int32_t on_axis(int32_t value)
{
	if (value < INPUT_ABS_MIN)
		return INPUT_ABS_MIN;
	return value > INPUT_ABS_MAX ? INPUT_ABS_MAX : value;
}

/* What of the event the guest is to see; false: nothing. */
static bool to_tell(struct input *in, struct input_event_in *ev)
{
	switch (ev->type) {
	case EV_SYN:
		return false;
	case EV_KEY:
		bit_put(in->want, ev->code, ev->value);
		if (!in->up || bit_test(in->told, ev->code) == !!ev->value)
			return false;
		ev->value = !!ev->value;
		bit_put(in->told, ev->code, ev->value);
		return true;
	case EV_ABS:
		ev->value = on_axis(ev->value);
		return true;
	default:
		return true;
	}
}

static int send_locked(struct input *in, const struct input_event_in *ev,
		       unsigned n)
{
	struct input_event_in report[INPUT_REPORT_MAX];
	unsigned m = 0;

	for (unsigned i = 0; i < n; i++) {
		report[m] = ev[i];
		m += to_tell(in, &report[m]);
	}
	if (!in->up)
		return -ENODEV;
	if (m == 0)
		return 0;
	if (in->waiting + m + 1 > BACKLOG) {
		untell(in, report, m);
		return -ENOBUFS;
	}
	for (unsigned i = 0; i < m; i++)
		append(in, &report[i]);
	append(in, &report_end);
	return 0;
}

int input_send(struct vio_dev *dev, const struct input_event_in *ev, unsigned n)
{
	struct input *in = to_input(dev);
	int err = check_report(dev, ev, n);

	if (err)
		return err;
	pthread_mutex_lock(&in->lock);
	err = send_locked(in, ev, n);
	pthread_mutex_unlock(&in->lock);
	if (!err)
		vio_notify(dev, INPUT_EVENTQ);
	return err;
}

uint32_t input_leds(struct vio_dev *dev)
{
	return __atomic_load_n(&to_input(dev)->leds, __ATOMIC_RELAXED);
}

uint64_t input_dropped(struct vio_dev *dev)
{
	struct input *in = to_input(dev);
	uint64_t n;

	pthread_mutex_lock(&in->lock);
	n = in->dropped;
	pthread_mutex_unlock(&in->lock);
	return n;
}
