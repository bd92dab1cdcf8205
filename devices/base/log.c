#include "devices/base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int g_log_level;
static const char *g_log_eol = "\n";
static pthread_mutex_t limit_lock = PTHREAD_MUTEX_INITIALIZER;

void log_set_level(int level)
{
	g_log_level = level;
}

int log_level(void)
{
	return g_log_level;
}

void log_set_newline(const char *eol)
{
	__atomic_store_n(&g_log_eol, eol ? eol : "\n", __ATOMIC_RELAXED);
}

/* One write per line, so that lines of two threads do not mix. */
__attribute__((format(printf, 2, 0)))
static void say(const char *who, const char *fmt, va_list ap)
{
	const char *eol = __atomic_load_n(&g_log_eol, __ATOMIC_RELAXED);
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	if (who)
		fprintf(stderr, "aerovmm: %s: %s%s", who, line, eol);
	else
		fprintf(stderr, "aerovmm: %s%s", line, eol);
}

#define SAY(who, fmt) do {                                                     \
	va_list ap_;                                                           \
	va_start(ap_, fmt);                                                    \
	say(who, fmt, ap_);                                                    \
	va_end(ap_);                                                           \
} while (0)

void log_warn(const char *fmt, ...)
{
	SAY(NULL, fmt);
}

void log_info(const char *fmt, ...)
{
	if (g_log_level >= 1)
		SAY(NULL, fmt);
}

void log_debug(const char *fmt, ...)
{
	if (g_log_level >= 2)
		SAY(NULL, fmt);
}

void die(int code, const char *fmt, ...)
{
	SAY(NULL, fmt);
	exit(code);
}

void log_limited(struct log_limit *l, const char *who, const char *fmt, ...)
{
	struct timespec ts;
	unsigned dropped = 0;
	bool speak;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	pthread_mutex_lock(&limit_lock);
	if (l->said == 0 || now - l->window_ns > 10000000000u) {
		l->window_ns = now;
		dropped = l->dropped;
		l->said = l->dropped = 0;
	}
	speak = l->said < 5;
	if (speak)
		l->said++;
	else
		l->dropped++;
	pthread_mutex_unlock(&limit_lock);
	if (!speak)
		return;
	if (dropped)
		log_warn("%s: %u more lines like the next one were left out",
			 who, dropped);
	SAY(who, fmt);
}

void log_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "aerovmm: bug: %s:%d: %s. Please report this.\n", file,
		line, what);
	abort();
}
