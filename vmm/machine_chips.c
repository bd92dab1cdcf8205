#include "vmm/machine_int.h"

#include "devices/char/chario.h"

enum { IRQ_PIT = 0, IRQ_KBD = 1, IRQ_COM1 = 4, IRQ_RTC = 8, IRQ_MOUSE = 12 };
#define COM1 0x3f8

static void guest_power(void *ctx, enum pm_event event)
{
	mach_ask(ctx, event == PM_POWEROFF ? MACH_POWEROFF : MACH_RESET, 0);
}

static void guest_debug_exit(void *ctx, uint32_t value)
{
	mach_ask(ctx, MACH_DEBUG_EXIT, value);
}

static void person_quit(void *ctx)
{
	mach_ask(ctx, MACH_QUIT, 0);
}

static size_t console_tx(void *ctx, const uint8_t *buf, size_t len)
{
	return chario_write(((struct machine *)ctx)->console, buf, len);
}

static void console_rx_ready(void *ctx)
{
	chario_resume(((struct machine *)ctx)->console);
}

static size_t console_input(void *ctx, const uint8_t *buf, size_t len)
{
	return serial_rx(&((struct machine *)ctx)->serial, buf, len);
}

static void console_writable(void *ctx)
{
	serial_tx_ready(&((struct machine *)ctx)->serial);
}

int mach_serial_create(struct machine *m, char *err)
{
	static const struct chario_cb cb = {
		.input = console_input,
		.writable = console_writable,
		.quit = person_quit,
	};
	int ret;

	ret = chario_open(&m->console, m->ctl, m->cfg.serial, &cb, m, err,
			  MACH_ERR_LEN);
	if (ret < 0)
		return ret;
	m->serial.tx = console_tx;
	m->serial.rx_ready = console_rx_ready;
	m->serial.ctx = m;
	return serial_init(&m->serial, &m->pio, COM1,
			   irqchip_line(&m->irqchip, IRQ_COM1));
}

/* ---- HPET: in the PIT's and the RTC's place, if the guest wants that ------------ */

static void hpet_legacy(void *ctx, bool on)
{
	struct machine *m = ctx;

	irqgate_shut(&m->rtc_gate, on);
	irqchip_pit_irq(&m->irqchip, !on);
}

bool mach_has_hpet(const struct mach_cfg *cfg)
{
	return cfg->hpet == MACH_AUTO ? !cfg->kernel : cfg->hpet == MACH_ON;
}

/* The GSIs that neither PCI nor virtio-mmio have. */
#define HPET_GSI 20

static int make_hpet(struct machine *m)
{
	if (!mach_has_hpet(&m->cfg))
		return 0;
	m->hpet.line[IRQ_PIT] = irqchip_line(&m->irqchip, IRQ_PIT);
	m->hpet.line[IRQ_RTC] = irqchip_line(&m->irqchip, IRQ_RTC);
	for (unsigned i = HPET_GSI; i < LAYOUT_GSIS; i++)
		if (m->cfg.transport == MACH_PCI)
			m->hpet.line[i] = irqchip_line(&m->irqchip, i);
	m->hpet.legacy = hpet_legacy;
	m->hpet.ctx = m;
	return hpet_init(&m->hpet, &m->mmio, LAYOUT_HPET, m->ctl);
}

/* sysctl before the PCI bus: its reset port lies inside the bus's address
 * port, and the region added first wins. */
int mach_chips_create(struct machine *m)
{
	struct irqchip *irq = &m->irqchip;
	int ret;

	m->sysctl.reset = mach_ask_reset;
	m->i8042.reset = mach_ask_reset;
	m->pm.event = guest_power;
	m->debugexit.exit = guest_debug_exit;
	irqgate_init(&m->rtc_gate, irqchip_line(irq, IRQ_RTC));
	m->sysctl.ctx = m->i8042.ctx = m->pm.ctx = m->debugexit.ctx = m;
	if ((ret = sysctl_init(&m->sysctl, &m->pio)) ||
	    (ret = rtc_init(&m->rtc, &m->pio, &m->rtc_gate.line, m->ctl,
			    false)) ||
	    (ret = make_hpet(m)) ||
	    (ret = i8042_init(&m->i8042, &m->pio, irqchip_line(irq, IRQ_KBD),
			      irqchip_line(irq, IRQ_MOUSE))) ||
	    (ret = pm_init(&m->pm, &m->pio, LAYOUT_PM,
			   irqchip_line(irq, LAYOUT_SCI_GSI), m->ctl)))
		return ret;
	if (m->cfg.debug_exit)
		ret = debugexit_init(&m->debugexit, &m->pio);
	rtc_set_memory(&m->rtc, m->layout.low_ram_end,
		       m->layout.high_ram_end ? m->layout.high_ram_end -
		       LAYOUT_HIGH_RAM : 0, m->cfg.cpus);
	return ret;
}

bool mach_serial_holds(struct machine *m)
{
	bool yes;

	pthread_mutex_lock(&m->serial.lock);
	yes = m->serial.tx_n > 0;
	pthread_mutex_unlock(&m->serial.lock);
	return yes;
}

void mach_chips_reset(struct machine *m)
{
	serial_reset(&m->serial);
	pm_reset(&m->pm);
	i8042_reset(&m->i8042);
	rtc_reset(&m->rtc);
	if (mach_has_hpet(&m->cfg))
		hpet_reset(&m->hpet);
	sysctl_reset(&m->sysctl);
}
