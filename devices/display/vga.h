/*
 * A VGA with Bochs' display interface (DISPI): text and planar modes through
 * ports 3B0-3DF and the window at A0000, and linear framebuffers up to
 * 2560x1600x32 in 16 MiB of memory. No interrupt, no DMA; knows nothing of
 * PCI (pci/vgapci.h is its front end there).
 *
 * vga.c        life, the I/O spaces, snapshots
 * vga_regs.c   registers of ports 3B0-3DF
 * vga_mem.c    the window at A0000: planes, latches, write modes
 * vga_draw.c   what the CRT controller scans out, graphics
 * vga_text.c   the same, text
 * vbe.c        DISPI: registers 1CE-1D0 and their framebuffers
 *
 * One lock covers registers and memory. The linear framebuffer is plain memory
 * that the guest writes past all of this: a picture may be torn, as on a real
 * screen. vga_init, vga_fini: set-up thread. The rest: any thread, while the
 * guest runs.
 */
#ifndef DEVICES_DISPLAY_VGA_H
#define DEVICES_DISPLAY_VGA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/base/iospace.h"
#include "devices/base/ramport.h"
#include "devices/display/image.h"

#define VGA_VRAM_LEN (16u << 20)
#define VGA_MAX_X 2560
#define VGA_MAX_Y 1600

/* DISPI indices past Bochs' own (0 to 0xA). */
enum {
	VGA_X_ID = 0xae00,      /* reads VGA_X_MAGIC: these are there */
	/* Writing v: low byte to all of plane 0, high byte to plane 1. */
	VGA_X_FILL = 0xae01,
	/* Writing anything: all four planes become 0. */
	VGA_X_CLEAR = 0xae02,
	/* Writing font << 8 | block: a font (enum font_id) into one of the
	 * eight character generator blocks of plane 2. */
	VGA_X_FONT = 0xae03,
	/* Writing set: the DAC's first 64 colours (enum vga_x_dac). */
	VGA_X_DAC = 0xae04,
};
#define VGA_X_MAGIC 0xae02
/* What a VGA BIOS gives the DAC for modes of up to 16 colours. */
enum vga_x_dac { VGA_X_DAC_MONO, VGA_X_DAC_CGA, VGA_X_DAC_EGA };

struct vga_hw {                 /* what the guest has programmed */
	uint8_t misc, feature, enable;
	uint8_t seq_at, seq[5];
	uint8_t gfx_at, gfx[9];
	uint8_t crtc_at, crtc[0x19];
	uint8_t attr_at, attr[0x15];
	bool attr_data;         /* the next write to 3C0 is data */
	uint8_t pel_mask, dac_state, dac_wr, dac_rd, dac_n;
	uint8_t dac_hold[3], dac[256][3];
	uint32_t latch;         /* a byte a plane */
	uint16_t dispi_at, dispi[11];
};

struct vga {
	pthread_mutex_t lock;   /* leaf, but for the ram_port */
	struct vga_hw hw;
	uint8_t *vram;          /* VGA_VRAM_LEN, page aligned */
	unsigned long writes;   /* by the guest, as far as we see them */
	struct io_region mono, regs, dispi, window;
	uint64_t (*now_ns)(void);       /* CLOCK_MONOTONIC, or a test's */

	/* The text window as memory of its own, see vga_mem.c. */
	struct ram_port *port;
	uint8_t *text;          /* VGA_TEXT_LEN */
	bool text_mapped;
	unsigned text_hits;
};

/* A zeroed struct in; port (may be NULL) set before. 0 or -errno. */
int vga_init(struct vga *, struct iospace *pio, struct iospace *mmio);
void vga_fini(struct vga *);
void vga_reset(struct vga *);

/* Sets a linear mode of 32 bits a dot, as a boot program would by DISPI; the
 * memory keeps what it has. w, h: up to VGA_MAX_X, VGA_MAX_Y. */
void vga_light(struct vga *, uint16_t w, uint16_t h);

/* What the screen shows, blinking things on. Sizes the image. 0 or -ENOMEM. */
int vga_snapshot(struct vga *, struct image *);

/*
 * A number that changes when the picture may have. 0: it may change at any
 * time without us seeing it.
 */
unsigned long vga_stamp(struct vga *);

/*
 * The text screen in UTF-8, a line a row, blanks at the ends left out; a
 * malloc'ed string. More rows than VGA_TEXT_ROWS are no text (that many are 8
 * dots high on the tallest screen) and left out, so a guest's strange numbers
 * make no more than 100 KB. -ENOTSUP: the screen shows graphics. -ENOMEM.
 */
#define VGA_TEXT_ROWS 128
int vga_text(struct vga *, char **out);

/* The front end's BARs: DISPI and ports 3C0-3DF as memory. */
void vga_dispi_write(struct vga *, uint16_t index, uint16_t val);
uint16_t vga_dispi_read(struct vga *, uint16_t index);
void vga_port_write(struct vga *, uint16_t port, uint8_t val);
uint8_t vga_port_read(struct vga *, uint16_t port);
/* The linear framebuffer, while it is not the guest's own memory. size: 1 to 8;
 * what lies past its end reads 0. */
uint64_t vga_lfb_read(struct vga *, uint32_t off, unsigned size);
void vga_lfb_write(struct vga *, uint32_t off, unsigned size, uint64_t val);

#endif
