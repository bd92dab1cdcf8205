/*
 * Description: disk, keyboards, sound and network at once on shared INTx lines.
 * Everything goes on from interrupt handlers alone, so an interrupt that is
 * lost leaves its device standing still: at once with depth=1 request in flight
 * of each queue, by the end with more. rounds=N: requests of each queue.
 */
#include "tests/guest/rt/rt.h"
#include "tests/guest/rt/hw.h"

#define SOURCES 8
#define DEPTH 4                 /* most requests in flight of a queue */
#define VECTOR 0x50             /* + line */
#define BUF 4096
#define PERIOD 480              /* bytes of sound: 2.5 ms */

/* One queue of one function, kept busy with requests of a kind. */
struct source {
	const char *name;
	const struct kind *kind;
	struct drv_bus bus;
	struct drv_ring ring;
	struct pci_fn fn;
	unsigned gsi;
	uint8_t *buf;                   /* DEPTH buffers */
	uint8_t slot[DRV_RING_MAX];     /* of the chain */
	unsigned sent, done, bad, causes;
	bool turn;                      /* what alternates with each request */
};

struct kind {
	const char *name;
	uint16_t id;                    /* virtio device id */
	uint16_t q;
	/* Fills a slot's buffer; returns the number of pieces. */
	unsigned (*make)(struct source *, uint8_t *buf, struct drv_buf *);
	/* Is the answer in the buffer right? NULL: there is none. */
	bool (*good)(const uint8_t *buf);
};

static struct source source[SOURCES];
static unsigned nsources, rounds, depth;
static volatile unsigned hits[3], idle_hits;
static const uint8_t line_gsi[3] = { 5, 10, 11 };

static struct drv_buf piece(uint8_t *p, uint32_t len, bool write)
{
	return (struct drv_buf){ (uint64_t)p, len, write };
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

/* ---- what is asked of each ------------------------------------------------ */

static unsigned blk_make(struct source *s, uint8_t *p, struct drv_buf *b)
{
	s->turn = !s->turn;
	memset(p, 0, 16);
	put32(p, s->turn);              /* IN, OUT */
	put32(p + 8, s->sent % 64);
	p[2048] = 0xff;
	b[0] = piece(p, 16, false);
	b[1] = piece(p + 512, 1024, !s->turn);
	b[2] = piece(p + 2048, 1, true);
	return 3;
}

static bool blk_good(const uint8_t *p)
{
	return p[2048] == 0;
}

/* A frame behind the contract's 10-byte header. */
static unsigned net_make(struct source *s, uint8_t *p, struct drv_buf *b)
{
	(void)s;
	memset(p, 0, 10 + 60);
	memset(p + 10, 0xff, 6);
	b[0] = piece(p, 10, false);
	b[1] = piece(p + 10, 60, false);
	return 2;
}

/* EV_LED, LED_CAPSL, on and off. */
static unsigned led_make(struct source *s, uint8_t *p, struct drv_buf *b)
{
	s->turn = !s->turn;
	put32(p, 0x00010011);
	put32(p + 4, s->turn);
	b[0] = piece(p, 8, false);
	return 1;
}

static unsigned info_make(struct source *s, uint8_t *p, struct drv_buf *b)
{
	(void)s;
	put32(p, 0x0100);               /* PCM_INFO of both streams */
	put32(p + 4, 0);
	put32(p + 8, 2);
	put32(p + 12, 32);
	put32(p + 512, 0xff);
	b[0] = piece(p, 16, false);
	b[1] = piece(p + 512, 4 + 64, true);
	return 2;
}

static bool info_good(const uint8_t *p)
{
	return p[512] == 0;
}

static unsigned play_make(struct source *s, uint8_t *p, struct drv_buf *b)
{
	(void)s;
	put32(p, 0);                    /* stream 0, then reserved */
	put32(p + 4, 0);
	put32(p + 2048, 0xff);
	b[0] = piece(p, 8, false);
	b[1] = piece(p + 8, PERIOD, false);
	b[2] = piece(p + 2048, 8, true);
	return 3;
}

static bool play_good(const uint8_t *p)
{
	return p[2048] == 0;
}

static const struct kind kinds[] = {
	{ "disk", VIRTIO_ID_BLOCK, 0, blk_make, blk_good },
	{ "net", VIRTIO_ID_NET, 1, net_make, NULL },
	{ "input", VIRTIO_ID_INPUT, 1, led_make, NULL },
	{ "sound control", VIRTIO_ID_SOUND, 0, info_make, info_good },
	{ "sound", VIRTIO_ID_SOUND, 2, play_make, play_good },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- queues --------------------------------------------------------------- */

static void send(struct source *s, unsigned slot)
{
	struct drv_buf b[3];
	unsigned n = s->kind->make(s, s->buf + slot * BUF, b);
	int id = drv_send(&s->bus, s->kind->q, &s->ring, b, n, NULL);

	if (id < 0) {
		s->bad++;
		return;
	}
	s->slot[id] = (uint8_t)slot;
	s->sent++;
}

/* What is done by now is looked at and asked again until there was enough.
 * What is done after that has to interrupt once more. */
static unsigned collect(struct source *s)
{
	uint8_t slots[DEPTH];
	unsigned n = 0;
	uint32_t len;
	int id;

	while (n < DEPTH && (id = s->ring.ops->collect(&s->ring, &len)) >= 0) {
		unsigned slot = s->slot[id];

		if (s->kind->good && !s->kind->good(s->buf + slot * BUF))
			s->bad++;
		slots[n++] = (uint8_t)slot;
	}
	s->done += n;
	for (unsigned i = 0; i < n && s->sent < rounds; i++)
		send(s, slots[i]);
	return n;
}

/* Two sources may share a function, and its ISR is read once. */
static void intx(unsigned vector)
{
	unsigned line = vector - VECTOR;
	bool any = false;

	hits[line]++;
	for (unsigned i = 0; i < nsources; i++) {
		struct source *s = &source[i];
		bool same = i && source[i - 1].bus.isr == s->bus.isr;

		if (s->gsi != line_gsi[line] || same || !(rd8(s->bus.isr) & 1))
			continue;
		any = true;
		s->causes++;
		collect(s);
		if (i + 1 < nsources && source[i + 1].bus.isr == s->bus.isr)
			collect(&source[i + 1]);
	}
	if (!any)
		idle_hits++;
}

/* ---- set-up --------------------------------------------------------------- */

static void ring_init(struct source *s)
{
	uint16_t size = drv_q_max(&s->bus, s->kind->q);
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++) {
		part[i].p = pages(drv_split.bytes(size, (enum drv_part)i,
						  false));
		part[i].gpa = (uint64_t)part[i].p;
	}
	drv_ring_init(&s->ring, &drv_split, size, false, part, 0);
	drv_q_start(&s->bus, s->kind->q, &s->ring);
	s->buf = pages(DEPTH * BUF);
}

static void add(const struct kind *k, struct pci_fn fn, bool again)
{
	struct source *s = &source[nsources++];
	uint64_t bar = pci_bar(fn, 0);

	s->kind = k;
	s->fn = fn;
	s->gsi = pci_rd(fn, 0x3c, 1);
	if (bar >> 32)
		map(bar, 0x4000);
	ok(drv_pci_open(&s->bus, &rt_hw, fn.slot, fn.func) &&
	   (again || drv_start(&s->bus, VIRTIO_F_VERSION_1)),
	   "%s comes up, on line %u", k->name, s->gsi);
	ring_init(s);
}

static void find_all(void)
{
	for (unsigned k = 0; k < KINDS; k++) {
		struct pci_fn fn;
		bool again = k && kinds[k - 1].id == kinds[k].id;

		for (unsigned n = 0; nsources < SOURCES &&
		     pci_find(VIRTIO_PCI_VENDOR, (uint16_t)(
			      VIRTIO_PCI_DEVICE_BASE + kinds[k].id), n, &fn);
		     n++)
			add(&kinds[k], fn, again);
	}
	/* Sources of one function stand beside each other: only now are all
	 * of its queues set up. */
	for (unsigned i = 0; i < nsources; i++)
		drv_ok(&source[i].bus);
}

/* A command of stream 0 on the control queue, waited for by looking. */
static bool command(struct source *s, uint32_t code)
{
	uint8_t *p = s->buf;
	const struct drv_buf b[] = {
		piece(p, code == 0x0101 ? 24 : 8, false),
		piece(p + 512, 4, true),
	};
	uint32_t len;

	memset(p, 0, 24);
	put32(p, code);
	put32(p + 8, 8 * PERIOD);
	put32(p + 12, PERIOD);
	p[20] = 2;                      /* channels, S16, 48 kHz */
	p[21] = 5;
	p[22] = 7;
	put32(p + 512, 0xff);
	return drv_send(&s->bus, 0, &s->ring, b, 2, NULL) >= 0 &&
	       wait_for(20000, s->ring.ops->collect(&s->ring, &len) >= 0) &&
	       rd8((uint64_t)(p + 512)) == 0;
}

static void start_sound(void)
{
	for (unsigned i = 0; i < nsources; i++) {
		struct source *s = &source[i];

		if (s->kind->make != info_make)
			continue;
		ok(command(s, 0x0101) && command(s, 0x0102) &&
		   command(s, 0x0104), "a stream starts");
		rd8(s->bus.isr);
	}
}

/* ---- the session ---------------------------------------------------------- */

static unsigned all_done(void)
{
	unsigned n = 0;

	irq_disable();
	for (unsigned i = 0; i < nsources; i++)
		n += source[i].done;
	irq_enable();
	return n;
}

/* Until all is done, or nothing happens for half a minute. */
static void wait_all(void)
{
	unsigned was = all_done();

	while (was < nsources * rounds &&
	       wait_for(30000, all_done() != was))
		was = all_done();
}

static void judge(void)
{
	unsigned shared[3] = { 0 }, causes = 0;

	irq_disable();
	for (unsigned i = 0; i < nsources; i++) {
		struct source *s = &source[i];
		unsigned done = s->done, late = collect(s);

		causes += s->causes;
		ok(done == rounds && s->sent == rounds && !late && !s->bad,
		   "%s on line %u: %u sent, %u done by interrupts, %u without, "
		   "%u wrong", s->kind->name, s->gsi, s->sent, done, late,
		   s->bad);
		for (unsigned l = 0; l < 3; l++)
			shared[l] += line_gsi[l] == s->gsi &&
				     !(i && source[i - 1].bus.isr == s->bus.isr);
	}
	for (unsigned l = 0; l < 3; l++)
		say("line %u: %u functions, %u interrupts", line_gsi[l],
		    shared[l], hits[l]);
	ok(shared[0] > 1 || shared[1] > 1 || shared[2] > 1,
	   "a line was shared");
	say("%u causes; %u interrupts without one", causes, idle_hits);
}

void guest_main(void)
{
	rounds = (unsigned)param("rounds", 500);
	depth = (unsigned)param("depth", DEPTH) % (DEPTH + 1);
	find_all();
	ok(nsources == param("sources", nsources), "%u queues", nsources);
	start_sound();
	for (unsigned l = 0; l < 3; l++) {
		irq_handler(VECTOR + l, intx);
		ioapic_level(line_gsi[l], VECTOR + l);
	}
	for (unsigned i = 0; i < nsources; i++)
		for (unsigned slot = 0; slot < depth; slot++)
			send(&source[i], slot);
	irq_enable();
	wait_all();
	judge();
}
