#include "bios/rom/services.h"

void copy_to(uint16_t seg, uint16_t off, const void *from, uint16_t n)
{
	uint32_t di = off, cx = n;

	__asm__ volatile("pushw %%es; movw %w3, %%es; rep movsb; popw %%es"
			 : "+D"(di), "+S"(from), "+c"(cx) : "r"(seg)
			 : "memory");
}

void copy_from(void *to, uint16_t seg, uint16_t off, uint16_t n)
{
	uint32_t si = off, cx = n;

	__asm__ volatile("pushw %%ds; movw %w3, %%ds; rep movsb; popw %%ds"
			 : "+D"(to), "+S"(si), "+c"(cx) : "r"(seg)
			 : "memory");
}

void fill_far(uint16_t seg, uint16_t off, uint8_t v, uint16_t n)
{
	uint32_t di = off, cx = n;

	__asm__ volatile("pushw %%es; movw %w2, %%es; rep stosb; popw %%es"
			 : "+D"(di), "+c"(cx) : "r"(seg), "a"(v) : "memory");
}

/* The compiler's own. */
void *memcpy(void *to, const void *from, size_t n)
{
	copy_to(ROM_SEG, (uint16_t)(uint32_t)to, from, (uint16_t)n);
	return to;
}

void *memset(void *to, int c, size_t n)
{
	fill_far(ROM_SEG, (uint16_t)(uint32_t)to, (uint8_t)c, (uint16_t)n);
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

/* ---- text for people ------------------------------------------------------ */

static char line[80];
static unsigned line_len;

/* As one string: INT 10h then moves the cursor once, which on a VGA is two port
 * accesses a time. */
static void flush(void)
{
	uint8_t page = bda8(BDA_PAGE) & 7;
	struct regs r = {
		.eax = 0x1301, .ecx = line_len, .ebx = page << 8 | 7u,
		.edx = bda16((uint16_t)(BDA_CURSOR + 2 * page)),
		.ebp = (uint32_t)line, .es = ROM_SEG,
	};

	int_call(0x10, &r);
	/* Otherwise INT 10h has just done it. */
	for (unsigned i = 0; i < line_len && !mirror_on(); i++)
		com1_put((uint8_t)line[i]);
	line_len = 0;
}

static void put(char c)
{
	line[line_len++] = c;
	if (line_len == sizeof(line))
		flush();
}

static void put_number(uint32_t v, unsigned base, unsigned width)
{
	char digits[12];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789ABCDEF"[v % base];
		v /= base;
	} while (v);
	while (width > n) {
		put('0');
		width--;
	}
	while (n)
		put(digits[--n]);
}

void print(const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	for (; *fmt; fmt++) {
		unsigned width = 0;

		if (*fmt == '\n')
			put('\r');
		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		for (fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + (unsigned)(*fmt - '0');
		if (*fmt == 's')
			for (const char *s = __builtin_va_arg(ap, const char *);
			     *s; s++)
				put(*s);
		else
			put_number(__builtin_va_arg(ap, uint32_t),
				   *fmt == 'u' ? 10 : 16, width);
	}
	__builtin_va_end(ap);
	if (line_len)
		flush();
}
