/*
 * The PC's fixed devices, one file per chip. Each *_init registers its ports.
 * Registers are accessed by vCPU threads and locked per chip; what reaches the
 * outside (time, bytes, power) is a callback, called without the chip's lock.
 */
#ifndef DEVICES_LEGACY_LEGACY_H
#define DEVICES_LEGACY_LEGACY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/base/iospace.h"
#include "devices/base/irq.h"
#include "devices/base/loop.h"

/* ---- serial.c: 16550A --------------------------------------------------- */

#define SERIAL_FIFO 16

struct serial {
	struct io_region io;
	struct irq_line *irq;
	pthread_mutex_t lock;
	/* Sends; returns how many bytes were taken. Must not block. */
	size_t (*tx)(void *ctx, const uint8_t *, size_t);
	/* The receive FIFO has room again. */
	void (*rx_ready)(void *ctx);
	void *ctx;
	uint8_t ier, iir, fcr, lcr, mcr, lsr, msr, scr, dll, dlm;
	uint8_t rx[SERIAL_FIFO], tx_hold[SERIAL_FIFO];
	unsigned rx_at, rx_n, tx_n;
	bool thr_pending, irq_on;
};
int serial_init(struct serial *, struct iospace *pio, uint16_t port,
		struct irq_line *irq);
/* From the outside, any thread: returns how many the FIFO took. */
size_t serial_rx(struct serial *, const uint8_t *, size_t);
/* From the outside, any thread: tx may succeed again. */
void serial_tx_ready(struct serial *);
void serial_reset(struct serial *);

/* ---- rtc.c: MC146818 and 128 bytes of CMOS ------------------------------ */

struct rtc {
	struct io_region io;
	struct irq_line *irq;
	pthread_mutex_t lock;
	uint8_t index, cmos[128];
	int64_t offset_s;               /* guest time minus host time */
	bool local;                     /* keep local time, else UTC */
	uint64_t set_at_ns;
	struct loop *loop;              /* owner of the timer */
	struct loop_timer timer;
};
/* loop: where periodic, update and alarm interrupts are timed. */
int rtc_init(struct rtc *, struct iospace *pio, struct irq_line *irq,
	     struct loop *loop, bool local);
void rtc_set_memory(struct rtc *, uint64_t low_ram, uint64_t high_ram,
		    unsigned cpus);
void rtc_reset(struct rtc *);

/* ---- i8042.c: keyboard controller --------------------------------------- */

struct sysctl;
struct i8042 {
	struct io_region data, cmd;
	struct irq_line *irq1, *irq12;
	pthread_mutex_t lock;
	void (*reset)(void *ctx);       /* reset line pulled */
	void *ctx;
	uint8_t status, ctr, outport, pending_cmd;
	uint8_t queue[32];
	bool queue_aux[32];
	unsigned q_at, q_n;
};
int i8042_init(struct i8042 *, struct iospace *pio, struct irq_line *irq1,
	       struct irq_line *irq12);
void i8042_reset(struct i8042 *);

/* ---- pm.c: ACPI PM1 block, PM timer, GPE0 ------------------------------- */

enum pm_event { PM_POWEROFF, PM_RESET };

struct pm {
	struct io_region io, smi;
	struct irq_line *sci;           /* level */
	pthread_mutex_t lock;
	void (*event)(void *ctx, enum pm_event);
	void *ctx;
	uint16_t sts, en, cnt;
	uint8_t gpe_sts[2], gpe_en[2];
	uint64_t t0_ns;
	struct loop *loop;
	struct loop_timer overflow;
};
/* base: PM1_EVT base+0 (4), PM1_CNT base+4 (2), PM_TMR base+8 (4),
 * GPE0 base+0x20. */
int pm_init(struct pm *, struct iospace *pio, uint16_t base,
	    struct irq_line *sci, struct loop *);
void pm_power_button(struct pm *);      /* any thread */
void pm_reset(struct pm *);

/* ---- sysctl.c: ports 0x61, 0x92, 0xCF9, and ports that only swallow ----- */

struct sysctl {
	struct io_region p92, pcf9, pdma[4], post;
	pthread_mutex_t lock;
	void (*reset)(void *ctx);
	void *ctx;
	uint8_t v92, vcf9;
	uint8_t dma[0xe0];
};
int sysctl_init(struct sysctl *, struct iospace *pio);
void sysctl_reset(struct sysctl *);

/* ---- debugexit.c: port 0xF4 --------------------------------------------- */

struct debugexit {
	struct io_region io;
	void (*exit)(void *ctx, uint32_t value);
	void *ctx;
};
int debugexit_init(struct debugexit *, struct iospace *pio);

#endif
