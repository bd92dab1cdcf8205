/* Description: files, unix sockets and pseudo-terminals carry every byte. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/loop.h"
#include "devices/char/chario.h"

#define RING 65536

struct rig {
	struct loop *loop;
	struct chario *c;
	char dir[32], path[64], spec[80], err[256];
	uint8_t in[300000];
	size_t in_n, take;              /* take: what input takes at a time */
	unsigned writable;
};

static size_t input(void *ctx, const uint8_t *buf, size_t len)
{
	struct rig *r = ctx;

	if (len > r->take)
		len = r->take;
	assert_true(len <= sizeof(r->in) - r->in_n);
	memcpy(r->in + r->in_n, buf, len);
	r->in_n += len;
	return len;
}

static void writable(void *ctx)
{
	struct rig *r = ctx;

	r->writable++;
}

static const struct chario_cb cb = { .input = input, .writable = writable };

static int setup_flags(void **state, unsigned flags)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	r.take = sizeof(r.in);
	strcpy(r.dir, "/tmp/chario-XXXXXX");
	assert_non_null(mkdtemp(r.dir));
	snprintf(r.path, sizeof(r.path), "%s/p", r.dir);
	assert_int_equal(0, loop_create(&r.loop, "test", flags));
	*state = &r;
	return 0;
}

static int setup(void **state)
{
	return setup_flags(state, 0);
}

static int setup_uring(void **state)
{
	return setup_flags(state, LOOP_URING);
}

static int teardown(void **state)
{
	struct rig *r = *state;

	chario_close(r->c);
	loop_destroy(r->loop);
	unlink(r->path);
	assert_int_equal(0, rmdir(r->dir));
	return 0;
}

static int open_spec(struct rig *r, const char *spec)
{
	return chario_open(&r->c, r->loop, spec, &cb, r, r->err,
			   sizeof(r->err));
}

static void open_kind(struct rig *r, const char *kind)
{
	snprintf(r->spec, sizeof(r->spec), "%s:%s", kind, r->path);
	if (open_spec(r, r->spec))
		fail_msg("%s", r->err);
}

static size_t put(struct rig *r, const char *text)
{
	return chario_write(r->c, (const uint8_t *)text, strlen(text));
}

/* Steps the loop until cond; gives up after many seconds. */
#define STEP_UNTIL(r, cond) do {                                               \
	for (int i_ = 0; !(cond); i_++) {                                      \
		if (i_ == 10000)                                               \
			fail_msg("never came: %s", #cond);                     \
		loop_step((r)->loop, 2);                                       \
	}                                                                      \
} while (0)
#define STEPS(r, n) do {                                                       \
	for (int i_ = 0; i_ < (n); i_++)                                       \
		loop_step((r)->loop, 0);                                       \
} while (0)

/* What fd gives within n bytes, the loop running. */
static void expect_from(struct rig *r, int fd, const void *want, size_t n)
{
	uint8_t *got = malloc(n);
	size_t have = 0;

	assert_non_null(got);
	for (int i = 0; have < n; i++) {
		ssize_t k = read(fd, got + have, n - have);

		if (k > 0) {
			have += (size_t)k;
			i = 0;
			continue;
		}
		if (i == 10000)
			fail_msg("%zu of %zu bytes came", have, n);
		loop_step(r->loop, 2);
	}
	assert_memory_equal(want, got, n);
	free(got);
}

static void pattern(uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)(i * 31 + i / 251);
}

static size_t slurp(const char *path, uint8_t *buf, size_t max)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t k;

	assert_true(fd >= 0);
	while ((k = read(fd, buf + n, max - n)) > 0)
		n += (size_t)k;
	close(fd);
	return n;
}

/* ---- specs ---------------------------------------------------------------- */

static void refuse(struct rig *r, const char *spec, int code, const char *says)
{
	strcpy(r->err, "");
	assert_int_equal(code, open_spec(r, spec));
	assert_null(r->c);
	if (!strstr(r->err, says))
		fail_msg("'%s' does not say '%s'", r->err, says);
	assert_null(strchr(r->err, '\n'));
}

static void bad_specs(void **state)
{
	struct rig *r = *state;
	char spec[300];
	int fd;

	refuse(r, "tty", -EINVAL, "stdio, none");
	refuse(r, "", -EINVAL, "stdio, none");
	refuse(r, "std", -EINVAL, "stdio, none");
	refuse(r, "file", -EINVAL, "file:PATH");
	refuse(r, "unix:", -EINVAL, "unix:PATH");
	refuse(r, "pty:x", -EINVAL, "just pty");
	snprintf(spec, sizeof(spec), "file:%s", r->dir);
	refuse(r, spec, -EISDIR, r->dir);
	snprintf(spec, sizeof(spec), "file:%s/no/such", r->dir);
	refuse(r, spec, -ENOENT, "/no/such");
	assert_int_equal(0, mkfifo(r->path, 0600));
	snprintf(spec, sizeof(spec), "file:%s", r->path);
	refuse(r, spec, -ENXIO, "nobody reads");
	unlink(r->path);
	fd = creat(r->path, 0600);
	snprintf(spec, sizeof(spec), "unix:%s", r->path);
	refuse(r, spec, -EEXIST, "not a socket");
	assert_int_equal(0, access(r->path, F_OK));
	close(fd);
	snprintf(spec, sizeof(spec), "unix:%s/no/such", r->dir);
	refuse(r, spec, -ENOENT, "/no/such");
	snprintf(spec, sizeof(spec), "unix:/%0200d", 0);
	refuse(r, spec, -ENAMETOOLONG, "107");
}

static void none(void **state)
{
	struct rig *r = *state;
	static const uint8_t much[100000];

	assert_int_equal(0, open_spec(r, "none"));
	for (int i = 0; i < 10; i++)
		assert_int_equal(sizeof(much),
				 chario_write(r->c, much, sizeof(much)));
	assert_false(loop_step(r->loop, 0));
}

/* ---- file ----------------------------------------------------------------- */

static void file_gets_all(void **state)
{
	struct rig *r = *state;
	static uint8_t want[3 * RING], got[sizeof(want) + 1];
	size_t n = 0;
	unsigned room = 0;
	int fd = creat(r->path, 0600);

	pattern(want, sizeof(want));
	assert_int_equal(3, write(fd, "old", 3));
	close(fd);
	open_kind(r, "file");
	assert_int_equal(0, slurp(r->path, got, sizeof(got)));
	while (n < sizeof(want)) {
		size_t k = sizeof(want) - n < 5000 ? sizeof(want) - n : 5000;

		k = chario_write(r->c, want + n, k);
		n += k;
		if (!k) {
			STEP_UNTIL(r, r->writable == room + 1);
			room++;
		}
	}
	assert_true(room > 0);
	chario_close(r->c);             /* the rest, without a step */
	r->c = NULL;
	assert_int_equal(sizeof(want), slurp(r->path, got, sizeof(got)));
	assert_memory_equal(want, got, sizeof(want));
}

static void full_ring_refuses(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[RING];

	open_kind(r, "file");
	assert_int_equal(RING, chario_write(r->c, buf, RING));
	assert_int_equal(0, chario_write(r->c, buf, 1));
	assert_int_equal(0, r->writable);
	STEP_UNTIL(r, r->writable);
	assert_int_equal(1, chario_write(r->c, buf, 1));
	STEPS(r, 3);
	assert_int_equal(1, r->writable);
}

static void full_disk_does_not_stop(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[RING];

	assert_int_equal(0, open_spec(r, "file:/dev/full"));
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(RING, chario_write(r->c, buf, RING));
		assert_int_equal(0, chario_write(r->c, buf, 1));
		STEP_UNTIL(r, r->writable == i);
	}
}

static void fifo_reader_leaves(void **state)
{
	struct rig *r = *state;
	int fd;

	assert_int_equal(0, mkfifo(r->path, 0600));
	fd = open(r->path, O_RDONLY | O_NONBLOCK);
	open_kind(r, "file");
	put(r, "heard");
	expect_from(r, fd, "heard", 5);
	close(fd);
	put(r, "unheard");
	STEPS(r, 5);
	loop_step(r->loop, 20);
	STEPS(r, 5);
	fd = open(r->path, O_RDONLY | O_NONBLOCK);
	put(r, "back");
	expect_from(r, fd, "back", 4);
	close(fd);
}

static void open_file_fn(void *arg)
{
	open_kind(arg, "file");
}

static void close_fn(void *arg)
{
	struct rig *r = arg;

	chario_close(r->c);
	r->c = NULL;
}

/* System calls that write, so far; -1: the host does not tell. */
static long writes_so_far(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	char line[80];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "syscw: %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static long count_writes(void)
{
	long n = writes_so_far();

	if (n < 0) {
		print_message("/proc/self/io is missing: cannot count\n");
		skip();
	}
	return n;
}

static void bytes_are_batched(void **state)
{
	struct rig *r = *state;
	const long n = 20000;
	long before = count_writes(), after;

	open_kind(r, "file");
	for (long i = 0; i < n; i++) {
		assert_int_equal(1, put(r, "x"));
		loop_step(r->loop, 0);
	}
	after = count_writes();
	if (after - before > n / 10)
		fail_msg("%ld system calls for %ld bytes", after - before, n);
}

static void stuck_output_costs_nothing(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[RING];
	long before;
	int fd;

	assert_int_equal(0, mkfifo(r->path, 0600));
	fd = open(r->path, O_RDONLY | O_NONBLOCK);
	open_kind(r, "file");
	do
		for (int i = 0; i < 5; i++)
			loop_step(r->loop, 10);
	while (chario_write(r->c, buf, sizeof(buf)));
	before = count_writes();
	for (int i = 0; i < 10; i++)
		loop_step(r->loop, 10);
	assert_int_equal(before, count_writes());
	close(fd);
}

static void other_thread_writes(void **state)
{
	struct rig *r = *state;
	static uint8_t want[100000], got[sizeof(want) + 1];

	pattern(want, sizeof(want));
	assert_int_equal(0, loop_start(r->loop));
	loop_call_sync(r->loop, open_file_fn, r);
	for (size_t i = 0; i < sizeof(want); i++)
		while (!chario_write(r->c, want + i, 1))
			sched_yield();
	loop_call_sync(r->loop, close_fn, r);
	loop_stop(r->loop);
	assert_int_equal(sizeof(want), slurp(r->path, got, sizeof(got)));
	assert_memory_equal(want, got, sizeof(want));
}

/* ---- unix socket ---------------------------------------------------------- */

static int client(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void unix_both_ways(void **state)
{
	struct rig *r = *state;
	int fd;

	open_kind(r, "unix");
	assert_int_equal(5, put(r, "early"));
	STEPS(r, 3);
	fd = client(r->path);
	assert_true(fd >= 0);
	expect_from(r, fd, "early", 5);
	assert_int_equal(3, put(r, "now"));
	expect_from(r, fd, "now", 3);
	assert_int_equal(4, write(fd, "type", 4));
	STEP_UNTIL(r, r->in_n == 4);
	assert_memory_equal("type", r->in, 4);
	close(fd);
	STEPS(r, 5);
	assert_int_equal(4, put(r, "gone"));
	fd = client(r->path);           /* and again */
	expect_from(r, fd, "gone", 4);
	close(fd);
	chario_close(r->c);
	r->c = NULL;
	assert_int_equal(-1, access(r->path, F_OK));
}

static void unix_keeps_newest(void **state)
{
	struct rig *r = *state;
	static uint8_t much[3 * RING + 77];
	size_t n = 0;
	int fd;

	pattern(much, sizeof(much));
	open_kind(r, "unix");
	while (n < sizeof(much)) {
		size_t k = sizeof(much) - n < 999 ? sizeof(much) - n : 999;

		assert_int_equal(k, chario_write(r->c, much + n, k));
		n += k;
	}
	fd = client(r->path);
	expect_from(r, fd, much + sizeof(much) - RING, RING);
	assert_int_equal(sizeof(much), chario_write(r->c, much, 0) +
			 sizeof(much));
	close(fd);
	STEPS(r, 5);
	assert_int_equal(sizeof(much),
			 chario_write(r->c, much, sizeof(much)));
	fd = client(r->path);
	expect_from(r, fd, much + sizeof(much) - RING, RING);
	close(fd);
}

static void unix_slow_client(void **state)
{
	struct rig *r = *state;
	static uint8_t want[40 * RING];
	size_t n = 0, got = 0, k;
	uint8_t buf[7001];
	int fd;

	pattern(want, sizeof(want));
	open_kind(r, "unix");
	fd = client(r->path);
	STEPS(r, 5);
	do {                            /* until the socket is full, too */
		k = chario_write(r->c, want + n, sizeof(want) - n);
		n += k;
		STEP_UNTIL(r, !loop_step(r->loop, 20));
	} while (k);
	assert_true(n < sizeof(want));
	r->writable = 0;
	while (got < sizeof(want)) {
		ssize_t m = read(fd, buf, sizeof(buf));

		if (m > 0) {
			assert_memory_equal(want + got, buf, (size_t)m);
			got += (size_t)m;
		}
		n += chario_write(r->c, want + n, sizeof(want) - n);
		loop_step(r->loop, m > 0 ? 0 : 20);
	}
	assert_true(r->writable > 0);
	close(fd);
}

static void unix_client_leaves_full(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[RING];
	size_t k;
	int fd;

	open_kind(r, "unix");
	fd = client(r->path);
	STEPS(r, 5);
	do {
		k = chario_write(r->c, buf, sizeof(buf));
		STEP_UNTIL(r, !loop_step(r->loop, 20));
	} while (k);
	r->writable = 0;
	close(fd);                      /* with the guest waiting for room */
	STEP_UNTIL(r, r->writable);
	assert_int_equal(RING, chario_write(r->c, buf, RING));
}

static void unix_one_at_a_time(void **state)
{
	struct rig *r = *state;
	int first, second;
	char text[200] = "";

	open_kind(r, "unix");
	first = client(r->path);
	STEPS(r, 5);
	second = client(r->path);
	assert_true(second >= 0);
	STEPS(r, 5);
	assert_true(read(second, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "somebody else"));
	assert_int_equal(0, read(second, text, sizeof(text)));
	close(second);
	put(r, "yours");
	expect_from(r, first, "yours", 5);
	close(first);
	STEPS(r, 5);
	second = client(r->path);
	put(r, "mine");
	expect_from(r, second, "mine", 4);
	close(second);
}

static void unix_half_close(void **state)
{
	struct rig *r = *state;
	int fd;

	open_kind(r, "unix");
	fd = client(r->path);
	assert_int_equal(5, write(fd, "print", 5));
	shutdown(fd, SHUT_WR);
	STEP_UNTIL(r, r->in_n == 5);
	put(r, "answer");
	expect_from(r, fd, "answer", 6);
	STEPS(r, 20);
	assert_false(loop_step(r->loop, 0));    /* an EOF is no news for ever */
	close(fd);
	STEPS(r, 5);
	fd = client(r->path);
	put(r, "next");
	expect_from(r, fd, "next", 4);
	close(fd);
}

static void unix_guest_listens_late(void **state)
{
	struct rig *r = *state;
	static uint8_t want[20000];
	int fd, other;

	pattern(want, sizeof(want));
	open_kind(r, "unix");
	fd = client(r->path);
	r->take = 0;
	assert_int_equal(sizeof(want), write(fd, want, sizeof(want)));
	STEPS(r, 5);
	close(fd);
	STEPS(r, 5);
	assert_false(loop_step(r->loop, 0));    /* waits without spinning */
	r->take = 100;
	for (size_t n = 0; n < sizeof(want); n = r->in_n) {
		chario_resume(r->c);
		STEP_UNTIL(r, r->in_n > n);
	}
	assert_int_equal(sizeof(want), r->in_n);
	assert_memory_equal(want, r->in, sizeof(want));
	STEPS(r, 5);
	other = client(r->path);
	put(r, "free");
	expect_from(r, other, "free", 4);
	close(other);
}

static void unix_new_client_replaces_left_one(void **state)
{
	struct rig *r = *state;
	static uint8_t want[20000];
	int fd;

	open_kind(r, "unix");
	fd = client(r->path);
	r->take = 0;
	assert_int_equal(sizeof(want), write(fd, want, sizeof(want)));
	STEPS(r, 5);
	close(fd);
	STEPS(r, 5);
	fd = client(r->path);           /* the guest never listened */
	put(r, "hello");
	expect_from(r, fd, "hello", 5);
	close(fd);
}

static void unix_old_socket(void **state)
{
	struct rig *r = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct chario *second = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, r->path);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	close(fd);                      /* left by one that was killed */
	open_kind(r, "unix");
	assert_int_equal(-EADDRINUSE, chario_open(&second, r->loop, r->spec,
						  &cb, r, r->err,
						  sizeof(r->err)));
	assert_non_null(strstr(r->err, "listens"));
	assert_null(second);
	fd = client(r->path);
	assert_true(fd >= 0);
	close(fd);
}

static void unix_refuses_what_it_cannot_judge(void **state)
{
	struct rig *r = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char spec[80];

	strcpy(addr.sun_path, r->path);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	snprintf(spec, sizeof(spec), "unix:%s", r->path);
	refuse(r, spec, -EPROTOTYPE, "old socket");
	assert_int_equal(0, access(r->path, F_OK));
	close(fd);
}

static void unix_leaves_others_path(void **state)
{
	struct rig *r = *state;

	open_kind(r, "unix");
	unlink(r->path);
	close(creat(r->path, 0600));
	chario_close(r->c);
	r->c = NULL;
	assert_int_equal(0, access(r->path, F_OK));
}

static void close_with_a_stuck_client(void **state)
{
	struct rig *r = *state;
	static uint8_t buf[RING];
	int fd;

	open_kind(r, "unix");
	fd = client(r->path);
	STEPS(r, 5);
	do
		STEP_UNTIL(r, !loop_step(r->loop, 20));
	while (chario_write(r->c, buf, sizeof(buf)));
	chario_close(r->c);             /* comes back, though nobody reads */
	r->c = NULL;
	close(fd);
}

/* ---- pseudo-terminal ------------------------------------------------------ */

/* Opens the kind pty and the slave whose name it says on stderr. */
static void open_pty(struct rig *r, char *name, size_t len)
{
	int err = dup(2), fd = open(r->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[200] = "", *at;

	dup2(fd, 2);
	assert_int_equal(0, open_spec(r, "pty"));
	dup2(err, 2);
	close(err);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	close(fd);
	at = strstr(text, "/dev/pts/");
	assert_non_null(at);
	at[strcspn(at, "\n")] = 0;
	snprintf(name, len, "%s", at);
}

static void pty_both_ways(void **state)
{
	struct rig *r = *state;
	char name[200];
	int fd;

	open_pty(r, name, sizeof(name));
	assert_int_equal(5, put(r, "early"));
	STEPS(r, 3);
	for (int round = 0; round < 3; round++) {
		fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
		assert_true(fd >= 0);
		expect_from(r, fd, "early", 5);
		put(r, "a\nb");         /* raw: as it is */
		expect_from(r, fd, "a\nb", 3);
		r->in_n = 0;
		assert_int_equal(4, write(fd, "ty\rp", 4));
		STEP_UNTIL(r, r->in_n >= 4);
		assert_int_equal(4, r->in_n);   /* and no echo of ours */
		assert_memory_equal("ty\rp", r->in, 4);
		close(fd);
		STEPS(r, 5);
		put(r, "early");
	}
}

static void pty_quick_writer(void **state)
{
	struct rig *r = *state;
	char name[200];
	int fd;

	open_pty(r, name, sizeof(name));
	for (size_t i = 1; i <= 3; i++) {
		fd = open(name, O_WRONLY | O_NOCTTY);
		assert_int_equal(3, write(fd, "cmd", 3));
		close(fd);              /* long before anybody looks */
		STEP_UNTIL(r, r->in_n == 3 * i);
	}
}

static void pty_refuses_nothing_alone(void **state)
{
	struct rig *r = *state;
	static uint8_t much[RING];
	char name[200];

	open_pty(r, name, sizeof(name));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(sizeof(much),
				 chario_write(r->c, much, sizeof(much)));
		STEPS(r, 2);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_2(f) TEST(f), cmocka_unit_test_setup_teardown(f, setup_uring,     \
							   teardown)
	const struct CMUnitTest tests[] = {
		TEST(bad_specs),
		TEST(none),
		TEST(file_gets_all),
		TEST(full_ring_refuses),
		TEST(full_disk_does_not_stop),
		TEST(fifo_reader_leaves),
		TEST_2(bytes_are_batched),
		TEST_2(stuck_output_costs_nothing),
		TEST_2(other_thread_writes),
		TEST_2(unix_both_ways),
		TEST(unix_keeps_newest),
		TEST_2(unix_slow_client),
		TEST(unix_client_leaves_full),
		TEST_2(unix_one_at_a_time),
		TEST_2(unix_half_close),
		TEST_2(unix_guest_listens_late),
		TEST(unix_new_client_replaces_left_one),
		TEST(unix_old_socket),
		TEST(unix_refuses_what_it_cannot_judge),
		TEST(unix_leaves_others_path),
		TEST(close_with_a_stuck_client),
		TEST_2(pty_both_ways),
		TEST(pty_quick_writer),
		TEST(pty_refuses_nothing_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
