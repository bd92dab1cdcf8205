/*
 * Conformance tests on the host: the device models behind a PCI bus or
 * virtio-mmio, without KVM, their loops stepped by hand.
 *
 *   host pci|mmio [PART-OF-A-NAME]
 *   host list
 *
 * "ok NAME" or "not ok NAME" and why, a line a test. list: all tests, and the
 * environments they are for. SEED: tests/lib/rnd.h.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/net/netio_pair.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/input.h"
#include "devices/virtio/net.h"
#include "devices/virtio/snd.h"
#include "devices/virtio/vmmio.h"
#include "pci/vpci.h"
#include "tests/conform/cf.h"
#include "tests/lib/guest.h"
#include "tests/lib/hw_host.h"
#include "tests/lib/pci_rig.h"
#include "tests/lib/spyio.h"
#include "tests/lib/step.h"

#define PROF (&vio_profile_aero_w7)
#define MMIO_BASE 0xd0000000
#define MS UINT64_C(1000000)
#define ALARMS 2

struct world {
	struct cf cf;
	jmp_buf failed;
	const char *test;
	struct guest *guest;
	struct loop *io, *io2, *ctl, *loops[2];
	struct hw_host hw;
	struct pci_rig pci;             /* mmio: its spaces and lines */
	struct irq_probe line[CF_KINDS];        /* mmio */
	struct vio_dev *dev[CF_KINDS];
	struct vpci vpci[CF_KINDS];
	struct vmmio vmmio[CF_KINDS];
	struct spy spy;
	struct netio *net;
	/* Sound: time that moves with cf_pass, files. */
	struct snd_clock clock;
	uint64_t now;
	struct { struct snd_alarm *alarm; uint64_t at; } set[ALARMS];
	char dir[32], out[64], in[64];
	pthread_t beside;
	bool has_beside;
	void (*beside_fn)(void *);
	void *beside_arg;
};

static struct world *to_world(struct cf *c)
{
	return container_of(c, struct world, cf);
}

_Noreturn void cf_fail(struct cf *c, const char *file, int line,
		       const char *what, uint64_t want, uint64_t got)
{
	struct world *w = to_world(c);

	printf("not ok %s # %s:%d: %s: not %#llx but %#llx\n", w->test, file,
	       line, what, (unsigned long long)want, (unsigned long long)got);
	longjmp(w->failed, 1);
}

/* ---- time ----------------------------------------------------------------- */

static uint64_t clock_now(struct snd_clock *c)
{
	return container_of(c, struct world, clock)->now;
}

static void clock_del(struct snd_clock *c, struct snd_alarm *a)
{
	struct world *w = container_of(c, struct world, clock);

	for (unsigned i = 0; i < ALARMS; i++)
		if (w->set[i].alarm == a)
			w->set[i].alarm = NULL;
}

static void clock_set(struct snd_clock *c, struct snd_alarm *a, uint64_t at)
{
	struct world *w = container_of(c, struct world, clock);
	unsigned i = 0;

	clock_del(c, a);
	while (w->set[i].alarm)
		BUG_ON(++i == ALARMS);
	w->set[i].alarm = a;
	w->set[i].at = at;
}

static void settle(struct world *w)
{
	while (step_settle(w->io) + step_settle(w->io2) +
	       step_settle(w->ctl) > 6)
		;
}

/* An alarm at a time, in steps finer than any buffer. */
static void advance(struct world *w, uint64_t ns)
{
	for (uint64_t end = w->now + ns; w->now < end;) {
		w->now += MS / 4;
		for (unsigned i = 0; i < ALARMS; i++) {
			struct snd_alarm *a = w->set[i].alarm;

			if (!a || w->set[i].at > w->now)
				continue;
			w->set[i].alarm = NULL;
			a->fired(a);
		}
		settle(w);
	}
}

static struct irq_probe *line_of(struct world *w, const struct cf_dev *d)
{
	unsigned gsi = pci_intx_gsi(d->bus.slot, 0), i = 0;

	if (w->cf.where & CF_MMIO)
		return &w->line[d->kind];
	while (pci_intx_gsis[i] != gsi)
		BUG_ON(++i == PCI_INTX_GSIS);
	return &w->pci.line[i];
}

bool cf_line(struct cf *c, struct cf_dev *d)
{
	return irq_probe_level(line_of(to_world(c), d));
}

static bool line_to_handle(struct cf *c)
{
	if (c->irq_dev && cf_line(c, c->irq_dev))
		return true;
	if (c->irq_all)
		CF_EACH(c, d)
			if (cf_line(c, d))
				return true;
	return false;
}

bool cf_pass(struct cf *c, unsigned n)
{
	struct world *w = to_world(c);

	/* The other thread may have to wait for a processor. */
	if (w->has_beside && n >= 10)
		usleep(1000);
	settle(w);
	advance(w, MS);
	while (line_to_handle(c)) {
		unsigned was = c->irqs;

		cf_irq(c);
		if (c->irqs == was)
			return false;   /* a line that nothing takes down */
	}
	return n < 5000;
}

void cf_quiet(struct cf *c)
{
	for (unsigned i = 0; i < 5; i++)
		cf_pass(c, i);
}

void cf_irq_on(struct cf *c, struct cf_dev *d)
{
	c->irq_dev = d;
	c->irqs = 0;
	memset((void *)(uintptr_t)c->isr, 0, sizeof(c->isr));
}

void cf_irq_on_all(struct cf *c)
{
	c->irq_all = true;
}

void cf_irq_off(struct cf *c)
{
	c->irq_all = false;
	c->irq_dev = NULL;
}

uint64_t cf_msi_addr(struct cf *c)
{
	(void)c;
	return 0xfee00000;
}

unsigned cf_msi_count(struct cf *c, unsigned v)
{
	struct world *w = to_world(c);
	unsigned n = 0;

	cf_pass(c, 0);
	for (unsigned i = msi_probe_n(&w->pci.msi); i-- > 0;)
		n += msi_probe_msg(&w->pci.msi, i).data == CF_MSI + v;
	return n;
}

static void *other(void *arg)
{
	struct world *w = arg;

	w->beside_fn(w->beside_arg);
	return NULL;
}

void cf_beside(struct cf *c, void (*fn)(void *), void *arg)
{
	struct world *w = to_world(c);

	w->beside_fn = fn;
	w->beside_arg = arg;
	w->has_beside = true;
	BUG_ON(pthread_create(&w->beside, NULL, other, w));
}

void cf_join(struct cf *c)
{
	struct world *w = to_world(c);

	pthread_join(w->beside, NULL);
	w->has_beside = false;
}

void cf_elsewhere(struct cf *c, void (*fn)(void *), void *arg)
{
	cf_beside(c, fn, arg);
	cf_join(c);
}

/* ---- memory --------------------------------------------------------------- */

static struct drv_mem mem(struct cf *c, enum guest_where where, uint32_t len,
			  uint32_t align, bool anywhere)
{
	struct guest *g = to_world(c)->guest;
	struct drv_mem m;

	m.gpa = guest_alloc(g, where, len, align, anywhere ? &c->rnd : NULL);
	m.p = guest_ptr(g, m.gpa, len);
	memset(m.p, 0, len);
	return m;
}

struct drv_mem cf_mem(struct cf *c, uint32_t len, uint32_t align)
{
	static const enum guest_where where[] = {
		GUEST_LOW, GUEST_NEXT, GUEST_HIGH, GUEST_HIGH,
	};

	return mem(c, where[rnd_below(&c->rnd, 4)], len, align, len < 8192);
}

struct drv_mem cf_mem_in(struct cf *c, bool high, uint32_t len, uint32_t align)
{
	return mem(c, high ? GUEST_HIGH : GUEST_LOW, len, align, len < 8192);
}

struct drv_mem cf_big(struct cf *c)
{
	return mem(c, GUEST_LOW, CF_BIG, 1, false);
}

uint64_t cf_hole(struct cf *c)
{
	(void)c;
	return GUEST_HOLE;
}

void cf_reach(struct cf *c, uint64_t at, uint32_t len)
{
	(void)c;
	(void)at;
	(void)len;
}

/* ---- the world ------------------------------------------------------------ */

void cf_net_put(struct cf *c, unsigned len, unsigned seed)
{
	uint8_t frame[CF_FRAME_MAX];

	cf_frame(frame, len, seed);
	BUG_ON(netio_pair_put(to_world(c)->net, frame, len));
}

int cf_net_get(struct cf *c, void *to, unsigned max)
{
	ssize_t n = netio_pair_get(to_world(c)->net, to, max);

	return n < 0 ? -1 : (int)n;
}

void cf_link(struct cf *c, bool up)
{
	net_set_link(to_world(c)->dev[CF_NET], up);
}

void cf_events(struct cf *c, enum cf_kind kind, const struct cf_event *ev,
	       unsigned n)
{
	struct input_event_in in[INPUT_REPORT_MAX];

	/* The device has seen the buffers that are there. */
	settle(to_world(c));
	for (unsigned i = 0; i < n; i++)
		in[i] = (struct input_event_in){ ev[i].type, ev[i].code,
						 ev[i].value };
	BUG_ON(input_send(to_world(c)->dev[kind], in, n));
}

static uint8_t *image(struct cf *c, uint64_t off)
{
	return (uint8_t *)to_world(c)->spy.img->mem + off;
}

void cf_image_fill(struct cf *c, uint64_t off, unsigned len, uint8_t byte)
{
	memset(image(c, off), byte, len);
}

bool cf_image_is(struct cf *c, uint64_t off, unsigned len, uint8_t byte)
{
	for (unsigned i = 0; i < len; i++)
		if (image(c, off)[i] != byte)
			return false;
	return true;
}

void cf_image_pattern(struct cf *c, uint64_t off, unsigned len, unsigned seed)
{
	for (unsigned i = 0; i < len; i++)
		image(c, off)[i] = cf_byte(seed, i);
}

unsigned cf_image_syncs(struct cf *c)
{
	const struct spy *s = &to_world(c)->spy;
	unsigned n = 0;

	for (unsigned i = 0; i < s->nseen && i < SPY_MAX; i++)
		n += s->seen[i].op == BLKIO_FLUSH;
	for (unsigned i = 0; i < s->nheld; i++)
		n -= s->held[i]->op == BLKIO_FLUSH;
	return n;
}

void cf_image_hold(struct cf *c, bool on)
{
	struct spy *s = &to_world(c)->spy;

	s->hold = on;
	if (!on)
		spy_finish_all(s);
}

#define WAV_HEAD 44

unsigned cf_played_total(struct cf *c)
{
	FILE *f = fopen(to_world(c)->out, "rb");
	long len;

	BUG_ON(!f || fseek(f, 0, SEEK_END));
	len = ftell(f) - WAV_HEAD;
	fclose(f);
	return len < 0 ? 0 : (unsigned)len;
}

unsigned cf_played(struct cf *c, unsigned off, void *to, unsigned len)
{
	FILE *f = fopen(to_world(c)->out, "rb");
	size_t n;

	BUG_ON(!f || fseek(f, WAV_HEAD + (long)off, SEEK_SET));
	n = fread(to, 1, len, f);
	fclose(f);
	return (unsigned)n;
}

unsigned cf_silence(struct cf *c, unsigned off)
{
	FILE *f = fopen(to_world(c)->out, "rb");
	unsigned n = 0;

	BUG_ON(!f || fseek(f, WAV_HEAD + (long)off, SEEK_SET));
	while (getc(f) == 0)
		n++;
	fclose(f);
	return n;
}

static void write_in(const char *path)
{
	/* RIFF, PCM, mono, 48 kHz, 16 bits */
	static const uint8_t head[WAV_HEAD] = {
		'R', 'I', 'F', 'F', (36 + 2 * CF_RECORD) & 0xff,
		(36 + 2 * CF_RECORD) >> 8, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm',
		't', ' ', 16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0xbb, 0, 0, 0, 0x77, 1,
		0, 2, 0, 16, 0, 'd', 'a', 't', 'a', (2 * CF_RECORD) & 0xff,
		(2 * CF_RECORD) >> 8, 0, 0,
	};
	FILE *f = fopen(path, "wb");

	BUG_ON(!f || fwrite(head, 1, WAV_HEAD, f) != WAV_HEAD);
	for (unsigned i = 0; i < CF_RECORD; i++) {
		uint16_t v = (uint16_t)cf_record(i);

		putc(v & 0xff, f);
		putc(v >> 8, f);
	}
	BUG_ON(fclose(f));
}

/* ---- devices -------------------------------------------------------------- */

static void make_net(struct world *w)
{
	static const struct netio_pair_cfg cfg = { .room = 1000 };
	static const uint8_t mac[6] = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 };

	BUG_ON(netio_pair_open(&w->net, &cfg));
	BUG_ON(net_create(&w->dev[CF_NET], &(struct net_cfg){
		.prof = PROF, .name = "net0", .mac = mac,
		.gmem = &w->guest->mem, .ctl_loop = w->ctl, .loops = w->loops,
		.nloops = 2 }, &w->net));
}

static void make_disk(struct world *w, enum cf_kind kind, struct blkio *img)
{
	BUG_ON(blk_create(&w->dev[kind], &(struct blk_cfg){
		.prof = PROF, .name = kind == CF_BLK ? "disk0" : "disk1",
		.queues = 1, .gmem = &w->guest->mem, .ctl_loop = w->ctl,
		.loops = w->loops, .nloops = 2 }, img));
}

static void make_input(struct world *w, enum cf_kind kind, const char *name)
{
	BUG_ON(input_create(&w->dev[kind], &(struct input_cfg){
		.prof = PROF, .kind = name, .name = name,
		.gmem = &w->guest->mem, .ctl_loop = w->ctl, .loops = w->loops,
		.nloops = 2 }));
}

static void make_snd(struct world *w)
{
	char spec[80], err[256];
	struct sndio *io;

	snprintf(w->dir, sizeof(w->dir), "/tmp/conform.XXXXXX");
	BUG_ON(!mkdtemp(w->dir));
	snprintf(w->out, sizeof(w->out), "%s/out.wav", w->dir);
	snprintf(w->in, sizeof(w->in), "%s/in.wav", w->dir);
	snprintf(spec, sizeof(spec), "wav:%s", w->out);
	write_in(w->in);
	w->now = 1000000007;
	w->clock = (struct snd_clock){ clock_now, clock_set, clock_del };
	BUG_ON(sndio_open(&io, &(struct sndio_cfg){ spec, w->in }, err,
			  sizeof(err)));
	BUG_ON(snd_create(&w->dev[CF_SND], &(struct snd_cfg){
		.prof = PROF, .name = "sound0", .gmem = &w->guest->mem,
		.ctl_loop = w->ctl, .loop = w->io, .clock = &w->clock }, io,
		err, sizeof(err)));
}

/* Slots anywhere, but the three inputs in one. */
static void attach_pci(struct world *w)
{
	uint8_t slot[PCI_SLOTS];

	for (unsigned i = 0; i < PCI_SLOTS; i++)
		slot[i] = (uint8_t)i;
	for (unsigned i = PCI_SLOTS; i > 1; i--) {
		unsigned at = rnd_below(&w->cf.rnd, i);
		uint8_t was = slot[at];

		slot[at] = slot[i - 1];
		slot[i - 1] = was;
	}
	for (unsigned k = 0; k < CF_KINDS; k++) {
		struct drv_bus *b = &w->cf.dev[k].bus;

		b->slot = slot[k];
		if (k == CF_MOUSE || k == CF_TABLET) {
			b->slot = slot[CF_KEYBOARD];
			b->func = k == CF_MOUSE ? 1 : 2;
		}
		BUG_ON(vpci_attach(&w->vpci[k], w->dev[k], &w->pci.bus, b->slot,
				   b->func, k == CF_MSIX ? VPCI_MSIX_ON :
				   VPCI_MSIX_DEFAULT, NULL));
	}
}

static void attach_mmio(struct world *w)
{
	for (unsigned k = 0; k < CF_MSIX; k++) {
		uint64_t base = MMIO_BASE + k * VMMIO_LEN;

		irq_probe_init(&w->line[k]);
		BUG_ON(vmmio_attach(&w->vmmio[k], w->dev[k], &w->pci.mmio, base,
				    &w->line[k].line, NULL));
		if (!drv_mmio_open(&w->cf.dev[k].bus, &w->hw.hw, base))
			cf_fail(&w->cf, __FILE__, __LINE__,
				"a virtio-mmio device", 1, 0);
	}
}

static struct loop *new_loop(const char *name)
{
	struct loop *l;

	BUG_ON(loop_create(&l, name, 0));
	return l;
}

static void world_open(struct world *w)
{
	struct blkio *img;

	w->guest = guest_new();
	w->io = w->loops[0] = new_loop("io");
	w->io2 = w->loops[1] = new_loop("io2");
	w->ctl = new_loop("ctl");
	pci_rig_init(&w->pci);
	hw_host_init(&w->hw, &w->pci.mmio, &w->pci.pio);
	w->cf.hw = &w->hw.hw;
	make_net(w);
	spy_open(&w->spy, CF_DISK_BYTES, 512);
	make_disk(w, CF_BLK, w->spy.img);
	BUG_ON(blkio_mem_open(&img, CF_DISK_BYTES, 512));
	make_disk(w, CF_MSIX, img);
	make_input(w, CF_KEYBOARD, "keyboard");
	make_input(w, CF_MOUSE, "mouse");
	make_input(w, CF_TABLET, "tablet");
	make_snd(w);
}

static void world_close(struct world *w)
{
	w->spy.hold = false;
	spy_finish_all(&w->spy);
	for (unsigned k = 0; k < CF_KINDS; k++) {
		if (w->dev[k]->tp)
			vio_reset(w->dev[k]);
		settle(w);
		if (w->vpci[k].dev)
			pci_dev_fini(&w->vpci[k].pci);
		if (w->vmmio[k].dev)
			iospace_del(&w->pci.mmio, &w->vmmio[k].io);
		vio_destroy(w->dev[k]);
	}
	pci_rig_fini(&w->pci);
	loop_destroy(w->io);
	loop_destroy(w->io2);
	loop_destroy(w->ctl);
	guest_delete(w->guest);
	unlink(w->out);
	unlink(w->in);
	rmdir(w->dir);
}

/* ---- running them --------------------------------------------------------- */

/* A test does the same whichever others run. */
static uint64_t seed_of(uint64_t seed, const char *name)
{
	while (*name)
		seed = seed * 31 + (uint8_t)*name++;
	return seed;
}

static bool run(const struct cf_test *t, unsigned where, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	volatile bool good = false;

	BUG_ON(!w);
	w->test = t->name;
	w->cf.where = where;
	w->cf.rnd.s = seed_of(seed, t->name);
	world_open(w);
	if (setjmp(w->failed) == 0) {
		if (where & CF_PCI)
			attach_pci(w);
		else
			attach_mmio(w);
		cf_begin(&w->cf);
		t->fn(&w->cf);
		printf("ok %s\n", t->name);
		good = true;
	}
	world_close(w);
	free(w);
	fflush(stdout);
	return good;
}

static int list(void)
{
	static const struct { unsigned where; const char *name; } env[] = {
		{ CF_PCI | CF_HOST, "host-pci" },
		{ CF_MMIO | CF_HOST, "host-mmio" },
		{ CF_PCI | CF_GUEST, "guest" },
	};

	for (unsigned p = 0; p < CF_PARTS; p++)
		for (const struct cf_test *t = cf_parts[p]; t->name; t++) {
			printf("%s", t->name);
			for (unsigned i = 0; i < 3; i++)
				if ((t->where & env[i].where) == env[i].where)
					printf(" %s", env[i].name);
			printf("\n");
		}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned where = CF_HOST, failed = 0, n = 0;
	struct rnd rnd;

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc >= 2 && strcmp(argv[1], "pci") == 0)
		where |= CF_PCI;
	else if (argc >= 2 && strcmp(argv[1], "mmio") == 0)
		where |= CF_MMIO;
	else {
		fprintf(stderr, "usage: host list | pci|mmio [PART-OF-A-NAME]\n");
		return 2;
	}
	rnd_init(&rnd, "conform");
	for (unsigned p = 0; p < CF_PARTS; p++)
		for (const struct cf_test *t = cf_parts[p]; t->name; t++) {
			if ((t->where & where) != where ||
			    (argc > 2 && !strstr(t->name, argv[2])))
				continue;
			n++;
			failed += !run(t, where, rnd.s);
		}
	if (n == 0)
		fprintf(stderr, "no test is named like that\n");
	return failed || n == 0;
}
