/*
 * A VGA without a machine, and what a BIOS does to set its modes. One thread.
 */
#ifndef TESTS_LIB_VGA_RIG_H
#define TESTS_LIB_VGA_RIG_H

#include "devices/base/iospace.h"
#include "devices/display/vga.h"
#include "tests/lib/ports.h"

struct vga_rig {
	struct iospace pio, mmio;
	struct vga vga;
	struct image img;               /* of the last vga_rig_look */
	/* a ram_port that remembers */
	struct ram_port port;
	int refuse;                     /* what map answers to "on", or 0 */
	int keep;                       /* and to "off" */
	uint64_t gpa, len;
	uint8_t *hva;                   /* NULL: nothing is mapped */
	unsigned maps;
};

/* with_port: the device gets the ram_port. */
void vga_rig_init(struct vga_rig *, bool with_port);
void vga_rig_fini(struct vga_rig *);

/* Indexed registers: port is the index port. */
void vga_rig_set(struct vga_rig *, uint16_t port, uint8_t index, uint8_t val);
uint8_t vga_rig_get(struct vga_rig *, uint16_t port, uint8_t index);
void vga_rig_attr(struct vga_rig *, uint8_t index, uint8_t val);

/* BIOS modes 03, 04, 07, 0D, 12, 13, with their DAC colours (13: EGA's). Memory
 * stays. */
void vga_rig_mode(struct vga_rig *, unsigned mode);
/* The 16-line font into block 0, the text screen blank, the cursor off. */
void vga_rig_text_ready(struct vga_rig *);
void vga_rig_print(struct vga_rig *, unsigned col, unsigned row,
		   const char *text, uint8_t attr);

/* Bytes of the window at A0000, by guest physical address. */
void vga_rig_poke(struct vga_rig *, uint32_t gpa, uint8_t val);
uint8_t vga_rig_peek(struct vga_rig *, uint32_t gpa);

void vga_rig_dispi(struct vga_rig *, uint16_t index, uint16_t val);
uint16_t vga_rig_dispi_get(struct vga_rig *, uint16_t index);
/* And the attribute controller lets it through. */
void vga_rig_dispi_mode(struct vga_rig *, unsigned w, unsigned h, unsigned bpp,
			uint16_t enable);
/* The attribute controller's switch between memory and screen. */
void vga_rig_screen(struct vga_rig *, bool on);

/* Takes a picture; then a dot of it, and a hash of all. */
void vga_rig_look(struct vga_rig *);
uint32_t vga_rig_dot(const struct vga_rig *, unsigned x, unsigned y);
uint64_t vga_rig_hash(const struct vga_rig *);

#endif
