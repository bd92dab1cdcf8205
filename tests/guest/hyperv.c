/* Description: Hyper-V's leaves and the MSRs they announce; want=0: none. */
#include "tests/guest/rt/rt.h"

enum {
	MSR_OS_ID = 0x40000000, MSR_HYPERCALL, MSR_VP_INDEX, MSR_RESET,
	MSR_TIME_REF = 0x40000020, MSR_VP_ASSIST = 0x40000073,
};

struct leaf {
	uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t n)
{
	struct leaf l = { n, 0, 0, 0 };

	__asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
	return l;
}

static uint64_t rdmsr(uint32_t n)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(n));
	return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t n, uint64_t val)
{
	__asm__ volatile("wrmsr" : : "c"(n), "a"((uint32_t)val),
			 "d"((uint32_t)(val >> 32)) : "memory");
}

static bool is(const struct leaf *l, uint32_t b, uint32_t c, uint32_t d)
{
	return l->b == b && l->c == c && l->d == d;
}

static bool is_kvm(const struct leaf *l)
{
	return is(l, 0x4b4d564b, 0x564b4d56, 0x4d);
}

static uint8_t overlay[2][4096] __attribute__((aligned(4096)));

static void counter(void)
{
	uint64_t t[3];

	t[0] = rdmsr(MSR_TIME_REF);
	wait_us(20000);
	t[1] = rdmsr(MSR_TIME_REF);
	t[2] = rdmsr(MSR_TIME_REF);
	ok(t[1] >= t[0] + 200000, "the reference counter has units of 100 ns: "
	   "%lu in 20 ms or more", t[1] - t[0]);
	ok(t[2] >= t[1], "and does not go back");
	ok(t[0] < 10000000ull * 600, "it started with the machine");
}

static void overlays(void)
{
	wrmsr(MSR_OS_ID, 0x0001040600010000);
	wrmsr(MSR_HYPERCALL, (uint64_t)(uintptr_t)overlay[0] | 1);
	ok(overlay[0][0] == 0x0f && overlay[0][1] == 0x01,
	   "the hypercall page has an instruction");
	wrmsr(MSR_VP_ASSIST, (uint64_t)(uintptr_t)overlay[1] | 1);
	ok(rdmsr(MSR_VP_ASSIST) == ((uintptr_t)overlay[1] | 1),
	   "the VP assist page is taken");
	ok(rdmsr(MSR_VP_INDEX) == 0, "this is VP 0");
}

void guest_main(void)
{
	struct leaf l = cpuid(0x40000000), f, r;

	if (!param("want", 1)) {
		ok(is_kvm(&l), "KVM's leaves are at 40000000h");
		return;
	}
	if (!ok(l.a == 0x40000005 &&
		is(&l, 0x7263694d, 0x666f736f, 0x76482074),
		"40000000h: Microsoft Hv"))
		return;
	l = cpuid(0x40000001);
	ok(l.a == 0x31237648, "40000001h: Hv#1");
	l = cpuid(0x40000100);
	ok(is_kvm(&l) && l.a >= 0x40000101, "40000100h: KVMKVMKVM");
	f = cpuid(0x40000003);
	r = cpuid(0x40000004);
	ok((f.a & 0x72) == 0x72, "counter, APIC, hypercall, VP index: %x", f.a);
	ok(r.a & 1 << 5, "relaxed timing is recommended");
	ok(r.b == 0x1fff, "spinning has a limit: %x", r.b);
	counter();
	overlays();
	if (param("reset", 0)) {
		wrmsr(MSR_RESET, 1);
		ok(false, "the reset register resets");
	}
}
