/*
 * What all of the ROM shares. The ROM runs in real mode with CS = DS = ES = SS
 * = F000, so that a C pointer is an offset into the F-segment; anything else is
 * reached by segment and offset (peek, poke), through FS. Interrupt handlers
 * are called by entry.S on the ROM's own stack with interrupts off; whoever
 * waits turns them on by cpu_idle or cpu_breathe.
 */
#ifndef BIOS_ROM_ROM_H
#define BIOS_ROM_ROM_H

#include "bios/rom/rom_cfg.h"

#define BDA_SEG         0x0040
#define EBDA_SEG        0x9f00
#define EBDA_KB         4
#define BASE_KB         636     /* up to the EBDA */
#define VGA_ROM_SEG     0xc000

/* Bytes of the BIOS data area. */
#define BDA_COM         0x00
#define BDA_LPT         0x08
#define BDA_EBDA        0x0e
#define BDA_EQUIPMENT   0x10
#define BDA_MEM_KB      0x13
#define BDA_SHIFT       0x17
#define BDA_SHIFT2      0x18
#define BDA_ALT_CODE    0x19
#define BDA_KBD_HEAD    0x1a
#define BDA_KBD_TAIL    0x1c
#define BDA_KBD_RING    0x1e
#define BDA_KBD_RING_END 0x3e
#define BDA_FLOPPY_STATUS 0x41
#define BDA_VIDEO_MODE  0x49
#define BDA_COLS        0x4a
#define BDA_PAGE_LEN    0x4c
#define BDA_PAGE_START  0x4e
#define BDA_CURSOR      0x50    /* column, row; eight pages */
#define BDA_CURSOR_SHAPE 0x60
#define BDA_PAGE        0x62
#define BDA_CRTC        0x63
#define BDA_RESUME      0x67
#define BDA_STRAY_IRQ   0x6b
#define BDA_TICKS       0x6c
#define BDA_MIDNIGHT    0x70
#define BDA_BREAK       0x71
#define BDA_RESET_FLAG  0x72
#define BDA_DISK_STATUS 0x74
#define BDA_DISKS       0x75
#define BDA_LPT_TIMEOUT 0x78
#define BDA_COM_TIMEOUT 0x7c
#define BDA_RING_START  0x80
#define BDA_RING_END    0x82
#define BDA_ROWS        0x84    /* minus 1 */
#define BDA_DISK_IRQ    0x8e
#define BDA_KBD_MODE    0x96
#define BDA_KBD_LEDS    0x97
#define BDA_WAIT_PTR    0x98
#define BDA_WAIT_US     0x9c
#define BDA_WAIT_FLAG   0xa0
/* A byte of the area for communication between programs: the mirror's note
 * that a mode was set. See entry.S. */
#define BDA_MODE_SET    0xf0

#define EBDA_FDPT       0x3d    /* two tables of 16 bytes */

#define FLAG_CF         0x0001
#define FLAG_ZF         0x0040
#define FLAG_IF         0x0200

#define PORT_PIC1       0x20
#define PORT_PIC2       0xa0
#define PIC_EOI         0x20

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>

/*
 * The caller's registers as entry.S saves them: what a handler writes here the
 * caller gets, all but ss and esp. Of flags only CF and ZF go back; the caller
 * finds them in the flags its INT has pushed.
 */
struct regs {
	union { uint32_t edi; uint16_t di; };
	union { uint32_t esi; uint16_t si; };
	union { uint32_t ebp; uint16_t bp; };
	uint32_t pusha_esp;
	union { uint32_t ebx; uint16_t bx; struct { uint8_t bl, bh; }; };
	union { uint32_t edx; uint16_t dx; struct { uint8_t dl, dh; }; };
	union { uint32_t ecx; uint16_t cx; struct { uint8_t cl, ch; }; };
	union { uint32_t eax; uint16_t ax; struct { uint8_t al, ah; }; };
	uint16_t ds, es, fs, gs;
	uint16_t flags, handler, ss;
	uint32_t esp;
} __attribute__((packed));

extern const struct rom_cfg cfg;        /* placed by rom.ld */

/* ---- ports and processor ------------------------------------------------- */

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* Sleeps until an interrupt has been served. */
static inline void cpu_idle(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Serves what interrupts there are. */
static inline void cpu_breathe(void)
{
	__asm__ volatile("sti; nop; cli" : : : "memory");
}

/* ---- memory outside the F-segment ---------------------------------------- */

#define FAR_DEFINE(bits, suffix, reg)                                          \
static inline uint##bits##_t peek##bits(uint16_t seg, uint32_t off)            \
{                                                                              \
	uint##bits##_t v;                                                      \
									       \
	__asm__ volatile("movw %w1, %%fs; mov" suffix " %%fs:(%2), %0"         \
			 : "=" reg(v) : "r"(seg), "r"(off) : "memory");        \
	return v;                                                              \
}                                                                              \
static inline void poke##bits(uint16_t seg, uint32_t off, uint##bits##_t v)    \
{                                                                              \
	__asm__ volatile("movw %w1, %%fs; mov" suffix " %0, %%fs:(%2)"         \
			 : : reg(v), "r"(seg), "r"(off) : "memory");           \
}                                                                              \
static inline uint##bits##_t bda##bits(uint16_t off)                           \
{                                                                              \
	return peek##bits(BDA_SEG, off);                                       \
}                                                                              \
static inline void set_bda##bits(uint16_t off, uint##bits##_t v)               \
{                                                                              \
	poke##bits(BDA_SEG, off, v);                                           \
}

FAR_DEFINE(8, "b", "q")
FAR_DEFINE(16, "w", "r")
FAR_DEFINE(32, "l", "r")

/* Inside a segment: offsets wrap at 64 KiB. */
void copy_to(uint16_t seg, uint16_t off, const void *from, uint16_t n);
void copy_from(void *to, uint16_t seg, uint16_t off, uint16_t n);
void fill_far(uint16_t seg, uint16_t off, uint8_t v, uint16_t n);

/* The vector of an interrupt, segment << 16 | offset. */
static inline uint32_t ivt(uint8_t n)
{
	return peek32(0, n * 4u);
}

static inline void set_ivt(uint8_t n, uint16_t seg, uint16_t off)
{
	poke32(0, n * 4u, (uint32_t)seg << 16 | off);
}

static inline uint32_t linear(uint16_t seg, uint16_t off)
{
	return ((uint32_t)seg << 4) + off;
}

/* ---- entry.S and pm.S ----------------------------------------------------- */

/* Calls what an interrupt's vector points to, with these registers; they are
 * the results, too. ss, esp and handler mean nothing here. */
void int_call(uint8_t n, struct regs *);
/* Calls a far function with four words on the stack, which it leaves there,
 * and this EAX. Interrupts are off before and after, on meanwhile. */
void far_call(uint32_t fn, const uint16_t words[4], uint32_t eax);

/* Leaves for a boot program at segment << 16 | offset, with DL = drive. */
void boot_jump(uint32_t entry, uint32_t drive) __attribute__((noreturn));

/* The processor can leave real mode: it is not in virtual-8086 mode. */
bool can_go_flat(void);
/*
 * Calls fn in 16-bit protected mode, with FS flat: mem_read and mem_write work
 * there, peek, poke and the copies do not. Interrupts are off. Afterwards, back
 * in real mode, all but CS and SS have limits of 4 GiB, for callers who had
 * those.
 */
uint32_t flat_call(uint32_t (*fn)(void *), void *arg);

static inline uint8_t mem_read8(uint32_t at)
{
	uint8_t v;

	__asm__ volatile("movb %%fs:(%1), %0" : "=q"(v) : "r"(at) : "memory");
	return v;
}

static inline uint16_t mem_read16(uint32_t at)
{
	uint16_t v;

	__asm__ volatile("movw %%fs:(%1), %0" : "=r"(v) : "r"(at) : "memory");
	return v;
}

static inline uint32_t mem_read32(uint32_t at)
{
	uint32_t v;

	__asm__ volatile("movl %%fs:(%1), %0" : "=r"(v) : "r"(at) : "memory");
	return v;
}

static inline void mem_write8(uint32_t at, uint8_t v)
{
	__asm__ volatile("movb %0, %%fs:(%1)" : : "q"(v), "r"(at) : "memory");
}

static inline void mem_write16(uint32_t at, uint16_t v)
{
	__asm__ volatile("movw %0, %%fs:(%1)" : : "r"(v), "r"(at) : "memory");
}

static inline void mem_write32(uint32_t at, uint32_t v)
{
	__asm__ volatile("movl %0, %%fs:(%1)" : : "r"(v), "r"(at) : "memory");
}

/* A pointer of ours as devices and flat code see it. */
static inline uint32_t rom_linear(const volatile void *p)
{
	return ROM_BASE + (uint32_t)p;
}

/* Where an interrupt came in: the entry point's offset in the F-segment. */
#define ENTRY(name) extern const char name[]
ENTRY(entry_iret); ENTRY(entry_irq1); ENTRY(entry_irq2);
ENTRY(entry_02); ENTRY(entry_05); ENTRY(entry_08); ENTRY(entry_09);
ENTRY(entry_0e); ENTRY(entry_10); ENTRY(entry_11); ENTRY(entry_12);
ENTRY(entry_13); ENTRY(entry_14); ENTRY(entry_15); ENTRY(entry_16);
ENTRY(entry_17); ENTRY(entry_18); ENTRY(entry_19); ENTRY(entry_1a);
ENTRY(entry_40); ENTRY(entry_70); ENTRY(entry_71); ENTRY(entry_74);
ENTRY(entry_75); ENTRY(entry_76); ENTRY(entry_10_mirror);
ENTRY(diskette_params); ENTRY(video_params); ENTRY(config_table);
ENTRY(pci_entry32); ENTRY(font_8x8);

extern uint32_t vga_int10;      /* the VGA BIOS's vector while mirrored */
extern uint8_t tick_polls_com1; /* INT 08h calls int08_com1 */

/* ---- what the handlers do with a result ----------------------------------- */

static inline void set_cf(struct regs *r, bool on)
{
	r->flags = (uint16_t)(on ? r->flags | FLAG_CF : r->flags & ~FLAG_CF);
}

static inline void set_zf(struct regs *r, bool on)
{
	r->flags = (uint16_t)(on ? r->flags | FLAG_ZF : r->flags & ~FLAG_ZF);
}

/* AH and CF as INT 13h, 15h and 1Ah return them. */
static inline void set_status(struct regs *r, uint8_t ah)
{
	r->ah = ah;
	set_cf(r, ah != 0);
}

#endif
#endif
