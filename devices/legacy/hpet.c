#include "devices/legacy/hpet.h"

#include "devices/base/container.h"
#include "devices/legacy/clock.h"

enum {
	REG_ID = 0x00, REG_CONF = 0x10, REG_STS = 0x20, REG_COUNTER = 0xf0,
	REG_TIMER = 0x100, TIMER_LEN = 0x20,
	T_CONF = 0x00, T_CMP = 0x08,
	CONF_ENABLE = 1 << 0, CONF_LEGACY = 1 << 1,
	T_LEVEL = 1 << 1, T_ENABLE = 1 << 2, T_PERIODIC = 1 << 3,
	T_CAN_PERIODIC = 1 << 4, T_CAN_64 = 1 << 5, T_SET = 1 << 6,
	T_32 = 1 << 8, T_ROUTE_SHIFT = 9, T_ROUTE = 0x1f << T_ROUTE_SHIFT,
	T_CAPS = T_CAN_PERIODIC | T_CAN_64,
	T_WRITABLE = T_LEVEL | T_ENABLE | T_PERIODIC | T_SET | T_32,
	LEGACY_0 = 0, LEGACY_1 = 8,
};

#define TICK_FS ((uint64_t)HPET_TICK_NS * 1000000)
#define NEVER (~(uint64_t)0)

/* ---- time ---------------------------------------------------------------------- */

static uint64_t counter(const struct hpet *h, uint64_t now)
{
	if (!(h->conf & CONF_ENABLE))
		return h->base;
	return h->base + (now - h->base_ns) / HPET_TICK_NS;
}

static void set_counter(struct hpet *h, uint64_t val, uint64_t now)
{
	h->base = h->checked = val;
	h->base_ns = now;
}

static uint64_t width(const struct hpet_timer *t)
{
	return t->conf & T_32 ? UINT32_MAX : UINT64_MAX;
}

/* Ticks from what has been seen to the next match, 1 or more: a match that has
 * been seen comes again when the counter has come around. With 64 bits that is
 * one tick past what fits, and never. */
static uint64_t distance(const struct hpet *h, const struct hpet_timer *t)
{
	uint64_t d = (t->cmp - h->checked) & width(t);

	if (d)
		return d;
	return t->conf & T_32 ? UINT64_C(1) << 32 : NEVER;
}

/* ---- lines --------------------------------------------------------------------- */

static struct irq_line *line_of(const struct hpet *h, unsigned n)
{
	if (h->conf & CONF_LEGACY && n < 2)
		return h->line[n ? LEGACY_1 : LEGACY_0];
	return h->line[(h->t[n].conf & T_ROUTE) >> T_ROUTE_SHIFT];
}

static bool wants(const struct hpet *h, unsigned n)
{
	return h->t[n].conf & T_ENABLE && h->conf & CONF_ENABLE;
}

static bool held(const struct hpet *h, const struct irq_line *line)
{
	for (unsigned n = 0; n < HPET_TIMERS; n++)
		if (h->t[n].up == line)
			return true;
	return false;
}

/* Holds up the lines of level-triggered timers that are due, no others. */
static void update_lines(struct hpet *h)
{
	for (unsigned n = 0; n < HPET_TIMERS; n++) {
		struct hpet_timer *t = &h->t[n];
		bool on = h->sts >> n & 1 && t->conf & T_LEVEL && wants(h, n);
		struct irq_line *line = on ? line_of(h, n) : NULL;
		struct irq_line *was = t->up;

		if (was == line)
			continue;
		t->up = line;
		/* Timers may share a line. */
		if (was && !held(h, was))
			irq_set(was, false);
		if (line)
			irq_set(line, true);
	}
}

static void fire(struct hpet *h, unsigned n)
{
	struct irq_line *line = line_of(h, n);

	if (!wants(h, n))
		return;
	if (h->t[n].conf & T_LEVEL)
		h->sts |= 1u << n;
	else if (line)
		irq_pulse(line);
}

/* ---- matches ------------------------------------------------------------------- */

/* One interrupt for all matches since the last look. */
static void advance(struct hpet *h, uint64_t now)
{
	uint64_t count = counter(h, now);
	uint64_t passed = count - h->checked;

	for (unsigned n = 0; n < HPET_TIMERS; n++) {
		struct hpet_timer *t = &h->t[n];
		uint64_t first = distance(h, t);

		if (passed < first)
			continue;
		fire(h, n);
		if (t->conf & T_PERIODIC && t->period)
			t->cmp += ((passed - first) / t->period + 1) *
				  t->period;
		t->cmp &= width(t);
	}
	h->checked = count;
	update_lines(h);
}

static uint64_t due_ns(const struct hpet *h, unsigned n, uint64_t now)
{
	const struct hpet_timer *t = &h->t[n];
	uint64_t ticks = distance(h, t);
	uint64_t at;

	if (!wants(h, n) || (t->conf & T_LEVEL && h->sts >> n & 1) ||
	    ticks > UINT64_MAX / HPET_TICK_NS / 2)
		return NEVER;
	at = h->base_ns + (h->checked - h->base + ticks) * HPET_TICK_NS;
	if (t->conf & T_PERIODIC && at < now + HPET_MIN_NS)
		at = now + HPET_MIN_NS;
	return at;
}

/* 0: there is none. */
static uint64_t next_ns(const struct hpet *h, uint64_t now)
{
	uint64_t first = NEVER;

	for (unsigned n = 0; n < HPET_TIMERS; n++) {
		uint64_t at = due_ns(h, n, now);

		first = at < first ? at : first;
	}
	return first == NEVER ? 0 : first;
}

/* From any thread; the loop alone may touch the timer. */
static void arm(struct hpet *h, uint64_t now)
{
	uint64_t at = next_ns(h, now);

	if (!at || (h->armed_ns && h->armed_ns <= at))
		return;
	h->armed_ns = at;
	loop_post(h->loop, &h->rearm);
}

static void set_timer(struct hpet *h)
{
	uint64_t now = h->clock->mono_ns(), host = loop_now_ns();

	if (h->armed_ns)
		loop_timer_set(h->loop, &h->timer,
			       host + (h->armed_ns > now ? h->armed_ns - now
							 : 0));
	else
		loop_timer_del(h->loop, &h->timer);
}

static void rearm_fn(struct loop_call *call)
{
	struct hpet *h = container_of(call, struct hpet, rearm);

	pthread_mutex_lock(&h->lock);
	set_timer(h);
	pthread_mutex_unlock(&h->lock);
}

static void timer_fn(struct loop_timer *timer)
{
	struct hpet *h = container_of(timer, struct hpet, timer);
	uint64_t now;

	pthread_mutex_lock(&h->lock);
	now = h->clock->mono_ns();
	advance(h, now);
	h->armed_ns = next_ns(h, now);
	set_timer(h);
	pthread_mutex_unlock(&h->lock);
}

/* ---- registers ----------------------------------------------------------------- */

static uint64_t routes(const struct hpet *h)
{
	uint64_t can = 0;

	for (unsigned i = 0; i < HPET_GSIS; i++)
		if (h->line[i] && i != LEGACY_0 && i != LEGACY_1)
			can |= UINT64_C(1) << i;
	return can;
}

static uint64_t read_reg(struct hpet *h, unsigned reg, uint64_t now)
{
	const struct hpet_timer *t = &h->t[(reg - REG_TIMER) / TIMER_LEN %
					   HPET_TIMERS];

	switch (reg) {
	case REG_ID:
		return TICK_FS << 32 | HPET_ID;
	case REG_CONF:
		return h->conf;
	case REG_STS:
		return h->sts;
	case REG_COUNTER:
		return counter(h, now);
	}
	if (reg < REG_TIMER || reg >= REG_TIMER + HPET_TIMERS * TIMER_LEN)
		return 0;
	switch (reg % TIMER_LEN) {
	case T_CONF:
		return routes(h) << 32 | t->conf | T_CAPS;
	case T_CMP:
		return t->cmp & width(t);
	default:
		return 0;
	}
}

static void write_conf(struct hpet *h, uint64_t val, uint64_t now)
{
	uint64_t count = counter(h, now);

	h->conf = val & (CONF_ENABLE | CONF_LEGACY);
	set_counter(h, count, now);
}

static void write_timer_conf(struct hpet *h, struct hpet_timer *t, uint64_t val)
{
	uint64_t route = (val & T_ROUTE) >> T_ROUTE_SHIFT;

	t->conf = (val & T_WRITABLE) | (t->conf & T_ROUTE);
	/* A route it has not got is not taken, which shows on reading. */
	if (routes(h) >> route & 1)
		t->conf = (t->conf & ~(uint64_t)T_ROUTE) |
			  route << T_ROUTE_SHIFT;
	t->set_high = false;
	if (t->conf & T_32) {
		t->cmp &= UINT32_MAX;
		t->period &= UINT32_MAX;
	}
}

static uint64_t merge(uint64_t old, uint64_t val, uint64_t mask)
{
	return (old & ~mask) | (val & mask);
}

/*
 * A one-shot timer's comparator; a periodic one's period, and with T_SET the
 * first match as well. T_SET goes out with it, but is good for both halves of a
 * write in two.
 */
static void write_cmp(struct hpet_timer *t, uint64_t val, uint64_t mask)
{
	bool set = t->conf & T_SET ||
		   (t->set_high && mask == UINT64_C(0xffffffff00000000));

	if (!(t->conf & T_PERIODIC) || set)
		t->cmp = merge(t->cmp, val, mask) & width(t);
	if (t->conf & T_PERIODIC)
		t->period = merge(t->period, val, mask) & width(t);
	t->set_high = t->conf & T_SET && mask == UINT32_MAX;
	t->conf &= ~(uint64_t)T_SET;
}

static void write_reg(struct hpet *h, unsigned reg, uint64_t val, uint64_t mask,
		      uint64_t now)
{
	struct hpet_timer *t = &h->t[(reg - REG_TIMER) / TIMER_LEN %
				     HPET_TIMERS];

	switch (reg) {
	case REG_CONF:
		write_conf(h, merge(h->conf, val, mask), now);
		return;
	case REG_STS:
		h->sts &= ~(val & mask);
		return;
	case REG_COUNTER:
		set_counter(h, merge(counter(h, now), val, mask), now);
		return;
	}
	if (reg < REG_TIMER || reg >= REG_TIMER + HPET_TIMERS * TIMER_LEN)
		return;
	if (reg % TIMER_LEN == T_CONF)
		write_timer_conf(h, t, merge(t->conf, val, mask));
	else if (reg % TIMER_LEN == T_CMP)
		write_cmp(t, val, mask);
}

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	struct hpet *h = ctx;
	uint64_t now, val;

	if (off % size)
		return ~(uint64_t)0;
	pthread_mutex_lock(&h->lock);
	now = h->clock->mono_ns();
	advance(h, now);
	val = read_reg(h, (unsigned)off & ~7u, now);
	arm(h, now);
	pthread_mutex_unlock(&h->lock);
	return val >> (8 * (off & 7));
}

/* Tells of legacy replacement; the last to come says how it is by then. */
static void tell_legacy(struct hpet *h)
{
	bool on;

	pthread_mutex_lock(&h->legacy_lock);
	pthread_mutex_lock(&h->lock);
	on = h->conf & CONF_LEGACY;
	pthread_mutex_unlock(&h->lock);
	if (on != h->legacy_told && h->legacy)
		h->legacy(h->ctx, on);
	h->legacy_told = on;
	pthread_mutex_unlock(&h->legacy_lock);
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct hpet *h = ctx;
	unsigned shift = 8 * (off & 7);
	uint64_t mask = size == 8 ? UINT64_MAX : (uint64_t)UINT32_MAX << shift;
	uint64_t now;

	if (size < 4 || off % size)
		return;
	pthread_mutex_lock(&h->lock);
	now = h->clock->mono_ns();
	advance(h, now);
	write_reg(h, (unsigned)off & ~7u, val << shift, mask, now);
	update_lines(h);
	arm(h, now);
	pthread_mutex_unlock(&h->lock);
	if (((unsigned)off & ~7u) == REG_CONF)
		tell_legacy(h);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

/* ---- life ---------------------------------------------------------------------- */

static void set_defaults(struct hpet *h)
{
	h->conf = h->sts = 0;
	update_lines(h);
	set_counter(h, 0, h->clock->mono_ns());
	for (unsigned n = 0; n < HPET_TIMERS; n++)
		h->t[n] = (struct hpet_timer){ .cmp = UINT64_MAX };
}

void hpet_reset(struct hpet *h)
{
	pthread_mutex_lock(&h->lock);
	set_defaults(h);
	pthread_mutex_unlock(&h->lock);
	tell_legacy(h);
}

int hpet_init_clock(struct hpet *h, struct iospace *mmio, uint64_t base,
		    struct loop *loop, const struct legacy_clock *clock)
{
	h->io = (struct io_region){ .base = base, .len = HPET_LEN, .ops = &ops,
				    .ctx = h, .name = "hpet" };
	h->loop = loop;
	h->timer.fired = timer_fn;
	h->rearm.fn = rearm_fn;
	h->clock = clock;
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->legacy_lock, NULL);
	set_defaults(h);
	return iospace_add(mmio, &h->io);
}

int hpet_init(struct hpet *h, struct iospace *mmio, uint64_t base,
	      struct loop *loop)
{
	return hpet_init_clock(h, mmio, base, loop, clock_host());
}
