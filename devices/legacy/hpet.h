/*
 * High Precision Event Timers (IA-PC HPET 1.0a): a counter of 100 MHz, 64 bits,
 * and three comparators of 64 bits, each one-shot or periodic, edge or level.
 * Legacy replacement puts the first on IRQ 0 in the PIT's place and the second
 * on IRQ 8 in the RTC's; who owns those is told. No FSB delivery.
 *
 * Periodic interrupts that the host is too late for are left out, and none come
 * faster than one in HPET_MIN_NS. Registers: any thread, in units of 4 or 8
 * aligned bytes (other reads work, other writes are ignored).
 */
#ifndef DEVICES_LEGACY_HPET_H
#define DEVICES_LEGACY_HPET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/base/iospace.h"
#include "devices/base/irq.h"
#include "devices/base/loop.h"

#define HPET_LEN        0x400
#define HPET_TICK_NS    10
#define HPET_TIMERS     3
#define HPET_GSIS       24
#define HPET_MIN_NS     50000
/* The low half of the capabilities, and the ACPI table's id: revision 1, three
 * timers, 64 bits, legacy replacement, vendor 8086. */
#define HPET_ID         0x8086a201u

struct legacy_clock;

struct hpet_timer {
	uint64_t conf, cmp, period;
	bool set_high;          /* the comparator's high half is still to come */
	struct irq_line *up;    /* the line it holds up */
};

struct hpet {
	struct io_region io;
	pthread_mutex_t lock;
	/* By GSI, NULL: not connected. 0 and 8 are for legacy replacement,
	 * the others are what the timers may be routed to. */
	struct irq_line *line[HPET_GSIS];
	/* Legacy replacement goes on or off. Called without the lock, by one
	 * thread at a time; may be NULL. */
	void (*legacy)(void *ctx, bool on);
	void *ctx;
	pthread_mutex_t legacy_lock;    /* over the callback */
	bool legacy_told;               /* [legacy_lock] */
	struct loop *loop;
	struct loop_timer timer;
	struct loop_call rearm;
	const struct legacy_clock *clock;
	uint64_t conf, sts;
	uint64_t base, base_ns;         /* counter at that time; halted: all */
	uint64_t checked;               /* counter up to which matches are seen */
	struct hpet_timer t[HPET_TIMERS];
	uint64_t armed_ns;
};

/* line and the callback are set before; 0 or -errno. */
int hpet_init(struct hpet *, struct iospace *mmio, uint64_t base, struct loop *);
int hpet_init_clock(struct hpet *, struct iospace *mmio, uint64_t base,
		    struct loop *, const struct legacy_clock *);
void hpet_reset(struct hpet *);

#endif
