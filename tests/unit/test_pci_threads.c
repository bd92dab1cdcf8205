/* Description: interrupts and BAR moves from several threads lose nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <sched.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define FIRES 50000
#define VECTORS 3
#define ENABLE 0x8000u
#define MASKALL 0x4000u

static unsigned get(unsigned *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void put(unsigned *p, unsigned val)
{
	__atomic_store_n(p, val, __ATOMIC_SEQ_CST);
}

/* ---- MSI-X --------------------------------------------------------------- */

/* A vector's events are numbered; its message stands for all so far. */
struct vector {
	unsigned happened;      /* by the device */
	unsigned seen;          /* by the guest, at the last message */
	unsigned messages;
};

struct msix_race {
	struct msi_sink sink;
	struct pci_rig rig;
	struct pci_fake dev;
	struct vector v[VECTORS];
	unsigned done;          /* threads that ended firing */
};

static void guest_irq(struct msi_sink *sink, uint64_t addr, uint32_t data)
{
	struct msix_race *r = (struct msix_race *)sink;

	(void)addr;
	put(&r->v[data].messages, get(&r->v[data].messages) + 1);
	put(&r->v[data].seen, get(&r->v[data].happened));
}

struct firing {
	struct msix_race *race;
	unsigned v, times;
};

static void *fire(void *arg)
{
	struct firing *f = arg;

	for (unsigned i = 1; i <= f->times; i++) {
		put(&f->race->v[f->v].happened, i);
		pci_msix_fire(&f->race->dev.pci, f->v);
	}
	__atomic_add_fetch(&f->race->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void mask(struct msix_race *r, unsigned v, bool on)
{
	pci_msix_table_write(&r->dev.pci, 16 * v + 12, 4, on);
}

static void control(struct msix_race *r, unsigned val)
{
	pci_cfg_write(&r->rig.bus, 3, 0, r->dev.pci.msix.cap + 2, 2, val);
}

static void master(struct msix_race *r, bool on)
{
	pci_cfg_write(&r->rig.bus, 3, 0, 4, 2, on ? 4 : 0);
}

/* No message of v arrives between what shuts it up and what lets it speak. */
static void quiet(struct msix_race *r, unsigned v)
{
	unsigned was = get(&r->v[v].messages);

	sched_yield();
	assert_int_equal(was, get(&r->v[v].messages));
}

static void mask_and_unmask(struct msix_race *r, unsigned round)
{
	unsigned v = round % VECTORS;

	switch (round / VECTORS % 3) {
	case 0:
		mask(r, v, true);
		quiet(r, v);
		mask(r, v, false);
		break;
	case 1:
		control(r, ENABLE | MASKALL);
		quiet(r, v);
		control(r, ENABLE);
		break;
	default:
		master(r, false);
		quiet(r, v);
		master(r, true);
	}
}

static void race_init(struct msix_race *r)
{
	r->sink.send = guest_irq;
	pci_rig_init(&r->rig);
	r->rig.bus.msi = &r->sink;
	pci_fake_init(&r->dev, "dev", 1);
	pci_fake_bar(&r->dev, 0, PCI_BAR_MEM32, 0x1000);
	assert_true(pci_add_msix(&r->dev.pci, VECTORS, 0, 0, 0x800) > 0);
	assert_int_equal(0, pci_add(&r->rig.bus, &r->dev.pci, 3, 0));
	master(r, true);
	control(r, ENABLE);
	for (unsigned v = 0; v < VECTORS; v++) {
		pci_msix_table_write(&r->dev.pci, 16 * v, 4, 0xfee00000);
		pci_msix_table_write(&r->dev.pci, 16 * v + 8, 4, v);
		mask(r, v, false);
	}
}

static void msix_loses_nothing(void **state)
{
	static struct msix_race race;
	struct firing f[VECTORS];
	pthread_t t[VECTORS];
	unsigned round = 0;

	(void)state;
	race_init(&race);
	for (unsigned v = 0; v < VECTORS; v++) {
		f[v] = (struct firing){ &race, v, FIRES };
		assert_int_equal(0, pthread_create(&t[v], NULL, fire, &f[v]));
	}
	while (get(&race.done) < VECTORS || round < 1000)
		mask_and_unmask(&race, round++);
	for (unsigned v = 0; v < VECTORS; v++)
		pthread_join(t[v], NULL);
	/* everything is unmasked: nothing may be left waiting */
	assert_int_equal(0, pci_msix_pba_read(&race.dev.pci, 0, 4));
	for (unsigned v = 0; v < VECTORS; v++) {
		assert_int_equal(FIRES, race.v[v].seen);
		assert_true(race.v[v].messages <= FIRES);
	}
	pci_rig_fini(&race.rig);
}

/* However often it happened behind the mask, and whatever is written meanwhile:
 * one message, at the first moment it may leave. */
static void msix_doubles_nothing(void **state)
{
	static struct msix_race race;
	struct firing f = { &race, 0, 10 };

	(void)state;
	race_init(&race);
	for (unsigned i = 1; i <= 300; i++) {
		pthread_t t;

		mask(&race, 0, true);
		assert_int_equal(0, pthread_create(&t, NULL, fire, &f));
		for (unsigned k = 0; k < 3; k++) {
			mask(&race, 0, true);
			control(&race, ENABLE);
		}
		pthread_join(t, NULL);
		assert_int_equal(i - 1, race.v[0].messages);
		mask(&race, 0, false);
		mask(&race, 0, false);
		control(&race, ENABLE);
		assert_int_equal(i, race.v[0].messages);
	}
	pci_rig_fini(&race.rig);
}

/* ---- INTx ---------------------------------------------------------------- */

struct intx_race {
	struct pci_rig rig;
	struct pci_fake dev[2];         /* slots 3 and 6: one line */
	unsigned done;
};

struct wishing {
	struct intx_race *race;
	struct pci_dev *dev;
	bool last;
};

static void *wish(void *arg)
{
	struct wishing *w = arg;

	for (unsigned i = 0; i < FIRES; i++)
		pci_intx(w->dev, i % 2);
	pci_intx(w->dev, w->last);
	__atomic_add_fetch(&w->race->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void intx_settles(void **state)
{
	for (unsigned last = 0; last < 4; last++) {
		static struct intx_race r;
		struct wishing w[2];
		pthread_t t[2];

		(void)state;
		r.done = 0;
		pci_rig_init(&r.rig);
		for (unsigned i = 0; i < 2; i++) {
			pci_fake_init(&r.dev[i], "dev", 1);
			assert_int_equal(0, pci_add(&r.rig.bus, &r.dev[i].pci,
						    i ? 6 : 3, 0));
			w[i] = (struct wishing){
				&r, &r.dev[i].pci, last >> i & 1 };
			assert_int_equal(0, pthread_create(&t[i], NULL, wish,
							   &w[i]));
		}
		do {
			pci_cfg_write(&r.rig.bus, 3, 0, 4, 2, 0x400);
			(void)pci_cfg_read(&r.rig.bus, 6, 0, 6, 2);
			pci_cfg_write(&r.rig.bus, 3, 0, 4, 2, 0);
		} while (get(&r.done) < 2);
		for (unsigned i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		assert_int_equal(last != 0, r.rig.line[1].level);
		assert_int_equal(r.rig.line[1].calls, r.rig.line[1].raised +
				 r.rig.line[1].lowered);
		pci_rig_fini(&r.rig);
		assert_false(r.rig.line[1].level);
	}
}

/* ---- BARs ---------------------------------------------------------------- */

struct bar_race {
	struct pci_rig rig;
	struct pci_fake dev;
	unsigned done, wrong;
};

static const uint64_t bases[] = { 0xe0000000, 0xe0001000, 0x800000000 };

/* Every access finds the BAR with its own offset, or nobody. */
static void *access_bar(void *arg)
{
	struct bar_race *r = arg;
	unsigned found = 0;

	for (unsigned i = 0; i < FIRES || found < 1000; i++) {
		uint64_t val = 0;

		/* One byte: a wider access that finds nobody is tried again
		 * byte by byte, and somebody may have come by then. */
		if (!iospace_rw(&r->rig.mmio, bases[i % 3] + 0x10, 1, &val,
				false))
			continue;
		found++;
		r->wrong += (val & 0xff) != 0x21;
	}
	put(&r->done, 1);
	return NULL;
}

static void bar_moves_under_access(void **state)
{
	static struct bar_race r;
	unsigned round = 0;
	pthread_t t;

	(void)state;
	pci_rig_init(&r.rig);
	pci_fake_init(&r.dev, "dev", 1);
	pci_fake_bar(&r.dev, 0, PCI_BAR_MEM64, 0x1000);
	assert_int_equal(0, pci_add(&r.rig.bus, &r.dev.pci, 3, 0));
	pci_cfg_write(&r.rig.bus, 3, 0, 0x10, 4, (uint32_t)bases[0]);
	pci_cfg_write(&r.rig.bus, 3, 0, 4, 2, 2);
	assert_int_equal(0, pthread_create(&t, NULL, access_bar, &r));
	while (!get(&r.done)) {
		uint64_t to = bases[++round % 3];

		if (round % 8 == 0)
			pci_cfg_write(&r.rig.bus, 3, 0, 4, 2, 0);
		pci_cfg_write(&r.rig.bus, 3, 0, 0x14, 4, (uint32_t)(to >> 32));
		pci_cfg_write(&r.rig.bus, 3, 0, 0x10, 4, (uint32_t)to);
		pci_cfg_write(&r.rig.bus, 3, 0, 4, 2, 2);
	}
	pthread_join(t, NULL);
	assert_int_equal(0, r.wrong);
	assert_true(r.dev.bar[0].base == bases[round % 3]);
	pci_rig_fini(&r.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msix_loses_nothing),
		cmocka_unit_test(msix_doubles_nothing),
		cmocka_unit_test(intx_settles),
		cmocka_unit_test(bar_moves_under_access),
	};

	return cmocka_run_group_tests_name("pci_threads", tests, NULL, NULL);
}
