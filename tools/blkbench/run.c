#include "tools/blkbench/bench.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child that says nothing for so long beyond its time will not say more: a
 * BIOS that starts on a busy host needs some ten seconds. */
#define SILENCE_MS 120000
#define LINE_LEN 1024

const char *const side_names[SIDES + 1] = {
	[SIDE_AEROVMM] = "aerovmm", [SIDE_QEMU] = "qemu", [SIDE_HOST] = "host",
	[SIDE_FIO] = "fio",
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double tsc_khz(void)
{
	static double khz;
	double from, ms;
	uint64_t tsc;

	if (khz > 0)
		return khz;
	from = now_ms();
	tsc = __builtin_ia32_rdtsc();
	do {
		ms = now_ms() - from;
	} while (ms < 50);
	khz = (double)(__builtin_ia32_rdtsc() - tsc) / ms;
	return khz;
}

/* ---- what a child says ---------------------------------------------------- */

struct talk {
	const struct job *job;
	const char *what;
	struct result *r;
	char *err;
	int in;
	struct counters counters;
	double started;                 /* ms; 0: has not begun */
	char line[LINE_LEN];
	size_t len;
	bool done, failed;
};

static uint64_t number(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* fmax makes 0 of a NAN. */
static double at_least_0(double v)
{
	return v < 0 ? 0 : v;
}

static void per_request(struct talk *t, size_t said)
{
	const struct counters *c = &t->counters;
	struct result *r = t->r;
	double n = (double)r->requests;
	bool guest = t->job->side == SIDE_AEROVMM || t->job->side == SIDE_QEMU;
	/* Each character of the last line was an exit, and a KVM_RUN. */
	double own = guest ? (double)said : 0;

	r->exits = guest ? at_least_0(counters_get(c, COUNT_EXITS) - own) / n
			 : NAN;
	r->syscalls = at_least_0(counters_get(c, COUNT_SYSCALLS) - own) / n;
	r->cpu = counters_get(c, COUNT_CPU_NS) / 1e3 / n;
	r->switches = counters_get(c, COUNT_SWITCHES) / n;
	r->notifies = guest ? (double)r->kicks / n : NAN;
}

/* The first failure is the one that is told. */
__attribute__((format(printf, 2, 3)))
static void fail(struct talk *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->failed)
		return;
	t->failed = true;
	n = snprintf(t->err, BENCH_ERR_LEN, "%s: ", side_names[t->job->side]);
	va_start(ap, fmt);
	vsnprintf(t->err + n, BENCH_ERR_LEN - (size_t)n, fmt, ap);
	va_end(ap);
}

static void done(struct talk *t)
{
	const char *line = t->line;
	double us = t->job->tick_us;
	struct result *r = t->r;
	double seconds = (double)number(line, "ticks=") * us / 1e6;
	uint64_t errors = number(line, "errors="), bad = number(line, "bad=");

	*r = (struct result){
		.requests = number(line, "requests="),
		.writes = number(line, "writes="),
		.kicks = number(line, "kicks="),
		.mean = (double)number(line, "mean=") * us,
		.p50 = (double)number(line, "p50=") * us,
		.p99 = (double)number(line, "p99=") * us,
		.p999 = (double)number(line, "p999=") * us,
		.max = (double)number(line, "max=") * us,
	};
	t->done = true;
	if (errors)
		fail(t, "%llu requests failed", (unsigned long long)errors);
	else if (bad)
		fail(t, "%llu blocks are not what was written",
		     (unsigned long long)bad);
	else if (!r->requests || seconds <= 0)
		fail(t, "no request was completed in time");
	if (t->failed)
		return;
	r->iops = (double)r->requests / seconds;
	r->mbs = r->iops * t->job->work.bs / 1e6;
	per_request(t, t->len + 1);
}

/* fio's terse output, version 3: reads from field 5, writes from field 46. */
static double field(const char *line, unsigned n)
{
	for (; n && (line = strchr(line, ';')); n--)
		line++;
	return line ? strtod(line, NULL) : 0;
}

static double percentile(const char *line, unsigned first, double want)
{
	for (unsigned i = first; i < first + 20; i++) {
		const char *at = line;
		char *end;

		for (unsigned n = i; n && (at = strchr(at, ';')); n--)
			at++;
		if (at && fabs(strtod(at, &end) - want) < 1e-6 && *end == '%')
			return strtod(end + 2, NULL);
	}
	return 0;
}

static void done_fio(struct talk *t)
{
	const char *l = t->line;
	double kib = field(l, 5) + field(l, 46);
	unsigned main = field(l, 5) >= field(l, 46) ? 5 : 46;
	struct result *r = t->r;

	t->done = true;
	*r = (struct result){
		.iops = field(l, 7) + field(l, 48),
		.mean = field(l, main + 34),
		.p50 = percentile(l, main + 12, 50),
		.p99 = percentile(l, main + 12, 99),
		.p999 = percentile(l, main + 12, 99.9),
		.max = field(l, main + 33),
		.exits = NAN, .syscalls = NAN, .cpu = NAN, .switches = NAN,
		.notifies = NAN,
	};
	r->requests = (uint64_t)(kib * 1024 / t->job->work.bs);
	r->writes = (uint64_t)(field(l, 46) * 1024 / t->job->work.bs);
	r->mbs = r->iops * t->job->work.bs / 1e6;
	if (field(l, 4) != 0 || r->iops <= 0)
		fail(t, "failed: %.200s", l);
}

static void take_line(struct talk *t)
{
	char *line = t->line;

	while (t->len && line[t->len - 1] == '\r')
		t->len--;
	line[t->len] = 0;
	if (!strcmp(line, "blkbench: begin")) {
		counters_start(&t->counters);
		t->started = now_ms();
	} else if (!strncmp(line, "blkbench: done ", 15)) {
		counters_stop(&t->counters);
		done(t);
	} else if (!strncmp(line, "blkbench: error ", 16)) {
		fail(t, "%.400s", line + 16);
	} else if (t->job->side == SIDE_FIO && !strncmp(line, "3;fio-", 6)) {
		done_fio(t);
	} else if (!strncmp(line, "not ok ", 7)) {
		fail(t, "the micro-guest failed: %.300s", line + 7);
	}
	t->len = 0;
}

/* Bytes of one read. False: the end. */
static bool listen(struct talk *t)
{
	char buf[512];
	ssize_t n = read(t->in, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n')
			take_line(t);
		else if (t->len + 1 < LINE_LEN)
			t->line[t->len++] = buf[i];
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* ---- progress ------------------------------------------------------------- */

static void progress(const struct talk *t, double born)
{
	const struct bench_cfg *cfg = t->job->cfg;
	double ms = now_ms() - (t->started > 0 ? t->started : born);

	if (cfg->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s: ", t->what);
	if (t->started <= 0 && t->job->side != SIDE_FIO)
		fprintf(stderr, "starting, %.0f s", ms / 1e3);
	else if (cfg->work.count)
		fprintf(stderr, "running, %.0f s", ms / 1e3);
	else
		fprintf(stderr, "%.0f of %.1f s", ms / 1e3,
			cfg->runtime_ms / 1e3);
	fflush(stderr);
}

static void progress_end(const struct talk *t)
{
	if (t->job->cfg->quiet)
		return;
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (!t->failed)
		fprintf(stderr, "%s: %.0f IOPS\n", t->what, t->r->iops);
}

/* ---- one child ------------------------------------------------------------ */

static void converse(struct talk *t)
{
	double born = now_ms(), heard = born;
	struct pollfd p = { .fd = t->in, .events = POLLIN };
	double patience = SILENCE_MS + (t->job->work.count ? 3600e3 :
					2.0 * t->job->cfg->runtime_ms);

	for (;;) {
		int n = poll(&p, 1, 1000);

		if (n > 0) {
			heard = now_ms();
			if (!listen(t))
				return;
		} else if (n < 0 && errno != EINTR) {
			fail(t, "cannot listen to it: %s", strerror(errno));
			return;
		}
		if (now_ms() - heard > patience) {
			fail(t, "gave no answer in time");
			return;
		}
		progress(t, born);
	}
}

/* Its counters exist before it does anything. */
static pid_t start(struct talk *t, int out)
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe(go) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(EXIT_HOST);
		close(go[0]);
		close(t->in);
		side_child(t->job, out);
	}
	close(go[0]);
	if (pid > 0) {
		counters_open(&t->counters, pid);
		if (write(go[1], "", 1) != 1)
			kill(pid, SIGKILL);
	}
	close(go[1]);
	return pid;
}

static int finish(struct talk *t, pid_t pid)
{
	bool crashed;
	int status;

	if (t->failed)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	crashed = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CRASH &&
		  t->job->side == SIDE_AEROVMM;
	if (!t->done)
		fail(t, "ended without a result%s",
		     t->job->side == SIDE_QEMU ?
		     "; is it installed, and can it use /dev/kvm?" : "");
	if (!t->failed)
		return 0;
	return crashed ? -EPROTO : -EIO;
}

int bench_run(const struct job *job, const char *what, struct result *r,
	      char err[BENCH_ERR_LEN])
{
	struct talk t = { .job = job, .what = what, .r = r, .err = err };
	int fds[2], ret;
	pid_t pid;

	if (pipe(fds) < 0) {
		snprintf(err, BENCH_ERR_LEN, "no pipe: %s", strerror(errno));
		return -EIO;
	}
	t.in = fds[0];
	pid = start(&t, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		snprintf(err, BENCH_ERR_LEN, "cannot start a process: %s",
			 strerror(errno));
		close(fds[0]);
		return -EIO;
	}
	converse(&t);
	ret = finish(&t, pid);
	close(fds[0]);
	counters_close(&t.counters);
	progress_end(&t);
	return ret;
}
