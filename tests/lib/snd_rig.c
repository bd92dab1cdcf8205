#include "tests/lib/snd_rig.h"

#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"

/* ---- the tape ------------------------------------------------------------- */

static struct tape *to_tape(struct sndio *io)
{
	return container_of(io, struct tape, io);
}

static void tape_set(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	to_tape(io)->sets++;
}

static int tape_prepare(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	to_tape(io)->prepares++;
	return to_tape(io)->refuse;
}

static void tape_start(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	to_tape(io)->starts++;
}

static void tape_stop(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	to_tape(io)->stops++;
}

static void tape_release(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	to_tape(io)->releases++;
}

static int tape_play(struct sndio *io, const struct iovec *iov, unsigned n,
		     uint64_t frames)
{
	struct tape *t = to_tape(io);
	size_t len = frames * sndio_frame_bytes(&io->params[SNDIO_PLAY]);

	BUG_ON(iov_len(iov, n) != len);
	if (t->refuse)
		return t->refuse;
	BUG_ON(t->nplayed + len > sizeof(t->played));
	t->nplayed += iov_get(iov, n, 0, t->played + t->nplayed, len);
	return 0;
}

static uint64_t tape_capture(struct sndio *io, const struct iovec *iov,
			     unsigned n, uint64_t frames)
{
	struct tape *t = to_tape(io);
	size_t frame = sndio_frame_bytes(&io->params[SNDIO_CAPTURE]);
	size_t len = frames * frame;

	BUG_ON(iov_len(iov, n) != len);
	if (len > t->nin - t->at)
		len = t->nin - t->at;
	iov_put(iov, n, 0, t->in + t->at, len);
	t->at += len;
	return len / frame;
}

static void tape_lose(struct sndio *io, enum sndio_dir dir, uint64_t frames)
{
	to_tape(io)->lost[dir] += frames;
}

static void tape_close(struct sndio *io)
{
	struct tape *t = to_tape(io);

	if (t->closed)
		*t->closed = true;
	free(t);
}

#define TAPE                                                                   \
	.set = tape_set, .prepare = tape_prepare, .start = tape_start,         \
	.stop = tape_stop, .release = tape_release, .lose = tape_lose,         \
	.close = tape_close

static const struct sndio_ops tape_ops = {
	.name = "tape", .whole = true, TAPE, .play = tape_play,
	.capture = tape_capture,
};

static uint64_t card_due(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	(void)dir;
	(void)now;
	return to_tape(io)->room;
}

static uint64_t card_when(struct sndio *io, enum sndio_dir dir, uint64_t now,
			  uint64_t frames)
{
	(void)io;
	(void)dir;
	(void)frames;
	return now + 5 * MS;
}

static uint64_t card_delay(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	return to_tape(io)->unheard;
}

static int card_play(struct sndio *io, const struct iovec *iov, unsigned n,
		     uint64_t frames)
{
	struct tape *t = to_tape(io);

	BUG_ON(frames > t->room);
	t->room -= frames;
	t->unheard += frames;
	return tape_play(io, iov, n, frames);
}

static uint64_t card_capture(struct sndio *io, const struct iovec *iov,
			     unsigned n, uint64_t frames)
{
	struct tape *t = to_tape(io);

	BUG_ON(frames > t->room);
	t->room -= frames;
	return tape_capture(io, iov, n, frames);
}

static const struct sndio_ops card_ops = {
	.name = "card", TAPE, .play = card_play, .capture = card_capture,
	.due = card_due, .when = card_when, .delay = card_delay,
};

static struct tape *new_tape(const struct sndio_ops *ops)
{
	struct tape *t = calloc(1, sizeof(*t));

	BUG_ON(!t);
	t->io.ops = ops;
	return t;
}

struct tape *tape_new(void)
{
	return new_tape(&tape_ops);
}

struct tape *tape_new_card(void)
{
	return new_tape(&card_ops);
}

/* ---- time ----------------------------------------------------------------- */

static uint64_t clock_now(struct snd_clock *c)
{
	return container_of(c, struct snd_rig, clock)->now;
}

static void clock_del(struct snd_clock *c, struct snd_alarm *a)
{
	struct snd_rig *r = container_of(c, struct snd_rig, clock);

	for (unsigned i = 0; i < SNDIO_DIRS; i++)
		if (r->set[i].alarm == a)
			r->set[i].alarm = NULL;
}

static void clock_set(struct snd_clock *c, struct snd_alarm *a, uint64_t at)
{
	struct snd_rig *r = container_of(c, struct snd_rig, clock);
	unsigned i = 0;

	clock_del(c, a);
	while (r->set[i].alarm)
		BUG_ON(++i == SNDIO_DIRS);
	r->set[i].alarm = a;
	r->set[i].at = at;
}

void snd_rig_pass(struct snd_rig *r, uint64_t ns)
{
	uint64_t end = r->now + ns;

	rig_settle(&r->rig);
	for (;;) {
		struct snd_alarm *a;
		unsigned next = SNDIO_DIRS;

		for (unsigned i = 0; i < SNDIO_DIRS; i++)
			if (r->set[i].alarm && r->set[i].at <= end &&
			    (next == SNDIO_DIRS ||
			     r->set[i].at < r->set[next].at))
				next = i;
		if (next == SNDIO_DIRS)
			break;
		a = r->set[next].alarm;
		r->now = r->set[next].at;
		r->set[next].alarm = NULL;
		r->fired++;
		a->fired(a);
		rig_settle(&r->rig);
	}
	r->now = end;
}

void snd_rig_stall(struct snd_rig *r, uint64_t ns)
{
	rig_settle(&r->rig);
	r->now += ns;
	for (unsigned i = 0; i < SNDIO_DIRS; i++) {
		struct snd_alarm *a = r->set[i].alarm;

		if (!a || r->set[i].at > r->now)
			continue;
		r->set[i].alarm = NULL;
		r->fired++;
		a->fired(a);
	}
	rig_settle(&r->rig);
}

/* ---- the device ----------------------------------------------------------- */

void snd_rig_open(struct snd_rig *r, const struct vio_profile *prof,
		  struct sndio *io)
{
	struct vio_dev *dev;
	char err[256];

	memset(r, 0, sizeof(*r));
	rig_open(&r->rig, &rig_mmio, 0);
	r->now = 1000000007;
	r->clock = (struct snd_clock){ clock_now, clock_set, clock_del };
	if (!io) {
		r->tape = tape_new();
		io = &r->tape->io;
	}
	BUG_ON(snd_create(&dev, &(struct snd_cfg){
		.prof = prof, .name = "sound0", .gmem = &r->rig.guest->mem,
		.ctl_loop = r->rig.ctl, .loop = r->rig.io,
		.clock = &r->clock }, io, err, sizeof(err)));
	rig_attach(&r->rig, dev);
}

void snd_rig_up(struct snd_rig *r)
{
	struct drv_bus *b = &r->rig.bus;

	BUG_ON(!drv_start(b, rig_features(&r->rig, drv_offered(b) &
						   SND_RIG_CONTRACT)));
	for (uint16_t i = 0; i < SND_QUEUES; i++) {
		rig_ring(&r->rig, &r->q[i], drv_q_max(b, i), false, NULL);
		drv_q_start(b, i, &r->q[i]);
	}
	drv_ok(b);
	rig_settle(&r->rig);
}

void snd_rig_close(struct snd_rig *r)
{
	rig_close(&r->rig);
}

/* ---- requests ------------------------------------------------------------- */

uint32_t snd_rig_ask(struct snd_rig *r, const void *request, uint32_t size,
		     void *answer, uint32_t len, uint32_t *used)
{
	struct guest *g = r->rig.guest;
	uint64_t gpa = guest_alloc(g, GUEST_HIGH, size + len + 1, 1, NULL);
	const struct drv_buf buf[] = {
		{ gpa, size, false }, { gpa + size, len, true },
	};
	uint32_t n, status = UINT32_MAX;
	int id;

	guest_poke(g, gpa, request, size);
	guest_fill(g, gpa + size, 0xee, len);
	id = drv_send(&r->rig.bus, SND_CONTROLQ, &r->q[SND_CONTROLQ], buf, 2,
		      NULL);
	BUG_ON(rig_collect(&r->rig, &r->q[SND_CONTROLQ], &n) != id);
	if (answer)
		guest_peek(g, gpa + size, answer, len);
	if (n >= 4)
		guest_peek(g, gpa + size, &status, 4);
	if (used)
		*used = n;
	guest_release(g, gpa);
	return status;
}

uint32_t snd_rig_do(struct snd_rig *r, uint32_t code, uint32_t stream)
{
	const struct virtio_snd_pcm_hdr q = {
		le32_put(code), le32_put(stream),
	};

	return snd_rig_ask(r, &q, sizeof(q), NULL, 4, NULL);
}

uint32_t snd_rig_set(struct snd_rig *r, uint32_t stream)
{
	const struct virtio_snd_pcm_set_params q = {
		.hdr = { le32_put(VIRTIO_SND_R_PCM_SET_PARAMS),
			 le32_put(stream) },
		.buffer_bytes = le32_put(16384), .period_bytes = le32_put(4096),
		.channels = stream == 0 ? 2 : 1, .format = 5, .rate = 7,
	};

	return snd_rig_ask(r, &q, sizeof(q), NULL, 4, NULL);
}

void snd_rig_run(struct snd_rig *r, uint32_t stream)
{
	const struct snd *snd = container_of(r->rig.dev, struct snd, dev);
	uint32_t ok = snd->dialect->status[SND_OK];

	BUG_ON(snd_rig_set(r, stream) != ok);
	BUG_ON(snd_rig_do(r, VIRTIO_SND_R_PCM_PREPARE, stream) != ok);
	BUG_ON(snd_rig_do(r, VIRTIO_SND_R_PCM_START, stream) != ok);
}

/* ---- buffers -------------------------------------------------------------- */

static struct snd_buf new_buf(struct snd_rig *r, uint32_t stream,
			      uint32_t bytes)
{
	const struct snd *snd = container_of(r->rig.dev, struct snd, dev);
	struct snd_buf b = { .head = snd->dialect->xfer_len, .bytes = bytes };
	const uint32_t head[2] = { stream, 0 };

	b.gpa = guest_alloc(r->rig.guest, GUEST_LOW, b.head + bytes + 8, 1,
			    NULL);
	guest_poke(r->rig.guest, b.gpa, head, b.head);
	guest_fill(r->rig.guest, b.gpa + b.head + bytes, 0xee, 8);
	return b;
}

struct snd_buf snd_rig_play(struct snd_rig *r, const void *sound,
			    uint32_t bytes)
{
	struct snd_buf b = new_buf(r, SNDIO_PLAY, bytes);
	const struct drv_buf buf[] = {
		{ b.gpa, b.head + bytes, false },
		{ b.gpa + b.head + bytes, 8, true },
	};

	if (sound)
		guest_poke(r->rig.guest, b.gpa + b.head, sound, bytes);
	b.id = drv_send(&r->rig.bus, SND_TXQ, &r->q[SND_TXQ], buf, 2, NULL);
	BUG_ON(b.id < 0);
	rig_settle(&r->rig);
	return b;
}

struct snd_buf snd_rig_record(struct snd_rig *r, uint32_t bytes)
{
	struct snd_buf b = new_buf(r, SNDIO_CAPTURE, bytes);
	const struct drv_buf buf[] = {
		{ b.gpa, b.head, false },
		{ b.gpa + b.head, bytes, true },
		{ b.gpa + b.head + bytes, 8, true },
	};

	guest_fill(r->rig.guest, b.gpa + b.head, 0xee, bytes);
	b.id = drv_send(&r->rig.bus, SND_RXQ, &r->q[SND_RXQ], buf, 3, NULL);
	BUG_ON(b.id < 0);
	rig_settle(&r->rig);
	return b;
}

bool snd_rig_quiet(struct snd_rig *r, unsigned q)
{
	rig_settle(&r->rig);
	return !r->q[q].ops->ready(&r->q[q]);
}

uint32_t snd_rig_done(struct snd_rig *r, unsigned q, const struct snd_buf *b)
{
	const struct snd *snd = container_of(r->rig.dev, struct snd, dev);
	uint32_t len, status[2], sound = q == SND_RXQ ? b->bytes : 0;

	rig_settle(&r->rig);
	if (r->q[q].ops->collect(&r->q[q], &len) != b->id)
		return UINT32_MAX;
	guest_peek(r->rig.guest, b->gpa + b->head + b->bytes, status, 8);
	if (status[0] == snd->dialect->status[SND_BAD_MSG])
		sound = 0;
	if (len != sound + 8 || status[1] != 0)
		return UINT32_MAX - 1;
	guest_release(r->rig.guest, b->gpa);
	return status[0];
}

void *snd_rig_sound(struct snd_rig *r, const struct snd_buf *b)
{
	return guest_ptr(r->rig.guest, b->gpa + b->head, b->bytes);
}

int snd_rig_send(struct snd_rig *r, unsigned q, const struct drv_buf *buf,
		 unsigned n)
{
	int id = drv_send(&r->rig.bus, (uint16_t)q, &r->q[q], buf, n, NULL);

	BUG_ON(id < 0);
	rig_settle(&r->rig);
	return id;
}

bool snd_rig_used(struct snd_rig *r, unsigned q, int id, uint32_t len)
{
	uint32_t got = 0;

	rig_settle(&r->rig);
	return r->q[q].ops->collect(&r->q[q], &got) == id && got == len;
}

uint32_t snd_rig_word(struct snd_rig *r, uint64_t gpa)
{
	uint32_t w;

	guest_peek(r->rig.guest, gpa, &w, 4);
	return w;
}
