/*
 * For programs that test a BIOS from the place of a boot loader. They report on
 * COM1 by its registers, not through the BIOS, in lines "ok ..." and
 * "not ok ...", and end with leave().
 */
#ifndef TESTS_GUEST_BIOS_RT_H
#define TESTS_GUEST_BIOS_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint16_t ds, es, fs, gs;
	uint32_t eflags;
	uint16_t ss, pad;
	uint32_t esp;
};

/* The first of the disk's sectors that are full of their own number. */
#define PATTERN 128

#define CF 0x0001
#define ZF 0x0040
#define IF 0x0200
#define DF 0x0400

/* Registers that look like nothing else, IF on. */
#define REGS(...) { .edi = 0xd1d1d1d1, .esi = 0x51515151, .ebp = 0xb9b9b9b9,   \
		    .ebx = 0xb0b0b0b0, .edx = 0xdededede, .ecx = 0xc0c0c0c0,   \
		    .eax = 0xaeaeaeae, .fs = 0xf5f5, .gs = 0x6565,             \
		    .eflags = IF | 2, __VA_ARGS__ }

void call_int(uint8_t n, struct regs *in_out);
void jump_far(uint16_t seg, uint16_t off) __attribute__((noreturn));

/* start.S: handlers for vectors that call on_NN() and then what is in old_NN.
 * hook_ss:hook_sp is the stack they came in with: 32 bytes of PUSHAL, ES, DS,
 * FS, then the interrupt's frame. */
extern const char hook_1c[], hook_15[], hook_4a[], hook_1b[], mouse_entry[];
extern uint32_t old_1c, old_15, old_4a, old_1b;
extern volatile uint16_t hook_ss, hook_sp;
extern volatile uint16_t mouse_words[4], mouse_calls;

/* FS with a limit of 4 GiB, and what can be read through it after it was loaded
 * anew. */
void go_big(void);
uint32_t big_read(uint32_t linear);
/* A far call in 32-bit protected mode. */
void call32(uint32_t entry, struct regs *);

/* %s %u %x %02x %c */
void say(const char *fmt, ...);
/* Says "ok" or "not ok" with the text; returns good. */
bool check(bool good, const char *fmt, ...);
/* After the last line. */
void leave(void);

/* The calls's registers but those in the list are unchanged (a string of
 * letters: a b c d S D B for the general ones, s for DS, e for ES); flags but
 * CF and ZF are unchanged, too. */
void unchanged(const char *what, const struct regs *was, const struct regs *is,
	       const char *but);

uint8_t peek8(uint16_t seg, uint16_t off);
uint16_t peek16(uint16_t seg, uint16_t off);
uint32_t peek32(uint16_t seg, uint16_t off);
void poke32(uint16_t seg, uint16_t off, uint32_t v);

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

void test_main(uint8_t drive);
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);

#endif
