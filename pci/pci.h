/*
 * One PCI bus: configuration space, BARs, INTx, MSI-X (PCI Local Bus 3.0).
 *
 * bus.c       configuration mechanism #1 (0xCF8/0xCFC), slots and functions
 * cfg.c       the 256 bytes: write masks, capabilities
 * bar.c       sizing, decode, movement; BAR assignment before the guest starts
 * intx.c      pin -> GSI, shared level lines, INTx disable and status bits
 * msix.c      MSI-X table and pending bits in a BAR
 * hostbridge.c 00:00.0
 *
 * Configuration accesses are serialised by the bus lock. INTx and MSI-X may be
 * raised by any thread; each function has one leaf lock for both.
 *
 * Lock order: bus->lock, the device's own locks, dev->irq_lock, bus->intx_lock.
 * All pci_ops run under the bus lock, so whoever holds a device's lock must not
 * start a configuration access. irq_line and msi_sink are called under the leaf
 * locks and must not call back. Set-up and take-down (init, set_bar, add_*,
 * fini): one thread, before the guest runs and after.
 */
#ifndef PCI_PCI_H
#define PCI_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/base/iospace.h"
#include "devices/base/irq.h"

#define PCI_SLOTS 32
#define PCI_FUNCS 8
#define PCI_BARS 6
#define PCI_CFG_SIZE 256
#define PCI_INTX_GSIS 3

struct pci_dev;
struct pci_bus;

enum pci_bar_type { PCI_BAR_NONE, PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64 };

struct pci_bar {
	enum pci_bar_type type;
	bool prefetch;
	uint64_t len;                   /* 2^n; memory >= 16, I/O >= 4 */
	const struct io_ops *ops;       /* ctx: the pci_dev; offset: BAR's */
	struct io_region region;        /* ours; base is valid while mapped */
	bool mapped;
};

struct pci_ops {
	/* After a configuration write took effect; may be NULL. */
	void (*cfg_written)(struct pci_dev *, unsigned off, unsigned size);
	/* Configuration bytes made on the fly (for VIRTIO_PCI_CAP_PCI_CFG);
	 * called before the read, may be NULL. */
	void (*cfg_reading)(struct pci_dev *, unsigned off, unsigned size);
	/* A BAR was mapped at base, or unmapped from it; a move is an unmap
	 * and a map. Must not write configuration space. May be NULL. */
	void (*bar_mapped)(struct pci_dev *, unsigned bar, uint64_t base,
			   bool mapped);
	/* COMMAND.BusMaster changed; may be NULL. */
	void (*bus_master)(struct pci_dev *, bool on);
	/* Function reset together with the machine, BARs already gone and bus
	 * master off. Returns when the device is quiet. May be NULL. */
	void (*reset)(struct pci_dev *);
};

/* How a vector's message is sent: by the sink, or once the same one was sent
 * some times, by an eventfd. */
struct pci_msix_way {
	struct msi_wire wire;
	uint64_t addr;                  /* of the message sent last */
	uint32_t data;
	unsigned sent;                  /* of these, up to where it counts */
	bool wired;                     /* wire sends this very message */
	struct msi_feed *feeds;         /* who write to it */
};

struct pci_msix {
	unsigned n;                     /* vectors; 0: no MSI-X */
	unsigned cap;                   /* configuration offset */
	uint8_t (*table)[16];           /* as the guest sees it */
	uint8_t *pending;               /* one byte a vector, 0 or 1 */
	struct pci_msix_way *way;
};

struct pci_id {
	uint16_t vendor, device, sub_vendor, sub_device;
	uint8_t rev;
	uint32_t class_code;            /* base << 16 | sub << 8 | prog */
};

struct pci_dev {
	const char *name;
	const struct pci_ops *ops;
	struct pci_bus *bus;
	uint8_t slot, func;
	/* Written under bus->lock; COMMAND, STATUS and MSI-X control under
	 * irq_lock as well. */
	uint8_t cfg[PCI_CFG_SIZE];
	uint8_t wmask[PCI_CFG_SIZE];    /* 1: the guest may write the bit */
	uint8_t w1c[PCI_CFG_SIZE];      /* 1: writing 1 clears the bit */
	uint16_t cap_end;               /* next free byte for a capability */
	struct pci_bar bar[PCI_BARS];
	struct pci_msix msix;
	pthread_mutex_t irq_lock;       /* intx_*, MSI-X state */
	bool intx_want;                 /* the device's own wish */
	bool intx_driven;               /* what the line was last told */
};

struct pci_bus {
	struct pci_dev *dev[PCI_SLOTS][PCI_FUNCS];
	struct iospace *mmio, *pio;
	struct msi_sink *msi;
	uint32_t config_address;        /* 0xCF8 */
	/* Recursive: a capability may give access to registers whose handlers
	 * look at configuration space again. */
	pthread_mutex_t lock;
	struct io_region cf8, cfc;
	/* INTx: one shared line for each GSI of pci_intx_gsis[] */
	struct irq_line *line[PCI_INTX_GSIS];
	unsigned asserted[PCI_INTX_GSIS];
	pthread_mutex_t intx_lock;      /* leaf */
};

/* GSIs that INTx uses: 5, 10, 11 (decision 11), level, active high. */
extern const uint8_t pci_intx_gsis[PCI_INTX_GSIS];
/* pin: 0 INTA# .. 3 INTD#. The GSI of a slot's pin; ACPI _PRT says the same. */
unsigned pci_intx_gsi(unsigned slot, unsigned pin);
/*
 * Interrupt Line of every function that has a pin says where it leads, and can
 * no longer be written: for firmware that knows how its own chipset's pins are
 * wired, not these. Before the guest runs, after the last pci_add.
 */
void pci_intx_fix_lines(struct pci_bus *);

/*
 * line[i] drives pci_intx_gsis[i]. Registers the ports 0xCF8-0xCFF (0xCF9, the
 * reset register, is left to another region added before). 0xCF8 answers only
 * 4-byte accesses (PCI 3.0 3.2.2.3.2). 0 or -ENOSPC.
 */
int pci_bus_init(struct pci_bus *, struct iospace *mmio, struct iospace *pio,
		 struct irq_line *const line[PCI_INTX_GSIS], struct msi_sink *);
/* Takes the ports away. Every function was finished before. */
void pci_bus_fini(struct pci_bus *);

/* Fills identity, header and write masks; then add BARs and capabilities, then
 * pci_add. pin: 0 none, 1 INTA# .. 4 INTD#. */
void pci_dev_init(struct pci_dev *, const char *name, const struct pci_ops *,
		  const struct pci_id *, unsigned pin);
/* Unmaps the BARs, drops INTx, leaves the bus, frees the MSI-X table. The
 * device is quiet. Works on one that was never added, too. */
void pci_dev_fini(struct pci_dev *);
/*
 * A BAR answers while COMMAND allows and its address makes sense: not 0, no
 * wrap, ports below 64 Ki, not up to the very end of the first 4 GiB (what
 * sizing leaves behind). MEM64 takes bar + 1 for its upper half.
 */
void pci_set_bar(struct pci_dev *, unsigned bar, enum pci_bar_type,
		 uint64_t len, const struct io_ops *, bool prefetch);
/* Appends a capability of len bytes (incl. its 2-byte head, which body leaves
 * out); returns its offset, 4-byte aligned. Read-only until the caller sets
 * wmask. -ENOSPC. */
int pci_add_cap(struct pci_dev *, uint8_t id, const void *body, unsigned len);
/* MSI-X with n vectors (1..2048), table and PBA inside the memory BAR bar at
 * those offsets, multiples of 8. The capability's offset; -EINVAL, -ENOMEM,
 * -ENOSPC. */
int pci_add_msix(struct pci_dev *, unsigned n, unsigned bar, uint32_t table_off,
		 uint32_t pba_off);
/* slot 0..31 or -1 for the first empty one; func 0..7. -EINVAL, -EBUSY,
 * -ENOSPC. Function 0 of a slot with more functions gets header type 0x80;
 * without a function 0 the guest sees none of them. */
int pci_add(struct pci_bus *, struct pci_dev *, int slot, unsigned func);

/* Gives every BAR an address in these windows, sets COMMAND IO|MEM and the
 * Interrupt Line. 64-bit BARs go into a 32-bit window too, if they fit after
 * the 32-bit ones. -ENOSPC when not all fit; nothing is changed then. */
struct pci_windows {
	uint64_t io_base, io_len;
	struct { uint64_t base, len; } mem32[2];
	uint64_t mem64_base, mem64_len;
};
int pci_assign(struct pci_bus *, const struct pci_windows *);
/* Machine reset: every bit the guest may write becomes 0 (COMMAND, BARs, MSI-X
 * off), INTx goes down, then ops->reset. */
void pci_bus_reset(struct pci_bus *);

/* Configuration access without the ports (BIOS tables, tests, query-pci). Any
 * alignment; what is absent or leaves the 256 bytes reads as all-ones. */
uint32_t pci_cfg_read(struct pci_bus *, unsigned slot, unsigned func,
		      unsigned off, unsigned size);
void pci_cfg_write(struct pci_bus *, unsigned slot, unsigned func,
		   unsigned off, unsigned size, uint32_t val);

/* Guest-memory access of the device is allowed (COMMAND.BusMaster). Any thread,
 * no lock. */
bool pci_bus_master(const struct pci_dev *);

/* The device's wish for its INTx pin. Silent while MSI-X is enabled or
 * INTx-disable is set; the status interrupt bit follows the wish. Any thread,
 * true only after pci_add. */
void pci_intx(struct pci_dev *, bool want);

/* Device reset: drops the INTx wish and what MSI-X has pending. Any thread. */
void pci_irq_clear(struct pci_dev *);

/* MSI-X. Any thread. */
bool pci_msix_enabled(const struct pci_dev *);
/*
 * Sends vector v. While it cannot be sent (vector or function masked, address
 * still 0, bus master off) it becomes pending and is sent once, when that ends;
 * turning MSI-X off forgets it. Out of range or MSI-X off: nothing. Once a
 * masking write has returned, no message leaves.
 */
void pci_msix_fire(struct pci_dev *, unsigned v);
/*
 * After a pci_msix_fire for somebody who could write to a wire himself: tells
 * feed of the vector's, if it has one. Table entry, control word or bus master
 * change: tells him -1, and it takes another call. id: one feed's of the
 * function. unfeed: is told nothing more, and of no wire if he was.
 */
void pci_msix_feed(struct pci_dev *, unsigned v, unsigned id, struct msi_feed *);
void pci_msix_unfeed(struct pci_dev *, unsigned id);
/*
 * Table and PBA accesses, called by the BAR's ops with offsets relative to the
 * table or the PBA. size 1, 2 or 4: for 8 the caller makes two of 4, the lower
 * one first, so that an entry's data is in place before its mask bit opens.
 * Outside the table: reads 0, ignores writes.
 */
uint32_t pci_msix_table_read(struct pci_dev *, uint32_t off, unsigned size);
void pci_msix_table_write(struct pci_dev *, uint32_t off, unsigned size,
			  uint32_t val);
uint32_t pci_msix_pba_read(struct pci_dev *, uint32_t off, unsigned size);

/* Q35's name. Or, for firmware that was made for QEMU's machines, the i440FX's
 * with the registers by which it makes C0000 to FFFFF writable (they are RAM
 * whatever it says). */
void hostbridge_init(struct pci_dev *);
void hostbridge_init_pam(struct pci_dev *);

#endif
