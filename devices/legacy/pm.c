#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/legacy/legacy.h"
#include "devices/legacy/legacy_int.h"

#define TIMER_HZ 3579545
#define TIMER_MASK 0xffffffu
/* Bit 23 changes every 2^23 ticks, 2.3 s; each change sets TMR_STS. */
#define TIMER_HALF_SHIFT 23

enum {
	STS_TMR = 1 << 0, STS_GBL = 1 << 5, STS_PWRBTN = 1 << 8,
	STS_SLPBTN = 1 << 9, STS_RTC = 1 << 10, STS_WAK = 1 << 15,
	EN_ALL = STS_TMR | STS_GBL | STS_PWRBTN | STS_SLPBTN | STS_RTC,
	CNT_SCI_EN = 1 << 0, CNT_BM_RLD = 1 << 1, CNT_SLP_SHIFT = 10,
	CNT_SLP_TYP = 7 << CNT_SLP_SHIFT, CNT_SLP_EN = 1 << 13,
	OFF_STS = 0, OFF_EN = 2, OFF_CNT = 4, OFF_TMR = 8, OFF_GPE_STS = 0x20,
	OFF_GPE_EN = 0x22,
};

static uint64_t ticks(const struct pm *pm)
{
	return clock_ticks(pm->clock->mono_ns() - pm->t0_ns, TIMER_HZ);
}

static void advance(struct pm *pm)
{
	uint64_t halves = ticks(pm) >> TIMER_HALF_SHIFT;

	if (halves != pm->halves)
		pm->sts |= STS_TMR;
	pm->halves = halves;
}

static void update_sci(struct pm *pm)
{
	bool on = pm->cnt & CNT_SCI_EN &&
		  (pm->sts & pm->en || pm->gpe_sts & pm->gpe_en);

	if (on == pm->sci_on)
		return;
	pm->sci_on = on;
	irq_set(pm->sci, on);
}

/* ---- overflow timer ------------------------------------------------------- */

/* Only a guest that wants to hear of overflows costs us wake-ups. */
static uint64_t next_overflow(const struct pm *pm)
{
	if (!(pm->cnt & CNT_SCI_EN) || !(pm->en & STS_TMR) || pm->sts & STS_TMR)
		return 0;
	return pm->t0_ns + clock_ns((pm->halves + 1) << TIMER_HALF_SHIFT,
				    TIMER_HZ);
}

/* From any thread; the loop alone may touch the timer. */
static void arm(struct pm *pm)
{
	uint64_t at = next_overflow(pm);

	if (!at || (pm->armed_ns && pm->armed_ns <= at))
		return;
	pm->armed_ns = at;
	loop_post(pm->loop, &pm->rearm);
}

static void set_timer(struct pm *pm)
{
	uint64_t now = pm->clock->mono_ns(), host = loop_now_ns();

	if (pm->armed_ns)
		loop_timer_set(pm->loop, &pm->overflow,
			       host + (pm->armed_ns > now ?
				       pm->armed_ns - now : 0));
	else
		loop_timer_del(pm->loop, &pm->overflow);
}

static void rearm_fn(struct loop_call *call)
{
	struct pm *pm = container_of(call, struct pm, rearm);

	pthread_mutex_lock(&pm->lock);
	set_timer(pm);
	pthread_mutex_unlock(&pm->lock);
}

static void overflow_fn(struct loop_timer *t)
{
	struct pm *pm = container_of(t, struct pm, overflow);

	pthread_mutex_lock(&pm->lock);
	advance(pm);
	update_sci(pm);
	pm->armed_ns = next_overflow(pm);
	set_timer(pm);
	pthread_mutex_unlock(&pm->lock);
}

/* ---- registers: bytes of 16-bit words ------------------------------------- */

static uint8_t byte_of(uint32_t word, unsigned off)
{
	return (uint8_t)(word >> (8 * off));
}

static void put_byte(uint16_t *word, unsigned off, uint8_t val, uint16_t mask)
{
	uint16_t lane = (uint16_t)(0xff << (8 * off)) & mask;

	*word = (uint16_t)((*word & ~lane) | ((val << (8 * off)) & lane));
}

static uint8_t port_in(struct pm *pm, unsigned off, uint32_t timer)
{
	switch (off) {
	case OFF_STS ... OFF_STS + 1:
		return byte_of(pm->sts, off - OFF_STS);
	case OFF_EN ... OFF_EN + 1:
		return byte_of(pm->en, off - OFF_EN);
	case OFF_CNT ... OFF_CNT + 1:
		return byte_of(pm->cnt, off - OFF_CNT);
	case OFF_TMR ... OFF_TMR + 3:
		return byte_of(timer, off - OFF_TMR);
	case OFF_GPE_STS ... OFF_GPE_STS + 1:
		return byte_of(pm->gpe_sts, off - OFF_GPE_STS);
	case OFF_GPE_EN ... OFF_GPE_EN + 1:
		return byte_of(pm->gpe_en, off - OFF_GPE_EN);
	default:
		return 0;
	}
}

/* True: the guest powers off. */
static bool write_cnt(struct pm *pm, unsigned off, uint8_t val)
{
	unsigned type;

	/* SCI_EN changes hands at the SMI command port only. */
	put_byte(&pm->cnt, off, val, CNT_BM_RLD | CNT_SLP_TYP);
	if (off == 0 || !(val & CNT_SLP_EN >> 8))
		return false;
	type = (pm->cnt & CNT_SLP_TYP) >> CNT_SLP_SHIFT;
	if (type == PM_S5_TYPE)
		return true;
	guest_err("pm", "the guest asked for sleep type %u, which the ACPI "
		  "tables do not offer; ignored", type);
	return false;
}

static bool port_out(struct pm *pm, unsigned off, uint8_t val)
{
	switch (off) {
	case OFF_STS ... OFF_STS + 1:
		pm->sts &= (uint16_t)~(val << (8 * (off - OFF_STS)));
		break;
	case OFF_EN ... OFF_EN + 1:
		put_byte(&pm->en, off - OFF_EN, val, EN_ALL);
		break;
	case OFF_CNT ... OFF_CNT + 1:
		return write_cnt(pm, off - OFF_CNT, val);
	case OFF_GPE_STS ... OFF_GPE_STS + 1:
		pm->gpe_sts &= (uint16_t)~(val << (8 * (off - OFF_GPE_STS)));
		break;
	case OFF_GPE_EN ... OFF_GPE_EN + 1:
		put_byte(&pm->gpe_en, off - OFF_GPE_EN, val, 0xffff);
		break;
	}
	return false;
}

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	struct pm *pm = ctx;
	uint64_t all = 0;
	uint32_t timer;

	pthread_mutex_lock(&pm->lock);
	advance(pm);
	update_sci(pm);
	timer = (uint32_t)ticks(pm) & TIMER_MASK;       /* once: no tearing */
	for (unsigned i = 0; i < size; i++)
		all |= (uint64_t)port_in(pm, (unsigned)off + i, timer)
		       << (8 * i);
	pthread_mutex_unlock(&pm->lock);
	return all;
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct pm *pm = ctx;
	bool poweroff = false;

	pthread_mutex_lock(&pm->lock);
	advance(pm);
	for (unsigned i = 0; i < size; i++)
		poweroff |= port_out(pm, (unsigned)off + i,
				     (uint8_t)(val >> (8 * i)));
	update_sci(pm);
	arm(pm);
	pthread_mutex_unlock(&pm->lock);
	if (poweroff && pm->event)
		pm->event(pm->ctx, PM_POWEROFF);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

/* ---- SMI command port ----------------------------------------------------- */

static uint8_t smi_in(void *ctx, unsigned off)
{
	struct pm *pm = ctx;
	uint8_t val;

	pthread_mutex_lock(&pm->lock);
	val = pm->apm[off];
	pthread_mutex_unlock(&pm->lock);
	return val;
}

static void smi_out(void *ctx, unsigned off, uint8_t val)
{
	struct pm *pm = ctx;

	pthread_mutex_lock(&pm->lock);
	pm->apm[off] = val;
	if (off == 0 && val == PM_ACPI_ENABLE)
		pm->cnt |= CNT_SCI_EN;
	else if (off == 0 && val == PM_ACPI_DISABLE)
		pm->cnt &= (uint16_t)~CNT_SCI_EN;
	advance(pm);
	update_sci(pm);
	arm(pm);
	pthread_mutex_unlock(&pm->lock);
}

static uint64_t smi_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, smi_in);
}

static void smi_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, smi_out);
}

static const struct io_ops smi_ops = { .read = smi_read, .write = smi_write };

/* ---- from the outside ----------------------------------------------------- */

void pm_power_button(struct pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	pm->sts |= STS_PWRBTN;
	update_sci(pm);
	pthread_mutex_unlock(&pm->lock);
}

void pm_gpe(struct pm *pm, unsigned bit)
{
	BUG_ON(bit > 15);
	pthread_mutex_lock(&pm->lock);
	pm->gpe_sts |= (uint16_t)(1u << bit);
	update_sci(pm);
	pthread_mutex_unlock(&pm->lock);
}

/* The timer runs on, as a chip's does whose clock never stops. */
void pm_reset(struct pm *pm)
{
	pthread_mutex_lock(&pm->lock);
	advance(pm);
	pm->sts = pm->en = pm->cnt = 0;
	pm->gpe_sts = pm->gpe_en = 0;
	pm->apm[0] = pm->apm[1] = 0;
	update_sci(pm);
	pthread_mutex_unlock(&pm->lock);
}

int pm_init_clock(struct pm *pm, struct iospace *pio, uint16_t base,
		  struct irq_line *sci, struct loop *loop,
		  const struct legacy_clock *clock)
{
	int err;

	pm->io = (struct io_region){ .base = base, .len = PM_IO_LEN,
				     .ops = &ops, .ctx = pm, .name = "pm" };
	pm->smi = (struct io_region){ .base = PM_SMI_CMD, .len = 2,
				      .ops = &smi_ops, .ctx = pm,
				      .name = "smi-command" };
	pm->sci = sci;
	pm->loop = loop;
	pm->overflow.fired = overflow_fn;
	pm->rearm.fn = rearm_fn;
	pm->clock = clock;
	pm->t0_ns = clock->mono_ns();
	pthread_mutex_init(&pm->lock, NULL);
	pm_reset(pm);
	err = iospace_add(pio, &pm->io);
	if (err)
		return err;
	err = iospace_add(pio, &pm->smi);
	if (err)
		goto err_del_io;
	return 0;
err_del_io:
	iospace_del(pio, &pm->io);
	return err;
}

int pm_init(struct pm *pm, struct iospace *pio, uint16_t base,
	    struct irq_line *sci, struct loop *loop)
{
	return pm_init_clock(pm, pio, base, sci, loop, clock_host());
}
