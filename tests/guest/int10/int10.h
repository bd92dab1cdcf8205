/*
 * What the parts of the INT 10h program share: calls, what is told on COM1, and
 * looks at registers and memory.
 */
#ifndef TESTS_GUEST_INT10_INT10_H
#define TESTS_GUEST_INT10_INT10_H

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;

struct regs {
	u32 ax, bx, cx, dx, si, di, bp;
	u16 es, ds, flags, fs, gs;
};
extern struct regs regs;
void call10(void);                      /* boot.S */
void guest_main(void);

#define BUFFER 0x3000                   /* a segment */

static inline void outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline u16 inw(u16 port)
{
	u16 v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

u8 peek(u16 seg, u16 off);
void poke(u16 seg, u16 off, u8 v);
u16 peekw(u16 seg, u16 off);
void pokew(u16 seg, u16 off, u16 v);

void put(char c);
void say(const char *s);
void hex(u32 v, unsigned digits);
void field(const char *name, u32 v, unsigned digits);
void label(const char *what, u32 n, unsigned digits);

/* INT 10h; says so if anything was changed that must not be. */
void int10(u16 ax, u16 bx, u16 cx, u16 dx);
/* What ES, DI and BP of the next call are. */
void at(u16 es, u16 di, u16 bp);
/* The teletype. */
void type(const char *s, u16 bx);

/* A line each: what the last call returned, and what is where now. */
void told(const char *what, u32 n, unsigned digits);
void registers(const char *what, u32 n);
void bda(const char *what, u32 n);
void planes(const char *what, u32 n);
void text(const char *what, u32 n, u16 seg);
void row(const char *name, u16 port, u8 n);
u32 hash_mem(u16 seg, u16 off, u32 n);
u32 dac_hash(u16 from, u16 n);

/* The parts: text.c, graphics.c, rest.c. */
void test_text(void);
void test_graphics(void);
void test_rest(void);
void test_vbe(void);

#endif
