/* Description: the 16550 as Linux and Windows probe and drive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/legacy/legacy.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

enum {
	BASE = 0x3f8, DATA = BASE, IER = BASE + 1, IIR = BASE + 2,
	FCR = BASE + 2, LCR = BASE + 3, MCR = BASE + 4, LSR = BASE + 5,
	MSR = BASE + 6, SCR = BASE + 7,
};

struct rig {
	struct iospace pio;
	struct serial s;
	struct irq_probe irq;
	uint8_t sent[65536];
	size_t sent_n, room;            /* room: what tx will still take */
	unsigned ready;                 /* rx_ready calls */
	const uint8_t *feed;            /* given to the port on rx_ready */
	size_t feed_n;
};

static size_t tx(void *ctx, const uint8_t *buf, size_t n)
{
	struct rig *r = ctx;

	if (n > r->room)
		n = r->room;
	memcpy(r->sent + r->sent_n, buf, n);
	r->sent_n += n;
	r->room -= n;
	return n;
}

static void feed_more(struct rig *r)
{
	size_t n = serial_rx(&r->s, r->feed, r->feed_n);

	r->feed += n;
	r->feed_n -= n;
}

static void rx_ready(void *ctx)
{
	struct rig *r = ctx;

	r->ready++;
	if (r->feed_n)
		feed_more(r);
}

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	iospace_init(&r.pio);
	irq_probe_init(&r.irq);
	r.room = sizeof(r.sent);
	r.s.tx = tx;
	r.s.rx_ready = rx_ready;
	r.s.ctx = &r;
	assert_int_equal(0, serial_init(&r.s, &r.pio, BASE, &r.irq.line));
	*state = &r;
	return 0;
}

static size_t give(struct rig *r, const char *text)
{
	return serial_rx(&r->s, (const uint8_t *)text, strlen(text));
}

static void is_a_16550a(void **state)
{
	struct rig *r = *state;

	/* What Linux' autoconfig looks at, in its order. */
	outb(&r->pio, IER, 0);
	assert_int_equal(0x00, inb(&r->pio, IER));
	outb(&r->pio, IER, 0xff);
	assert_int_equal(0x0f, inb(&r->pio, IER));
	outb(&r->pio, IER, 0);
	outb(&r->pio, MCR, 0x10 | 0x0a);
	assert_int_equal(0x90, inb(&r->pio, MSR) & 0xf0);
	outb(&r->pio, MCR, 0);
	assert_int_equal(0xb0, inb(&r->pio, MSR) & 0xf0);
	outb(&r->pio, FCR, 0x01);
	assert_int_equal(0xc1, inb(&r->pio, IIR));
	outb(&r->pio, FCR, 0x00);
	assert_int_equal(0x01, inb(&r->pio, IIR));
	outb(&r->pio, FCR, 0x21);       /* a 16750 would show bit 5 */
	assert_int_equal(0xc1, inb(&r->pio, IIR));
	outb(&r->pio, SCR, 0xa5);
	assert_int_equal(0xa5, inb(&r->pio, SCR));
	assert_int_equal(0x60, inb(&r->pio, LSR));
}

static void divisor_hides_data(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, IER, 0x05);
	outb(&r->pio, LCR, 0x83);
	assert_int_equal(12, inb(&r->pio, DATA));       /* 9600 */
	assert_int_equal(0, inb(&r->pio, IER));
	port_out(&r->pio, DATA, 2, 0x1234);
	assert_int_equal(0x34, inb(&r->pio, DATA));
	assert_int_equal(0x12, inb(&r->pio, IER));
	outb(&r->pio, LCR, 0x03);
	assert_int_equal(0x05, inb(&r->pio, IER));
	assert_int_equal(0, r->sent_n);
	outb(&r->pio, DATA, 'x');
	assert_int_equal(1, r->sent_n);
}

static void thre_interrupt(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, MCR, 0x0b);
	outb(&r->pio, IER, 0x02);       /* enabling with THR empty tells */
	assert_true(irq_probe_level(&r->irq));
	assert_int_equal(0x02, inb(&r->pio, IIR));
	assert_false(irq_probe_level(&r->irq));         /* reading acknowledges */
	assert_int_equal(0x01, inb(&r->pio, IIR));
	outb(&r->pio, IER, 0x02);       /* no transition */
	assert_int_equal(0x01, inb(&r->pio, IIR));
	outb(&r->pio, IER, 0x00);
	outb(&r->pio, IER, 0x02);       /* Linux' check for a broken THRE */
	assert_int_equal(0x02, inb(&r->pio, IIR));
	outb(&r->pio, DATA, 'a');       /* empties again at once */
	assert_true(irq_probe_level(&r->irq));
	outb(&r->pio, IER, 0x00);
	assert_false(irq_probe_level(&r->irq));
	assert_int_equal(1, r->sent_n);
	assert_int_equal('a', r->sent[0]);
}

static void burst_moves_line_once(void **state)
{
	struct rig *r = *state;
	unsigned before;

	outb(&r->pio, FCR, 0x01);
	outb(&r->pio, MCR, 0x0b);
	outb(&r->pio, IER, 0x02);
	inb(&r->pio, IIR);
	before = r->irq.calls;
	for (int i = 0; i < 16; i++)
		outb(&r->pio, DATA, (uint8_t)i);
	assert_int_equal(before + 1, r->irq.calls);
	assert_int_equal(16, r->sent_n);
}

static void refused_bytes_wait(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x01);
	outb(&r->pio, MCR, 0x0b);
	outb(&r->pio, IER, 0x02);
	inb(&r->pio, IIR);
	r->room = 0;
	for (int i = 0; i < 16; i++)
		outb(&r->pio, DATA, (uint8_t)('a' + i));
	assert_int_equal(0x00, inb(&r->pio, LSR) & 0x60);
	assert_int_equal(0xc1, inb(&r->pio, IIR));
	assert_false(irq_probe_level(&r->irq));
	outb(&r->pio, FCR, 0x07);       /* asks to clear: sent is sent */
	r->room = 5;
	serial_tx_ready(&r->s);
	assert_int_equal(5, r->sent_n);
	assert_int_equal(0x00, inb(&r->pio, LSR) & 0x60);
	r->room = 100;
	serial_tx_ready(&r->s);
	assert_int_equal(16, r->sent_n);
	assert_memory_equal("abcdefghijklmnop", r->sent, 16);
	assert_int_equal(0x60, inb(&r->pio, LSR) & 0x60);
	assert_true(irq_probe_level(&r->irq));
	assert_int_equal(0xc2, inb(&r->pio, IIR));
	serial_tx_ready(&r->s);         /* nothing waits: no second THRE */
	assert_int_equal(0xc1, inb(&r->pio, IIR));
}

static void overfull_is_bounded(void **state)
{
	struct rig *r = *state;

	r->room = 0;
	for (int i = 0; i < 100000; i++)
		outb(&r->pio, DATA, (uint8_t)i);
	r->room = sizeof(r->sent);
	serial_tx_ready(&r->s);
	assert_int_equal(16, r->sent_n);
	assert_int_equal(15, r->sent[15]);
}

static void receive_interrupt(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x41);       /* trigger level 4 */
	outb(&r->pio, MCR, 0x08);
	outb(&r->pio, IER, 0x01);
	assert_int_equal(3, give(r, "abc"));
	assert_true(irq_probe_level(&r->irq));
	assert_int_equal(0xcc, inb(&r->pio, IIR));      /* below it: time-out */
	assert_int_equal(1, give(r, "d"));
	assert_int_equal(0xc4, inb(&r->pio, IIR));
	assert_int_equal('a', inb(&r->pio, DATA));
	assert_int_equal('b', inb(&r->pio, DATA));
	assert_int_equal('c', inb(&r->pio, DATA));
	assert_true(irq_probe_level(&r->irq));  /* held until the cause is gone */
	assert_int_equal(0x61, inb(&r->pio, LSR));
	assert_int_equal('d', inb(&r->pio, DATA));
	assert_false(irq_probe_level(&r->irq));
	assert_int_equal(0x60, inb(&r->pio, LSR));
	assert_int_equal(1, r->irq.raised);
	assert_int_equal(0, inb(&r->pio, DATA));
}

static void no_fifo_holds_one(void **state)
{
	struct rig *r = *state;

	assert_int_equal(1, give(r, "xy"));
	assert_int_equal(0, give(r, "y"));
	assert_int_equal(0, r->ready);
	outb(&r->pio, IER, 0x01);
	assert_int_equal(0x04, inb(&r->pio, IIR));
	assert_int_equal('x', inb(&r->pio, DATA));
	assert_int_equal(1, r->ready);
	assert_int_equal(1, give(r, "y"));
	assert_int_equal('y', inb(&r->pio, DATA));
	assert_int_equal(1, r->ready);          /* nobody was refused */
}

static void input_arrives_whole(void **state)
{
	struct rig *r = *state;
	uint8_t in[5000], got[5000];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + i / 256);
	outb(&r->pio, FCR, 0xc1);
	r->feed = in;
	r->feed_n = sizeof(in);
	feed_more(r);
	while (inb(&r->pio, LSR) & 1) {
		assert_true(n < sizeof(got));
		got[n++] = inb(&r->pio, DATA);
	}
	assert_int_equal(sizeof(in), n);
	assert_memory_equal(in, got, n);
}

static void clearing_the_fifo_asks_for_more(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x01);
	assert_int_equal(16, give(r, "0123456789abcdefgh"));
	outb(&r->pio, FCR, 0x03);
	assert_int_equal(0x60, inb(&r->pio, LSR));
	assert_int_equal(1, r->ready);
	assert_int_equal(2, give(r, "gh"));
	outb(&r->pio, FCR, 0x00);       /* switching it off clears it too */
	assert_int_equal(0x60, inb(&r->pio, LSR));
}

static void out2_gates(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, IER, 0x01);
	give(r, "a");
	assert_int_equal(0x04, inb(&r->pio, IIR));
	assert_false(irq_probe_level(&r->irq));
	outb(&r->pio, MCR, 0x08);
	assert_true(irq_probe_level(&r->irq));
	outb(&r->pio, MCR, 0x18);       /* loopback turns the pins off */
	assert_false(irq_probe_level(&r->irq));
}

static void loopback(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x01);
	outb(&r->pio, MCR, 0x10);
	inb(&r->pio, MSR);
	for (int i = 0; i < 17; i++)
		outb(&r->pio, DATA, (uint8_t)('A' + i));
	assert_int_equal(0, r->sent_n);
	assert_int_equal(0, give(r, "z"));      /* the pin is cut off */
	outb(&r->pio, IER, 0x04);
	assert_int_equal(0xc6, inb(&r->pio, IIR));
	assert_int_equal(0x63, inb(&r->pio, LSR));      /* overrun, told once */
	assert_int_equal(0x61, inb(&r->pio, LSR));
	for (int i = 0; i < 16; i++)
		assert_int_equal('A' + i, inb(&r->pio, DATA));
	assert_int_equal(0, r->ready);
	outb(&r->pio, MCR, 0x00);
	assert_int_equal(1, r->ready);
	assert_int_equal(1, give(r, "z"));
}

static void modem_status(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0xb0, inb(&r->pio, MSR));
	outb(&r->pio, IER, 0x08);
	outb(&r->pio, MCR, 0x14);       /* loopback with OUT1: RI up, rest down */
	assert_int_equal(0x00, inb(&r->pio, IIR));
	assert_int_equal(0x4b, inb(&r->pio, MSR));
	assert_int_equal(0x01, inb(&r->pio, IIR));
	outb(&r->pio, MCR, 0x10);       /* RI's trailing edge */
	assert_int_equal(0x04, inb(&r->pio, MSR));
	assert_int_equal(0x00, inb(&r->pio, MSR));
}

static void priorities(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x01);
	outb(&r->pio, MCR, 0x10);
	for (int i = 0; i < 17; i++)
		outb(&r->pio, DATA, (uint8_t)i);
	outb(&r->pio, IER, 0x0f);
	assert_int_equal(0xc6, inb(&r->pio, IIR));
	inb(&r->pio, LSR);
	assert_int_equal(0xc4, inb(&r->pio, IIR));
	while (inb(&r->pio, LSR) & 1)
		inb(&r->pio, DATA);
	assert_int_equal(0xc2, inb(&r->pio, IIR));
	assert_int_equal(0xc0, inb(&r->pio, IIR));
	inb(&r->pio, MSR);
	assert_int_equal(0xc1, inb(&r->pio, IIR));
}

static void reset_keeps_the_wire(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, FCR, 0x01);
	outb(&r->pio, MCR, 0x08);
	outb(&r->pio, IER, 0x01);
	assert_int_equal(16, give(r, "0123456789abcdefg"));
	r->room = 0;
	outb(&r->pio, DATA, 'k');
	serial_reset(&r->s);
	assert_false(irq_probe_level(&r->irq));
	assert_int_equal(1, r->ready);
	assert_int_equal(0, inb(&r->pio, IER));
	assert_int_equal(0x01, inb(&r->pio, IIR));
	r->room = 1;
	serial_tx_ready(&r->s);
	assert_int_equal(1, r->sent_n);
	assert_int_equal('k', r->sent[0]);
}

/* ---- two sides at once ---------------------------------------------------- */

#define MANY 3000

struct slow {
	struct iospace pio;
	struct serial s;
	struct irq_probe irq;
	pthread_mutex_t lock;
	uint8_t got[2 * MANY];
	size_t n, room;
	bool done;
};

static size_t slow_tx(void *ctx, const uint8_t *buf, size_t n)
{
	struct slow *w = ctx;

	pthread_mutex_lock(&w->lock);
	if (n > w->room)
		n = w->room;
	memcpy(w->got + w->n, buf, n);
	w->n += n;
	w->room -= n;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void *opener(void *arg)
{
	struct slow *w = arg;
	bool done = false;

	for (size_t i = 0; !done; i++) {
		pthread_mutex_lock(&w->lock);
		w->room = i % 5;
		done = w->done;
		pthread_mutex_unlock(&w->lock);
		serial_tx_ready(&w->s);
	}
	return NULL;
}

static void nothing_lost_between_threads(void **state)
{
	static struct slow w;
	pthread_t t;

	(void)state;
	memset(&w, 0, sizeof(w));
	pthread_mutex_init(&w.lock, NULL);
	iospace_init(&w.pio);
	irq_probe_init(&w.irq);
	w.s.tx = slow_tx;
	w.s.ctx = &w;
	assert_int_equal(0, serial_init(&w.s, &w.pio, BASE, &w.irq.line));
	outb(&w.pio, FCR, 0x01);
	assert_int_equal(0, pthread_create(&t, NULL, opener, &w));
	for (int i = 0; i < MANY; i++) {
		while (!(inb(&w.pio, LSR) & 0x20))
			;
		outb(&w.pio, DATA, (uint8_t)(i * 3));
	}
	while (!(inb(&w.pio, LSR) & 0x40))
		;
	pthread_mutex_lock(&w.lock);
	w.done = true;
	pthread_mutex_unlock(&w.lock);
	pthread_join(t, NULL);
	assert_int_equal(MANY, w.n);
	for (int i = 0; i < MANY; i++)
		assert_int_equal((uint8_t)(i * 3), w.got[i]);
}

/* Room that comes while tx is under way, as another thread's would. */
static size_t tx_room_meanwhile(void *ctx, const uint8_t *buf, size_t n)
{
	struct rig *r = ctx;

	if (r->room)
		return tx(ctx, buf, n);
	r->room = 100;
	serial_tx_ready(&r->s);
	return 0;
}

static void room_meanwhile_is_seen(void **state)
{
	struct rig *r = *state;

	r->s.tx = tx_room_meanwhile;
	r->room = 0;
	outb(&r->pio, DATA, 'm');
	assert_int_equal(1, r->sent_n);
	assert_int_equal(0x60, inb(&r->pio, LSR));
}

static void unwired(void **state)
{
	struct iospace pio;
	struct serial s = { 0 };
	struct irq_probe irq;

	(void)state;
	iospace_init(&pio);
	irq_probe_init(&irq);
	assert_int_equal(0, serial_init(&s, &pio, BASE, &irq.line));
	outb(&pio, DATA, 'a');
	assert_int_equal(0x60, inb(&pio, LSR));
	assert_int_equal(1, serial_rx(&s, (const uint8_t *)"ab", 2));
	assert_int_equal('a', inb(&pio, DATA));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_a_16550a, setup),
		cmocka_unit_test_setup(divisor_hides_data, setup),
		cmocka_unit_test_setup(thre_interrupt, setup),
		cmocka_unit_test_setup(burst_moves_line_once, setup),
		cmocka_unit_test_setup(refused_bytes_wait, setup),
		cmocka_unit_test_setup(overfull_is_bounded, setup),
		cmocka_unit_test_setup(receive_interrupt, setup),
		cmocka_unit_test_setup(no_fifo_holds_one, setup),
		cmocka_unit_test_setup(input_arrives_whole, setup),
		cmocka_unit_test_setup(clearing_the_fifo_asks_for_more, setup),
		cmocka_unit_test_setup(out2_gates, setup),
		cmocka_unit_test_setup(loopback, setup),
		cmocka_unit_test_setup(modem_status, setup),
		cmocka_unit_test_setup(priorities, setup),
		cmocka_unit_test_setup(reset_keeps_the_wire, setup),
		cmocka_unit_test_setup(room_meanwhile_is_seen, setup),
		cmocka_unit_test(nothing_lost_between_threads),
		cmocka_unit_test(unwired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
