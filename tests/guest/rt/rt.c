#include "tests/guest/rt/rt.h"

#include <stdarg.h>

#define COM1 0x3f8
#define DEBUG_EXIT 0xf4
#define PM_TIMER 0x608
#define PM_HZ 3579545u
#define LAPIC UINT64_C(0xfee00000)
#define IOAPIC UINT64_C(0xfec00000)
#define AP_PAGE 0x8000

extern uint64_t page_pml4[512], page_pdpt[512], ap_stack;
extern const uint8_t isr_table[256][16], ap_code[], ap_code_end[], end_of_image[];
void rt_main(uint32_t);
void rt_ap_main(void);
void rt_interrupt(uint64_t vector, uint64_t error, uint64_t rip);

static irq_fn handlers[256];
static uint8_t *heap;
static unsigned fails;
static const char *cmdline = "";

/* ---- libc's little ones ---------------------------------------------------- */

void *memset(void *to, int c, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
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

/* ---- console --------------------------------------------------------------- */

static void put(char c)
{
	outb(COM1, (uint8_t)c);
}

static void put_number(uint64_t v, unsigned base, int width, char pad)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (width-- > n)
		put(pad);
	while (n)
		put(digits[--n]);
}

static void put_signed(int64_t v, int width)
{
	if (v < 0)
		put('-');
	put_number(v < 0 ? -(uint64_t)v : (uint64_t)v, 10, width, ' ');
}

/* %s %c %d %u %x with l, z and a width: what the tests need. */
static void format(const char *f, va_list ap)
{
	for (; *f; f++) {
		bool wide = false;
		char pad = ' ';
		int width = 0;

		if (*f != '%') {
			put(*f);
			continue;
		}
		if (*++f == '0')
			pad = '0';
		for (; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + *f - '0';
		for (; *f == 'l' || *f == 'z'; f++)
			wide = true;
		switch (*f) {
		case 's':
			for (const char *s = va_arg(ap, const char *); *s; s++)
				put(*s);
			break;
		case 'c':
			put((char)va_arg(ap, int));
			break;
		case 'd':
			put_signed(wide ? va_arg(ap, int64_t) : va_arg(ap, int),
				   width);
			break;
		case 'u':
		case 'x':
			put_number(wide ? va_arg(ap, uint64_t) :
				   va_arg(ap, unsigned), *f == 'x' ? 16 : 10,
				   width, pad);
			break;
		default:
			put(*f);
		}
	}
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(fmt, ap);
	va_end(ap);
	put('\n');
}

bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	if (!good) {
		fails++;
		for (const char *s = "not "; *s; s++)
			put(*s);
	}
	put('o');
	put('k');
	put(' ');
	va_start(ap, fmt);
	format(fmt, ap);
	va_end(ap);
	put('\n');
	return good;
}

void leave(uint8_t value)
{
	outb(DEBUG_EXIT, value);
	for (;;)
		__asm__ volatile("cli; hlt");
}

uint64_t param(const char *name, uint64_t otherwise)
{
	for (const char *s = cmdline; *s; s++) {
		const char *n = name;
		uint64_t v = 0;

		if (s != cmdline && s[-1] != ' ')
			continue;
		while (*n && *s == *n)
			s++, n++;
		if (*n || *s != '=') {
			if (!*s)
				break;
			continue;
		}
		for (s++; *s >= '0' && *s <= '9'; s++)
			v = v * 10 + (uint64_t)(*s - '0');
		return v;
	}
	return otherwise;
}

/* ---- time and memory ------------------------------------------------------- */

uint64_t now_us(void)
{
	static uint32_t last;
	static uint64_t ticks;
	uint32_t t = inl(PM_TIMER) & 0xffffff;

	ticks += (t - last) & 0xffffff;
	last = t;
	return ticks * 1000000 / PM_HZ;
}

void wait_us(uint64_t us)
{
	uint32_t from = inl(PM_TIMER), ticks = (uint32_t)(us * PM_HZ / 1000000);

	while (((inl(PM_TIMER) - from) & 0xffffff) < ticks)
		__asm__ volatile("pause");
}

void *room(size_t bytes)
{
	uint8_t *p;

	if (!heap)
		heap = (uint8_t *)(((uint64_t)end_of_image + 0x1fffff) &
				   ~UINT64_C(0x1fffff));
	p = heap;
	heap += (bytes + 4095) & ~(size_t)4095;
	return p;
}

void *pages(size_t bytes)
{
	return memset(room(bytes), 0, bytes);
}

static uint64_t *table_at(uint64_t *table, unsigned i)
{
	if (!(table[i] & 1))
		table[i] = (uint64_t)pages(4096) | 7;
	return (uint64_t *)(table[i] & ~UINT64_C(0xfff));
}

void map(uint64_t at, uint64_t len)
{
	for (uint64_t p = at & ~UINT64_C(0x1fffff); p < at + len; p += 0x200000) {
		uint64_t *pdpt = table_at(page_pml4, p >> 39 & 511);
		uint64_t *dir = table_at(pdpt, p >> 30 & 511);

		dir[p >> 21 & 511] = p | 0x9f;  /* present, write, user, PCD, PWT, 2 MiB */
		__asm__ volatile("invlpg (%0)" : : "r"(p) : "memory");
	}
}

/* ---- interrupts ------------------------------------------------------------ */

struct idt_entry {
	uint16_t low, sel;
	uint8_t ist, type;
	uint16_t mid;
	uint32_t high, zero;
};
static struct idt_entry idt[256] __attribute__((aligned(16)));

static void load_idt(void)
{
	struct { uint16_t limit; uint64_t base; } __attribute__((packed)) ptr = {
		sizeof(idt) - 1, (uint64_t)idt,
	};

	__asm__ volatile("lidt %0" : : "m"(ptr));
}

static void make_idt(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t at = (uint64_t)isr_table[i];

		idt[i] = (struct idt_entry){
			.low = (uint16_t)at, .sel = 8, .type = 0x8e,
			.mid = (uint16_t)(at >> 16), .high = (uint32_t)(at >> 32),
		};
	}
}

void rt_interrupt(uint64_t vector, uint64_t error, uint64_t rip)
{
	if (vector < 32) {
		say("not ok exception %lu, error %lx, at %lx", vector, error, rip);
		leave(2);
	}
	if (handlers[vector])
		handlers[vector]((unsigned)vector);
	eoi();
}

void irq_handler(unsigned vector, irq_fn fn)
{
	handlers[vector] = fn;
}

void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

void eoi(void)
{
	wr32(LAPIC + 0xb0, 0);
}

static void ioapic_write(unsigned reg, uint32_t v)
{
	wr32(IOAPIC, reg);
	wr32(IOAPIC + 0x10, v);
}

void ioapic_level(unsigned gsi, unsigned vector)
{
	ioapic_write(0x11 + 2 * gsi, cpu_id() << 24);
	ioapic_write(0x10 + 2 * gsi, 1u << 15 | vector);
}

void ioapic_edge(unsigned gsi, unsigned vector)
{
	ioapic_write(0x11 + 2 * gsi, cpu_id() << 24);
	ioapic_write(0x10 + 2 * gsi, vector);
}

void ioapic_mask(unsigned gsi)
{
	ioapic_write(0x10 + 2 * gsi, 1u << 16);
}

uint64_t msi_addr(void)
{
	return 0xfee00000 | (uint64_t)cpu_id() << 12;
}

static void enable_apic(void)
{
	wr32(LAPIC + 0xf0, 0x1ff);      /* software enable, spurious FFh */
	wr32(LAPIC + 0x80, 0);
}

/* ---- processors ------------------------------------------------------------ */

static void (*volatile ap_fn)(void);
static volatile bool ap_up;

unsigned cpu_id(void)
{
	return rd32(LAPIC + 0x20) >> 24;
}

void rt_ap_main(void)
{
	void (*fn)(void) = ap_fn;

	load_idt();
	enable_apic();
	__atomic_store_n(&ap_up, true, __ATOMIC_RELEASE);
	fn();
}

static void icr(unsigned id, uint32_t command)
{
	wr32(LAPIC + 0x310, id << 24);
	wr32(LAPIC + 0x300, command);
}

bool cpu_start(unsigned id, void (*fn)(void))
{
	memcpy((void *)(uint64_t)AP_PAGE, ap_code,
	       (size_t)(ap_code_end - ap_code));
	ap_stack = (uint64_t)pages(16384) + 16384;
	ap_fn = fn;
	__atomic_store_n(&ap_up, false, __ATOMIC_SEQ_CST);
	icr(id, 0x4500);                /* INIT */
	wait_us(200);
	icr(id, 0x4600 | AP_PAGE >> 12);        /* SIPI */
	return wait_for(5000, __atomic_load_n(&ap_up, __ATOMIC_ACQUIRE));
}

/* ---- PCI ------------------------------------------------------------------- */

static uint16_t pci_port(struct pci_fn f, unsigned off)
{
	outl(0xcf8, 1u << 31 | (uint32_t)f.slot << 11 | (uint32_t)f.func << 8 |
	     (off & 0xfc));
	return (uint16_t)(0xcfc + (off & 3));
}

uint32_t pci_rd(struct pci_fn f, unsigned off, unsigned size)
{
	uint16_t port = pci_port(f, off);

	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

void pci_wr(struct pci_fn f, unsigned off, unsigned size, uint32_t v)
{
	uint16_t port = pci_port(f, off);

	if (size == 1)
		outb(port, (uint8_t)v);
	else if (size == 2)
		outw(port, (uint16_t)v);
	else
		outl(port, v);
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned nth, struct pci_fn *out)
{
	for (unsigned slot = 0; slot < 32; slot++) {
		for (unsigned func = 0; func < 8; func++) {
			struct pci_fn f = { (uint8_t)slot, (uint8_t)func };
			uint32_t id = pci_rd(f, 0, 4);

			if (id == (vendor | (uint32_t)device << 16) && nth-- == 0) {
				*out = f;
				return true;
			}
			if (func == 0 && (id == 0xffffffff ||
					  !(pci_rd(f, 0x0e, 1) & 0x80)))
				break;
		}
	}
	return false;
}

unsigned pci_find_cap(struct pci_fn f, uint8_t id, unsigned after)
{
	unsigned at = after ? pci_rd(f, after + 1, 1) : pci_rd(f, 0x34, 1);

	for (unsigned n = 0; at && n < 48; n++) {
		if (pci_rd(f, at, 1) == id)
			return at;
		at = pci_rd(f, at + 1, 1);
	}
	return 0;
}

uint64_t pci_bar(struct pci_fn f, unsigned bar)
{
	uint32_t low = pci_rd(f, 0x10 + 4 * bar, 4);
	uint64_t at = low & ~15u;

	if ((low & 6) == 4)
		at |= (uint64_t)pci_rd(f, 0x14 + 4 * bar, 4) << 32;
	return at;
}

void pci_set_bar(struct pci_fn f, unsigned bar, uint64_t at)
{
	pci_wr(f, 0x10 + 4 * bar, 4, (uint32_t)at);
	if ((pci_rd(f, 0x10 + 4 * bar, 4) & 6) == 4)
		pci_wr(f, 0x14 + 4 * bar, 4, (uint32_t)(at >> 32));
}

/* ---- start ----------------------------------------------------------------- */

/* struct hvm_start_info: magic at 0, address of the command line at 24. */
void rt_main(uint32_t start_info)
{
	if (start_info && rd32(start_info) == 0x336ec578 && rd64(start_info + 24))
		cmdline = (const char *)rd64(start_info + 24);
	make_idt();
	load_idt();
	/* Everything comes through the APICs: mask both PICs. */
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	enable_apic();
	now_us();
	guest_main();
	leave(fails ? 1 : 0);
}
