/*
 * The PC's fixed devices, one file per chip. Each *_init registers its ports;
 * the caller hands in a zeroed struct and may set the callbacks before or after
 * (a callback left NULL is a wire that leads nowhere). 0 or -errno.
 *
 * Registers are accessed by vCPU threads and locked per chip. What reaches the
 * outside (bytes, power, reset) is a callback, called without the chip's lock.
 * Interrupt lines are driven with the lock held, so that the last level set is
 * the chip's: a line must not call back into its chip.
 *
 * *_reset is the reset line: any thread; what a battery or a wire keeps stays.
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
#include "devices/legacy/ps2.h"

/* ---- serial.c: 16550A --------------------------------------------------- */

#define SERIAL_FIFO 16

struct serial {
	struct io_region io;
	struct irq_line *irq;
	pthread_mutex_t lock;
	/* Sends; returns how many bytes were taken. Must not block. The rest
	 * is offered again after serial_tx_ready. */
	size_t (*tx)(void *ctx, const uint8_t *, size_t);
	/* The receive FIFO has room again after serial_rx took too little. */
	void (*rx_ready)(void *ctx);
	void *ctx;
	uint8_t ier, fcr, lcr, mcr, lsr, msr, scr, dll, dlm;
	uint8_t rx[SERIAL_FIFO], tx_hold[SERIAL_FIFO];
	unsigned rx_at, rx_n, tx_n;
	bool thr_pending;       /* THR ran empty and IIR has not told yet */
	bool tx_busy;           /* a thread is in tx(), without the lock */
	bool tx_again;          /* serial_tx_ready came meanwhile */
	bool rx_refused;        /* serial_rx took too little */
	bool irq_on;
};
int serial_init(struct serial *, struct iospace *pio, uint16_t port,
		struct irq_line *irq);
/* From the outside, any thread: returns how many the FIFO took. */
size_t serial_rx(struct serial *, const uint8_t *, size_t);
/* From the outside, any thread: tx may succeed again. */
void serial_tx_ready(struct serial *);
void serial_reset(struct serial *);

/* ---- rtc.c: MC146818 and 128 bytes of CMOS ------------------------------ */

struct legacy_clock;
struct rtc {
	struct io_region io;
	struct irq_line *irq;           /* edge: pulsed */
	pthread_mutex_t lock;
	struct loop *loop;              /* owner of the timer */
	struct loop_timer timer;
	struct loop_call rearm;
	const struct legacy_clock *clock;
	uint8_t index, cmos[128];       /* the clock's bytes too */
	int64_t base_ns;                /* host time of the last update */
	uint64_t div_ns;                /* when the divider chain started */
	uint64_t p_idx;                 /* periods seen since then */
	uint64_t armed_ns;              /* what the timer is or will be set to */
	unsigned lost;                  /* periodic ticks still owed */
};
/* loop: where periodic, update and alarm interrupts are timed. local: start
 * with the host's local time instead of UTC, as Windows expects. */
int rtc_init(struct rtc *, struct iospace *pio, struct irq_line *irq,
	     struct loop *loop, bool local);
/* Bytes of RAM below 4 GiB and above it; cpus from 1. */
void rtc_set_memory(struct rtc *, uint64_t low_ram, uint64_t high_ram,
		    unsigned cpus);
void rtc_reset(struct rtc *);

/* ---- i8042.c: keyboard controller --------------------------------------- */

struct i8042 {
	struct io_region data, cmd;
	struct irq_line *irq1, *irq12;  /* edge: pulsed per byte */
	pthread_mutex_t lock;
	void (*reset)(void *ctx);       /* reset line pulled */
	void *ctx;
	uint8_t status, ctr, outport, pending_cmd, obuf;
	uint8_t ram[32];                /* [0] is ctr's place, unused */
	struct ps2_queue answers;       /* the controller's own */
	struct ps2_kbd kbd;
	struct ps2_mouse mouse;
	bool break_seen;                /* F0 is folded into the next code */
};
int i8042_init(struct i8042 *, struct iospace *pio, struct irq_line *irq1,
	       struct irq_line *irq12);
/* A key event as a keyboard sends it, in scan code set 2 (E0 and F0 included),
 * whole or not at all; false: the keyboard's buffer is full, or the guest has
 * switched the keyboard off. Any thread. */
bool i8042_key(struct i8042 *, const uint8_t *scancodes, size_t n);
/* Whether the guest has the keyboard switched on; whether it has read all there
 * was to read. Any thread. */
bool i8042_scans(struct i8042 *);
bool i8042_idle(struct i8042 *);
/* Relative motion, dy upwards, dz towards the person; buttons PS2_LEFT...
 * What does not fit is added to the next packet. Any thread. */
void i8042_mouse(struct i8042 *, int dx, int dy, int dz, unsigned buttons);
void i8042_reset(struct i8042 *);

/* ---- pm.c: ACPI PM1 block, PM timer, GPE0, SMI command port ------------- */

/* What the FADT and \_S5 must say (bios/layout.h has the same). */
#define PM_IO_LEN       0x24    /* PM1_EVT +0, PM1_CNT +4, TMR +8, GPE0 +0x20 */
#define PM_SMI_CMD      0xb2
#define PM_ACPI_ENABLE  0xf1
#define PM_ACPI_DISABLE 0xf0
#define PM_S5_TYPE      0

enum pm_event { PM_POWEROFF, PM_RESET };

struct pm {
	struct io_region io, smi;
	struct irq_line *sci;           /* level */
	pthread_mutex_t lock;
	void (*event)(void *ctx, enum pm_event);
	void *ctx;
	struct loop *loop;
	struct loop_timer overflow;
	struct loop_call rearm;
	const struct legacy_clock *clock;
	uint16_t sts, en, cnt;
	uint16_t gpe_sts, gpe_en;
	uint8_t apm[2];                 /* B2, B3 as last written */
	uint64_t t0_ns, halves;         /* timer's zero; half wraps accounted */
	uint64_t armed_ns;
	bool sci_on;
};
/* base: PM_IO_LEN ports as above. */
int pm_init(struct pm *, struct iospace *pio, uint16_t base,
	    struct irq_line *sci, struct loop *);
void pm_power_button(struct pm *);              /* any thread */
void pm_gpe(struct pm *, unsigned bit);         /* 0..15, any thread */
void pm_reset(struct pm *);

/* ---- sysctl.c: ports 0x92, 0xCF9, DMA controllers, POST ------------------ */

/*
 * Port 0x61 is not here: KVM's PIT answers it (KVM_PIT_SPEAKER_DUMMY).
 * sysctl_init comes before the PCI host bridge's ports: 0xCF9 as a byte lies
 * inside 0xCF8's dword, and the region added first wins.
 */
struct dma_ctl {
	uint16_t addr[4], count[4];
	uint8_t command, mode[4], mask, temp;
	bool high;              /* the flip-flop: the next byte is the high one */
};
struct sysctl {
	struct io_region p92, pcf9, pdma[2], page;
	pthread_mutex_t lock;
	void (*reset)(void *ctx);
	void *ctx;
	uint8_t v92, vcf9;
	struct dma_ctl dma[2];          /* 8 and 16-bit channels */
	uint8_t pages[16];              /* 80-8F; 80 is the POST code */
};
int sysctl_init(struct sysctl *, struct iospace *pio);
void sysctl_reset(struct sysctl *);

/* ---- debugexit.c: port 0xF4 --------------------------------------------- */

struct debugexit {
	struct io_region io;
	/* value: as wide as the write. */
	void (*exit)(void *ctx, uint32_t value);
	void *ctx;
};
int debugexit_init(struct debugexit *, struct iospace *pio);

#endif
