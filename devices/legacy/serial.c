#include <string.h>

#include "devices/legacy/legacy.h"
#include "devices/legacy/legacy_int.h"

enum {
	IER_RDI = 0x01, IER_THRI = 0x02, IER_RLSI = 0x04, IER_MSI = 0x08,
	IIR_MSI = 0x00, IIR_NONE = 0x01, IIR_THRI = 0x02, IIR_RDI = 0x04,
	IIR_RLSI = 0x06, IIR_TIMEOUT = 0x0c, IIR_FIFO = 0xc0,
	FCR_ENABLE = 0x01, FCR_CLEAR_RX = 0x02, FCR_TRIGGER = 0xc0,
	LCR_DLAB = 0x80,
	MCR_DTR = 0x01, MCR_RTS = 0x02, MCR_OUT1 = 0x04, MCR_OUT2 = 0x08,
	MCR_LOOP = 0x10,
	LSR_DR = 0x01, LSR_OE = 0x02, LSR_ERRORS = 0x1e, LSR_THRE = 0x20,
	LSR_TEMT = 0x40,
	MSR_TERI = 0x04, MSR_DELTAS = 0x0f, MSR_CTS = 0x10, MSR_DSR = 0x20,
	MSR_RI = 0x40, MSR_DCD = 0x80,
};

static unsigned rx_room(const struct serial *s)
{
	return (s->fcr & FCR_ENABLE ? SERIAL_FIFO : 1) - s->rx_n;
}

static uint8_t rx_cause(const struct serial *s)
{
	static const uint8_t level[] = { 1, 4, 8, 14 };

	if (!(s->fcr & FCR_ENABLE) || s->rx_n >= level[s->fcr >> 6])
		return IIR_RDI;
	/*
	 * Below the trigger level a chip waits for four characters' time. Our
	 * sender has no bit rate: what it had to say is already here, so the
	 * time is over at once, and a driver sees the same cause.
	 */
	return IIR_TIMEOUT;
}

static uint8_t cause(const struct serial *s)
{
	if (s->ier & IER_RLSI && s->lsr & LSR_ERRORS)
		return IIR_RLSI;
	if (s->ier & IER_RDI && s->rx_n)
		return rx_cause(s);
	if (s->ier & IER_THRI && s->thr_pending)
		return IIR_THRI;
	if (s->ier & IER_MSI && s->msr & MSR_DELTAS)
		return IIR_MSI;
	return IIR_NONE;
}

static void update_irq(struct serial *s)
{
	/* PCs wire the interrupt through OUT2, whose pin is off in loopback. */
	bool on = cause(s) != IIR_NONE &&
		  (s->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

	if (on == s->irq_on)
		return;
	s->irq_on = on;
	irq_set(s->irq, on);
}

/*
 * Offers the held bytes to tx, without the lock. One thread at a time, or
 * bytes would change places; one that comes meanwhile leaves a note.
 */
static void send_held(struct serial *s)
{
	if (s->tx_busy) {
		s->tx_again = true;
		return;
	}
	s->tx_busy = true;
	while (s->tx_n) {
		uint8_t buf[SERIAL_FIFO];
		size_t n = s->tx_n, took = n;

		memcpy(buf, s->tx_hold, n);
		s->tx_again = false;
		if (s->tx) {
			pthread_mutex_unlock(&s->lock);
			took = s->tx(s->ctx, buf, n);
			pthread_mutex_lock(&s->lock);
		}
		if (took > n)
			took = n;
		s->tx_n -= (unsigned)took;
		memmove(s->tx_hold, s->tx_hold + took, s->tx_n);
		if (!took && !s->tx_again)
			break;
	}
	s->tx_busy = false;
	if (!s->tx_n)
		s->thr_pending = true;
}

static void rx_push(struct serial *s, uint8_t byte)
{
	s->rx[(s->rx_at + s->rx_n) % SERIAL_FIFO] = byte;
	s->rx_n++;
}

static void write_thr(struct serial *s, uint8_t val)
{
	s->thr_pending = false;
	if (s->mcr & MCR_LOOP) {
		if (rx_room(s))
			rx_push(s, val);
		else
			s->lsr |= LSR_OE;
		s->thr_pending = true;
		return;
	}
	/* Full only for a guest that does not look at THRE. */
	if (s->tx_n < SERIAL_FIFO)
		s->tx_hold[s->tx_n++] = val;
	send_held(s);
}

static void write_ier(struct serial *s, uint8_t val)
{
	/* Enabling THRI with THR empty reports that, even if it was told. */
	if (val & ~s->ier & IER_THRI && !s->tx_n)
		s->thr_pending = true;
	s->ier = val & 0x0f;
}

static void write_fcr(struct serial *s, uint8_t val)
{
	/*
	 * The transmit FIFO is not cleared on request: what waits there was
	 * sent long ago on a real line. Linux asks at each opening, which
	 * would cut its own last message when the outside is slow.
	 */
	if ((val ^ s->fcr) & FCR_ENABLE || val & FCR_CLEAR_RX) {
		s->rx_n = 0;
		s->lsr &= (uint8_t)~LSR_ERRORS;
	}
	s->fcr = val & FCR_ENABLE ? val & (FCR_ENABLE | FCR_TRIGGER) : 0;
}

/* The far end is always there and ready. */
static void update_msr(struct serial *s)
{
	uint8_t now = MSR_CTS | MSR_DSR | MSR_DCD, changed;

	if (s->mcr & MCR_LOOP)
		now = (s->mcr & MCR_RTS ? MSR_CTS : 0) |
		      (s->mcr & MCR_DTR ? MSR_DSR : 0) |
		      (s->mcr & MCR_OUT1 ? MSR_RI : 0) |
		      (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
	changed = (uint8_t)(s->msr ^ now) & 0xf0;
	if (now & MSR_RI)       /* only its trailing edge counts */
		changed &= (uint8_t)~MSR_RI;
	s->msr = now | (s->msr & MSR_DELTAS) | changed >> 4;
}

/* Clears what it returns true for. Ask with the lock, tell without. */
static bool rx_wanted(struct serial *s)
{
	if (!s->rx_refused || s->rx_n || s->mcr & MCR_LOOP)
		return false;
	s->rx_refused = false;
	return s->rx_ready != NULL;
}

static void reg_out(struct serial *s, unsigned off, uint8_t val)
{
	bool dlab = s->lcr & LCR_DLAB;

	switch (off) {
	case 0:
		if (dlab)
			s->dll = val;
		else
			write_thr(s, val);
		break;
	case 1:
		if (dlab)
			s->dlm = val;
		else
			write_ier(s, val);
		break;
	case 2:
		write_fcr(s, val);
		break;
	case 3:
		s->lcr = val;
		break;
	case 4:
		s->mcr = val & 0x1f;
		update_msr(s);
		break;
	case 7:
		s->scr = val;
		break;
	}
}

static void serial_out(void *ctx, unsigned off, uint8_t val)
{
	struct serial *s = ctx;
	bool ready;

	pthread_mutex_lock(&s->lock);
	reg_out(s, off, val);
	update_irq(s);
	ready = rx_wanted(s);
	pthread_mutex_unlock(&s->lock);
	if (ready)
		s->rx_ready(s->ctx);
}

static uint8_t read_rbr(struct serial *s)
{
	uint8_t val;

	if (!s->rx_n)
		return 0;
	val = s->rx[s->rx_at];
	s->rx_at = (s->rx_at + 1) % SERIAL_FIFO;
	s->rx_n--;
	return val;
}

static uint8_t read_iir(struct serial *s)
{
	uint8_t val = cause(s);

	if (val == IIR_THRI)
		s->thr_pending = false;
	return val | (s->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct serial *s)
{
	uint8_t val = s->lsr | (s->rx_n ? LSR_DR : 0) |
		      (s->tx_n ? 0 : LSR_THRE | LSR_TEMT);

	s->lsr &= (uint8_t)~LSR_ERRORS;
	return val;
}

static uint8_t reg_in(struct serial *s, unsigned off)
{
	bool dlab = s->lcr & LCR_DLAB;
	uint8_t val;

	switch (off) {
	case 0:
		return dlab ? s->dll : read_rbr(s);
	case 1:
		return dlab ? s->dlm : s->ier;
	case 2:
		return read_iir(s);
	case 3:
		return s->lcr;
	case 4:
		return s->mcr;
	case 5:
		return read_lsr(s);
	case 6:
		val = s->msr;
		s->msr &= (uint8_t)~MSR_DELTAS;
		return val;
	default:
		return s->scr;
	}
}

static uint8_t serial_in(void *ctx, unsigned off)
{
	struct serial *s = ctx;
	uint8_t val;
	bool ready;

	pthread_mutex_lock(&s->lock);
	val = reg_in(s, off);
	update_irq(s);
	ready = rx_wanted(s);
	pthread_mutex_unlock(&s->lock);
	if (ready)
		s->rx_ready(s->ctx);
	return val;
}

static uint64_t io_read(void *ctx, uint64_t off, unsigned size)
{
	return bytes_read(ctx, off, size, serial_in);
}

static void io_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	bytes_write(ctx, off, size, val, serial_out);
}

static const struct io_ops ops = { .read = io_read, .write = io_write };

size_t serial_rx(struct serial *s, const uint8_t *buf, size_t len)
{
	size_t took = 0;

	pthread_mutex_lock(&s->lock);
	if (!(s->mcr & MCR_LOOP))       /* the pin is cut off in loopback */
		while (took < len && rx_room(s))
			rx_push(s, buf[took++]);
	if (took < len)
		s->rx_refused = true;
	update_irq(s);
	pthread_mutex_unlock(&s->lock);
	return took;
}

void serial_tx_ready(struct serial *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->tx_n)
		send_held(s);
	update_irq(s);
	pthread_mutex_unlock(&s->lock);
}

/* Bytes the guest has sent stay: they are on the line already. */
void serial_reset(struct serial *s)
{
	bool ready;

	pthread_mutex_lock(&s->lock);
	s->ier = s->fcr = s->lcr = s->mcr = s->lsr = s->scr = 0;
	s->dll = 12;                    /* 9600 */
	s->dlm = 0;
	s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	s->rx_at = s->rx_n = 0;
	s->thr_pending = false;
	update_irq(s);
	ready = rx_wanted(s);
	pthread_mutex_unlock(&s->lock);
	if (ready)
		s->rx_ready(s->ctx);
}

int serial_init(struct serial *s, struct iospace *pio, uint16_t port,
		struct irq_line *irq)
{
	s->io = (struct io_region){ .base = port, .len = 8, .ops = &ops,
				    .ctx = s, .name = "serial" };
	s->irq = irq;
	pthread_mutex_init(&s->lock, NULL);
	serial_reset(s);
	return iospace_add(pio, &s->io);
}
