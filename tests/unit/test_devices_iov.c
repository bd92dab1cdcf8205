/* Description: scatter-gather lists behave like the bytes they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/iov.h"
#include "tests/lib/rnd.h"

#define PIECES 9
#define BYTES 64

/* A list over a flat model: byte i of the list is flat[i], in pieces that
 * each end where their allocation ends. */
struct list {
	struct iovec iov[PIECES];
	uint8_t *mem[PIECES];
	unsigned n;
	size_t len;
};

static void list_new(struct list *l, struct rnd *rnd)
{
	*l = (struct list){ .n = rnd_below(rnd, PIECES + 1) };
	for (unsigned i = 0; i < l->n; i++) {
		/* A third are empty. */
		size_t len = rnd_chance(rnd, 33) ? 0 : rnd_below(rnd, BYTES);

		l->mem[i] = malloc(len ? len : 1);
		rnd_fill(rnd, l->mem[i], len);
		l->iov[i] = (struct iovec){ len ? l->mem[i] : l->mem[i] + 1,
					    len };
		l->len += len;
	}
}

static void list_free(struct list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->mem[i]);
}

static void flatten(const struct iovec *iov, unsigned n, uint8_t *flat)
{
	for (unsigned i = 0; i < n; i++)
		for (size_t k = 0; k < iov[i].iov_len; k++)
			*flat++ = ((const uint8_t *)iov[i].iov_base)[k];
}

static size_t there(size_t all, size_t off, size_t len)
{
	if (off >= all)
		return 0;
	return len < all - off ? len : all - off;
}

static void one_round(struct rnd *rnd)
{
	uint8_t flat[PIECES * BYTES], now[PIECES * BYTES],
		buf[PIECES * BYTES + 8];
	struct iovec part[PIECES], *to;
	struct list l;
	size_t off, len, n;
	unsigned m;

	list_new(&l, rnd);
	off = rnd_chance(rnd, 5) ? SIZE_MAX - 3 : rnd_below(rnd, 80);
	len = rnd_chance(rnd, 5) ? SIZE_MAX : rnd_below(rnd, sizeof(buf));
	n = there(l.len, off, len);
	assert_int_equal(l.len, iov_len(l.iov, l.n));
	flatten(l.iov, l.n, flat);

	memset(buf, 0x55, sizeof(buf));
	if (len <= sizeof(buf)) {
		assert_int_equal(n, iov_get(l.iov, l.n, off, buf, len));
		assert_int_equal(0, n ? memcmp(buf, flat + off, n) : 0);
		for (size_t i = n; i < sizeof(buf); i++)
			assert_int_equal(0x55, buf[i]);

		rnd_fill(rnd, buf, sizeof(buf));
		assert_int_equal(n, iov_put(l.iov, l.n, off, buf, len));
		if (n)
			memcpy(flat + off, buf, n);
		flatten(l.iov, l.n, now);
		assert_int_equal(0, memcmp(now, flat, l.len));
	}

	/* A slice is the same bytes, not copies of them. */
	to = rnd_chance(rnd, 50) ? part : l.iov;
	m = l.n;
	l.n = iov_slice(to, l.iov, m, off, len);
	assert_true(l.n <= m);
	assert_int_equal(n, iov_len(to, l.n));
	flatten(to, l.n, now);
	assert_int_equal(0, n ? memcmp(now, flat + off, n) : 0);
	assert_int_equal(n, iov_zero(to, l.n, 0, SIZE_MAX));
	flatten(to, l.n, now);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(0, now[i]);
	l.n = m;
	list_free(&l);
}

static void lists_are_their_bytes(void **state)
{
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "iov");
	for (unsigned i = 0; i < 100000; i++)
		one_round(&rnd);
}

static void zero_changes_only_its_span(void **state)
{
	uint8_t a[4], b[4];
	struct iovec iov[2] = { { a, 4 }, { b, 4 } };

	(void)state;
	memset(a, 1, 4);
	memset(b, 2, 4);
	assert_int_equal(4, iov_zero(iov, 2, 2, 4));
	assert_memory_equal(a, "\1\1\0\0", 4);
	assert_memory_equal(b, "\0\0\2\2", 4);
	assert_int_equal(2, iov_zero(iov, 2, 6, 100));
	assert_int_equal(0, iov_zero(iov, 2, 8, 1));
	assert_int_equal(0, iov_zero(iov, 0, 0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_their_bytes),
		cmocka_unit_test(zero_changes_only_its_span),
	};

	return cmocka_run_group_tests_name("iov", tests, NULL, NULL);
}
