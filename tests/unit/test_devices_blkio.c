/*
 * Description: io_uring, plain calls and memory do the same to an image,
 * byte for byte, and report what goes wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/block/blkio.h"
#include "tests/lib/img.h"
#include "tests/lib/rnd.h"
#include "tests/lib/step.h"

#define SIZE (4u << 20)
#define IOVS 6

enum kind { SYNC, URING, MEM, KINDS };

struct side {
	enum kind kind;
	struct loop *l;
	struct blkio *img;
	struct blkio_chan chan;
	char path[PATH_MAX];
	int fd;
};

struct job {
	struct blkio_req req;
	struct iovec iov[IOVS];
	uint8_t *buf;
	size_t len;
	bool done;
	int err;
	struct job *then;       /* submitted by done */
	struct side *side;
};

/* False: this host has no io_uring. */
static bool side_open(struct side *s, enum kind kind, const char *dir,
		      uint64_t size, bool direct)
{
	struct blkio_cfg c = { .path = s->path, .direct = direct };
	char err[512];

	*s = (struct side){ .kind = kind, .fd = -1 };
	if (kind == URING)
		step_keep_ring();
	assert_int_equal(0, loop_create(&s->l, "io",
					kind == URING ? LOOP_URING : 0));
	if (kind == URING && !loop_has_uring(s->l)) {
		loop_destroy(s->l);
		fprintf(stderr, "skip: this host refuses io_uring\n");
		return false;
	}
	if (kind == MEM) {
		assert_int_equal(0, blkio_mem_open(&s->img, size, 512));
	} else {
		s->fd = img_make(dir, size, s->path);
		if (blkio_open(&s->img, &c, err, sizeof(err))) {
			fprintf(stderr, "skip: %s\n", err);
			close(s->fd);
			unlink(s->path);
			loop_destroy(s->l);
			return false;
		}
	}
	assert_int_equal(0, blkio_chan_init(&s->chan, s->img, s->l));
	return true;
}

static void side_close(struct side *s)
{
	blkio_chan_fini(&s->chan);
	blkio_close(s->img);
	if (s->fd >= 0) {
		close(s->fd);
		unlink(s->path);
	}
	loop_destroy(s->l);
}

static void on_done(struct blkio_req *r, int err)
{
	struct job *j = container_of(r, struct job, req);

	BUG_ON(j->done);
	j->done = true;
	j->err = err;
	if (j->then)
		blkio_submit(&j->side->chan, &j->then->req);
}

/* len bytes in n pieces of the job's own buffer, at odd addresses. */
static void job_init(struct job *j, struct side *s, enum blkio_op op,
		     uint64_t off, uint32_t len, unsigned n)
{
	bool moves = op == BLKIO_READ || op == BLKIO_WRITE;
	uint32_t at = 0;

	*j = (struct job){ .side = s, .len = len };
	j->req = (struct blkio_req){ .op = op, .off = off, .len = len,
				     .iov = j->iov, .done = on_done };
	if (!moves)
		return;
	j->buf = malloc(len + 1);
	BUG_ON(!j->buf || n > IOVS);
	for (unsigned i = 0; i < n; i++) {
		uint32_t part = i + 1 < n ? len / n | 1 : len - at;

		j->iov[i] = (struct iovec){ j->buf + 1 + at, part };
		at += part;
	}
	j->req.niov = n;
}

static bool is_done(void *arg)
{
	return ((struct job *)arg)->done;
}

static int job_wait(struct job *j)
{
	assert_true(step_until(j->side->l, is_done, j));
	return j->err;
}

static int run(struct side *s, enum blkio_op op, uint64_t off, void *data,
	       uint32_t len)
{
	struct job j;
	int err;

	job_init(&j, s, op, off, len, 1);
	if (op == BLKIO_WRITE)
		memcpy(j.buf + 1, data, len);
	blkio_submit(&s->chan, &j.req);
	assert_false(j.done);           /* never inside blkio_submit */
	err = job_wait(&j);
	if (op == BLKIO_READ)
		memcpy(data, j.buf + 1, len);
	free(j.buf);
	return err;
}

static void image(struct side *s, uint8_t *to, size_t len)
{
	if (s->fd < 0)
		memcpy(to, s->img->mem, len);
	else
		assert_int_equal(len, pread(s->fd, to, len, 0));
}

/* ---- twins ---------------------------------------------------------------- */

struct step {
	enum blkio_op op;
	uint64_t off;
	uint32_t len, niov;
	bool durable;
};

#define BATCH 16

static struct step any_step(struct rnd *r)
{
	static const enum blkio_op ops[] = {
		BLKIO_READ, BLKIO_READ, BLKIO_READ, BLKIO_WRITE, BLKIO_WRITE,
		BLKIO_FLUSH, BLKIO_ZEROES, BLKIO_ZEROES_UNMAP,
	};
	struct step s = {
		.op = ops[rnd_below(r, 8)],
		.len = 512 * rnd_range(r, 1, rnd_chance(r, 5) ? 3000 : 40),
		.niov = rnd_range(r, 1, IOVS), .durable = rnd_chance(r, 10),
	};

	s.off = 512 * (uint64_t)rnd_below(r, (SIZE - s.len) / 512 + 1);
	if (s.op == BLKIO_FLUSH)
		s.off = s.len = 0;
	return s;
}

static bool meets(const struct step *s, unsigned n, const struct step *new)
{
	for (unsigned i = 0; i < n; i++)
		if (new->off < s[i].off + s[i].len &&
		    s[i].off < new->off + new->len &&
		    (new->op != BLKIO_READ || s[i].op != BLKIO_READ))
			return true;
	return false;
}

static void play(struct side *side, const struct step *s, unsigned n,
		 uint64_t seed, uint8_t *out)
{
	struct job j[BATCH];
	struct rnd r = { seed };

	for (unsigned i = 0; i < n; i++) {
		job_init(&j[i], side, s[i].op, s[i].off, s[i].len, s[i].niov);
		j[i].req.durable = s[i].durable;
		if (j[i].buf)
			rnd_fill(&r, j[i].buf, s[i].len + 1);
		blkio_submit(&side->chan, &j[i].req);
	}
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(0, job_wait(&j[i]));
		if (j[i].buf) {
			memcpy(out, j[i].buf + 1, s[i].len);
			out += s[i].len;
		}
		free(j[i].buf);
	}
}

static void twins(const char *name, const char *dir, bool direct)
{
	struct side side[KINDS];
	uint8_t *out[KINDS];
	struct rnd r;
	bool there[KINDS];

	rnd_init(&r, name);
	for (unsigned k = 0; k < KINDS; k++) {
		there[k] = side_open(&side[k], (enum kind)k, dir, SIZE, direct);
		out[k] = malloc(BATCH * 3001 * 512);
	}
	assert_true(there[MEM]);
	for (unsigned round = 0; round < 150; round++) {
		struct step s[BATCH];
		uint64_t seed = rnd_u64(&r);
		size_t bytes = 0;
		unsigned n = 0;

		for (unsigned i = 0; i < BATCH; i++) {
			s[n] = any_step(&r);
			if (meets(s, n, &s[n]))
				continue;
			if (s[n].op <= BLKIO_WRITE)
				bytes += s[n].len;
			n++;
		}
		for (unsigned k = 0; k < KINDS; k++)
			if (there[k])
				play(&side[k], s, n, seed, out[k]);
		for (unsigned k = 0; k < MEM; k++)
			if (there[k])
				assert_int_equal(0, memcmp(out[k], out[MEM],
							   bytes));
	}
	image(&side[MEM], out[MEM], SIZE);
	for (unsigned k = 0; k < KINDS; k++) {
		if (there[k]) {
			image(&side[k], out[k], SIZE);
			if (memcmp(out[k], out[MEM], SIZE))
				fail_msg("images differ");
			side_close(&side[k]);
		}
	}
	for (unsigned k = 0; k < KINDS; k++)
		free(out[k]);
	if (!there[SYNC])
		skip();
}

static void twins_do_the_same(void **state)
{
	(void)state;
	twins("blkio_twins", NULL, false);
}

static void twins_do_the_same_past_the_cache(void **state)
{
	(void)state;
	twins("blkio_direct", NULL, true);
}

/* A file system that knows no ZERO_RANGE: zeroes are written by hand. */
static void twins_do_the_same_on_tmpfs(void **state)
{
	(void)state;
	if (!img_on_tmpfs("/dev/shm")) {
		fprintf(stderr, "skip: /dev/shm is not a tmpfs\n");
		skip();
	}
	twins("blkio_tmpfs", "/dev/shm", false);
}

/* ---- one by one ----------------------------------------------------------- */

static enum kind kind_of(void **state)
{
	return *(const enum kind *)*state;
}

static void open_or_skip(struct side *s, void **state, bool direct)
{
	if (!side_open(s, kind_of(state), NULL, SIZE, direct))
		skip();
}

static void done_may_submit_and_free(void **state)
{
	struct side s;
	struct job a, b, c;

	open_or_skip(&s, state, false);
	for (unsigned i = 0; i < 50; i++) {
		job_init(&a, &s, BLKIO_WRITE, 0, 512, 1);
		job_init(&b, &s, BLKIO_READ, 0, 512, 2);
		job_init(&c, &s, BLKIO_FLUSH, 0, 0, 0);
		memset(a.buf, (int)i, 513);
		a.then = &b;
		b.then = &c;
		blkio_submit(&s.chan, &a.req);
		assert_int_equal(0, job_wait(&c));
		assert_true(a.done && b.done);
		assert_memory_equal(a.buf + 1, b.buf + 1, 512);
		free(a.buf);
		free(b.buf);
	}
	side_close(&s);
}

static void many_more_than_a_ring_holds(void **state)
{
	enum { N = 3000 };
	struct job *j = calloc(N, sizeof(*j));
	struct side s;
	uint8_t want[512];

	open_or_skip(&s, state, false);
	for (unsigned i = 0; i < N; i++) {
		job_init(&j[i], &s, BLKIO_WRITE, 512 * (uint64_t)i, 512, 1);
		memset(j[i].buf, (int)i, 513);
		blkio_submit(&s.chan, &j[i].req);
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(0, job_wait(&j[i]));
		free(j[i].buf);
	}
	for (unsigned i = 0; i < N; i += 7) {
		uint8_t got[512];

		memset(want, (int)i, 512);
		assert_int_equal(0, run(&s, BLKIO_READ, 512 * (uint64_t)i, got,
					512));
		assert_memory_equal(want, got, 512);
	}
	side_close(&s);
	free(j);
}

static void drain_returns_when_all_is_done(void **state)
{
	enum { N = 400 };
	struct job *j = calloc(N, sizeof(*j));
	struct side s;

	open_or_skip(&s, state, false);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < N; i++) {
			job_init(&j[i], &s, i % 4 == 3 ? BLKIO_FLUSH :
				 i % 2 ? BLKIO_WRITE : BLKIO_READ,
				 i % 4 == 3 ? 0 : 4096 * (uint64_t)i,
				 i % 4 == 3 ? 0 : 4096, 1);
			if (j[i].buf)
				memset(j[i].buf, 0, 4097);
		}
		/* Half of them are started by the end of others. */
		for (unsigned i = 0; i < N / 2; i++) {
			j[i].then = &j[N / 2 + i];
			blkio_submit(&s.chan, &j[i].req);
		}
		if (round % 2)
			loop_step(s.l, 0);
		blkio_drain(&s.chan);
		for (unsigned i = 0; i < N; i++) {
			assert_true(j[i].done);
			assert_int_equal(0, j[i].err);
			free(j[i].buf);
		}
		blkio_drain(&s.chan);
	}
	side_close(&s);
	free(j);
}

static void a_truncated_image_is_an_error(void **state)
{
	struct side s;
	uint8_t buf[8192];

	open_or_skip(&s, state, false);
	memset(buf, 7, sizeof(buf));
	assert_int_equal(0, run(&s, BLKIO_WRITE, 4096, buf, 8192));
	assert_int_equal(0, ftruncate(s.fd, 4096 + 1000));
	assert_int_equal(0, run(&s, BLKIO_READ, 0, buf, 4096));
	assert_int_equal(-EIO, run(&s, BLKIO_READ, 4096, buf, 4096));
	assert_int_equal(-EIO, run(&s, BLKIO_READ, 8192, buf, 512));
	assert_int_equal(-EIO, run(&s, BLKIO_READ, SIZE - 512, buf, 512));
	assert_int_equal(0, run(&s, BLKIO_FLUSH, 0, NULL, 0));
	/* The rest of the world is in order. */
	assert_int_equal(0, run(&s, BLKIO_WRITE, 8192, buf, 512));
	assert_int_equal(0, run(&s, BLKIO_READ, 8192, buf, 512));
	side_close(&s);
}

static void discard_keeps_the_size(void **state)
{
	uint8_t *all = malloc(SIZE);
	struct side s;

	open_or_skip(&s, state, false);
	memset(all, 0x3c, SIZE);
	assert_int_equal(0, run(&s, BLKIO_WRITE, 0, all, SIZE));
	assert_int_equal(0, run(&s, BLKIO_DISCARD, 1 << 20, NULL, 1 << 20));
	assert_int_equal(0, run(&s, BLKIO_ZEROES, 3 << 20, NULL, 1 << 20));
	assert_int_equal(0, run(&s, BLKIO_ZEROES_UNMAP, 512, NULL, 1024));
	image(&s, all, SIZE);
	assert_int_equal(SIZE, lseek(s.fd, 0, SEEK_END));
	for (unsigned i = 0; i < SIZE; i++) {
		bool zero = i >= 3u << 20 || (i >= 512 && i < 1536);

		if (i >= 1u << 20 && i < 2u << 20)
			continue;               /* contents undefined */
		if (all[i] != (zero ? 0 : 0x3c))
			fail_msg("byte %u", i);
	}
	side_close(&s);
	free(all);
}

static void a_full_file_system_is_an_error(void **state)
{
	struct rlimit was, one_mib = { 1 << 20, RLIM_INFINITY };
	uint8_t *buf = calloc(1, 1 << 20);
	const char *why, *in = NULL;
	char dir[PATH_MAX];
	bool small = img_small_fs(2 << 20, dir, &why);
	struct side s;
	int want = -ENOSPC;

	if (small) {
		in = dir;
	} else {
		/* As near as it gets: files may not be longer. */
		printf("a full file system: %s, so RLIMIT_FSIZE\n", why);
		signal(SIGXFSZ, SIG_IGN);
		want = -EFBIG;
	}
	if (!side_open(&s, kind_of(state), in, SIZE, false)) {
		if (small)
			img_small_fs_gone(dir);
		free(buf);
		skip();
	}
	getrlimit(RLIMIT_FSIZE, &was);
	if (!small) {
		one_mib.rlim_max = was.rlim_max;
		assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &one_mib));
	}
	memset(buf, 9, 1 << 20);
	assert_int_equal(0, run(&s, BLKIO_WRITE, 0, buf, 1 << 20));
	if (small)
		assert_int_equal(0, run(&s, BLKIO_WRITE, 1 << 20, buf,
					(1 << 20) - 65536));
	assert_int_equal(want, run(&s, BLKIO_WRITE, 2 << 20, buf, 1 << 20));
	/* Reading goes on, and so does writing where there is room. */
	assert_int_equal(0, run(&s, BLKIO_READ, 0, buf, 4096));
	assert_int_equal(9, buf[100]);
	assert_int_equal(0, run(&s, BLKIO_WRITE, 4096, buf, 4096));
	assert_int_equal(0, run(&s, BLKIO_FLUSH, 0, NULL, 0));
	if (small) {
		assert_int_equal(0, run(&s, BLKIO_DISCARD, 0, NULL, 1 << 20));
		assert_int_equal(0, run(&s, BLKIO_WRITE, 3 << 20, buf, 4096));
	}
	setrlimit(RLIMIT_FSIZE, &was);
	side_close(&s);
	if (small)
		img_small_fs_gone(dir);
	free(buf);
}

/* Buffers of any alignment, longer than the pieces they are copied in. */
static void direct_with_any_alignment(void **state)
{
	static const uint32_t lens[] = { 512, 4096, 1 << 20, (1 << 20) + 512,
					 (3 << 20) - 512 };
	struct side s;
	uint8_t *buf = malloc(SIZE + 4096), *got = malloc(SIZE);
	struct rnd r;

	open_or_skip(&s, state, true);
	rnd_init(&r, "blkio_align");
	for (unsigned i = 0; i < 60; i++) {
		uint32_t len = lens[i % 5];
		uint64_t off = 512 * (uint64_t)rnd_below(&r, (SIZE - len) / 512);
		struct job j;

		job_init(&j, &s, BLKIO_WRITE, off, len, 1 + i % IOVS);
		rnd_fill(&r, j.buf, len + 1);
		memcpy(buf, j.buf + 1, len);
		blkio_submit(&s.chan, &j.req);
		assert_int_equal(0, job_wait(&j));
		free(j.buf);
		job_init(&j, &s, BLKIO_READ, off, len, 1 + (i + 3) % IOVS);
		blkio_submit(&s.chan, &j.req);
		assert_int_equal(0, job_wait(&j));
		if (memcmp(buf, j.buf + 1, len))
			fail_msg("read another thing than was written");
		free(j.buf);
	}
	/* Aligned ones go as they are. */
	{
		void *page = NULL;
		struct job j;

		assert_int_equal(0, posix_memalign(&page, 4096, 8192));
		memset(page, 0x42, 8192);
		job_init(&j, &s, BLKIO_WRITE, 0, 8192, 1);
		j.iov[0].iov_base = page;
		blkio_submit(&s.chan, &j.req);
		assert_int_equal(0, job_wait(&j));
		free(j.buf);
		free(page);
		image(&s, got, 8192);
		assert_int_equal(0x42, got[8191]);
	}
	side_close(&s);
	free(buf);
	free(got);
}

static const enum kind sync_kind = SYNC, uring_kind = URING;

#define TEST(f, kind) { #kind ": " #f, f, NULL, NULL,                          \
			(void *)(uintptr_t)&kind##_kind }
#define BOTH(f) TEST(f, sync), TEST(f, uring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_do_the_same),
		cmocka_unit_test(twins_do_the_same_past_the_cache),
		cmocka_unit_test(twins_do_the_same_on_tmpfs),
		BOTH(done_may_submit_and_free),
		BOTH(many_more_than_a_ring_holds),
		BOTH(drain_returns_when_all_is_done),
		BOTH(a_truncated_image_is_an_error),
		BOTH(discard_keeps_the_size),
		BOTH(direct_with_any_alignment),
		BOTH(a_full_file_system_is_an_error),
	};

	return cmocka_run_group_tests_name("blkio", tests, NULL, NULL);
}
