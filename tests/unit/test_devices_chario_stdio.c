/* Description: stdio on terminals, pipes and files, and what it leaves behind.
 *
 * Each test runs a child whose standard descriptors are what is to be tested;
 * the test holds the other ends and plays the person. The child's machine
 * prints what it is told to and echoes its input in upper case. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/log.h"
#include "devices/base/loop.h"
#include "devices/char/chario.h"

/* ---- the child ------------------------------------------------------------ */

struct guest {
	struct loop *loop;
	struct chario *c;
	size_t take, room_calls;
	bool quit;
	uint8_t in[200000];
	size_t in_n;
};
static struct guest g;

static size_t input(void *ctx, const uint8_t *buf, size_t len)
{
	(void)ctx;
	if (len > g.take)
		len = g.take;
	if (len > sizeof(g.in) - g.in_n)
		len = sizeof(g.in) - g.in_n;
	memcpy(g.in + g.in_n, buf, len);
	g.in_n += len;
	return len;
}

static void writable(void *ctx)
{
	(void)ctx;
	g.room_calls++;
}

static void quit(void *ctx)
{
	(void)ctx;
	g.quit = true;
}

static const struct chario_cb cb = { input, writable, quit };

static void need(bool ok, int code)
{
	if (!ok)
		_exit(code);
}

static void begin(void)
{
	char err[256];

	alarm(60);
	g.take = sizeof(g.in);
	need(loop_create(&g.loop, "child", 0) == 0, 101);
	need(chario_open(&g.c, g.loop, "stdio", &cb, NULL, err,
			 sizeof(err)) == 0, 102);
}

static void end(void)
{
	chario_close(g.c);
	loop_destroy(g.loop);
}

static void say(const char *text)
{
	need(chario_write(g.c, (const uint8_t *)text, strlen(text)) ==
	     strlen(text), 103);
}

/* Runs until what came in ends with text. */
static void hear(const char *text)
{
	size_t n = strlen(text);

	while (g.in_n < n || memcmp(g.in + g.in_n - n, text, n) != 0)
		loop_step(g.loop, 5);
}

static void flush_out(void)
{
	for (int i = 0; i < 10; i++)
		loop_step(g.loop, 5);
}

static void guest_until_quit(void)
{
	begin();
	say("ready");
	while (!g.quit)
		loop_step(g.loop, 5);
	need(g.in_n == 4 && memcmp(g.in, "ab\001c", 4) == 0, 110);
	end();
}

static void guest_deaf_until_quit(void)
{
	begin();
	g.take = 0;
	say("ready");
	while (!g.quit)
		loop_step(g.loop, 5);
	end();
}

static void guest_ready_then_wait(void)
{
	begin();
	say("ready");
	hear("go");
	log_warn("a line");
	end();
}

static void guest_exits_unclosed(void)
{
	begin();
	say("ready");
	hear("go");
	exit(0);
}

static void guest_aborts(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	begin();
	say("ready");
	hear("go");
	abort();
}

static void hear_all(size_t at_a_time)
{
	static uint8_t want[100000];

	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (uint8_t)(i * 31 + i / 251);
	begin();
	g.take = at_a_time;
	while (g.in_n < sizeof(want)) {
		if (at_a_time < sizeof(want))
			chario_resume(g.c);
		loop_step(g.loop, 1);
	}
	need(memcmp(g.in, want, sizeof(want)) == 0, 111);
	say("heard");
	flush_out();                    /* the input's end ended nothing else */
	say(" all");
	end();
}

static void guest_hears_slowly(void)
{
	hear_all(16);                   /* a FIFO at a time */
}

static void guest_hears_fast(void)
{
	hear_all(sizeof(g.in));
}

static void guest_says_much(void)
{
	static uint8_t buf[500000];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 31 + i / 251);
	begin();
	while (n < sizeof(buf)) {
		size_t k = chario_write(g.c, buf + n, sizeof(buf) - n);

		n += k;
		for (size_t was = g.room_calls; !k && g.room_calls == was;)
			loop_step(g.loop, 5);
	}
	need(g.room_calls > 0, 112);
	exit(0);                        /* the last of it is still buffered */
}

static void guest_says_to_nobody(void)
{
	static uint8_t buf[60000];

	begin();
	for (int i = 0; i < 10; i++) {
		need(chario_write(g.c, buf, sizeof(buf)) == sizeof(buf), 113);
		flush_out();
	}
	end();
}

static void guest_stuck_at_the_end(void)
{
	static uint8_t buf[65536];

	begin();
	while (chario_write(g.c, buf, sizeof(buf)) == sizeof(buf))
		flush_out();
	end();
	_exit(7);
}

static void guest_opens_twice(void)
{
	struct chario *second = NULL;
	char err[256] = "";

	begin();
	need(chario_open(&second, g.loop, "stdio", &cb, NULL, err,
			 sizeof(err)) == -EBUSY, 114);
	need(!second && strstr(err, "once"), 115);
	end();
	begin();                        /* but again after the first */
	say("ready");
	hear("go");
	end();
}

/* ---- the person ----------------------------------------------------------- */

static pid_t start(void (*guest)(void), int in, int out, int err)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	dup2(in, 0);
	dup2(out, 1);
	if (err >= 0)
		dup2(err, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	guest();
	_exit(0);
}

static void expect_exit(pid_t pid, int code)
{
	int status;

	assert_int_equal(pid, waitpid(pid, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("the child ended with %#x", status);
}

static void expect_signal(pid_t pid, int sig)
{
	int status;

	assert_int_equal(pid, waitpid(pid, &status, 0));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		fail_msg("the child ended with %#x", status);
}

static void expect_text(int fd, const char *text)
{
	size_t n = strlen(text), have = 0;
	char got[300];

	assert_true(n < sizeof(got));
	while (have < n) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t k;

		if (poll(&p, 1, 30000) != 1)
			fail_msg("'%s' never came", text);
		k = read(fd, got + have, n - have);
		assert_true(k > 0);
		have += (size_t)k;
	}
	assert_memory_equal(text, got, n);
}

static void type(int fd, const char *text)
{
	assert_int_equal(strlen(text), write(fd, text, strlen(text)));
}

struct term {
	int person, machine;
	struct termios before;
};

static void open_term(struct term *t)
{
	char name[64];

	t->person = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->person >= 0);
	assert_int_equal(0, grantpt(t->person));
	assert_int_equal(0, unlockpt(t->person));
	assert_int_equal(0, ptsname_r(t->person, name, sizeof(name)));
	t->machine = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->machine >= 0);
	assert_int_equal(0, tcgetattr(t->machine, &t->before));
	assert_true(t->before.c_lflag & ICANON);
}

static void close_term(struct term *t)
{
	close(t->machine);
	close(t->person);
}

static bool is_raw(const struct term *t)
{
	struct termios now;

	assert_int_equal(0, tcgetattr(t->machine, &now));
	return !(now.c_lflag & (ICANON | ECHO | ISIG)) &&
	       !(now.c_oflag & OPOST);
}

static void assert_as_before(const struct term *t)
{
	struct termios now;

	assert_int_equal(0, tcgetattr(t->machine, &now));
	assert_int_equal(t->before.c_iflag, now.c_iflag);
	assert_int_equal(t->before.c_oflag, now.c_oflag);
	assert_int_equal(t->before.c_cflag, now.c_cflag);
	assert_int_equal(t->before.c_lflag, now.c_lflag);
	assert_memory_equal(t->before.c_cc, now.c_cc, sizeof(now.c_cc));
	assert_int_equal(0, fcntl(t->machine, F_GETFL) & O_NONBLOCK);
}

static pid_t start_on(struct term *t, void (*guest)(void))
{
	pid_t pid = start(guest, t->machine, t->machine, t->machine);

	expect_text(t->person, "ready");
	assert_true(is_raw(t));
	assert_int_equal(0, fcntl(t->machine, F_GETFL) & O_NONBLOCK);
	return pid;
}

static void escapes(void **state)
{
	struct term t;
	pid_t pid;

	(void)state;
	open_term(&t);
	pid = start_on(&t, guest_until_quit);
	type(t.person, "ab\001\001c\001h");
	expect_text(t.person, "\r\nCtrl-A X");
	type(t.person, "\001q\001x");
	expect_exit(pid, 0);
	assert_as_before(&t);
	close_term(&t);
}

static void deaf_guest_can_be_left(void **state)
{
	struct term t;
	pid_t pid;

	(void)state;
	open_term(&t);
	pid = start_on(&t, guest_deaf_until_quit);
	type(t.person, "anybody there? \003\003\003");
	poll(NULL, 0, 50);              /* apart, or at once: either way passes */
	type(t.person, "\001");
	poll(NULL, 0, 50);
	type(t.person, "X");
	expect_exit(pid, 0);
	assert_as_before(&t);
	close_term(&t);
}

static void log_lines_return(void **state)
{
	struct term t;
	pid_t pid;

	(void)state;
	open_term(&t);
	pid = start_on(&t, guest_ready_then_wait);
	type(t.person, "go");
	expect_text(t.person, "aerovmm: a line\r\n");
	expect_exit(pid, 0);
	close_term(&t);
}

static void restored_by(void (*guest)(void), int sig, int end_sig)
{
	struct term t;
	pid_t pid;

	open_term(&t);
	pid = start_on(&t, guest);
	if (sig)
		assert_int_equal(0, kill(pid, sig));
	else
		type(t.person, "go");
	if (end_sig)
		expect_signal(pid, end_sig);
	else
		expect_exit(pid, 0);
	assert_as_before(&t);
	close_term(&t);
}

static void every_way_out(void **state)
{
	(void)state;
	restored_by(guest_ready_then_wait, 0, 0);
	restored_by(guest_exits_unclosed, 0, 0);
	restored_by(guest_aborts, 0, SIGABRT);
	restored_by(guest_ready_then_wait, SIGTERM, SIGTERM);
	restored_by(guest_ready_then_wait, SIGINT, SIGINT);
	restored_by(guest_ready_then_wait, SIGHUP, SIGHUP);
	restored_by(guest_ready_then_wait, SIGQUIT, SIGQUIT);
}

static void opens_once(void **state)
{
	(void)state;
	restored_by(guest_opens_twice, 0, 0);
}

/* A shell: has the terminal, runs the guest as a job in the background, and
 * brings it to the front when told. */
static void shell(void)
{
	pid_t job;
	int go[2];

	need(setsid() > 0 && ioctl(0, TIOCSCTTY, 0) == 0, 120);
	need(pipe(go) == 0, 121);
	job = fork();
	if (job == 0) {
		char c;

		setpgid(0, 0);
		need(read(go[0], &c, 1) == 1, 122);
		guest_ready_then_wait();
		_exit(0);
	}
	setpgid(job, job);
	need(write(go[1], "", 1) == 1, 123);
	signal(SIGTTOU, SIG_IGN);
	for (;;) {
		char line[16];
		int status;

		/* A line, so cooked: the job must not have changed that. */
		need(read(0, line, sizeof(line)) == 3, 124);
		need(waitpid(job, &status, WNOHANG | WUNTRACED) == 0, 125);
		need(tcsetpgrp(0, job) == 0, 126);
		need(waitpid(job, &status, WUNTRACED) == job, 127);
		need(WIFEXITED(status) && WEXITSTATUS(status) == 0, 128);
		_exit(0);
	}
}

static void background_job(void **state)
{
	struct term t;
	pid_t pid;

	(void)state;
	open_term(&t);
	pid = start(shell, t.machine, t.machine, t.machine);
	expect_text(t.person, "ready");         /* it may print */
	assert_as_before(&t);
	type(t.person, "fg\n");
	expect_text(t.person, "fg\r\n");        /* echoed: cooked */
	while (!is_raw(&t))
		poll(NULL, 0, 5);
	type(t.person, "go");
	expect_text(t.person, "aerovmm: a line\r\n");
	expect_exit(pid, 0);
	assert_as_before(&t);
	close_term(&t);
}

struct pipes {
	int in[2], out[2];              /* read end, write end */
};

static void open_pipes(struct pipes *p)
{
	assert_int_equal(0, pipe(p->in));
	assert_int_equal(0, pipe(p->out));
}

static void assert_blocking(const struct pipes *p)
{
	assert_int_equal(0, fcntl(p->in[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(0, fcntl(p->out[1], F_GETFL) & O_NONBLOCK);
}

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->in[i] >= 0)
			close(p->in[i]);
		if (p->out[i] >= 0)
			close(p->out[i]);
	}
}

static void write_pattern(int fd)
{
	uint8_t buf[1000];
	size_t i = 0;

	while (i < 100000) {
		for (size_t k = 0; k < sizeof(buf); k++, i++)
			buf[k] = (uint8_t)(i * 31 + i / 251);
		assert_int_equal(sizeof(buf), write(fd, buf, sizeof(buf)));
	}
}

static void pipe_has_no_escapes_and_an_end(void **state)
{
	struct pipes p;
	pid_t pid;

	(void)state;
	open_pipes(&p);
	pid = start(guest_hears_slowly, p.in[0], p.out[1], -1);
	write_pattern(p.in[1]);         /* with \001x in it, many times */
	assert_blocking(&p);
	close(p.in[1]);
	p.in[1] = -1;
	expect_text(p.out[0], "heard all");
	expect_exit(pid, 0);
	assert_blocking(&p);
	close_pipes(&p);
}

static void read_file(void (*guest)(void))
{
	char name[] = "/tmp/chario-in-XXXXXX";
	int fd = mkstemp(name);
	struct pipes p;
	pid_t pid;

	unlink(name);
	write_pattern(fd);
	lseek(fd, 0, SEEK_SET);
	open_pipes(&p);
	pid = start(guest, fd, p.out[1], -1);
	expect_text(p.out[0], "heard all");
	expect_exit(pid, 0);
	close(fd);
	close_pipes(&p);
}

static void file_as_input(void **state)
{
	(void)state;
	read_file(guest_hears_slowly);
	read_file(guest_hears_fast);
}

static void guest_says_something(void)
{
	begin();
	flush_out();
	need(g.in_n == 0, 116);
	need(!loop_step(g.loop, 0), 117);       /* no busy wait for input */
	say("something");
	end();
}

static void no_input(void **state)
{
	int null = open("/dev/null", O_RDWR);
	struct pipes p;
	pid_t pid;

	(void)state;
	open_pipes(&p);
	pid = start(guest_says_something, null, p.out[1], -1);
	expect_text(p.out[0], "something");
	expect_exit(pid, 0);
	pid = start(guest_says_something, null, null, -1);
	expect_exit(pid, 0);
	close(null);
	close_pipes(&p);
}

static void read_pattern(int fd)
{
	size_t i = 0;

	while (i < 500000) {
		uint8_t buf[5000];
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			fail_msg("only %zu bytes came", i);
		for (ssize_t k = 0; k < n; k++, i++)
			if (buf[k] != (uint8_t)(i * 31 + i / 251))
				fail_msg("byte %zu is wrong", i);
	}
}

static void slow_pipe(void **state)
{
	struct pipes p;
	pid_t pid;

	(void)state;
	open_pipes(&p);
	pid = start(guest_says_much, p.in[0], p.out[1], -1);
	poll(NULL, 0, 50);              /* lets it run full; either way passes */
	assert_blocking(&p);
	close(p.out[1]);
	p.out[1] = -1;
	read_pattern(p.out[0]);
	expect_exit(pid, 0);
	close_pipes(&p);
}

static void slow_socket(void **state)
{
	int s[2];
	pid_t pid;

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pid = start(guest_says_much, s[1], s[1], -1);
	poll(NULL, 0, 50);
	assert_int_equal(0, fcntl(s[1], F_GETFL) & O_NONBLOCK);
	close(s[1]);
	read_pattern(s[0]);
	expect_exit(pid, 0);
	close(s[0]);
}

/* A pseudo-terminal's master cannot be opened anew: O_NONBLOCK is set on what
 * others share, and must be taken back. */
static void shared_flags_go_back(void **state)
{
	struct term in, out;
	pid_t pid;

	(void)state;
	open_term(&in);
	open_term(&out);
	pid = start(guest_ready_then_wait, in.machine, out.person, -1);
	while (!(fcntl(out.person, F_GETFL) & O_NONBLOCK))
		poll(NULL, 0, 5);
	while (!is_raw(&in))
		poll(NULL, 0, 5);
	assert_int_equal(0, kill(pid, SIGTERM));
	expect_signal(pid, SIGTERM);
	assert_int_equal(0, fcntl(out.person, F_GETFL) & O_NONBLOCK);
	pid = start(guest_exits_unclosed, in.machine, out.person, -1);
	while (!(fcntl(out.person, F_GETFL) & O_NONBLOCK))
		poll(NULL, 0, 5);
	while (!is_raw(&in))
		poll(NULL, 0, 5);
	type(in.person, "go");
	expect_exit(pid, 0);
	assert_int_equal(0, fcntl(out.person, F_GETFL) & O_NONBLOCK);
	close_term(&in);
	close_term(&out);
}

static void reader_goes_away(void **state)
{
	struct pipes p;
	pid_t pid;

	(void)state;
	open_pipes(&p);
	close(p.out[0]);
	p.out[0] = -1;
	pid = start(guest_says_to_nobody, p.in[0], p.out[1], -1);
	expect_exit(pid, 0);
	close_pipes(&p);
}

static void reader_does_not_read(void **state)
{
	struct pipes p;
	pid_t pid;

	(void)state;
	open_pipes(&p);
	pid = start(guest_stuck_at_the_end, p.in[0], p.out[1], -1);
	expect_exit(pid, 7);
	assert_blocking(&p);
	close_pipes(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(deaf_guest_can_be_left),
		cmocka_unit_test(log_lines_return),
		cmocka_unit_test(every_way_out),
		cmocka_unit_test(opens_once),
		cmocka_unit_test(background_job),
		cmocka_unit_test(pipe_has_no_escapes_and_an_end),
		cmocka_unit_test(file_as_input),
		cmocka_unit_test(no_input),
		cmocka_unit_test(slow_pipe),
		cmocka_unit_test(slow_socket),
		cmocka_unit_test(shared_flags_go_back),
		cmocka_unit_test(reader_goes_away),
		cmocka_unit_test(reader_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
