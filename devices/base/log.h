/*
 * What a person reads, always on stderr, one line each, "aerovmm: " in front.
 *
 *   die         the host or the configuration is wrong; leaves with a code.
 *               Set-up code under main only.
 *   log_warn    the host did something unexpected; we go on.
 *   log_info    shown with -v; log_debug with -vv.
 *   guest_err   the guest broke a rule; rate-limited per call site.
 *   BUG_ON      we broke a rule; aborts.
 *
 * Any thread.
 */
#ifndef DEVICES_BASE_LOG_H
#define DEVICES_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* 0 warnings only, 1 -v, 2 -vv. Set once, before threads start. */
void log_set_level(int level);
int log_level(void);

/* Called before each line is written and after; the terminal code uses it to
 * leave and re-enter raw mode's line discipline. NULL: none. */
void log_set_newline(const char *eol);

__attribute__((format(printf, 1, 2))) void log_warn(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);
__attribute__((format(printf, 2, 3), noreturn))
void die(int code, const char *fmt, ...);

/* At most ~5 lines per 10 s from one place; the next line says how many were
 * left out. who: the device's name. */
struct log_limit {
	uint64_t window_ns;
	unsigned said, dropped;
};
__attribute__((format(printf, 3, 4)))
void log_limited(struct log_limit *, const char *who, const char *fmt, ...);

#define guest_err(who, ...) do {                                               \
	static struct log_limit limit_;                                        \
	log_limited(&limit_, who, __VA_ARGS__);                                \
} while (0)

/* As guest_err, for a host failure that a busy guest could repeat for ever. */
#define host_err_limited guest_err

__attribute__((noreturn))
void log_bug(const char *file, int line, const char *what);
#define BUG_ON(cond) do {                                                      \
	if (__builtin_expect(!!(cond), 0))                                     \
		log_bug(__FILE__, __LINE__, #cond);                            \
} while (0)

#endif
