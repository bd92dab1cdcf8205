/*
 * The VGA on PCI, as QEMU's "std" VGA presents itself, so that every driver for
 * that one knows it: 1234:1111, class 030000.
 *
 *   BAR0  VGA_VRAM_LEN of video memory, prefetchable; from its first access on,
 *         a ram_port makes it memory that costs no exit. Not before: most
 *         machines never draw, and a memory slot takes milliseconds.
 *   BAR2  4 KiB: EDID at 0, ports 3C0-3DF at 400, DISPI registers at 500
 *
 * The VGA's own ports and its window at A0000 answer whatever COMMAND says, as
 * they do for software that knows nothing of PCI. Register accesses: any vCPU
 * thread.
 */
#ifndef PCI_VGAPCI_H
#define PCI_VGAPCI_H

#include "devices/display/edid.h"
#include "devices/display/vga.h"
#include "pci/pci.h"

struct vgapci {
	struct pci_dev pci;
	struct vga *vga;
	struct ram_port *port;          /* may be NULL */
	pthread_mutex_t lock;           /* taken after the bus lock */
	uint64_t base;                  /* of BAR0; 0: not mapped */
	bool in_ram;                    /* the port has it there */
	bool refused;                   /* or does not want it there */
	uint8_t edid[EDID_LEN];
};

/* slot -1: the first free one. 0 or -errno. The VGA outlives it. */
int vgapci_attach(struct vgapci *, struct vga *, struct pci_bus *, int slot,
		  struct ram_port *);
/* Takes BAR0 back from the port and leaves the bus. */
void vgapci_detach(struct vgapci *);

#endif
