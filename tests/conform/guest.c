/*
 * Conformance tests inside a machine: this runs as the guest of a real
 * aerovmm, with real interrupts and two processors. What stands outside of the
 * machine (cable, image, keyboard) is moved by tests/conform/partner.c, asked
 * over the serial port.
 *
 * Command line: seed=N; only=N, the number of one test.
 */
#include <stdarg.h>
#include <string.h>

#include "tests/conform/cf.h"
#include "tests/guest/rt/hw.h"
#include "tests/guest/rt/rt.h"

#define COM1 0x3f8
#define INTX_VECTOR 0x50
#define LOW_ARENA UINT64_C(0x4000000)
#define HIGH_ARENA UINT64_C(0x100000000)
#define ARENA_LEN UINT64_C(0x2000000)
#define PATIENCE_US 10000000

static struct cf cf;
static const struct cf_test *now_running;
static void *failed[5];                 /* __builtin_setjmp's */
static uint64_t low_at, high_at, waiting_since;
static volatile unsigned msi_hits[4];

_Noreturn void cf_fail(struct cf *c, const char *file, int line,
		       const char *what, uint64_t want, uint64_t got)
{
	(void)c;
	ok(false, "%s # %s:%d: %s: not 0x%lx but 0x%lx", now_running->name,
	   file, line, what, want, got);
	__builtin_longjmp(failed, 1);
}

/* ---- the partner ---------------------------------------------------------- */

static uint8_t serial_in(void)
{
	while (!(inb(COM1 + 5) & 1))
		__asm__ volatile("pause");
	return inb(COM1);
}

/* A request was made by say; its answer stands between '=' and the line's
 * end, as bytes of two hex digits each. How many; -1: "=-". */
static int answer(void *to, unsigned max)
{
	uint8_t *p = to;
	unsigned n = 0, have = 0, digit = 0;
	uint8_t ch;

	while (serial_in() != '=')
		;
	while ((ch = serial_in()) != '\n') {
		if (ch == '-')
			have = UINT32_MAX;
		if (ch < '0' || have == UINT32_MAX)
			continue;
		digit = digit << 4 | (ch > '9' ? ch - 'a' + 10u : ch - '0' + 0u);
		if (++have % 2 == 0 && n < max)
			p[n++] = (uint8_t)digit;
	}
	return have == UINT32_MAX ? -1 : (int)n;
}

static uint32_t answer_number(void)
{
	uint8_t b[4] = { 0 };

	answer(b, 4);
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

void cf_net_put(struct cf *c, unsigned len, unsigned seed)
{
	(void)c;
	say("!put %u %u", len, seed);
	answer(NULL, 0);
}

int cf_net_get(struct cf *c, void *to, unsigned max)
{
	(void)c;
	say("!get");
	return answer(to, max);
}

void cf_link(struct cf *c, bool up)
{
	(void)c;
	say("!link %u", up);
	answer(NULL, 0);
}

void cf_events(struct cf *c, enum cf_kind kind, const struct cf_event *ev,
	       unsigned n)
{
	(void)c;
	/* The whole report in one request: up to two events here. */
	if (n == 1)
		say("!event %u %u %u %d", kind, ev->type, ev->code, ev->value);
	else
		say("!event %u %u %u %d %u %u %d", kind, ev->type, ev->code,
		    ev->value, ev[1].type, ev[1].code, ev[1].value);
	answer(NULL, 0);
}

void cf_image_fill(struct cf *c, uint64_t off, unsigned len, uint8_t byte)
{
	(void)c;
	say("!fill %u %u %u", (unsigned)off, len, byte);
	answer(NULL, 0);
}

bool cf_image_is(struct cf *c, uint64_t off, unsigned len, uint8_t byte)
{
	(void)c;
	say("!is %u %u %u", (unsigned)off, len, byte);
	return answer(NULL, 0) == 0;
}

void cf_image_pattern(struct cf *c, uint64_t off, unsigned len, unsigned seed)
{
	(void)c;
	say("!pattern %u %u %u", (unsigned)off, len, seed);
	answer(NULL, 0);
}

/* No test of this machine asks for these. */
unsigned cf_image_syncs(struct cf *c)
{
	(void)c;
	return 0;
}

void cf_image_hold(struct cf *c, bool on)
{
	(void)c;
	(void)on;
}

unsigned cf_played_total(struct cf *c)
{
	(void)c;
	say("!played");
	return answer_number();
}

unsigned cf_played(struct cf *c, unsigned off, void *to, unsigned len)
{
	(void)c;
	say("!sound %u %u", off, len);
	return (unsigned)answer(to, len);
}

unsigned cf_silence(struct cf *c, unsigned off)
{
	(void)c;
	say("!silence %u", off);
	return answer_number();
}

/* ---- memory --------------------------------------------------------------- */

struct drv_mem cf_mem_in(struct cf *c, bool high, uint32_t len, uint32_t align)
{
	uint64_t *at = high ? &high_at : &low_at;
	uint64_t gpa = *at + rnd_below(&c->rnd, 4096);

	gpa = (gpa + align - 1) & ~(uint64_t)(align - 1);
	*at = gpa + len;
	memset((void *)gpa, 0, len);
	return (struct drv_mem){ (void *)gpa, gpa };
}

struct drv_mem cf_mem(struct cf *c, uint32_t len, uint32_t align)
{
	return cf_mem_in(c, rnd_chance(&c->rnd, 50), len, align);
}

struct drv_mem cf_big(struct cf *c)
{
	uint64_t gpa = low_at;

	(void)c;
	low_at += CF_BIG;
	return (struct drv_mem){ (void *)gpa, gpa };
}

uint64_t cf_hole(struct cf *c)
{
	(void)c;
	return 0xe0000000;
}

void cf_reach(struct cf *c, uint64_t at, uint32_t len)
{
	(void)c;
	if (at >> 32)
		map(at, len);
}

/* ---- interrupts and time -------------------------------------------------- */

static unsigned gsi_of(struct cf_dev *d)
{
	return drv_pci_cfg_get(&d->bus, 0x3c, 1);
}

/* The wire itself, as a PIC pin in level mode shows it. */
bool cf_line(struct cf *c, struct cf_dev *d)
{
	unsigned gsi = gsi_of(d);

	(void)c;
	outb(0x20, 0x0a);
	outb(0xa0, 0x0a);
	return inb(gsi < 8 ? 0x20 : 0xa0) >> (gsi & 7) & 1;
}

static void level_mode(void)
{
	/* 5, 10, 11 */
	outb(0x4d0, inb(0x4d0) | 0x20);
	outb(0x4d1, inb(0x4d1) | 0x0c);
}

static void intx(unsigned vector)
{
	(void)vector;
	cf_irq(&cf);
}

static void msi(unsigned vector)
{
	msi_hits[vector - CF_MSI]++;
}

void cf_irq_on(struct cf *c, struct cf_dev *d)
{
	irq_disable();
	c->irq_dev = d;
	c->irqs = 0;
	memset((void *)(uint64_t)c->isr, 0, sizeof(c->isr));
	ioapic_level(gsi_of(d), INTX_VECTOR);
	irq_enable();
}

void cf_irq_on_all(struct cf *c)
{
	irq_disable();
	c->irq_all = true;
	CF_EACH(c, d) {
		d->irqs = 0;
		ioapic_level(gsi_of(d), INTX_VECTOR);
	}
	irq_enable();
}

void cf_irq_off(struct cf *c)
{
	irq_disable();
	if (c->irq_dev)
		ioapic_mask(gsi_of(c->irq_dev));
	if (c->irq_all)
		CF_EACH(c, d)
			ioapic_mask(gsi_of(d));
	c->irq_dev = NULL;
	c->irq_all = false;
	irq_enable();
}

uint64_t cf_msi_addr(struct cf *c)
{
	(void)c;
	return msi_addr();
}

unsigned cf_msi_count(struct cf *c, unsigned v)
{
	(void)c;
	return msi_hits[v];
}

bool cf_pass(struct cf *c, unsigned n)
{
	(void)c;
	if (n == 0)
		waiting_since = now_us();
	__asm__ volatile("pause" : : : "memory");
	return n % 64 || now_us() - waiting_since < PATIENCE_US;
}

void cf_quiet(struct cf *c)
{
	(void)c;
	wait_us(5000);
}

/* ---- the other processor -------------------------------------------------- */

static void (*volatile beside_fn)(void *);
static void *volatile beside_arg;
static volatile bool beside_done;

static void beside(void)
{
	beside_fn(beside_arg);
	__atomic_store_n(&beside_done, true, __ATOMIC_RELEASE);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void cf_beside(struct cf *c, void (*fn)(void *), void *arg)
{
	beside_fn = fn;
	beside_arg = arg;
	beside_done = false;
	CHECK(c, cpu_start(1, beside));
}

void cf_join(struct cf *c)
{
	CF_UNTIL(c, __atomic_load_n(&beside_done, __ATOMIC_ACQUIRE));
}

void cf_elsewhere(struct cf *c, void (*fn)(void *), void *arg)
{
	cf_beside(c, fn, arg);
	cf_join(c);
}

/* ---- running them --------------------------------------------------------- */

/* A machine has its devices where its command line put them: in the order of
 * the ids; of the disks the second one has MSI-X. */
static bool find(void)
{
	static const struct { enum cf_kind kind; uint16_t id; uint8_t nth; }
	where[] = {
		{ CF_NET, 0x1041, 0 }, { CF_BLK, 0x1042, 0 },
		{ CF_MSIX, 0x1042, 1 }, { CF_KEYBOARD, 0x1052, 0 },
		{ CF_MOUSE, 0x1052, 1 }, { CF_TABLET, 0x1052, 2 },
		{ CF_SND, 0x1059, 0 },
	};

	for (unsigned i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct drv_bus *b = &cf.dev[where[i].kind].bus;
		struct pci_fn f;

		if (!ok(pci_find(0x1af4, where[i].id, where[i].nth, &f),
			"a device of id %x", where[i].id))
			return false;
		b->slot = f.slot;
		b->func = f.func;
	}
	return true;
}

static void begin(uint64_t seed)
{
	cf_irq_off(&cf);
	cf.rnd.s = seed;
	for (const char *s = now_running->name; *s; s++)
		cf.rnd.s = cf.rnd.s * 31 + (uint8_t)*s;
	low_at = LOW_ARENA + rnd_below(&cf.rnd, ARENA_LEN / 2);
	high_at = HIGH_ARENA + rnd_below(&cf.rnd, ARENA_LEN / 2);
	memset((void *)(uint64_t)msi_hits, 0, sizeof(msi_hits));
	cf_begin(&cf);
	say("!new");
	answer(NULL, 0);
}

static void run(const struct cf_test *t, uint64_t seed)
{
	now_running = t;
	if (__builtin_setjmp(failed) == 0) {
		begin(seed);
		t->fn(&cf);
		ok(true, "%s", t->name);
	}
}

void guest_main(void)
{
	uint64_t seed = param("seed", 1), only = param("only", 0);
	unsigned n = 0;

	outb(COM1 + 2, 1);              /* its FIFO holds what comes */
	map(HIGH_ARENA, ARENA_LEN);
	cf.where = CF_PCI | CF_GUEST;
	cf.hw = &rt_hw;
	for (unsigned k = 0; k < CF_KINDS; k++)
		cf.dev[k].bus.hw = cf.hw;
	level_mode();
	irq_handler(INTX_VECTOR, intx);
	for (unsigned v = 0; v < 4; v++)
		irq_handler(CF_MSI + v, msi);
	if (!find())
		return;
	for (unsigned p = 0; p < CF_PARTS; p++)
		for (const struct cf_test *t = cf_parts[p]; t->name; t++)
			if ((t->where & cf.where) == cf.where &&
			    (++n == only || !only))
				run(t, seed);
}
