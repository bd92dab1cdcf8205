/*
 * Description: an access reaches the region that owns its address, whole where
 * it fits, and regions may come, go and move meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/iospace.h"
#include "tests/lib/rnd.h"

struct part {
	struct io_region r;
	struct iospace *space;
	uint8_t tag;
	unsigned reads, writes, last_size;
	uint64_t last_off, last_val;
	void (*act)(struct part *);
};

static uint64_t tagged(uint8_t tag, uint64_t off, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)(uint8_t)(tag + off + i) << (8 * i);
	return v;
}

static uint64_t part_read(void *ctx, uint64_t off, unsigned size)
{
	struct part *p = ctx;

	assert_true(off < p->r.len && size <= p->r.len - off);
	p->reads++;
	p->last_off = off;
	p->last_size = size;
	if (p->act)
		p->act(p);
	return tagged(p->tag, off, size);
}

static void part_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct part *p = ctx;

	assert_true(off < p->r.len && size <= p->r.len - off);
	p->writes++;
	p->last_off = off;
	p->last_size = size;
	p->last_val = val;
	if (p->act)
		p->act(p);
}

static const struct io_ops part_ops = { part_read, part_write };

static void part_init(struct part *p, struct iospace *s, uint64_t base,
		      uint64_t len, uint8_t tag)
{
	*p = (struct part){
		.r = { base, len, &part_ops, p, "part" }, .space = s,
		.tag = tag,
	};
}

static uint64_t get(struct iospace *s, uint64_t addr, unsigned size)
{
	uint64_t v = 0x1111111111111111;

	iospace_rw(s, addr, size, &v, false);
	return size < 8 ? v & ((UINT64_C(1) << 8 * size) - 1) : v;
}

static bool answered(struct iospace *s, uint64_t addr, unsigned size, bool wr)
{
	uint64_t v = 0;

	return iospace_rw(s, addr, size, &v, wr);
}

static void whole_accesses_stay_whole(void **state)
{
	struct iospace s;
	struct part p;

	(void)state;
	iospace_init(&s);
	part_init(&p, &s, 0x1000, 0x100, 0x20);
	assert_int_equal(0, iospace_add(&s, &p.r));
	for (unsigned size = 1; size <= 8; size *= 2) {
		uint64_t off = 0x100 - size, v = 0x8877665544332211;

		assert_int_equal(tagged(0x20, off, size),
				 get(&s, 0x1000 + off, size));
		assert_int_equal(off, p.last_off);
		assert_int_equal(size, p.last_size);
		assert_true(iospace_rw(&s, 0x1000, size, &v, true));
		assert_int_equal(size, p.last_size);
		assert_int_equal(0, p.last_off);
		assert_int_equal(0x8877665544332211, v);
	}
	assert_int_equal(4, p.reads);
	assert_int_equal(4, p.writes);
}

static void nobody_answers_all_ones(void **state)
{
	struct iospace s;
	struct part p;

	(void)state;
	iospace_init(&s);
	part_init(&p, &s, 0x1000, 4, 0);
	assert_int_equal(0xffff, get(&s, 0x1000, 2));
	assert_int_equal(0, iospace_add(&s, &p.r));
	assert_int_equal(UINT64_MAX, get(&s, 0x2000, 8));
	assert_false(answered(&s, 0x0ff8, 8, false));
	assert_false(answered(&s, 0x1004, 4, true));
	assert_int_equal(0, p.reads + p.writes);
	iospace_del(&s, &p.r);
	iospace_del(&s, &p.r);
	assert_false(answered(&s, 0x1000, 4, false));
}

static void accesses_across_an_edge_go_byte_by_byte(void **state)
{
	struct part a, b;
	uint64_t v = 0x0807060504030201;
	struct iospace s;

	(void)state;
	iospace_init(&s);
	part_init(&a, &s, 0x1000, 6, 0x20);
	part_init(&b, &s, 0x1008, 8, 0x40);
	assert_int_equal(0, iospace_add(&s, &a.r));
	assert_int_equal(0, iospace_add(&s, &b.r));
	/* Two of a, two of nobody, four of b. */
	assert_int_equal(0x43424140ffff2524, get(&s, 0x1004, 8));
	assert_int_equal(2, a.reads);
	assert_int_equal(4, b.reads);
	assert_int_equal(1, b.last_size);
	assert_true(iospace_rw(&s, 0x1004, 8, &v, true));
	assert_int_equal(2, a.writes);
	assert_int_equal(2, a.last_val);
	assert_int_equal(8, b.last_val);
	/* From below into a region. */
	assert_int_equal(0x20ff, get(&s, 0x0fff, 2));
	assert_true(answered(&s, 0x0ffd, 4, false));
}

static void the_first_one_added_wins(void **state)
{
	struct part a, b;
	struct iospace s;

	(void)state;
	iospace_init(&s);
	part_init(&a, &s, 0x1000, 0x10, 0x20);
	part_init(&b, &s, 0x0ff8, 0x20, 0x80);
	assert_int_equal(0, iospace_add(&s, &a.r));
	assert_int_equal(0, iospace_add(&s, &b.r));
	assert_int_equal(0x20, get(&s, 0x1000, 1));
	assert_int_equal(0x80, get(&s, 0x0ff8, 1));
	assert_int_equal(0x98, get(&s, 0x1010, 1));
	/* Where the access begins decides: so 0xCF8 and 0xCF9 live together. */
	assert_int_equal(0x89888786, get(&s, 0x0ffe, 4));
	iospace_del(&s, &a.r);
	assert_int_equal(0x8c8b8a89, get(&s, 0x1001, 4));
}

static void regions_at_the_ends_of_the_space(void **state)
{
	struct part low, high;
	struct iospace s;

	(void)state;
	iospace_init(&s);
	part_init(&low, &s, 0, 4, 0x10);
	part_init(&high, &s, UINT64_MAX - 3, 4, 0x60);
	assert_int_equal(0, iospace_add(&s, &low.r));
	assert_int_equal(0, iospace_add(&s, &high.r));
	assert_int_equal(0x63626160, get(&s, UINT64_MAX - 3, 4));
	assert_int_equal(0x13121110, get(&s, 0, 4));
	assert_true(answered(&s, UINT64_MAX - 1, 2, true));
	assert_int_equal(2, high.last_off);
}

static void delete_self(struct part *p)
{
	iospace_del(p->space, &p->r);
}

static void move_self(struct part *p)
{
	iospace_move(p->space, &p->r, p->r.base + 0x1000);
}

static void handlers_may_change_the_space(void **state)
{
	struct iospace s;
	struct part p;

	(void)state;
	iospace_init(&s);
	part_init(&p, &s, 0x1000, 8, 1);
	p.act = move_self;
	assert_int_equal(0, iospace_add(&s, &p.r));
	assert_true(answered(&s, 0x1000, 4, true));
	assert_false(answered(&s, 0x1000, 4, true));
	p.act = delete_self;
	assert_true(answered(&s, 0x2004, 4, false));
	assert_false(answered(&s, 0x2004, 4, false));
	assert_int_equal(0, s.n);
}

static void the_table_has_an_end(void **state)
{
	static struct part p[IOSPACE_MAX + 1];
	struct iospace s;

	(void)state;
	iospace_init(&s);
	for (unsigned i = 0; i <= IOSPACE_MAX; i++)
		part_init(&p[i], &s, 0x100 * i, 0x100, (uint8_t)i);
	for (unsigned i = 0; i < IOSPACE_MAX; i++)
		assert_int_equal(0, iospace_add(&s, &p[i].r));
	assert_int_equal(-ENOSPC, iospace_add(&s, &p[IOSPACE_MAX].r));
	for (unsigned i = 0; i < IOSPACE_MAX; i += 2)
		iospace_del(&s, &p[i].r);
	for (unsigned i = 0; i < IOSPACE_MAX; i++)
		assert_int_equal(i % 2, answered(&s, 0x100 * i, 4, false));
	assert_int_equal(0, iospace_add(&s, &p[IOSPACE_MAX].r));
}

/* ---- against a model ------------------------------------------------------ */

#define REGIONS 12
#define SPACE 64        /* bytes */

struct model {
	struct iospace s;
	struct part p[REGIONS];
	unsigned order[REGIONS], n;     /* added, in that order */
};

static struct part *owner(struct model *m, uint64_t addr)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct part *p = &m->p[m->order[i]];

		if (addr - p->r.base < p->r.len)
			return p;
	}
	return NULL;
}

static void toggle(struct model *m, unsigned i, struct rnd *rnd)
{
	for (unsigned k = 0; k < m->n; k++) {
		if (m->order[k] != i)
			continue;
		iospace_del(&m->s, &m->p[i].r);
		m->n--;
		memmove(&m->order[k], &m->order[k + 1],
			(m->n - k) * sizeof(m->order[0]));
		return;
	}
	part_init(&m->p[i], &m->s, rnd_below(rnd, SPACE),
		  1 + rnd_below(rnd, 16), (uint8_t)(i * 20));
	m->order[m->n++] = i;
	assert_int_equal(0, iospace_add(&m->s, &m->p[i].r));
}

static void reads_find_what_a_bus_would(void **state)
{
	static struct model m;
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "iospace");
	iospace_init(&m.s);
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t addr = rnd_below(&rnd, SPACE + 8), want = 0;
		unsigned size = 1u << rnd_below(&rnd, 4);
		bool any = false;

		if (rnd_chance(&rnd, 10))
			toggle(&m, rnd_below(&rnd, REGIONS), &rnd);
		if (m.n && rnd_chance(&rnd, 5)) {
			struct part *p = &m.p[m.order[rnd_below(&rnd, m.n)]];

			iospace_move(&m.s, &p->r, rnd_below(&rnd, SPACE));
		}
		for (unsigned k = 0; k < size; k++) {
			struct part *p = owner(&m, addr);

			if (!p || addr + size - p->r.base > p->r.len)
				p = owner(&m, addr + k);
			any |= p != NULL;
			want |= (p ? tagged(p->tag, addr + k - p->r.base, 1)
				   : 0xff) << (8 * k);
		}
		assert_int_equal(want, get(&m.s, addr, size));
		assert_int_equal(any, answered(&m.s, addr, size, true));
	}
}

/* ---- threads -------------------------------------------------------------- */

struct mover {
	struct iospace s;
	struct io_region still, moving;
	bool stop;              /* atomic */
	unsigned wrong;
};

static uint64_t say_off(void *ctx, uint64_t off, unsigned size)
{
	(void)ctx;
	(void)size;
	return 0x5a00 | off;
}

static void ignore(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	(void)ctx;
	(void)off;
	(void)size;
	(void)val;
}

static void *look(void *arg)
{
	struct mover *m = arg;
	unsigned wrong = 0;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		uint64_t v = 0;

		/* The still one is always there. */
		wrong += !iospace_rw(&m->s, 0x100004, 4, &v, false) ||
			 v != 0x5a04;
		/* The moving one is at its old or its new place, or away. */
		if (iospace_rw(&m->s, 0x2008, 4, &v, false))
			wrong += v != 0x5a08;
	}
	__atomic_fetch_add(&m->wrong, wrong, __ATOMIC_SEQ_CST);
	return NULL;
}

static void changes_under_other_threads(void **state)
{
	static const struct io_ops ops = { say_off, ignore };
	pthread_t t[2];
	struct mover m = {
		.still = { 0x100000, 0x10, &ops, NULL, "still" },
		.moving = { 0x1000, 0x100, &ops, NULL, "moving" },
	};

	(void)state;
	iospace_init(&m.s);
	assert_int_equal(0, iospace_add(&m.s, &m.moving));
	assert_int_equal(0, iospace_add(&m.s, &m.still));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, look, &m));
	for (unsigned i = 0; i < 30000; i++) {
		iospace_move(&m.s, &m.moving, i % 2 ? 0x1000 : 0x2000);
		if (i % 16 == 0) {
			iospace_del(&m.s, &m.moving);
			assert_int_equal(0, iospace_add(&m.s, &m.moving));
		}
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(0, m.wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_accesses_stay_whole),
		cmocka_unit_test(nobody_answers_all_ones),
		cmocka_unit_test(accesses_across_an_edge_go_byte_by_byte),
		cmocka_unit_test(the_first_one_added_wins),
		cmocka_unit_test(regions_at_the_ends_of_the_space),
		cmocka_unit_test(handlers_may_change_the_space),
		cmocka_unit_test(the_table_has_an_end),
		cmocka_unit_test(reads_find_what_a_bus_would),
		cmocka_unit_test(changes_under_other_threads),
	};

	return cmocka_run_group_tests_name("iospace", tests, NULL, NULL);
}
