/*
 * Description: MSI-X vectors that are used get an eventfd each, which sends what
 * the table says and nothing while it may not.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define N 3
#define ENABLE 0x8000u
#define BUS_MASTER 4
#define ADDR 0xfee01000u
#define DATA 0x4031u
#define ENOUGH 100              /* messages until there must be a wire */

/* What the sink was asked for, one wire at most. */
static struct {
	unsigned wired, unwired;
	int fd, err;
	uint64_t addr;
	uint32_t data;
} seen;

static int wire(struct msi_sink *sink, struct msi_wire *w, uint64_t addr,
		uint32_t data)
{
	(void)sink;
	seen.wired++;
	if (seen.err)
		return seen.err;
	if (w->fd < 0) {
		assert_int_equal(-1, seen.fd);
		w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(w->fd >= 0);
	}
	seen.fd = w->fd;
	seen.addr = addr;
	seen.data = data;
	return 0;
}

static void unwire(struct msi_sink *sink, struct msi_wire *w)
{
	(void)sink;
	assert_int_equal(seen.fd, w->fd);
	seen.unwired++;
	close(w->fd);
	w->fd = seen.fd = -1;
}

/* Messages that the wire has sent since this was asked last. */
static uint64_t by_wire(void)
{
	uint64_t n = 0;

	if (seen.fd < 0 || read(seen.fd, &n, sizeof(n)) < 0)
		return 0;
	return n;
}

struct fix {
	struct pci_rig rig;
	struct pci_fake a;
	struct pci_dev *d;
	unsigned control;
};

static void entry(struct fix *f, unsigned v, uint64_t addr, uint32_t data)
{
	pci_msix_table_write(f->d, 16 * v, 4, (uint32_t)addr);
	pci_msix_table_write(f->d, 16 * v + 4, 4, (uint32_t)(addr >> 32));
	pci_msix_table_write(f->d, 16 * v + 8, 4, data);
	pci_msix_table_write(f->d, 16 * v + 12, 4, 0);
}

static void mask(struct fix *f, unsigned v, bool on)
{
	pci_msix_table_write(f->d, 16 * v + 12, 4, on);
}

static void command(struct fix *f, unsigned val)
{
	pci_rig_put(&f->rig, 3, 0, 4, 2, val);
}

static void fire(struct fix *f, unsigned v, unsigned n)
{
	while (n-- > 0)
		pci_msix_fire(f->d, v);
}

static int setup(void **state)
{
	static struct fix fix;
	struct fix *f = &fix;
	int cap;

	memset(&seen, 0, sizeof(seen));
	seen.fd = -1;
	pci_rig_init(&f->rig);
	f->rig.msi.sink.wire = wire;
	f->rig.msi.sink.unwire = unwire;
	pci_fake_init(&f->a, "a", 1);
	f->d = &f->a.pci;
	pci_fake_bar(&f->a, 0, PCI_BAR_MEM64, 0x4000);
	cap = pci_add_msix(f->d, N, 0, 0x3100, 0x3800);
	assert_true(cap > 0);
	f->control = (unsigned)cap + 2;
	assert_int_equal(0, pci_add(&f->rig.bus, f->d, 3, 0));
	command(f, BUS_MASTER);
	entry(f, 1, ADDR, DATA);
	pci_rig_put(&f->rig, 3, 0, f->control, 2, ENABLE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pci_dev_fini(f->d);
	assert_int_equal(-1, seen.fd);
	pci_rig_fini(&f->rig);
	return 0;
}

/* Vector 1 has its wire, and all its messages went out one way or the other. */
static void warm_up(struct fix *f)
{
	fire(f, 1, ENOUGH);
	assert_int_equal(1, seen.wired);
	assert_int_equal(ENOUGH, by_wire() + msi_probe_n(&f->rig.msi));
	assert_true(seen.addr == ADDR && seen.data == DATA);
}

static void a_few_messages_need_no_wire(void **state)
{
	struct fix *f = *state;

	fire(f, 1, 8);
	assert_int_equal(0, seen.wired);
	assert_int_equal(8, msi_probe_n(&f->rig.msi));
}

static void many_have_one(void **state)
{
	struct fix *f = *state;
	unsigned sent;

	warm_up(f);
	sent = msi_probe_n(&f->rig.msi);
	fire(f, 1, 50);
	assert_int_equal(50, by_wire());
	assert_int_equal(sent, msi_probe_n(&f->rig.msi));
}

static void a_mask_holds_it_back(void **state)
{
	struct fix *f = *state;
	unsigned sent;

	warm_up(f);
	sent = msi_probe_n(&f->rig.msi);
	mask(f, 1, true);
	fire(f, 1, 3);
	assert_int_equal(0, by_wire());
	assert_int_equal(2, pci_msix_pba_read(f->d, 0, 4));
	mask(f, 1, false);
	assert_int_equal(1, by_wire());
	assert_int_equal(0, pci_msix_pba_read(f->d, 0, 4));
	command(f, 0);
	fire(f, 1, 1);
	assert_int_equal(0, by_wire());
	command(f, BUS_MASTER);
	assert_int_equal(1, by_wire());
	pci_rig_put(&f->rig, 3, 0, f->control, 2, 0);
	fire(f, 1, 1);
	pci_rig_put(&f->rig, 3, 0, f->control, 2, ENABLE);
	assert_int_equal(0, by_wire());
	assert_int_equal(1, seen.wired);
	assert_int_equal(sent, msi_probe_n(&f->rig.msi));
}

/* From the very next message on; the wire follows in time. */
static void another_message_is_sent_at_once(void **state)
{
	static const struct { uint64_t addr; uint32_t data; } other[] = {
		{ ADDR, DATA + 1 }, { ADDR + 0x1000, DATA + 1 },
		{ ADDR | UINT64_C(1) << 32, DATA },
	};
	struct fix *f = *state;

	warm_up(f);
	for (unsigned i = 0; i < 3; i++) {
		unsigned sent = msi_probe_n(&f->rig.msi);
		struct msi_probe_msg msg;

		entry(f, 1, other[i].addr, other[i].data);
		fire(f, 1, 1);
		assert_int_equal(0, by_wire());
		assert_int_equal(sent + 1, msi_probe_n(&f->rig.msi));
		msg = msi_probe_msg(&f->rig.msi, sent);
		assert_true(msg.addr == other[i].addr &&
			    msg.data == other[i].data);
		fire(f, 1, ENOUGH);
		assert_int_equal(2 + i, seen.wired);
		assert_true(seen.addr == other[i].addr &&
			    seen.data == other[i].data);
		assert_int_equal(ENOUGH + 1, by_wire() +
				 msi_probe_n(&f->rig.msi) - sent);
	}
	assert_int_equal(0, seen.unwired);
}

/* There and back again is not the wire's message until it is settled. */
static void a_table_in_motion_costs_no_wires(void **state)
{
	struct fix *f = *state;

	for (unsigned i = 0; i < ENOUGH; i++) {
		entry(f, 1, ADDR, DATA + i % 2);
		fire(f, 1, 4);
	}
	assert_int_equal(0, seen.wired);
	assert_int_equal(4 * ENOUGH, msi_probe_n(&f->rig.msi));
}

static void without_a_wire_it_goes_on(void **state)
{
	struct fix *f = *state;

	seen.err = -ENOSPC;
	fire(f, 1, 5 * ENOUGH);
	assert_int_equal(1, seen.wired);
	assert_int_equal(5 * ENOUGH, msi_probe_n(&f->rig.msi));
}

/* ---- somebody outside who writes to it ---------------------------------------- */

static struct told {
	struct msi_feed feed;
	int fd;
	unsigned n;
} told[2];

static void tell(struct msi_feed *f, int fd)
{
	struct told *t = f == &told[0].feed ? &told[0] : &told[1];

	/* A wire that is there. */
	assert_true(fd < 0 || fd == seen.fd);
	t->fd = fd;
	t->n++;
}

static void feed_both(struct fix *f)
{
	for (unsigned i = 0; i < 2; i++) {
		if (told[i].feed.to == NULL)
			told[i] = (struct told){ .feed.to = tell, .fd = -1 };
		pci_msix_feed(f->d, 1, i, &told[i].feed);
	}
}

static void assert_fed(bool yes)
{
	assert_int_equal(yes ? seen.fd : -1, told[0].fd);
	assert_int_equal(yes ? seen.fd : -1, told[1].fd);
}

static void what_ends_it(struct fix *f, unsigned how)
{
	switch (how) {
	case 0: mask(f, 1, true); break;
	case 1: entry(f, 1, ADDR, DATA + 1); break;
	case 2: command(f, 0); break;
	case 3: pci_rig_put(&f->rig, 3, 0, f->control, 2, 0); break;
	case 4: pci_rig_put(&f->rig, 3, 0, f->control, 2, ENABLE | 0x4000); break;
	default: pci_bus_reset(&f->rig.bus); break;
	}
}

static void a_wire_is_lent_while_it_may_be_written(void **state)
{
	struct fix *f = *state;

	memset(told, 0, sizeof(told));
	feed_both(f);
	assert_fed(false);              /* there is none yet */
	warm_up(f);
	for (unsigned how = 0; how < 6; how++) {
		feed_both(f);
		assert_fed(true);
		feed_both(f);           /* told once */
		assert_int_equal(2 * how + 1, told[0].n);
		what_ends_it(f, how);
		assert_fed(false);
		feed_both(f);
		assert_fed(false);      /* not yet */
		command(f, BUS_MASTER);
		entry(f, 1, ADDR, DATA);
		pci_rig_put(&f->rig, 3, 0, f->control, 2, ENABLE);
		fire(f, 1, ENOUGH);
	}
}

static void one_may_leave(void **state)
{
	struct fix *f = *state;

	memset(told, 0, sizeof(told));
	warm_up(f);
	feed_both(f);
	pci_msix_unfeed(f->d, 0);
	assert_int_equal(-1, told[0].fd);
	assert_int_equal(seen.fd, told[1].fd);
	pci_msix_unfeed(f->d, 0);
	pci_msix_unfeed(f->d, 1);
	assert_fed(false);
	assert_int_equal(2, told[0].n);
	pci_msix_feed(f->d, N, 0, &told[0].feed);       /* no such vector */
	assert_fed(false);
}

static void a_reset_takes_it_down(void **state)
{
	struct fix *f = *state;

	warm_up(f);
	pci_bus_reset(&f->rig.bus);
	assert_int_equal(1, seen.unwired);
	assert_int_equal(-1, seen.fd);
	command(f, BUS_MASTER);
	entry(f, 1, ADDR, DATA);
	pci_rig_put(&f->rig, 3, 0, f->control, 2, ENABLE);
	fire(f, 1, ENOUGH);
	assert_int_equal(2, seen.wired);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_few_messages_need_no_wire),
		TEST(many_have_one),
		TEST(a_mask_holds_it_back),
		TEST(another_message_is_sent_at_once),
		TEST(a_table_in_motion_costs_no_wires),
		TEST(without_a_wire_it_goes_on),
		TEST(a_wire_is_lent_while_it_may_be_written),
		TEST(one_may_leave),
		TEST(a_reset_takes_it_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
