/*
 * Description: a host that moves less than it was asked for, is interrupted or
 * cannot do zeroes changes nothing in what a request does.
 *
 * SEED=number in the environment repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/block/blkio_int.h"
#include "tests/lib/rnd.h"
#include "tests/lib/step.h"

#define SIZE (3u << 20)

/* ---- a host that is in no hurry ------------------------------------------- */

static struct {
	struct rnd rnd;
	unsigned calls, shorts;
	int always;             /* every call ends so; 0: at random */
	bool no_zeroes;
	uint32_t align;         /* of what it accepts; 1: anything */
} host;

static int64_t move(const struct blkio_req *r)
{
	uint8_t *at = (uint8_t *)r->chan->img->mem + r->off + r->moved;
	size_t all = iov_len(r->piece, r->npiece), n = all;

	assert_true(r->npiece > 0 && all > 0);
	assert_true(r->moved + all <= r->len);
	for (unsigned i = 0; i < r->npiece; i++) {
		assert_int_equal(0, (uintptr_t)r->piece[i].iov_base %
				 host.align);
		assert_int_equal(0, r->piece[i].iov_len % host.align);
	}
	if (rnd_chance(&host.rnd, 70)) {
		n = 1 + rnd_below(&host.rnd, (uint32_t)all);
		n = host.align > 1 ? (n + host.align - 1) / host.align *
				     host.align : n;
		host.shorts += n < all;
	}
	if (r->op == BLKIO_READ)
		iov_put(r->piece, r->npiece, 0, at, n);
	else
		iov_get(r->piece, r->npiece, 0, at, n);
	return (int64_t)n;
}

static int64_t call(const struct blkio_req *r)
{
	host.calls++;
	if (host.always)
		return host.always;
	if (rnd_chance(&host.rnd, 10))
		return rnd_chance(&host.rnd, 50) ? -EINTR : -EAGAIN;
	if (blkio_moves(r))
		return move(r);
	if (r->op == BLKIO_FLUSH)
		return 0;
	if (host.no_zeroes)
		return -EOPNOTSUPP;
	if (r->op != BLKIO_DISCARD)
		memset((uint8_t *)r->chan->img->mem + r->off, 0, r->len);
	return 0;
}

static void submit(struct blkio_chan *c, struct blkio_req *r)
{
	(void)c;
	while (blkio_account(r, call(r)))
		;
	blkio_finish(r);
}

static const struct blkio_ops slow_ops = { .submit = submit };

/* ---- the bench ------------------------------------------------------------ */

struct bench {
	struct loop *l;
	struct blkio *img;
	struct blkio_chan chan;
	uint8_t *model;
	bool done;
	int err;
	struct blkio_req req;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	BUG_ON(!b || loop_create(&b->l, "io", 0));
	BUG_ON(blkio_mem_open(&b->img, SIZE, 512));
	b->img->ops = &slow_ops;
	BUG_ON(blkio_chan_init(&b->chan, b->img, b->l));
	b->model = calloc(1, SIZE);
	memset(&host, 0, sizeof(host));
	host.align = 1;
	rnd_init(&host.rnd, "blkio_short");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	blkio_chan_fini(&b->chan);
	blkio_close(b->img);
	loop_destroy(b->l);
	free(b->model);
	free(b);
	return 0;
}

static void on_done(struct blkio_req *r, int err)
{
	struct bench *b = container_of(r, struct bench, req);

	assert_false(b->done);
	b->done = true;
	b->err = err;
}

static int run(struct bench *b, enum blkio_op op, uint64_t off, uint64_t len,
	       struct iovec *iov, unsigned n)
{
	b->done = false;
	b->req = (struct blkio_req){ .op = op, .off = off, .len = len,
				     .iov = iov, .niov = n, .done = on_done };
	blkio_submit(&b->chan, &b->req);
	assert_false(b->done);
	step_settle(b->l);
	assert_true(b->done);
	return b->err;
}

/* A list over buf whose pieces are of any length, zero excepted. */
static unsigned cut(uint8_t *buf, uint32_t len, struct iovec *iov, unsigned max)
{
	unsigned n = 0;

	while (len) {
		uint32_t part = n + 1 == max || rnd_chance(&host.rnd, 20) ?
				len : 1 + rnd_below(&host.rnd, len);

		iov[n++] = (struct iovec){ buf, part };
		buf += part;
		len -= part;
	}
	return n;
}

static void play(struct bench *b, unsigned rounds)
{
	uint8_t *buf = malloc(SIZE + 1);

	for (unsigned i = 0; i < rounds; i++) {
		uint32_t len = 512 * rnd_range(&host.rnd, 1,
			rnd_chance(&host.rnd, 10) ? 5000 : 20);
		uint64_t off = 512 * (uint64_t)rnd_below(&host.rnd,
						(SIZE - len) / 512 + 1);
		enum blkio_op op = (enum blkio_op)rnd_below(&host.rnd, 6);
		struct iovec iov[12];
		unsigned n = 0;

		if (op <= BLKIO_WRITE) {
			rnd_fill(&host.rnd, buf, len + 1);
			n = cut(buf + i % 2, len, iov, 12);
		}
		if (op == BLKIO_WRITE)
			memcpy(b->model + off, buf + i % 2, len);
		if (op >= BLKIO_ZEROES)
			memset(b->model + off, 0, len);
		assert_int_equal(0, run(b, op, off, len, iov, n));
		if (op == BLKIO_READ)
			assert_int_equal(0, memcmp(b->model + off, buf + i % 2,
						   len));
	}
	assert_int_equal(0, memcmp(b->model, b->img->mem, SIZE));
	assert_true(host.shorts > rounds / 10);
	free(buf);
}

static void any_number_of_bytes_a_call(void **state)
{
	play(*state, 3000);
}

static void through_a_bounce_buffer(void **state)
{
	struct bench *b = *state;

	/* What O_DIRECT would ask for. */
	b->img->direct = true;
	b->img->mem_align = b->img->off_align = host.align = 512;
	play(b, 1500);
}

static void zeroes_by_hand(void **state)
{
	struct bench *b = *state;

	host.no_zeroes = true;
	play(b, 1500);
	/* Longer than one bounce buffer. */
	memset(b->img->mem, 0xff, SIZE);
	assert_int_equal(0, run(b, BLKIO_ZEROES, 512, SIZE - 1024, NULL, 0));
	for (unsigned i = 0; i < SIZE; i++)
		if (((uint8_t *)b->img->mem)[i] !=
		    (i < 512 || i >= SIZE - 512 ? 0xff : 0))
			fail_msg("byte %u", i);
	/* Discarding is advice only. */
	host.calls = 0;
	host.always = -EOPNOTSUPP;
	assert_int_equal(0, run(b, BLKIO_DISCARD, 0, SIZE, NULL, 0));
	assert_int_equal(1, host.calls);
	/* Nothing else is. */
	assert_int_equal(-EOPNOTSUPP, run(b, BLKIO_FLUSH, 0, 0, NULL, 0));
}

static void a_host_that_is_always_busy(void **state)
{
	static const int busy[] = { -EAGAIN, -EINTR };
	struct bench *b = *state;
	uint8_t buf[512];

	for (unsigned i = 0; i < 2; i++) {
		struct iovec iov = { buf, 512 };

		host.always = busy[i];
		host.calls = 0;
		assert_int_equal(busy[i], run(b, BLKIO_READ, 0, 512, &iov, 1));
		/* Tried often, but not for ever. */
		assert_in_range(host.calls, 10, 10000);
	}
}

static void errors_are_passed_on(void **state)
{
	static const int errors[] = { -EIO, -ENOSPC, -EDQUOT, -EBADF, -ENXIO,
				      -EFBIG, -EINVAL };
	struct bench *b = *state;
	uint8_t buf[512];

	for (unsigned i = 0; i < 7; i++) {
		for (unsigned op = BLKIO_READ; op <= BLKIO_ZEROES_UNMAP; op++) {
			struct iovec iov = { buf, 512 };

			host.always = errors[i];
			host.calls = 0;
			assert_int_equal(errors[i], run(b, (enum blkio_op)op, 0,
				op == BLKIO_FLUSH ? 0 : 512, &iov,
				op <= BLKIO_WRITE));
			assert_int_equal(1, host.calls);
		}
	}
	host.always = 0;
	play(b, 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_number_of_bytes_a_call),
		TEST(through_a_bounce_buffer),
		TEST(zeroes_by_hand),
		TEST(a_host_that_is_always_busy),
		TEST(errors_are_passed_on),
	};

	return cmocka_run_group_tests_name("blkio short", tests, NULL, NULL);
}
