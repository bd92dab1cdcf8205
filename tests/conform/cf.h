/*
 * Conformance tests of AERO-W7-VIRTIO v1: one source, run by the host against
 * the device models (PCI and MMIO) and inside a micro-guest on a real machine.
 *
 * A test is named after the clause it tests, c<clause>_<what>, as listed in
 * tests/conform/clauses. It finds all devices just reset, at random places
 * (slots, BARs, guest memory), and ends at its first failed check. No libc but
 * memcpy, memset and memcmp.
 */
#ifndef TESTS_CONFORM_CF_H
#define TESTS_CONFORM_CF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/drv.h"
#include "tests/lib/rnd.h"

/* ---- tests ---------------------------------------------------------------- */

enum { CF_PCI = 1, CF_MMIO = 2, CF_HOST = 4, CF_GUEST = 8, CF_ALL = 15 };

struct cf;
struct cf_test {
	const char *name;
	void (*fn)(struct cf *);
	unsigned where;         /* transports and machines it is for */
};
#define CF_TEST(f, w) { #f, f, w }
#define ON_PCI (CF_PCI | CF_HOST | CF_GUEST)

/* The tests of one part of the contract, ended by one without a name. */
extern const struct cf_test cf_tests_pci[], cf_tests_common[], cf_tests_irq[],
	cf_tests_msix[], cf_tests_ring[], cf_tests_blk[], cf_tests_net[],
	cf_tests_input[], cf_tests_snd[];
#define CF_PARTS 9
extern const struct cf_test *const cf_parts[CF_PARTS];

/* Prints what was wrong and ends the test. */
_Noreturn void cf_fail(struct cf *, const char *file, int line,
		       const char *what, uint64_t want, uint64_t got);
#define CHECK(c, cond)                                                         \
	((cond) ? (void)0 : cf_fail(c, __FILE__, __LINE__, #cond, 1, 0))
#define CHECK_EQ(c, want, got) do {                                            \
	uint64_t want_ = (want), got_ = (got);                                 \
	if (want_ != got_)                                                     \
		cf_fail(c, __FILE__, __LINE__, #got, want_, got_);             \
	} while (0)
/* Lets the machine run until cond; fails the test when that takes too long. */
#define CF_UNTIL(c, cond) do {                                                 \
	for (unsigned n_ = 0; !(cond); n_++)                                   \
		if (!cf_pass(c, n_))                                           \
			cf_fail(c, __FILE__, __LINE__, "in time: " #cond, 1, 0); \
	} while (0)

/* ---- devices -------------------------------------------------------------- */

/* CF_MSIX: a disk with msix=on; PCI only. */
enum cf_kind {
	CF_NET, CF_BLK, CF_KEYBOARD, CF_MOUSE, CF_TABLET, CF_SND, CF_MSIX,
	CF_KINDS,
};

struct cf_dev {
	enum cf_kind kind;
	struct drv_bus bus;
	uint16_t nq, qsize[4];          /* what the contract says */
	struct drv_ring ring[4];
	bool indirect;                  /* negotiated */
	volatile unsigned irqs;         /* with a cause of this device */
};

struct cf {
	unsigned where;                 /* this machine: CF_PCI | CF_HOST ... */
	struct rnd rnd;
	struct drv_hw *hw;
	uint32_t bar_page;              /* where BARs are, see cf_bar_at */
	struct cf_dev dev[CF_KINDS];
	/* The interrupt handler's, see cf_irq_on. */
	struct cf_dev *irq_dev;
	bool irq_all;
	volatile unsigned irqs;         /* how often with a cause */
	volatile unsigned isr[4];       /* by ISR value */
};

/* Those of this machine. */
#define CF_EACH(c, d)                                                          \
	for (struct cf_dev *d = (c)->dev;                                      \
	     d < (c)->dev + ((c)->where & CF_MMIO ? CF_MSIX : CF_KINDS); d++)

/* Brings a device up with all features of the contract, or without
 * INDIRECT_DESC, rings anywhere at the least alignment. */
struct cf_dev *cf_up(struct cf *, enum cf_kind);
struct cf_dev *cf_up_direct(struct cf *, enum cf_kind);
/* The same up to, and without, DRIVER_OK; features as given. */
struct cf_dev *cf_start(struct cf *, enum cf_kind, uint64_t features);
void cf_ring(struct cf *, struct cf_dev *, uint16_t q);
uint64_t cf_features(enum cf_kind);     /* those the contract lists */

/* Sends a chain, in an indirect table or not, and kicks. The id. */
int cf_send(struct cf *, struct cf_dev *, uint16_t q, const struct drv_buf *,
	    unsigned n);
/* Waits for the next used chain: its id and length. */
int cf_used(struct cf *, struct cf_dev *, uint16_t q, uint32_t *len);
/* Is nothing used, and will nothing be by itself? */
bool cf_none(struct cf *, struct cf_dev *, uint16_t q);
/* Sends something that any device answers at once; the queue it went to.
 * cf_echo waits for it, too. */
uint16_t cf_ask(struct cf *, struct cf_dev *);
void cf_echo(struct cf *, struct cf_dev *);

/* What the handler does: asks the devices for their causes, and counts. */
void cf_irq(struct cf *);

/* Registers of BAR0, any width. */
uint64_t cf_rd(struct cf *, struct cf_dev *, unsigned off, unsigned size);
void cf_wr(struct cf *, struct cf_dev *, unsigned off, unsigned size,
	   uint64_t val);
uint8_t cf_status(struct cf_dev *);
uint32_t cf_cfg(struct cf_dev *, unsigned off, unsigned size);
void cf_move_bar(struct cf *, struct cf_dev *, uint64_t base);
/* An address for BAR n, n < 16: a place of its own in this run of the test. */
uint64_t cf_bar_at(struct cf *, bool high, unsigned n);

/* The environment's, before a test: devices found on PCI are put somewhere and
 * reset. c->where, rnd and hw are set, and each device's slot and function. */
void cf_begin(struct cf *);

/* ---- virtio-blk, used by several parts ------------------------------------ */

#define CF_DISK_BYTES (8u << 20)

struct cf_blk {
	int status;                     /* 0xff: not written */
	uint32_t used_len;
};
/* A request with these data buffers; waits. */
struct cf_blk cf_blk(struct cf *, struct cf_dev *, uint32_t type,
		     uint64_t sector, const struct drv_buf *, unsigned n);
/* One data buffer somewhere, of the right direction for type. */
struct cf_blk cf_blk_at(struct cf *, struct cf_dev *, uint32_t type,
			uint64_t sector, struct drv_mem, uint32_t len);

/* ---- the environment's: machine ------------------------------------------- */

/* Zeroed guest memory at a random place, below or above 4 GiB, until the end
 * of the test. len: up to 16 KiB. */
struct drv_mem cf_mem(struct cf *, uint32_t len, uint32_t align);
struct drv_mem cf_mem_in(struct cf *, bool high, uint32_t len, uint32_t align);
#define CF_BIG 65536
struct drv_mem cf_big(struct cf *);     /* one, of CF_BIG bytes */
/* A guest address where no RAM is. */
uint64_t cf_hole(struct cf *);
/* The processor is about to use device memory there. */
void cf_reach(struct cf *, uint64_t at, uint32_t len);

/* Lets the machine run a little; n counts up from 0. False: too long. */
bool cf_pass(struct cf *, unsigned n);
/* Lets all that is under way come to an end. */
void cf_quiet(struct cf *);
/* The level of the device's interrupt line. */
bool cf_line(struct cf *, struct cf_dev *);
/* Interrupts of the device's line are taken from here on: the handler reads
 * the ISR and counts. Off: not taken any more. */
void cf_irq_on(struct cf *, struct cf_dev *);
void cf_irq_on_all(struct cf *);        /* the lines of all devices */
void cf_irq_off(struct cf *);
/* Message-signalled interrupts: where to, vector v is data CF_MSI + v. */
#define CF_MSI 0x60
uint64_t cf_msi_addr(struct cf *);
unsigned cf_msi_count(struct cf *, unsigned v);
/* Runs fn on another processor; returns when it is done. */
void cf_elsewhere(struct cf *, void (*fn)(void *), void *arg);
/* The same at the same time; join waits. */
void cf_beside(struct cf *, void (*fn)(void *), void *arg);
void cf_join(struct cf *);

/* ---- the environment's: world --------------------------------------------- */

/* The frame of that length and seed comes in from the cable. */
void cf_net_put(struct cf *, unsigned len, unsigned seed);
/* The next frame that came out at the other end; its length, or -1. */
int cf_net_get(struct cf *, void *to, unsigned max);
void cf_link(struct cf *, bool up);
void cf_frame(void *to, unsigned len, unsigned seed);
uint8_t cf_byte(unsigned seed, unsigned i);
#define CF_FRAME_MAX 2048

/* Linux's numbers; the kinds that have them. */
struct cf_event {
	uint16_t type, code;
	int32_t value;
};
void cf_events(struct cf *, enum cf_kind, const struct cf_event *, unsigned n);

/* The image of CF_BLK, len up to 2048: all of one byte, or cf_byte's. */
void cf_image_fill(struct cf *, uint64_t off, unsigned len, uint8_t byte);
bool cf_image_is(struct cf *, uint64_t off, unsigned len, uint8_t byte);
void cf_image_pattern(struct cf *, uint64_t off, unsigned len, unsigned seed);
/* Host only. How often the image was made durable; requests of the image wait
 * until they are let go. */
unsigned cf_image_syncs(struct cf *);
void cf_image_hold(struct cf *, bool on);

/* Sound that was played so far, bytes [off, off + len). The number there was.
 * Up to 1024 bytes a call. */
unsigned cf_played(struct cf *, unsigned off, void *to, unsigned len);
unsigned cf_played_total(struct cf *);
/* How many zeroes stand from byte off on. */
unsigned cf_silence(struct cf *, unsigned off);
/* Frame i of what there is to record; it ends after CF_RECORD frames. */
#define CF_RECORD 1000
int16_t cf_record(unsigned i);

#endif
