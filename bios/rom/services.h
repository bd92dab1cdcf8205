/*
 * What the files of the ROM offer each other, one part a file. Handlers run
 * with interrupts off and may leave them off; entry.S restores the caller's.
 */
#ifndef BIOS_ROM_SERVICES_H
#define BIOS_ROM_SERVICES_H

#include "bios/rom/rom.h"

/* ---- util.c ---------------------------------------------------------------- */

/* On the screen and on COM1. %s %u %X, and %02X with a width: zeros. */
__attribute__((format(printf, 1, 2)))
void print(const char *fmt, ...);

/* ---- chipset.c -------------------------------------------------------------- */

void pic_init(void);
void pic_enable(unsigned irq);
void pic_eoi(unsigned irq);
void pit_init(void);
void lapic_init(void);
uint8_t cmos_read(uint8_t index);
void cmos_write(uint8_t index, uint8_t v);
/* Never returns. */
void machine_reset(void);
/* At least us microseconds, without interrupts: by port 61's refresh bit,
 * which turns over every 15 or 16. */
void delay_us(uint32_t us);
/* Seconds of the RTC, for limits: a value that changes once a second. */
uint8_t rtc_seconds(void);

/* ---- pci.c (any bus 0 function: slot << 3 | function) ----------------------- */

uint32_t pci_read32(uint8_t devfn, uint8_t off);
uint16_t pci_read16(uint8_t devfn, uint8_t off);
uint8_t pci_read8(uint8_t devfn, uint8_t off);
void pci_write16(uint8_t devfn, uint8_t off, uint16_t v);
/* Calls fn for each function there is, in order. */
void pci_each(void (*fn)(uint8_t devfn));

/* ---- virtio_blk.c ------------------------------------------------------------- */

#define SECTOR          512
/* Sectors that one request carries: 64 KiB. */
#define VBLK_MAX        128

struct vblk {
	uint32_t common, notify, isr, config;   /* registers' addresses */
	uint32_t notify_mult, doorbell;
	uint64_t sectors;               /* of 512 bytes */
	uint32_t block_size;            /* what the device says */
	uint16_t queue_size, next;      /* ring's length; our avail index */
	uint8_t devfn;
	bool read_only;
};

enum vblk_dir { VBLK_READ, VBLK_WRITE };

/* Fills in what configuration space and the device say. 0: usable; or a
 * reason, as text. */
const char *vblk_probe(struct vblk *, uint8_t devfn);
/* count sectors, 1..VBLK_MAX, between the disk and a linear address. breathe:
 * let interrupts in while waiting. 0 or an INT 13h status. */
uint8_t vblk_rw(struct vblk *, enum vblk_dir, uint64_t sector, uint16_t count,
		uint64_t linear, bool breathe);

/* ---- disk.c --------------------------------------------------------------------- */

#define DISKS_MAX       31
#define FIRST_DISK      0x80
#define FIRST_CD        0xe0
#define CD_SECTOR       2048

struct disk {
	struct vblk dev;
	uint64_t blocks;
	uint16_t block;                 /* bytes: 512 or, a CD, 2048 */
	uint16_t cylinders, heads, spt; /* of the INT 13h geometry */
	uint32_t phys_cylinders;        /* with 16 heads and 63 sectors */
	uint8_t drive;                  /* DL */
};

/* INT 13h status */
enum {
	DISK_OK = 0x00, DISK_PARAM = 0x01, DISK_PROTECTED = 0x03,
	DISK_CHANGED = 0x06, DISK_BAD_TRACK = 0x0c, DISK_CONTROLLER = 0x20,
	DISK_TIMEOUT = 0x80, DISK_NOT_READY = 0xaa, DISK_NOT_LOCKED = 0xb0,
	DISK_LOCKED = 0xb1, DISK_NOT_REMOVABLE = 0xb2, DISK_LOCKS = 0xb4,
};

void disks_init(void);
unsigned disks_count(void);             /* without the CD */
/* NULL: no such drive. */
struct disk *disk_find(uint8_t drive);
/* Blocks of the disk's size, to or from a linear address; *done: how many.
 * The range lies on the disk. */
uint8_t disk_rw(struct disk *, enum vblk_dir, uint64_t block, uint16_t count,
		uint64_t linear, bool breathe, uint16_t *done);

/* ---- edd.c: INT 13h/48 ------------------------------------------------------------ */

uint8_t edd_parameters(const struct disk *, uint16_t seg, uint16_t off);

/* ---- eltorito.c --------------------------------------------------------------------- */

/* Loads the boot image. 0: it is there, at *entry (segment << 16 | offset); or
 * a reason, as text. */
const char *eltorito_load(struct disk *, uint32_t *entry);
/* INT 13h/4B */
uint8_t eltorito_status(uint8_t drive, uint8_t al, uint16_t seg, uint16_t off);

/* ---- com1.c ------------------------------------------------------------------------- */

void com1_init(void);
bool com1_present(void);
void com1_put(uint8_t);
/* The next byte received, or -1. */
int com1_get(void);

/* ---- term.c: a terminal on COM1 that shows what a screen would ------------------------ */

void term_put(uint8_t row, uint8_t col, uint8_t ch, uint8_t attr);
void term_goto(uint8_t row, uint8_t col);
void term_clear(uint8_t attr);
/* The screen moved up by a line: so did what the terminal shows. */
void term_scrolled(void);
void term_bell(void);
/* CR, LF and BS, at once if the terminal's cursor is there; else term_goto will
 * do it when something is written. */
void term_control(uint8_t row, uint8_t col, uint8_t c);

/* ---- int10.c -------------------------------------------------------------------------- */

extern bool has_vga;                    /* a VGA BIOS serves INT 10h */
bool mirror_on(void);
/* Shows the cursor where the screen has it; before waiting for a key. */
void mirror_sync(void);

/* ---- video.c ------------------------------------------------------------------------------ */

void video_init(void);

/* ---- i8042.c ---------------------------------------------------------------------------- */

void i8042_init(void);
/* Sends one byte to the keyboard or mouse and reads n bytes after its ACK. */
bool kbd_command(uint8_t c, uint8_t *answer, unsigned n);
bool mouse_command(uint8_t c, uint8_t *answer, unsigned n);
void mouse_irq(bool on);

/* ---- kbd.c ---------------------------------------------------------------------------------- */

void kbd_init(void);
/* False: the ring is full. */
bool kbd_push(uint16_t key);
/* A scan code and ASCII, or false. */
bool kbd_peek(uint16_t *key);
void kbd_drop(void);

/* ---- keymap.c: set 1 scan codes to keys ------------------------------------------------------- */

struct keymap {
	uint16_t normal, shift, ctrl, alt;      /* 0: none */
};
/* NULL: no key there. */
const struct keymap *keymap_get(uint8_t code, bool e0);
bool keymap_caps(uint8_t code);                 /* a letter */
bool keymap_pad(uint8_t code);                  /* Num Lock matters */
/* The key that types an ASCII character, 0: none. */
uint16_t keymap_ascii(uint8_t c);

/* ---- serkbd.c: keys from COM1 --------------------------------------------------------------------- */

void serkbd_poll(void);

/* ---- mouse.c, wait.c ------------------------------------------------------------------------------- */

void mouse_service(struct regs *);              /* INT 15h/C2 */
void wait_service(struct regs *);               /* INT 15h/83, 86 */

/* ---- pcibios.c ---------------------------------------------------------------------------------------- */

/* INT 1Ah/B1 but for B10E. */
void pcibios(struct regs *);
/* The same for 32-bit callers, whatever their segment's base is. */
void pcibios32(struct regs *);

/* ---- post.c, boot.c ---------------------------------------------------------------------------------- */

void post(void);
/* The next thing to boot, from the start of the list or from where it was.
 * Never returns. */
void boot_first(void) __attribute__((noreturn));
void boot_next(void) __attribute__((noreturn));

/* ---- handlers, for entry.S ------------------------------------------------------------------------------ */

void int05(struct regs *);
void int08_com1(struct regs *);
void int09(struct regs *);
void int10(struct regs *);
void int10_mirror(struct regs *);
void int13(struct regs *);
void int14(struct regs *);
void int15(struct regs *);
void int16(struct regs *);
void int17(struct regs *);
void int18(struct regs *);
void int19(struct regs *);
void int1a(struct regs *);
void int40(struct regs *);
void int70(struct regs *);
void int74(struct regs *);

/* The compiler's own. */
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);

#endif
