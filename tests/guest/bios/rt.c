#include "tests/guest/bios/rt.h"

#define COM1 0x3f8

static unsigned fails;

void *memcpy(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int c, size_t n)
{
	uint8_t *t = to;

	while (n--)
		*t++ = (uint8_t)c;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

#define PEEK(bits, suffix, reg)                                                \
uint##bits##_t peek##bits(uint16_t seg, uint16_t off)                          \
{                                                                              \
	uint##bits##_t v;                                                      \
									       \
	__asm__ volatile("movw %w1, %%fs; mov" suffix " %%fs:(%2), %0"         \
			 : "=" reg(v) : "r"(seg), "r"((uint32_t)off)           \
			 : "memory");                                          \
	return v;                                                              \
}
PEEK(8, "b", "q")
PEEK(16, "w", "r")
PEEK(32, "l", "r")

void poke32(uint16_t seg, uint16_t off, uint32_t v)
{
	__asm__ volatile("movw %w0, %%fs; movl %2, %%fs:(%1)"
			 : : "r"(seg), "r"((uint32_t)off), "r"(v) : "memory");
}

static void put(char c)
{
	if (c == '\n')
		put('\r');
	while (!(inb(COM1 + 5) & 0x20))
		;
	outb(COM1, (uint8_t)c);
}

static void put_number(uint32_t v, unsigned base, unsigned width)
{
	char digits[12];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (; width > n; width--)
		put('0');
	while (n)
		put(digits[--n]);
}

static void format(const char *f, __builtin_va_list ap)
{
	for (; *f; f++) {
		unsigned width = 0;

		if (*f != '%') {
			put(*f);
			continue;
		}
		for (f++; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + (unsigned)(*f - '0');
		if (*f == 's')
			for (const char *s = __builtin_va_arg(ap, const char *);
			     *s; s++)
				put(*s);
		else if (*f == 'c')
			put((char)__builtin_va_arg(ap, int));
		else
			put_number(__builtin_va_arg(ap, uint32_t),
				   *f == 'u' ? 10 : 16, width);
	}
}

void say(const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	format(fmt, ap);
	__builtin_va_end(ap);
	put('\n');
}

bool check(bool good, const char *fmt, ...)
{
	__builtin_va_list ap;
	const char *s = good ? "ok " : "not ok ";

	fails += !good;
	while (*s)
		put(*s++);
	__builtin_va_start(ap, fmt);
	format(fmt, ap);
	__builtin_va_end(ap);
	put('\n');
	return good;
}

void leave(void)
{
	say("done, %u failed", fails);
	outb(0xf4, fails ? 1 : 0);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static bool has(const char *list, char c)
{
	for (; *list; list++)
		if (*list == c)
			return true;
	return false;
}

static void same(const char *what, const char *name, uint32_t was, uint32_t is)
{
	if (was != is)
		check(false, "%s: %s was %08x, is %08x", what, name, was, is);
}

void unchanged(const char *what, const struct regs *was, const struct regs *is,
	       const char *but)
{
	const uint32_t flags = ~(uint32_t)(CF | ZF);
	unsigned before = fails;

	if (!has(but, 'a'))
		same(what, "eax", was->eax, is->eax);
	else
		same(what, "high eax", was->eax >> 16, is->eax >> 16);
	if (!has(but, 'b'))
		same(what, "ebx", was->ebx, is->ebx);
	else
		same(what, "high ebx", was->ebx >> 16, is->ebx >> 16);
	if (!has(but, 'c'))
		same(what, "ecx", was->ecx, is->ecx);
	else
		same(what, "high ecx", was->ecx >> 16, is->ecx >> 16);
	if (!has(but, 'd'))
		same(what, "edx", was->edx, is->edx);
	else
		same(what, "high edx", was->edx >> 16, is->edx >> 16);
	if (!has(but, 'S'))
		same(what, "esi", was->esi, is->esi);
	if (!has(but, 'D'))
		same(what, "edi", was->edi, is->edi);
	if (!has(but, 'B'))
		same(what, "ebp", was->ebp, is->ebp);
	if (!has(but, 's'))
		same(what, "ds", was->ds, is->ds);
	if (!has(but, 'e'))
		same(what, "es", was->es, is->es);
	same(what, "fs", was->fs, is->fs);
	same(what, "gs", was->gs, is->gs);
	same(what, "flags", was->eflags & flags, is->eflags & flags);
	if (was->ss)
		same(what, "esp", was->esp, is->esp);
	if (before == fails)
		check(true, "%s: nothing else changes", what);
}
