#include "bios/aml.h"

#include <string.h>

/* Opcodes (ACPI 2.0, 17.2). */
enum {
	OP_ZERO = 0x00, OP_ONE = 0x01, OP_NAME = 0x08, OP_BYTE = 0x0a,
	OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_STRING = 0x0d, OP_SCOPE = 0x10,
	OP_BUFFER = 0x11, OP_PACKAGE = 0x12, OP_METHOD = 0x14,
	OP_DUAL_NAME = 0x2e, OP_MULTI_NAME = 0x2f, OP_EXT = 0x5b,
	OP_ARG0 = 0x68, OP_STORE = 0x70, OP_RETURN = 0xa4,
	OP_EXT_DEVICE = 0x82, OP_EXT_PROCESSOR = 0x83,
};

void aml_init(struct aml *a, void *buf, uint32_t cap)
{
	*a = (struct aml){ .buf = buf, .cap = cap };
}

/* ---- bytes -------------------------------------------------------------- */

/* Makes room for n bytes at offset at. */
static uint8_t *insert(struct aml *a, uint32_t at, uint32_t n)
{
	if (a->full || n > a->cap - a->len) {
		a->full = true;
		return NULL;
	}
	memmove(a->buf + at + n, a->buf + at, a->len - at);
	a->len += n;
	return a->buf + at;
}

static void bytes(struct aml *a, const void *from, uint32_t n)
{
	uint8_t *p = insert(a, a->len, n);

	if (p)
		memcpy(p, from, n);
}

/* The low n bytes of v, lowest first. */
static void le(struct aml *a, uint64_t v, unsigned n)
{
	uint8_t b[8];

	for (unsigned i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	bytes(a, b, n);
}

static void byte(struct aml *a, uint8_t v)
{
	le(a, v, 1);
}

/* ---- bodies ------------------------------------------------------------- */

/* PkgLength counts itself, so its own size has to be found first. */
static void end_pkg(struct aml *a, aml_mark mark)
{
	uint32_t body = a->len - mark;
	unsigned n = body + 1 < 1u << 6 ? 1 : body + 2 < 1u << 12 ? 2 :
		     body + 3 < 1u << 20 ? 3 : 4;
	uint32_t len = body + n;
	uint8_t *p = insert(a, mark, n);

	if (!p)
		return;
	if (n == 1) {
		p[0] = (uint8_t)len;
		return;
	}
	p[0] = (uint8_t)((n - 1) << 6 | (len & 0xf));
	for (unsigned i = 1; i < n; i++)
		p[i] = (uint8_t)(len >> (8 * i - 4));
}

aml_mark aml_scope(struct aml *a, const char *path)
{
	aml_mark mark;

	byte(a, OP_SCOPE);
	mark = a->len;
	aml_path(a, path);
	return mark;
}

aml_mark aml_device(struct aml *a, const char *name)
{
	aml_mark mark;

	byte(a, OP_EXT);
	byte(a, OP_EXT_DEVICE);
	mark = a->len;
	aml_path(a, name);
	return mark;
}

aml_mark aml_processor(struct aml *a, const char *name, uint8_t id)
{
	aml_mark mark;

	byte(a, OP_EXT);
	byte(a, OP_EXT_PROCESSOR);
	mark = a->len;
	aml_path(a, name);
	byte(a, id);
	le(a, 0, 4);    /* no P_BLK: no C2, C3 or throttling by port */
	byte(a, 0);
	return mark;
}

aml_mark aml_method(struct aml *a, const char *name, unsigned args)
{
	aml_mark mark;

	byte(a, OP_METHOD);
	mark = a->len;
	aml_path(a, name);
	byte(a, (uint8_t)args);
	return mark;
}

aml_mark aml_package(struct aml *a, uint8_t elements)
{
	aml_mark mark;

	byte(a, OP_PACKAGE);
	mark = a->len;
	byte(a, elements);
	return mark;
}

void aml_end(struct aml *a, aml_mark mark)
{
	end_pkg(a, mark);
}

/* ---- terms -------------------------------------------------------------- */

static const char *segment(struct aml *a, const char *s)
{
	char seg[4] = { '_', '_', '_', '_' };

	for (unsigned i = 0; i < 4 && *s && *s != '.'; i++)
		seg[i] = *s++;
	bytes(a, seg, 4);
	return *s == '.' ? s + 1 : s;
}

void aml_path(struct aml *a, const char *path)
{
	unsigned n = 1;

	if (*path == '\\')
		byte(a, (uint8_t)*path++);
	for (const char *s = path; *s; s++)
		n += *s == '.';
	if (n == 2) {
		byte(a, OP_DUAL_NAME);
	} else if (n > 2) {
		byte(a, OP_MULTI_NAME);
		byte(a, (uint8_t)n);
	}
	while (n--)
		path = segment(a, path);
}

void aml_int(struct aml *a, uint32_t v)
{
	if (v <= 1) {
		byte(a, v ? OP_ONE : OP_ZERO);
	} else if (v <= 0xff) {
		byte(a, OP_BYTE);
		le(a, v, 1);
	} else if (v <= 0xffff) {
		byte(a, OP_WORD);
		le(a, v, 2);
	} else {
		byte(a, OP_DWORD);
		le(a, v, 4);
	}
}

void aml_name(struct aml *a, const char *name)
{
	byte(a, OP_NAME);
	aml_path(a, name);
}

void aml_name_int(struct aml *a, const char *name, uint32_t value)
{
	aml_name(a, name);
	aml_int(a, value);
}

void aml_name_str(struct aml *a, const char *name, const char *value)
{
	aml_name(a, name);
	byte(a, OP_STRING);
	bytes(a, value, (uint32_t)strlen(value) + 1);
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

void aml_name_eisa(struct aml *a, const char *name, const char *id)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 3; i++)
		v = v << 5 | (uint32_t)(id[i] - '@');
	for (unsigned i = 3; i < 7; i++)
		v = v << 4 | hex_digit(id[i]);
	/* Stored most significant byte first. */
	aml_name(a, name);
	aml_int(a, __builtin_bswap32(v));
}

void aml_store_int(struct aml *a, uint32_t value, const char *to)
{
	byte(a, OP_STORE);
	aml_int(a, value);
	aml_path(a, to);
}

void aml_store_arg0(struct aml *a, const char *to)
{
	byte(a, OP_STORE);
	byte(a, OP_ARG0);
	aml_path(a, to);
}

void aml_return_path(struct aml *a, const char *path)
{
	byte(a, OP_RETURN);
	aml_path(a, path);
}

/* ---- resources ---------------------------------------------------------- */

/* Descriptor tags, with the length where it is part of the tag. */
enum {
	RES_IRQ = 0x22, RES_DMA = 0x2a, RES_IO = 0x47, RES_END = 0x79,
	RES_MEM32_FIXED = 0x86, RES_DWORD = 0x87, RES_WORD = 0x88,
	RES_EXT_IRQ = 0x89, RES_QWORD = 0x8a,
};

/* General flags of an address window: minimum and maximum are fixed. */
#define WINDOW_FIXED 0x0c

enum window_type { WINDOW_MEM = 0, WINDOW_IO = 1, WINDOW_BUS = 2 };

aml_mark aml_resources(struct aml *a, const char *name)
{
	aml_name(a, name);
	byte(a, OP_BUFFER);
	return a->len;
}

void aml_resources_end(struct aml *a, aml_mark mark)
{
	struct aml size;
	uint8_t buf[8];
	uint8_t *p;

	byte(a, RES_END);
	byte(a, 0);     /* no checksum */
	aml_init(&size, buf, sizeof(buf));
	aml_int(&size, a->len - mark);
	p = insert(a, mark, size.len);
	if (p)
		memcpy(p, buf, size.len);
	end_pkg(a, mark);
}

void aml_res_io(struct aml *a, uint16_t base, uint8_t len)
{
	byte(a, RES_IO);
	byte(a, 1);     /* decodes 16 bits */
	le(a, base, 2);
	le(a, base, 2);
	byte(a, 1);
	byte(a, len);
}

void aml_res_irq(struct aml *a, unsigned irq)
{
	byte(a, RES_IRQ);
	le(a, 1u << irq, 2);
}

void aml_res_dma4(struct aml *a)
{
	byte(a, RES_DMA);
	byte(a, 1 << 4);
	byte(a, 4);     /* compatibility, bus master, 8 bits */
}

void aml_res_mem32(struct aml *a, bool writable, uint32_t base, uint32_t len)
{
	byte(a, RES_MEM32_FIXED);
	le(a, 9, 2);
	byte(a, writable);
	le(a, base, 4);
	le(a, len, 4);
}

void aml_res_gsi(struct aml *a, uint32_t gsi, bool shared)
{
	byte(a, RES_EXT_IRQ);
	le(a, 6, 2);
	byte(a, (uint8_t)(1 | shared << 3));    /* consumer, level, high */
	byte(a, 1);
	le(a, gsi, 4);
}

static void window(struct aml *a, uint8_t tag, unsigned width,
		   enum window_type type, uint8_t flags, uint64_t first,
		   uint64_t last)
{
	byte(a, tag);
	le(a, 3 + 5 * width, 2);
	byte(a, type);
	byte(a, WINDOW_FIXED);
	byte(a, flags);
	le(a, 0, width);                /* granularity */
	le(a, first, width);
	le(a, last, width);
	le(a, 0, width);                /* no translation */
	le(a, last - first + 1, width);
}

void aml_res_bus(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, RES_WORD, 2, WINDOW_BUS, 0, first, last);
}

void aml_res_io_window(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, RES_WORD, 2, WINDOW_IO, 3, first, last);
}

void aml_res_mem32_window(struct aml *a, uint32_t first, uint32_t last,
			  bool cacheable)
{
	window(a, RES_DWORD, 4, WINDOW_MEM, (uint8_t)(1 | cacheable << 1),
	       first, last);
}

void aml_res_mem64_window(struct aml *a, uint64_t first, uint64_t last)
{
	window(a, RES_QWORD, 8, WINDOW_MEM, 1, first, last);
}
