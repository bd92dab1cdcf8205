#include <string.h>
#include <time.h>

#include "devices/base/container.h"
#include "devices/legacy/legacy.h"
#include "devices/legacy/legacy_int.h"

#define NS 1000000000
/* UIP rises so long before the update: a driver that saw it low has this long
 * to read the clock. */
#define UIP_NS 244141
#define DIVIDER_HZ 32768
/* Periodic ticks owed to a guest that was not let run: a minute at Windows'
 * 64 Hz. One that stays away longer has to look at the clock. */
#define LOST_MAX 4096

enum {
	SEC = 0x00, SEC_ALARM = 0x01, MIN = 0x02, MIN_ALARM = 0x03,
	HOUR = 0x04, HOUR_ALARM = 0x05, WDAY = 0x06, MDAY = 0x07, MONTH = 0x08,
	YEAR = 0x09, REG_A = 0x0a, REG_B = 0x0b, REG_C = 0x0c, REG_D = 0x0d,
	EQUIPMENT = 0x14, BASE_KB = 0x15, EXT_KB = 0x17, SUM_FIRST = 0x10,
	SUM_LAST = 0x2d, SUM = 0x2e, EXT_KB_2 = 0x30, CENTURY = 0x32,
	ABOVE_16M = 0x34, CENTURY_PS2 = 0x37, ABOVE_4G = 0x5b, CPUS = 0x5f,

	A_UIP = 0x80, A_RESET = 0x60, A_RATE = 0x0f,
	B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_SQWE = 0x08,
	B_BIN = 0x04, B_24H = 0x02, B_CAUSES = 0x70,
	C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10,
	D_VALID = 0x80,
	HOUR_PM = 0x80, ANY = 0xc0,
};

/* ---- the clock's bytes ---------------------------------------------------- */

static unsigned to_bin(const struct rtc *r, uint8_t v)
{
	return r->cmos[REG_B] & B_BIN ? v : (v >> 4) * 10u + (v & 15);
}

static uint8_t from_bin(const struct rtc *r, unsigned v)
{
	return (uint8_t)(r->cmos[REG_B] & B_BIN ? v : v / 10 << 4 | v % 10);
}

static unsigned hour_to_bin(const struct rtc *r, uint8_t v)
{
	if (r->cmos[REG_B] & B_24H)
		return to_bin(r, v);
	return to_bin(r, v & ~HOUR_PM) % 12 + (v & HOUR_PM ? 12 : 0);
}

static uint8_t hour_from_bin(const struct rtc *r, unsigned h)
{
	if (r->cmos[REG_B] & B_24H)
		return from_bin(r, h);
	return from_bin(r, h % 12 ? h % 12 : 12) | (h >= 12 ? HOUR_PM : 0);
}

/* Seconds since 1970, in the clock's own zone. Guests may write nonsense: then
 * it carries over, the 40th of a month into the next. */
static int64_t clock_get(const struct rtc *r)
{
	const uint8_t *c = r->cmos;
	struct tm tm = {
		.tm_sec = (int)to_bin(r, c[SEC]),
		.tm_min = (int)to_bin(r, c[MIN]),
		.tm_hour = (int)hour_to_bin(r, c[HOUR]),
		.tm_mday = (int)to_bin(r, c[MDAY]),
		.tm_mon = (int)to_bin(r, c[MONTH]) - 1,
		.tm_year = (int)(to_bin(r, c[CENTURY]) * 100 +
				 to_bin(r, c[YEAR])) - 1900,
	};

	return timegm(&tm);
}

static void clock_put(struct rtc *r, int64_t t)
{
	uint8_t *c = r->cmos;
	time_t when = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&when, &tm))
		return;
	c[SEC] = from_bin(r, (unsigned)tm.tm_sec);
	c[MIN] = from_bin(r, (unsigned)tm.tm_min);
	c[HOUR] = hour_from_bin(r, (unsigned)tm.tm_hour);
	c[MDAY] = from_bin(r, (unsigned)tm.tm_mday);
	c[MONTH] = from_bin(r, (unsigned)tm.tm_mon + 1);
	c[YEAR] = from_bin(r, (unsigned)(tm.tm_year + 1900) % 100);
	c[CENTURY] = from_bin(r, (unsigned)(tm.tm_year + 1900) / 100 % 100);
}

/* The divide that rounds down, for times before the base too. */
static int64_t div_floor(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void clock_add(struct rtc *r, int64_t seconds)
{
	int64_t t = clock_get(r);
	int64_t days = div_floor(t + seconds, 86400) - div_floor(t, 86400);
	int64_t wday = (int64_t)to_bin(r, r->cmos[WDAY]) - 1 + days % 7;

	clock_put(r, t + seconds);
	/* The chip counts weekdays; it does not know which one it is. */
	r->cmos[WDAY] = from_bin(r, (unsigned)((wday + 7) % 7) + 1);
}

static bool alarm_field(uint8_t raw, unsigned want, unsigned now)
{
	return raw >= ANY || want == now;
}

/* Seconds from now, 1 to 86400, to the next second the alarm names; 0: it
 * names none. */
static unsigned next_alarm(const struct rtc *r)
{
	const uint8_t *c = r->cmos;
	unsigned now = (unsigned)(clock_get(r) % 86400 + 86400) % 86400;
	unsigned hour = hour_to_bin(r, c[HOUR_ALARM]);
	unsigned min = to_bin(r, c[MIN_ALARM]), sec = to_bin(r, c[SEC_ALARM]);
	unsigned in = 1;

	if ((c[HOUR_ALARM] < ANY && hour > 23) ||
	    (c[MIN_ALARM] < ANY && min > 59) ||
	    (c[SEC_ALARM] < ANY && sec > 59))
		return 0;
	while (in <= 86400) {
		unsigned at = (now + in) % 86400;

		if (!alarm_field(c[HOUR_ALARM], hour, at / 3600))
			in += 3600 - at % 3600;
		else if (!alarm_field(c[MIN_ALARM], min, at / 60 % 60))
			in += 60 - at % 60;
		else if (!alarm_field(c[SEC_ALARM], sec, at % 60))
			in++;
		else
			return in;
	}
	return 0;
}

/* ---- bringing the chip up to now ------------------------------------------ */

static bool divider_on(const struct rtc *r)
{
	return (r->cmos[REG_A] & A_RESET) != A_RESET;
}

/* Length of a period in ticks of the divider; 0: none. */
static uint64_t period(const struct rtc *r)
{
	unsigned rate = r->cmos[REG_A] & A_RATE;

	if (!rate || !divider_on(r))
		return 0;
	return UINT64_C(1) << ((rate < 3 ? rate + 7 : rate) - 1);
}

static uint64_t period_idx(const struct rtc *r)
{
	uint64_t p = period(r);

	if (!p)
		return 0;
	return clock_ticks(r->clock->mono_ns() - r->div_ns, DIVIDER_HZ) / p;
}

static void pay_lost(struct rtc *r)
{
	if (r->lost && !(r->cmos[REG_C] & C_PF)) {
		r->cmos[REG_C] |= C_PF;
		r->lost--;
	}
}

static void advance_periodic(struct rtc *r)
{
	uint64_t idx = period_idx(r), passed = idx - r->p_idx;

	r->p_idx = idx;
	if (!passed || !period(r))
		return;
	if (!(r->cmos[REG_B] & B_PIE)) {
		r->cmos[REG_C] |= C_PF;
		return;
	}
	/* A guest that counts ticks gets them all, late rather than never:
	 * Windows' clock would fall behind. */
	r->lost = passed > LOST_MAX - r->lost ? LOST_MAX :
					       r->lost + (unsigned)passed;
	pay_lost(r);
}

static void advance_clock(struct rtc *r)
{
	int64_t n;

	if (!divider_on(r))
		return;
	n = div_floor(r->clock->wall_ns() - r->base_ns, NS);
	r->base_ns += n * NS;
	if (r->cmos[REG_B] & B_SET || n == 0)
		return;
	if (n > 0) {            /* else the host's clock was set back */
		unsigned alarm = next_alarm(r);

		r->cmos[REG_C] |= C_UF | (alarm && alarm <= n ? C_AF : 0);
	}
	clock_add(r, n);
}

/* Raises IRQ8 if there is cause and register C was read since the last time. */
static bool update_irq(struct rtc *r)
{
	uint8_t *c = &r->cmos[REG_C];

	if (!(*c & r->cmos[REG_B] & B_CAUSES) || *c & C_IRQF)
		return false;
	*c |= C_IRQF;
	irq_pulse(r->irq);
	return true;
}

static bool advance(struct rtc *r)
{
	advance_clock(r);
	advance_periodic(r);
	return update_irq(r);
}

/* ---- timing --------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* When, on the monotonic clock, the next enabled cause comes up; 0: none. */
static uint64_t next_cause(const struct rtc *r)
{
	uint8_t b = r->cmos[REG_B], c = r->cmos[REG_C];
	uint64_t now = r->clock->mono_ns(), at = 0;
	unsigned in = 0;

	if (b & B_PIE && period(r))
		at = r->div_ns + clock_ns((r->p_idx + 1) * period(r),
					  DIVIDER_HZ);
	if (!divider_on(r) || b & B_SET)
		return at;
	if (b & B_UIE && !(c & C_UF))
		in = 1;
	else if (b & B_AIE && !(c & C_AF))
		in = next_alarm(r);
	if (in) {
		int64_t left = r->base_ns + (int64_t)in * NS -
			       r->clock->wall_ns();

		at = sooner(at, now + (uint64_t)(left > 0 ? left : 0));
	}
	return at;
}

/* From any thread; the loop alone may touch the timer. An armed timer that
 * comes too early finds nothing and arms itself again. */
static void arm(struct rtc *r)
{
	uint64_t at;

	if (r->cmos[REG_C] & C_IRQF)    /* nothing to tell until C is read */
		return;
	at = next_cause(r);
	if (!at || (r->armed_ns && r->armed_ns <= at))
		return;
	r->armed_ns = at;
	loop_post(r->loop, &r->rearm);
}

static void set_timer(struct rtc *r)
{
	uint64_t now = r->clock->mono_ns(), host = loop_now_ns();

	if (r->armed_ns)
		loop_timer_set(r->loop, &r->timer,
			       host + (r->armed_ns > now ?
				       r->armed_ns - now : 0));
	else
		loop_timer_del(r->loop, &r->timer);
}

static void rearm_fn(struct loop_call *call)
{
	struct rtc *r = container_of(call, struct rtc, rearm);

	pthread_mutex_lock(&r->lock);
	set_timer(r);
	pthread_mutex_unlock(&r->lock);
}

static void timer_fn(struct loop_timer *t)
{
	struct rtc *r = container_of(t, struct rtc, timer);
	bool raised;

	pthread_mutex_lock(&r->lock);
	raised = advance(r);
	/*
	 * A guest that has not read C since the last tick is left alone until
	 * it does. One that keeps up is not made to wake us at each read: the
	 * next tick is armed with this one.
	 */
	r->armed_ns = 0;
	if (raised || !(r->cmos[REG_C] & C_IRQF))
		r->armed_ns = next_cause(r);
	set_timer(r);
	pthread_mutex_unlock(&r->lock);
}

/* ---- registers ------------------------------------------------------------ */

static bool update_soon(const struct rtc *r)
{
	return divider_on(r) && !(r->cmos[REG_B] & B_SET) &&
	       r->base_ns + NS - r->clock->wall_ns() <= UIP_NS;
}

static uint8_t read_c(struct rtc *r)
{
	uint8_t val = r->cmos[REG_C];

	r->cmos[REG_C] = 0;
	pay_lost(r);
	update_irq(r);
	return val;
}

static void write_a(struct rtc *r, uint8_t val)
{
	bool was_on = divider_on(r);

	r->cmos[REG_A] = val & (uint8_t)~A_UIP;
	if (!was_on && divider_on(r)) {
		/* The first update comes half a second after the release. */
		r->base_ns = r->clock->wall_ns() - NS / 2;
		r->div_ns = r->clock->mono_ns();
	}
	r->p_idx = period_idx(r);
	r->lost = 0;
}

static void write_b(struct rtc *r, uint8_t val)
{
	uint8_t was = r->cmos[REG_B];

	if (val & B_SET) {
		val &= (uint8_t)~B_UIE;
		r->cmos[REG_B] = val;
	} else {
		/* A running clock goes on counting in the new form; a stopped
		 * one has been written in it. */
		bool convert = (was ^ val) & (B_BIN | B_24H) && !(was & B_SET);
		int64_t t = convert ? clock_get(r) : 0;
		unsigned wday = to_bin(r, r->cmos[WDAY]);

		r->cmos[REG_B] = val;
		if (convert) {
			clock_put(r, t);
			r->cmos[WDAY] = from_bin(r, wday % 10);
		}
	}
	if ((was ^ val) & B_PIE) {
		r->p_idx = period_idx(r);
		r->lost = 0;
	}
}

static unsigned cmos_index(const struct rtc *r)
{
	unsigned i = r->index & 0x7f;   /* bit 7 masks NMI, which nobody sends */

	return i == CENTURY_PS2 ? CENTURY : i;
}

static uint8_t read_data(struct rtc *r)
{
	unsigned i = cmos_index(r);

	advance(r);
	switch (i) {
	case REG_A:
		return r->cmos[REG_A] | (update_soon(r) ? A_UIP : 0);
	case REG_C:
		return read_c(r);
	case REG_D:
		return D_VALID;
	default:
		return r->cmos[i];
	}
}

static void write_data(struct rtc *r, uint8_t val)
{
	unsigned i = cmos_index(r);

	advance(r);
	switch (i) {
	case REG_A:
		write_a(r, val);
		break;
	case REG_B:
		write_b(r, val);
		break;
	case REG_C:
	case REG_D:
		break;
	default:
		r->cmos[i] = val;
		break;
	}
	update_irq(r);
}

static uint8_t port_in(void *ctx, unsigned off)
{
	struct rtc *r = ctx;
	uint8_t val = 0xff;             /* the index cannot be read back */

	if (off == 0)
		return val;
	pthread_mutex_lock(&r->lock);
	val = read_data(r);
	arm(r);
	pthread_mutex_unlock(&r->lock);
	return val;
}

static void port_out(void *ctx, unsigned off, uint8_t val)
{
	struct rtc *r = ctx;

	pthread_mutex_lock(&r->lock);
	if (off == 0) {
		r->index = val;
	} else {
		write_data(r, val);
		arm(r);
	}
	pthread_mutex_unlock(&r->lock);
}

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, port_in);
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, port_out);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

/* ---- life ----------------------------------------------------------------- */

static void put16(struct rtc *r, unsigned at, uint64_t val)
{
	uint16_t v = val > 0xffff ? 0xffff : (uint16_t)val;

	r->cmos[at] = (uint8_t)v;
	r->cmos[at + 1] = (uint8_t)(v >> 8);
}

/* The sum POST keeps over the configuration, high byte first. */
static void put_sum(struct rtc *r)
{
	unsigned sum = 0;

	for (unsigned i = SUM_FIRST; i <= SUM_LAST; i++)
		sum += r->cmos[i];
	r->cmos[SUM] = (uint8_t)(sum >> 8);
	r->cmos[SUM + 1] = (uint8_t)sum;
}

void rtc_set_memory(struct rtc *r, uint64_t low_ram, uint64_t high_ram,
		    unsigned cpus)
{
	const uint64_t mib = 1 << 20, block = 1 << 16;
	uint64_t ext = low_ram > mib ? low_ram - mib : 0;
	uint64_t above = low_ram > 16 * mib ? low_ram - 16 * mib : 0;
	uint64_t high = high_ram / block;

	pthread_mutex_lock(&r->lock);
	put16(r, BASE_KB, 640);
	put16(r, EXT_KB, ext / 1024);
	put16(r, EXT_KB_2, ext / 1024);
	put16(r, ABOVE_16M, above / block);
	for (unsigned i = 0; i < 3; i++)
		r->cmos[ABOVE_4G + i] = (uint8_t)(high >> (8 * i));
	r->cmos[CPUS] = (uint8_t)(cpus - 1);
	put_sum(r);
	pthread_mutex_unlock(&r->lock);
}

/* The battery keeps time and memory; only the interrupts are taken back. */
void rtc_reset(struct rtc *r)
{
	pthread_mutex_lock(&r->lock);
	advance_clock(r);
	r->cmos[REG_B] &= (uint8_t)~(B_CAUSES | B_SQWE);
	r->cmos[REG_C] = 0;
	r->lost = 0;
	r->index = 0;
	pthread_mutex_unlock(&r->lock);
}

int rtc_init_clock(struct rtc *r, struct iospace *pio, struct irq_line *irq,
		   struct loop *loop, int64_t zone_s,
		   const struct legacy_clock *clock)
{
	int64_t wall = clock->wall_ns();
	int64_t now = div_floor(wall, NS);
	int64_t days = div_floor(now + zone_s, 86400);

	r->io = (struct io_region){ .base = 0x70, .len = 2, .ops = &ops,
				    .ctx = r, .name = "rtc" };
	r->irq = irq;
	r->loop = loop;
	r->timer.fired = timer_fn;
	r->rearm.fn = rearm_fn;
	r->clock = clock;
	pthread_mutex_init(&r->lock, NULL);
	memset(r->cmos, 0, sizeof(r->cmos));
	r->cmos[REG_A] = 0x26;
	r->cmos[REG_B] = B_24H;
	r->cmos[EQUIPMENT] = 0x06;      /* a mouse port and an FPU; no floppy */
	r->base_ns = now * NS;
	r->div_ns = clock->mono_ns();
	clock_put(r, now + zone_s);
	r->cmos[WDAY] = from_bin(r, (unsigned)((days % 7 + 7 + 4) % 7) + 1);
	put_sum(r);
	return iospace_add(pio, &r->io);
}

int rtc_init(struct rtc *r, struct iospace *pio, struct irq_line *irq,
	     struct loop *loop, bool local)
{
	time_t now = (time_t)div_floor(clock_host()->wall_ns(), NS);
	struct tm tm = { 0 };

	if (local)
		localtime_r(&now, &tm);
	return rtc_init_clock(r, pio, irq, loop, tm.tm_gmtoff, clock_host());
}
