/*
 * What a BIOS does beyond returning registers: interrupts that come by
 * themselves, keys, the mouse, waiting, and calls from within calls.
 */
#include "tests/guest/bios/rt.h"

#define DATA_SEG        0x2000
#define BDA             0x0040
#define TICKS           0x6c

struct packet {
	uint8_t size, reserved;
	uint16_t count, off, seg;
	uint64_t block, flat;
} __attribute__((packed));

static uint8_t drive;
static volatile unsigned ticks, keys_15, alarms, breaks;
static volatile bool push_key, call_disk;
static volatile unsigned nested_bad;
static volatile uint16_t ticked_ip, ticked_cs;

void on_1c(void);
void on_15(void);
void on_4a(void);
void on_1b(void);

static void set_vector(uint8_t n, const char *fn, uint32_t *old)
{
	__asm__ volatile("cli");
	*old = peek32(0, (uint16_t)(n * 4));
	poke32(0, (uint16_t)(n * 4), (uint32_t)fn);
	__asm__ volatile("sti");
}

static void restore_vector(uint8_t n, uint32_t old)
{
	__asm__ volatile("cli");
	poke32(0, (uint16_t)(n * 4), old);
	__asm__ volatile("sti");
}

static uint8_t read_sectors(uint16_t count, uint32_t block, uint16_t seg,
			    uint16_t off)
{
	struct packet p = { 16, 0, count, off, seg, block, 0 };
	struct regs r = REGS(.eax = 0x4200, .edx = drive, .esi = (uint32_t)&p);

	call_int(0x13, &r);
	return r.eflags & CF ? (uint8_t)(r.eax >> 8) : 0;
}

/* ---- the tick ------------------------------------------------------------------ */

/* Programs look past INT 1Ch's frame and three words at what was interrupted. */
void on_1c(void)
{
	uint16_t frame = (uint16_t)(hook_sp + 38 + 6 + 6);

	ticked_ip = peek16(hook_ss, frame);
	ticked_cs = peek16(hook_ss, (uint16_t)(frame + 2));
	ticks++;
	if (push_key) {
		struct regs r = REGS(.eax = 0x0500, .ecx = 0x2c7a);

		push_key = false;
		call_int(0x16, &r);
	}
	if (call_disk) {
		struct regs r = REGS(.eax = 0x4100, .ebx = 0x55aa,
				     .edx = drive);

		call_int(0x13, &r);
		nested_bad += (r.eflags & CF) || (uint16_t)r.ebx != 0xaa55;
	}
}

static void wait_ticks(unsigned n)
{
	unsigned end = ticks + n;

	while ((int)(end - ticks) > 0)
		__asm__ volatile("hlt");
}

static void timer(void)
{
	uint32_t bda, ours;

	set_vector(0x1c, hook_1c, &old_1c);
	wait_ticks(1);
	__asm__ volatile("cli");
	bda = peek32(BDA, TICKS);
	ours = ticks;
	__asm__ volatile("sti");
	wait_ticks(3);
	__asm__ volatile("cli");
	bda = peek32(BDA, TICKS) - bda;
	ours = ticks - ours;
	__asm__ volatile("sti");
	check(bda == ours && ours >= 3, "INT 1Ch comes with every tick");
	check(inb(0x21) == 0xf8 || !(inb(0x21) & 1), "IRQ 0 is open");
}

static void tick_frame(void)
{
	extern const char frame_loop[], frame_end[];
	unsigned was = ticks;

	__asm__ volatile("frame_loop: cmpl %1, %0; je frame_loop; frame_end:"
			 : : "m"(ticks), "r"(was));
	check(ticked_cs == 0 && ticked_ip >= (uint32_t)frame_loop &&
	      ticked_ip <= (uint32_t)frame_end,
	      "the tick's own frame lies 6 bytes past INT 1Ch's");
}

static void midnight(void)
{
	struct regs r = REGS(.eax = 0x0100, .ecx = 0x0018, .edx = 0x00af);

	call_int(0x1a, &r);
	wait_ticks(2);
	r = (struct regs)REGS(.eax = 0x0000);
	call_int(0x1a, &r);
	check((r.eax & 0xff) == 1 && !(uint16_t)r.ecx && (uint16_t)r.edx < 1000,
	      "past 1800AF ticks comes 0, and AL says so");
	r = (struct regs)REGS(.eax = 0x0000);
	call_int(0x1a, &r);
	check((r.eax & 0xff) == 0, "AL says so once");
}

/* ---- waiting ------------------------------------------------------------------- */

static void waits(void)
{
	struct regs r = REGS(.eax = 0x8600, .ecx = 4, .edx = 0);
	static volatile uint8_t flag;
	unsigned was = ticks;

	call_int(0x15, &r);     /* 262 ms, four or five ticks */
	check(!(r.eflags & CF) && ticks != was,
	      "15h/86 waits, and ticks go on");
	flag = 0;
	r = (struct regs)REGS(.eax = 0x8300, .ecx = 0, .edx = 50000,
			      .ebx = (uint32_t)&flag);
	call_int(0x15, &r);
	check(!(r.eflags & CF), "15h/83 takes the time");
	for (was = ticks; !(flag & 0x80) && ticks - was < 200;)
		__asm__ volatile("hlt");
	check(flag == 0x80, "15h/83 sets bit 7 of the flag in the end");
	flag = 0;
	/* Interrupts off: 1024 of them a second are too many for a machine
	 * that is emulated by an emulated one. */
	__asm__ volatile("cli");
	r = (struct regs)REGS(.eax = 0x8300, .ecx = 0xffff, .edx = 0,
			      .ebx = (uint32_t)&flag, .eflags = 2);
	call_int(0x15, &r);             /* for 71 minutes */
	check(!(r.eflags & CF) && !flag, "15h/83 does not wait for it");
	r = (struct regs)REGS(.eax = 0x8600, .ecx = 0, .edx = 5000,
			      .eflags = 2);
	call_int(0x15, &r);
	check(r.eflags & CF && (r.eax >> 8 & 0xff) == 0x83,
	      "15h/86 meanwhile: in use");
	r = (struct regs)REGS(.eax = 0x8301, .eflags = 2);
	call_int(0x15, &r);
	__asm__ volatile("sti");
	check(!(r.eflags & CF), "15h/8301 calls it off");
	r = (struct regs)REGS(.eax = 0x8600, .ecx = 0, .edx = 100,
			      .eflags = 2);
	call_int(0x15, &r);
	check(!(r.eflags & (CF | IF)), "15h/86 with interrupts off");
}

void on_4a(void)
{
	alarms++;
}

static uint8_t to_bcd(unsigned v)
{
	return (uint8_t)(v / 10 << 4 | v % 10);
}

static unsigned from_bcd(unsigned v)
{
	return (v >> 4 & 15) * 10 + (v & 15);
}

static void alarm(void)
{
	struct regs r = REGS(.eax = 0x0200);
	unsigned s, was = ticks;

	set_vector(0x4a, hook_4a, &old_4a);
	call_int(0x1a, &r);
	s = from_bcd(r.ecx >> 8) * 3600 + from_bcd(r.ecx) * 60 +
	    from_bcd(r.edx >> 8) + 2;
	r = (struct regs)REGS(.eax = 0x0600,
		.ecx = (uint32_t)to_bcd(s / 3600 % 24) << 8 |
		       to_bcd(s / 60 % 60),
		.edx = (uint32_t)to_bcd(s % 60) << 8);
	call_int(0x1a, &r);
	check(!(r.eflags & CF), "1Ah/06 sets an alarm");
	while (!alarms && ticks - was < 100)
		__asm__ volatile("hlt");
	check(alarms == 1, "the alarm calls INT 4Ah");
	r = (struct regs)REGS(.eax = 0x0700);
	call_int(0x1a, &r);
	restore_vector(0x4a, old_4a);
}

/* ---- keys, put into the controller's output buffer as if typed -------------------- */

static void kbc(uint8_t cmd, uint8_t v)
{
	while (inb(0x64) & 2)
		;
	outb(0x64, cmd);
	while (inb(0x64) & 2)
		;
	outb(0x60, v);
}

static void type(const uint8_t *codes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		kbc(0xd2, codes[i]);
		while (inb(0x64) & 1)   /* until INT 09h has taken it */
			;
	}
}

static uint16_t next_key(uint8_t ah)
{
	struct regs r = REGS(.eax = (uint32_t)(ah | 1) << 8);

	call_int(0x16, &r);
	if (r.eflags & ZF)
		return 0xffff;
	r = (struct regs)REGS(.eax = (uint32_t)ah << 8);
	call_int(0x16, &r);
	return (uint16_t)r.eax;
}

static void expect(const char *what, const uint8_t *codes, unsigned n,
		   uint16_t key, uint16_t old)
{
	uint16_t got;

	type(codes, n);
	got = next_key(0x10);
	check(got == key, "%s: 16h/10 gives %04x", what, got);
	type(codes, n);
	got = next_key(0x00);
	check(got == old, "%s: 16h/00 gives %04x", what, got);
	got = next_key(0x10);
	check(got == 0xffff, "%s: nothing more", what);
}
#define EXPECT(what, key, old, ...)                                            \
	expect(what, (const uint8_t[]){ __VA_ARGS__ },                         \
	       sizeof((const uint8_t[]){ __VA_ARGS__ }), key, old)

static void keys(void)
{
	EXPECT("a", 0x1e61, 0x1e61, 0x1e, 0x9e);
	EXPECT("shift a", 0x1e41, 0x1e41, 0x2a, 0x1e, 0x9e, 0xaa);
	EXPECT("right shift 1", 0x0221, 0x0221, 0x36, 0x02, 0x82, 0xb6);
	EXPECT("ctrl a", 0x1e01, 0x1e01, 0x1d, 0x1e, 0x9e, 0x9d);
	EXPECT("alt a", 0x1e00, 0x1e00, 0x38, 0x1e, 0x9e, 0xb8);
	EXPECT("right alt a", 0x1e00, 0x1e00, 0xe0, 0x38, 0x1e, 0x9e, 0xe0,
	       0xb8);
	EXPECT("Enter", 0x1c0d, 0x1c0d, 0x1c, 0x9c);
	EXPECT("pad Enter", 0xe00d, 0x1c0d, 0xe0, 0x1c, 0xe0, 0x9c);
	EXPECT("pad /", 0xe02f, 0x352f, 0xe0, 0x35, 0xe0, 0xb5);
	EXPECT("F1", 0x3b00, 0x3b00, 0x3b, 0xbb);
	EXPECT("shift F10", 0x5d00, 0x5d00, 0x2a, 0x44, 0xc4, 0xaa);
	EXPECT("F12", 0x8600, 0x8600, 0x58, 0xd8);
	EXPECT("up", 0x48e0, 0x4800, 0xe0, 0x48, 0xe0, 0xc8);
	EXPECT("shifted up with the fake shifts", 0x48e0, 0x4800, 0x2a, 0xe0,
	       0xaa, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x2a, 0xaa);
	EXPECT("ctrl left", 0x73e0, 0x7300, 0x1d, 0xe0, 0x4b, 0xe0, 0xcb, 0x9d);
	EXPECT("pad 8", 0x4800, 0x4800, 0x48, 0xc8);
	EXPECT("shift pad 8", 0x4838, 0x4838, 0x2a, 0x48, 0xc8, 0xaa);
	EXPECT("alt 65", 0x0041, 0x0041, 0x38, 0x4d, 0xcd, 0x4c, 0xcc, 0xb8);
	EXPECT("102nd key", 0x565c, 0x565c, 0x56, 0xd6);
	EXPECT("backspace", 0x0e08, 0x0e08, 0x0e, 0x8e);
	EXPECT("caps a", 0x1e41, 0x1e41, 0x3a, 0xba, 0x1e, 0x9e, 0x3a, 0xba);
	EXPECT("caps shift a", 0x1e61, 0x1e61, 0x3a, 0xba, 0x2a, 0x1e, 0x9e,
	       0xaa, 0x3a, 0xba);
	EXPECT("caps 1", 0x0231, 0x0231, 0x3a, 0xba, 0x02, 0x82, 0x3a, 0xba);
	EXPECT("num pad 7", 0x4737, 0x4737, 0x45, 0xc5, 0x47, 0xc7, 0x45, 0xc5);
	EXPECT("Pause means nothing", 0x1e61, 0x1e61, 0xe1, 0x1d, 0x45, 0xe1,
	       0x9d, 0xc5, 0x1e, 0x9e);
}

static void shift_state(void)
{
	static const uint8_t down[] = { 0x2a, 0x1d, 0xe0, 0x38 };
	static const uint8_t up[] = { 0xaa, 0x9d, 0xe0, 0xb8 };
	static const uint8_t caps[] = { 0x3a, 0xba };
	struct regs r = REGS(.eax = 0x1200);

	type(down, sizeof(down));
	check(peek8(BDA, 0x17) == 0x0e && peek8(BDA, 0x18) == 0x01 &&
	      peek8(BDA, 0x96) == 0x18, "held: 40:17 %02x, 18 %02x, 96 %02x",
	      peek8(BDA, 0x17), peek8(BDA, 0x18), peek8(BDA, 0x96));
	call_int(0x16, &r);
	check((uint16_t)r.eax == 0x090e, "16h/12 says %04x",
	      (uint32_t)(uint16_t)r.eax);
	type(up, sizeof(up));
	check(peek8(BDA, 0x17) == 0 && peek8(BDA, 0x18) == 0 &&
	      peek8(BDA, 0x96) == 0x10, "let go: all clear");
	type(caps, sizeof(caps));
	r = (struct regs)REGS(.eax = 0x0200);
	call_int(0x16, &r);
	check((r.eax & 0xff) == 0x40, "Caps Lock: 16h/02 says %02x",
	      r.eax & 0xff);
	type(caps, sizeof(caps));
}

void on_1b(void)
{
	breaks++;
}

static void ctrl_break(void)
{
	static const uint8_t codes[] = {
		0x1e, 0x9e, 0x1d, 0xe0, 0x46, 0xe0, 0xc6, 0x9d,
	};

	set_vector(0x1b, hook_1b, &old_1b);
	type(codes, sizeof(codes));
	restore_vector(0x1b, old_1b);
	check(breaks == 1 && peek8(BDA, 0x71) == 0x80,
	      "Ctrl-Break: INT 1Bh, and 40:71");
	check(next_key(0x00) == 0 && next_key(0x00) == 0xffff,
	      "Ctrl-Break: a key of 0 in place of all others");
}

/* A program on INT 15h/4F sees each scan code. */
void on_15(void)
{
	keys_15++;
}

static void intercept(void)
{
	static const uint8_t codes[] = { 0x1e, 0x9e };

	set_vector(0x15, hook_15, &old_15);
	type(codes, sizeof(codes));
	restore_vector(0x15, old_15);
	check(keys_15 == 2, "INT 15h/4F is called for each code");
	check(next_key(0x00) == 0x1e61, "and the key arrives");
}

static void blocking_read(void)
{
	struct regs r = REGS(.eax = 0x0000);
	unsigned was = ticks;

	push_key = true;
	call_int(0x16, &r);
	check((uint16_t)r.eax == 0x2c7a && ticks != was,
	      "16h/00 waits for a key, and lets ticks in");
}

/* ---- the mouse ----------------------------------------------------------------------- */

static uint8_t mouse(uint32_t eax, uint32_t ebx)
{
	struct regs r = REGS(.eax = eax, .ebx = ebx);

	call_int(0x15, &r);
	return r.eflags & CF ? (uint8_t)(r.eax >> 8) : 0;
}

static void mouse_packets(void)
{
	static const uint8_t packet[] = { 0x18, 0xfb, 0x07 };
	bool good = true;

	good &= mouse(0xc205, 0x0300) == 0;
	good &= mouse(0xc207, (uint32_t)mouse_entry) == 0;
	good &= mouse(0xc200, 0x0100) == 0;
	check(good, "15h/C2: set up and on");
	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < sizeof(packet); i++) {
			kbc(0xd3, packet[i]);
			while (inb(0x64) & 1)
				;
		}
	check(mouse_calls == 2, "IRQ 12: the handler is called once a packet");
	check(mouse_words[0] == 0x18 && mouse_words[1] == 0xfb &&
	      mouse_words[2] == 0x07 && mouse_words[3] == 0,
	      "with status, X, Y and 0");
	check(mouse(0xc200, 0x0000) == 0 && mouse(0xc207, 0) == 0,
	      "15h/C2: off");
	check(next_key(0x10) == 0xffff, "nothing of it arrives as a key");
}

/* ---- disks --------------------------------------------------------------------------- */

static bool pattern(uint16_t seg, uint16_t off, uint32_t block, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t at = ((uint32_t)seg << 4) + off + i * 512;
		uint16_t s = (uint16_t)(at >> 4), o = (uint16_t)(at & 15);

		if (peek32(s, o) != block + i ||
		    peek32(s, (uint16_t)(o + 508)) != block + i)
			return false;
	}
	return true;
}

static void big_transfers(void)
{
	uint8_t status = read_sectors(127, PATTERN, DATA_SEG, 0);

	check(status == 0, "127 sectors in a call: status %02x",
	      (uint32_t)status);
	check(pattern(DATA_SEG, 0, PATTERN, 127), "and they are the right ones");
	check(read_sectors(127, PATTERN + 127, 0x2fff, 0xfff1) == 0 &&
	      pattern(0x2fff, 0xfff1, PATTERN + 127, 127),
	      "to an odd address, over the end of the segment");
	check(read_sectors(1, PATTERN + 5, 0x3ff0, 0x0180) == 0 &&
	      pattern(0x3ff0, 0x0180, PATTERN + 5, 1),
	      "over a 64-KiB boundary");
}

static void flat_address(void)
{
	struct packet p = { 24, 0, 8, 0xffff, 0xffff, PATTERN + 40, 0x200000 };
	struct regs r = REGS(.eax = 0x4200, .edx = drive, .esi = (uint32_t)&p);

	call_int(0x13, &r);
	go_big();
	check(!(r.eflags & CF) && p.count == 8 &&
	      big_read(0x200000) == PATTERN + 40 &&
	      big_read(0x200000 + 8 * 512 - 4) == PATTERN + 47,
	      "a packet with a flat address above 1 MiB");
}

static void writes(void)
{
	struct packet p = { 16, 0, 2, 0, DATA_SEG, 1000, 0 };
	struct regs r = REGS(.eax = 0x4300, .edx = drive, .esi = (uint32_t)&p);

	for (unsigned i = 0; i < 1024; i += 4)
		poke32(DATA_SEG, (uint16_t)i, 0xfeed0000 + i);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && p.count == 2, "13h/43 writes two sectors");
	for (unsigned i = 0; i < 1024; i += 4)
		poke32(DATA_SEG, (uint16_t)i, 0);
	check(read_sectors(2, 1000, DATA_SEG, 0) == 0 &&
	      peek32(DATA_SEG, 0) == 0xfeed0000 &&
	      peek32(DATA_SEG, 1020) == 0xfeed03fc, "and they read back");
	/* 1000 = (0, 15, 56) with 63 sectors */
	r = (struct regs)REGS(.eax = 0x0301, .ebx = 512, .ecx = 56,
			      .edx = 15u << 8 | drive, .es = DATA_SEG);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && (r.eax & 0xff) == 1, "13h/03 writes one");
	check(read_sectors(1, 1000, DATA_SEG, 0) == 0 &&
	      peek32(DATA_SEG, 0) == 0xfeed0200, "where 13h/42 reads it");
}

/* Disk calls while ticks make disk calls of their own on another stack. */
static void nested(void)
{
	unsigned bad = 0;

	call_disk = true;
	for (unsigned n = 0; n < 60; n++)
		bad += read_sectors(8, PATTERN + n, DATA_SEG, 0) != 0 ||
		       !pattern(DATA_SEG, 0, PATTERN + n, 8);
	wait_ticks(2);
	call_disk = false;
	check(bad == 0 && nested_bad == 0, "calls from within calls");
}

static void limits_survive(void)
{
	uint32_t before;

	go_big();
	before = big_read(0x200000);
	read_sectors(1, PATTERN, DATA_SEG, 0);
	check(big_read(0x200000) == before, "13h leaves 4-GiB limits");
}

/* ---- the 32-bit PCI BIOS --------------------------------------------------------------- */

static uint32_t find_bios32(void)
{
	for (uint32_t at = 0; at < 0x10000; at += 16) {
		uint8_t sum = 0;

		if (peek32(0xf000, (uint16_t)at) != 0x5f32335f)
			continue;
		for (unsigned i = 0; i < 16; i++)
			sum += peek8(0xf000, (uint16_t)(at + i));
		if (!sum)
			return peek32(0xf000, (uint16_t)(at + 4));
	}
	return 0;
}

static void pci32(void)
{
	uint32_t entry = find_bios32(), pci;
	struct regs r = REGS(.eax = 0x49435024, .ebx = 0), r16;

	if (!check(entry != 0, "_32_ is there"))
		return;
	call32(entry, &r);
	check((r.eax & 0xff) == 0 && r.ebx == 0xf0000, "_32_ knows $PCI");
	pci = r.ebx + r.edx;
	r = (struct regs)REGS(.eax = 0x12345678, .ebx = 0);
	call32(entry, &r);
	check((r.eax & 0xff) == 0x80, "_32_ knows nothing else");
	r = (struct regs)REGS(.eax = 0xb101);
	call32(pci, &r);
	check(!(r.eflags & CF) && r.edx == 0x20494350 &&
	      (r.eax & 0xffff) == 1, "32-bit B101");
	r = (struct regs)REGS(.eax = 0xb103, .ecx = 0x060000, .esi = 0);
	r16 = r;
	call32(pci, &r);
	call_int(0x1a, &r16);
	check(!(r.eflags & CF) && (uint16_t)r.ebx == (uint16_t)r16.ebx,
	      "32-bit B103 finds what the 16-bit one finds");
	r = (struct regs)REGS(.eax = 0xb10a, .ebx = r16.ebx, .edi = 8);
	call32(pci, &r);
	check(!(r.eflags & CF) && r.ecx >> 16 == 0x0600, "32-bit B10A reads");
	r = (struct regs)REGS(.eax = 0xb109, .ebx = r16.ebx, .edi = 1);
	call32(pci, &r);
	check(r.eflags & CF && (r.eax >> 8 & 0xff) == 0x87,
	      "32-bit B109 refuses an odd register");
}

void test_main(uint8_t dl)
{
	drive = dl;
	timer();
	tick_frame();
	midnight();
	waits();
	alarm();
	keys();
	shift_state();
	ctrl_break();
	intercept();
	blocking_read();
	mouse_packets();
	big_transfers();
	flat_address();
	writes();
	nested();
	limits_survive();
	pci32();
	leave();
}
